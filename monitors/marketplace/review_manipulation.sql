/*
product = "marketplace"
harm = "marketplace_abuse"
entity = "listing_id"
version = 1
authors = ["ndiaz", "asato"]
owner = "marketplace-integrity"
threshold = 5
near = 3
window = "13d"
cadence = "daily"
severity = "S3"
action = "discount_ratings"
runbook = "docs/runbooks/review_manipulation.md"
reads = ["listings", "period"]
doc = '''
A listing's best ratings come from accounts that never installed it, or that share devices.

Counts the accounts that gave a listing five stars in the 7 days that end with the day and that did
not install it in the 7 days before these either, or rated it from a device from which three
accounts or more rated it. 0 where they are fewer than a tenth of the week's raters, for a hit
collects some of everything. Only listings rated that day. Evidence: `members`, the first hundred of
these accounts in order, and `raters`, all who rated.

Threshold: In two development worlds listings that only honest accounts rate have 2 such raters at
most, those with 350 ratings in a week too. The listings that the rings push have 8 to 43.

Misses: Rings that install before they rate and use a device for every account, campaigns of one
star against a rival, and rings that give fewer than 5 ratings to a listing in a week.

False alarms: Products that bring people's old installs along (a web shop that opens on the
marketplace), raters who installed more than a week before the window, and a class or a shop that
rates from shared devices.
'''

[[canary]]
contract = "listings"
n = 10
every = "1h"
values = { account_id = "canary-{i}", listing_id = "canary", device_id = "canary", action = "rate", rating = 5.0 }
*/
with events as (
    select
        period."end" as window_end,
        listing_id,
        account_id,
        device_id,
        action,
        rating,
        occurred_at,
        event_id
    from period
    inner join listings
        on
            occurred_at >= period."end" - interval 14 day
            and occurred_at < period."end"
    where action in ('install', 'rate') and account_id is not null
),

installs as (
    select window_end, listing_id, account_id, min(occurred_at) as installed_at
    from events
    where action = 'install'
    group by all
),

ratings as (
    select * from events
    where action = 'rate' and occurred_at >= window_end - interval 7 day
),

shared as (
    select window_end, listing_id, device_id
    from ratings
    where device_id is not null
    group by all
    having count(distinct account_id) >= 3
),

raters as (
    select
        window_end,
        listing_id,
        account_id,
        max(ratings.occurred_at) as last_at,
        min(ratings.event_id) as event_id,
        bool_or(rating >= 5 and shared.device_id is not null) as shares,
        bool_or(rating >= 5 and coalesce(installed_at > ratings.occurred_at, true)) as never_installed
    from ratings
    left join installs using (window_end, listing_id, account_id)
    left join shared using (window_end, listing_id, device_id)
    group by all
),

counted as (
    select
        window_end,
        listing_id,
        count(*) as raters,
        count(*) filter (where shares or never_installed) as suspects,
        count(*) filter (where shares) as sharing_devices,
        count(*) filter (where never_installed) as without_install,
        max(last_at) as last_at,
        min(event_id) filter (where shares or never_installed) as event_id,
        list_sort(list(account_id) filter (where shares or never_installed))[:100] as members
    from raters
    group by all
)

select
    listing_id,
    if(suspects >= 0.1 * raters, suspects, 0)::double as score,
    window_end - interval 7 day as window_start,
    window_end,
    raters,
    sharing_devices,
    without_install,
    event_id,
    members
from counted
where last_at >= window_end - interval 1 day
