/*
product = "api"
harm = "cyber"
entity = "key_id"
version = 1
authors = ["rkhan"]
owner = "api-security"
threshold = 30
near = 24
window = "0s"
cadence = "hourly"
severity = "S1"
action = "rotate_key"
runbook = "docs/runbooks/key_reconnaissance.md"
reads = ["api_requests"]
doc = '''
A key calls one reading operation after another, to find out what it may do.

That is what a thief must do first. Counts the distinct operations that begin with Describe, Get,
List, Head, Search or Lookup which a key called in a calendar hour.

Threshold: In an hour of audit log with an attack exercise in it, the administrator's own script
calls 11 different ones and opening a database's pages in the console 28, the most of any of the
other 133 keys. The exercise's key calls 39, then 75, most of them by the infrastructure tool that
sets the stage; the attack tool alone stays at 7, so this threshold finds scans and no more.

Misses: Reconnaissance that knows what it looks for, that is slower than 30 operations an hour, or
that is split over keys made for it.

False alarms: Infrastructure-as-code plans, inventory and compliance scanners, and backup tools,
whose keys should be known and have no other use.
'''

[[canary]]
contract = "api_requests"
n = 36
every = "30s"
values = { key_id = "canary", operation = "DescribeCanary{i}" }
*/
select
    key_id,
    count(distinct operation)::double as score,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end,
    count(*) as requests,
    count(error) as refused,
    count(distinct ip) as addresses,
    min(event_id) as event_id
from api_requests
where
    key_id is not null
    and regexp_matches(operation, '^(Describe|Get|List|Head|Search|Lookup)')
group by all
