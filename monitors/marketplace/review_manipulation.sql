/*
product = "marketplace"
harm = "marketplace_abuse"
entity = "listing_id"
version = 1
authors = ["ndiaz", "asato"]
owner = "marketplace-integrity"
threshold = 4
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
most, those with 350 ratings in a week too. The rings push each some listings with 5 to 43.

Misses: Rings that install before they rate and use a device for every account, campaigns of one
star against a rival, and rings that give fewer than 4 ratings to a listing in a week.

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
with days as (
    -- a join by equal days is several times faster than one by ranges of time
    select
        "end" as window_end,
        unnest(range("end" - interval 14 day, "end", interval 1 day)) as day
    from period
),

ratings as (
    select window_end, listing_id, account_id, device_id, rating, occurred_at, day, event_id
    from listings
    inner join days on day = date_trunc('day', occurred_at)
    where action = 'rate' and account_id is not null and day >= window_end - interval 7 day
),

installs as (
    select window_end, listing_id, account_id, min(occurred_at) as installed_at
    from listings
    inner join days on day = date_trunc('day', occurred_at)
    where action = 'install' and account_id is not null
    group by all
),

shared as (
    select window_end, listing_id, device_id
    from ratings
    where device_id is not null
    group by all
    having count(distinct account_id) >= 3
),

judged as (
    select
        ratings.*,
        rating >= 5 and shared.device_id is not null as shares,
        rating >= 5 and coalesce(installed_at > ratings.occurred_at, true) as never_installed
    from ratings
    left join installs using (window_end, listing_id, account_id)
    left join shared using (window_end, listing_id, device_id)
),

suspects as (
    select
        window_end,
        listing_id,
        count(distinct account_id) as suspects,
        count(distinct account_id) filter (where shares) as sharing_devices,
        count(distinct account_id) filter (where never_installed) as without_install,
        min(event_id) as event_id,
        list_sort(list(distinct account_id))[:100] as members
    from judged
    where shares or never_installed
    group by all
),

rated as (
    select window_end, listing_id, count(distinct account_id) as raters
    from ratings
    group by all
    having max(day) = window_end - interval 1 day
)

select
    listing_id,
    if(suspects >= 0.1 * raters, suspects, 0)::double as score,
    window_end - interval 7 day as window_start,
    window_end,
    raters,
    coalesce(sharing_devices, 0) as sharing_devices,
    coalesce(without_install, 0) as without_install,
    event_id,
    members
from rated
left join suspects using (window_end, listing_id)
