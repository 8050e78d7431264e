/*
product = "web"
harm = "scraping"
entity = "ip"
version = 1
authors = ["ndiaz", "mlang"]
owner = "web-integrity"
threshold = 15
near = 11
window = "0s"
cadence = "daily"
severity = "S3"
action = "throttle_address"
runbook = "docs/runbooks/slow_scraping.md"
reads = ["api_requests"]
doc = '''
One address reads page after page all day, slowly, and loads nothing that a browser loads.

Counts the distinct pages that an address asked for on a UTC day without a referring page, or 0
where it also loaded a style sheet, a script, an image or a font. Software that says it is a robot
is left out.

Threshold: On 14 days of two development worlds the most of an honest address is 10, while every
slow scraper reads 35 to 46 on its best day. In four days of a public site's log 5 of 1,566
address-days reach it, with 20 to 29 pages, all of them software under a browser's name.

Misses: Scrapers that load one image a day, that send a referring page or a robot's name, or that
read fewer than 15 pages a day from each of their addresses.

False alarms: Monitoring that fetches a list of pages, link checkers without a telling name, and
text browsers.
'''

[[canary]]
contract = "api_requests"
n = 20
every = "1h"
values = { ip = "192.0.2.1", operation = "GET", path = "/page/{i}", status = 200, user_agent = "Mozilla/5.0 (Windows NT 6.1)" }
*/
with robots as (
    select user_agent
    from (select distinct user_agent from api_requests)
    -- a crawler that declares itself gives a name, a page or an address to write to
    where regexp_matches(user_agent, 'bot|crawl|spider|slurp|feed|reader|https?://|@', 'i')
),

requests as (
    select
        ip,
        path,
        referer,
        event_id,
        date_trunc('hour', occurred_at) as hour,
        date_trunc('day', occurred_at) as window_start,
        -- six characters hold the longest ending, and a short text is searched faster
        regexp_matches(right(path, 6), '\.(css|js|png|jpe?g|gif|ico|svg|woff2?|ttf|swf)$', 'i') as asset
    from api_requests
    where
        ip is not null
        and path is not null
        and (user_agent is null or user_agent not in (select user_agent from robots))
)

select
    ip,
    if(bool_or(asset), 0, count(distinct path) filter (where referer is null))::double as score,
    window_start,
    window_start + interval 1 day as window_end,
    count(*) as requests,
    count(distinct hour) as hours,
    min(event_id) as event_id
from requests
group by ip, window_start
