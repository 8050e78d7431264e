/*
product = "agents"
harm = "privacy_exfiltration"
entity = "ip"
version = 1
authors = ["mlang"]
owner = "agent-safety"
threshold = 4
near = 3
window = "2d"
cadence = "daily"
severity = "S1"
action = "block_address"
runbook = "docs/runbooks/split_scraping.md"
reads = ["tool_calls", "tool_calls_baseline", "period"]
doc = '''
One new address reads documents through the connectors of many accounts, a few of each.

Counts the accounts that began to use an address in the three days up to the end of a day and whose
calls from it were reads, 95 % or more of them, of five documents or more. Accounts without history
do not count, for every address is new to them. Only addresses with a call on the day are scored.
`members` are the accounts whose tokens to revoke.

Threshold: In three weeks of the two development worlds every address of agents but one belongs to
one account, and that one to two. Thirteen of the fourteen addresses of the last week's evasive
campaigns are flagged, at 4 to 12 accounts in three days; those of slow campaigns stay under 4.

Misses: A fresh address for every account, reading mixed with writing, and fewer than five documents
an account.

False alarms: An office or a provider that moves to a new address, and an integration's own servers
when its vendor changes data centres: the same user agent, and all of the integration's customers.
'''

[[baseline]]
activity = { contract = "tool_calls", by = ["account_id", "ip"] }
days = 28

[[canary]]
contract = "tool_calls"
n = 6
at = "-5d"
values = { account_id = "canary-{i}", ip = "192.0.2.{i}", action = "read", target = "usual" }

[[canary]]
contract = "tool_calls"
n = 6
every = "1m"
[canary.values]
account_id = "canary-{i}"
session_id = "canary-{i}"
ip = "198.51.100.7"
action = "read"
target = "a-{i}"

[[canary]]
contract = "tool_calls"
n = 6
at = "1h"
every = "1m"
[canary.values]
account_id = "canary-{i}"
session_id = "canary-{i}"
ip = "198.51.100.7"
action = "read"
target = "b-{i}"

[[canary]]
contract = "tool_calls"
n = 6
at = "2h"
every = "1m"
[canary.values]
account_id = "canary-{i}"
session_id = "canary-{i}"
ip = "198.51.100.7"
action = "read"
target = "c-{i}"

[[canary]]
contract = "tool_calls"
n = 6
at = "3h"
every = "1m"
[canary.values]
account_id = "canary-{i}"
session_id = "canary-{i}"
ip = "198.51.100.7"
action = "read"
target = "d-{i}"

[[canary]]
contract = "tool_calls"
n = 6
at = "4h"
every = "1m"
[canary.values]
account_id = "canary-{i}"
session_id = "canary-{i}"
ip = "198.51.100.7"
action = "read"
target = "e-{i}"
*/
with accounts as (
    select account_id, min(first_seen) as first_seen
    from tool_calls_baseline
    group by all
),

used as (
    select
        p."start", p."end", c.ip, c.account_id,
        count(distinct c.target) filter (where c.action = 'read') as documents,
        avg((c.action = 'read')::int) >= 0.95 as reads_only,
        count(*) as calls,
        min(c.occurred_at) as first_at,
        bool_or(c.occurred_at >= p."start") as today
    from tool_calls c
    join period p on c.occurred_at >= p."end" - interval 3 days and c.occurred_at < p."end"
    where c.ip is not null and c.account_id is not null
    group by all
),

fresh as (
    select u.*
    from used u
    -- it had other addresses before the three days, and not this one
    join accounts a on a.account_id = u.account_id and a.first_seen < u."end" - interval 3 days
    left join tool_calls_baseline b on b.account_id = u.account_id and b.ip = u.ip
    where b.first_seen is null or b.first_seen >= u."end" - interval 3 days
)

select
    ip,
    count(*) filter (where reads_only and documents >= 5)::double as score,
    "end" - interval 3 days as window_start,
    "end" as window_end,
    sum(documents)::bigint as documents,
    sum(calls)::bigint as calls,
    min(first_at) as first_at,
    list_slice(
        list_sort(list(account_id) filter (where reads_only and documents >= 5)), 1, 100
    ) as members
from fresh
group by ip, "start", "end"
having bool_or(today)
