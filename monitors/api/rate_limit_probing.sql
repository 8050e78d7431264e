/*
product = "api"
harm = "resource_abuse"
entity = "template_hash"
version = 1
authors = ["ndiaz", "rkhan"]
owner = "api-integrity"
threshold = 4
near = 3
window = "0s"
cadence = "daily"
severity = "S3"
action = "throttle_template"
runbook = "docs/runbooks/rate_limit_probing.md"
reads = ["api_requests"]
doc = '''
One program runs into the rate limit with key after key: it probes the limit, or goes around it.

Counts the keys that were refused for their rate (429) while using one template on a UTC day; 0
where under 8 % of the template's requests were refused so. Evidence names the first hundred of
these keys as `members`.

Threshold: On 14 days of two development worlds no honest template has more than 1 such key. The
probing programs have 12 where loud, 10 to 12 on whole days where slow, and 20 or more where they
spread over 39 keys and as many addresses; stolen and shared keys that hit the limit stay at 1 to
8 and are worth a look.

Misses: Programs that change their template with the key, that send none, or that stop short of
the limit.

False alarms: A customer who spreads one service over many keys and has outgrown the limits of
all of them: one account, and nothing hidden.
'''

[[canary]]
contract = "api_requests"
n = 12
every = "5m"
values = { key_id = "canary-{i}", template_hash = "canary", status = 429 }

[[canary]]
contract = "api_requests"
n = 12
at = "1m"
every = "5m"
values = { key_id = "canary-{i}", template_hash = "canary", status = 200 }
*/
select
    template_hash,
    if(
        count(*) filter (where status = 429) >= 0.08 * count(*),
        count(distinct key_id) filter (where status = 429),
        0
    )::double as score,
    date_trunc('day', occurred_at) as window_start,
    date_trunc('day', occurred_at) + interval 1 day as window_end,
    count(*) as requests,
    count(*) filter (where status = 429) as refused,
    count(distinct key_id) as keys,
    list_sort(list(distinct key_id) filter (where status = 429))[1:100] as members,
    min(event_id) filter (where status = 429) as event_id
from api_requests
where template_hash is not null and key_id is not null
group by template_hash, window_start
