/*
product = "web"
harm = "cyber"
entity = "ip"
version = 1
authors = ["ndiaz"]
owner = "web-integrity"
threshold = 4
near = 3
window = "0s"
cadence = "daily"
severity = "S3"
action = "throttle_address"
runbook = "docs/runbooks/slow_guessing.md"
reads = ["api_requests"]
doc = '''
One address guesses at pages that do not exist, a few an hour, all day.

Counts the distinct paths that an address asked for on a UTC day and that were answered 404; 0
where under half of its answers were. Software that says it is a robot is left out.

Threshold: On 14 days of two development worlds the most of an honest address is 2, and every slow
scanner reaches 6 to 15. In four days of a public site's log one address reaches it, with 8 probes
for an editor; 4 more have 3.

Misses: Guessing padded with pages that exist, fewer than four guesses a day, and sites that answer
200 or a redirect for what they do not have.

False alarms: Link checkers without a telling name, old links passed around a company behind one
address, and a release that broke the site's own links, which shows as many addresses at once.
'''

[[canary]]
contract = "api_requests"
n = 6
every = "3h"
values = { ip = "192.0.2.1", operation = "GET", path = "/guess/{i}", status = 404 }
*/
with robots as (
    select user_agent
    from (select distinct user_agent from api_requests)
    -- a crawler that declares itself gives a name, a page or an address to write to
    where regexp_matches(user_agent, 'bot|crawl|spider|slurp|feed|reader|https?://|@', 'i')
)

select
    ip,
    if(
        count(*) filter (where status = 404) * 2 >= count(status),
        count(distinct path) filter (where status = 404),
        0
    )::double as score,
    date_trunc('day', occurred_at) as window_start,
    date_trunc('day', occurred_at) + interval 1 day as window_end,
    count(*) as requests,
    count(*) filter (where status = 404) as not_found,
    min(event_id) filter (where status = 404) as event_id
from api_requests
where
    ip is not null
    and (user_agent is null or user_agent not in (select user_agent from robots))
group by ip, window_start
