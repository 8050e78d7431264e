/*
product = "marketplace"
harm = "marketplace_abuse"
entity = "listing_id"
version = 1
authors = ["ndiaz"]
owner = "marketplace-integrity"
threshold = 8
near = 5
window = "14d"
cadence = "daily"
severity = "S2"
action = "review_listing"
runbook = "docs/runbooks/bait_and_switch.md"
reads = ["listings"]
doc = '''
A new listing gathers installs and then calls another domain than the one that was reviewed.

Counts the accounts that installed the listing between its creation and a change of its
`action_domain`; the most of any change in the day. 0 where the domain stayed. Null for listings
created more than 14 days before the change: whom they gathered, and with what, is not in reach.

Threshold: In two development worlds 7 honest listings move to another domain in three weeks, one
of them under 14 days old, with 8 installs or fewer in a week; switched listings had 11 or more.

Misses: Listings that wait two weeks with the switch, a switch behind the same domain (only the
configuration's hash changes then, as in every honest update), and switches before 8 installs.

False alarms: A start-up that moves to a domain of its own in its first days. The new domain's age
and owner, and what it answers, tell them apart.
'''

[[canary]]
contract = "listings"
n = 1
at = "-3d"
values = { account_id = "canary", listing_id = "canary", action = "create", config_hash = "a", action_domain = "canary.example" }

[[canary]]
contract = "listings"
n = 20
at = "-2d"
every = "1h"
values = { account_id = "canary-{i}", listing_id = "canary", action = "install", config_hash = "a", action_domain = "canary.example" }

[[canary]]
contract = "listings"
n = 1
at = "1h"
values = { account_id = "canary", listing_id = "canary", action = "change", config_hash = "b", action_domain = "other.example" }
*/
with versions as (
    select
        listing_id,
        account_id,
        action,
        occurred_at,
        event_id,
        action_domain,
        max(occurred_at) filter (where action = 'create') over earlier as created_at,
        last_value(action_domain ignore nulls) over earlier as domain_before
    from listings
    where action in ('create', 'change')
    window earlier as (
        partition by listing_id
        order by occurred_at, event_id
        rows between unbounded preceding and 1 preceding
    )
),

changes as (
    select *, coalesce(action_domain <> domain_before, false) as switched
    from versions
    where action = 'change'
),

gathered as (
    select changes.event_id, count(distinct listings.account_id) as accounts
    from changes
    inner join listings
        on
            listings.listing_id = changes.listing_id
            and listings.action = 'install'
            and listings.occurred_at >= changes.created_at
            and listings.occurred_at < changes.occurred_at
    where switched and changes.created_at >= changes.occurred_at - interval 14 day
    group by changes.event_id
)

select
    listing_id,
    max(
        case
            when created_at is null or created_at < occurred_at - interval 14 day then null
            when switched then coalesce(accounts, 0)
            else 0
        end
    )::double as score,
    date_trunc('day', occurred_at) as window_start,
    date_trunc('day', occurred_at) + interval 1 day as window_end,
    count(*) as changes,
    count(*) filter (where switched) as switches,
    min(created_at) as created_at,
    min(occurred_at) filter (where switched) as switched_at,
    min(changes.account_id) as account_id,
    min(changes.event_id) filter (where switched) as event_id
from changes
left join gathered using (event_id)
group by listing_id, date_trunc('day', occurred_at)
