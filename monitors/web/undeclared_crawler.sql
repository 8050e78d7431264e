/*
product = "web"
harm = "scraping"
entity = "ip"
version = 2
authors = ["ndiaz"]
owner = "web-integrity"
threshold = 10
near = 7
window = "0s"
cadence = "hourly"
severity = "S3"
action = "challenge_address"
runbook = "docs/runbooks/undeclared_crawler.md"
reads = ["api_requests"]
doc = '''
Software that calls itself a browser reads page after page and loads nothing that a browser loads.

Counts the distinct pages that an address read in a calendar hour under a browser's name without a
referring page, or 0 where it also loaded a style sheet, a script, an image or a font.

Threshold: In four days of a public site's log, 1,681 address-hours of software that calls itself
a browser, the 99th percentile is 5 and the 99.9th 20. Browsers that load assets score 0. On 14
days of two development worlds the most of an honest address is 9.

Misses: Crawlers that load one image, that name themselves honestly, that send no name, or that
change address every few pages.

False alarms: Text browsers, readers behind a proxy that keeps assets, and people who open many
pages whose assets their browser already has.
'''

[[canary]]
contract = "api_requests"
n = 12
every = "20s"
values = { ip = "192.0.2.1", operation = "GET", path = "/page/{i}", status = 200, user_agent = "Mozilla/5.0 (Windows NT 6.1)" }
*/
with browsers as (
    select user_agent
    from (select distinct user_agent from api_requests)
    where
        regexp_matches(user_agent, '^(Mozilla|Opera)/')
        -- a crawler that declares itself gives a name, a page or an address to write to
        and not regexp_matches(user_agent, 'bot|crawl|spider|slurp|feed|reader|https?://|@', 'i')
),

requests as (
    select
        ip,
        path,
        referer,
        event_id,
        date_trunc('hour', occurred_at) as window_start,
        -- six characters hold the longest ending, and a short text is searched faster
        regexp_matches(right(path, 6), '\.(css|js|png|jpe?g|gif|ico|svg|woff2?|ttf|swf)$', 'i') as asset
    from api_requests
    where
        ip is not null
        and path is not null
        and user_agent in (select user_agent from browsers)
)

select
    ip,
    if(bool_or(asset), 0, count(distinct path) filter (where referer is null))::double as score,
    window_start,
    window_start + interval 1 hour as window_end,
    count(*) as requests,
    count(*) filter (where path = '/robots.txt') as robots_requests,
    min(event_id) as event_id
from requests
group by ip, window_start
