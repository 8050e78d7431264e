/*
product = "marketplace"
harm = "marketplace_abuse"
entity = "listing_id"
version = 1
authors = ["asato"]
owner = "marketplace-integrity"
threshold = 5
near = 3
window = "6d"
cadence = "daily"
severity = "S2"
action = "delist"
runbook = "docs/runbooks/policy_violating_listing.md"
reads = ["listings", "period"]
doc = '''
People install a listing that very likely breaks the policy.

Counts the accounts that installed the listing in the 7 days that end with the day, after a version
with a `score_policy` of 0.8 or more was published in these days. Only listings with an event that
day; 0 where no version reaches 0.8; null where none was scored.

Threshold: In two development worlds no version of an honest listing reaches 0.8; one of 301 reaches
0.79. Few bad listings do either, so this finds 2 of 184 that others find: it is for what spreads.

Misses: Violations that the classifier does not see in a listing's text, such as what it does once
installed, and versions published more than a week ago.

False alarms: Listings about medicine, security or sexuality that keep the rules, and a classifier
that was just changed.
'''

[[canary]]
contract = "listings"
n = 1
values = { account_id = "canary", listing_id = "canary", action = "create", score_policy = 0.95 }

[[canary]]
contract = "listings"
n = 10
at = "1h"
every = "30m"
values = { account_id = "canary-{i}", listing_id = "canary", action = "install" }
*/
with days as (
    -- a join by equal days is several times faster than one by ranges of time
    select
        "end" as window_end,
        unnest(range("end" - interval 7 day, "end", interval 1 day)) as day
    from period
),

events as (
    select window_end, listing_id, account_id, action, score_policy, occurred_at, day, event_id
    from listings
    inner join days on day = date_trunc('day', occurred_at)
),

judged as (
    select
        window_end,
        listing_id,
        count(score_policy) as versions_scored,
        max(score_policy) as highest,
        min(occurred_at) filter (where score_policy >= 0.8) as violated_at,
        min(event_id) filter (where score_policy >= 0.8) as event_id,
        max(day) as last_day
    from events
    group by all
),

installed as (
    select events.window_end, events.listing_id, count(distinct events.account_id) as accounts
    from events
    inner join judged using (window_end, listing_id)
    where events.action = 'install' and events.occurred_at >= judged.violated_at
    group by all
)

select
    listing_id,
    if(versions_scored > 0, coalesce(accounts, 0), null)::double as score,
    window_end - interval 7 day as window_start,
    window_end,
    versions_scored,
    highest,
    violated_at,
    event_id
from judged
left join installed using (window_end, listing_id)
where last_day = window_end - interval 1 day
