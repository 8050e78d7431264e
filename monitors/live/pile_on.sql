/*
product = "live"
harm = "hate_harassment"
entity = "peer_id"
version = 1
authors = ["ndiaz", "mlang"]
owner = "live-safety"
threshold = 5
near = 4
window = "6d"
cadence = "daily"
severity = "S1"
action = "shield_account"
runbook = "docs/runbooks/pile_on.md"
reads = ["live_sessions", "period"]
doc = '''
Many accounts take turns at abusing one person.

Counts the accounts that had a hostile session with a peer in the seven days up to the end of a
day. A session is hostile when the harassment classifier gives 0.2 or more on average over at least
three minutes. 0 where fewer than three in ten of those who met the peer were hostile: whoever
meets hundreds meets some rude ones. Only peers with a session on the day are scored.
The finding is about the person abused; `members` are the accounts to act on.

Threshold: In three weeks of the two development worlds nobody else meets more than two hostile
accounts in a week. The evasive campaigns send 15 to 32 accounts at each of their victims; the
loud and the slow ones a median of 4 to 5.

Misses: Fewer than five accounts, abuse that the classifier gives under 0.2, and abuse in
broadcasts, where there is no peer.

False alarms: A host who argues for a living, a call-in line for complaints, and languages that the
classifier knows badly. Whether the accounts share a device or were made together tells.
'''

[[canary]]
contract = "live_sessions"
n = 8
every = "10s"
[canary.values]
peer_id = "canary"
account_id = "canary-{i}"
session_id = "canary-{i}"
score_harassment = 0.5

[[canary]]
contract = "live_sessions"
n = 8
at = "2m"
every = "10s"
[canary.values]
peer_id = "canary"
account_id = "canary-{i}"
session_id = "canary-{i}"
score_harassment = 0.5

[[canary]]
contract = "live_sessions"
n = 8
at = "4m"
every = "10s"
[canary.values]
peer_id = "canary"
account_id = "canary-{i}"
session_id = "canary-{i}"
score_harassment = 0.5
*/
with week as (
    select p."start", p."end", s.*
    from live_sessions s
    join period p on s.occurred_at >= p."end" - interval 7 days and s.occurred_at < p."end"
    where s.peer_id is not null and s.account_id is not null
),

sessions as (
    select
        "start", "end", peer_id, account_id, session_id,
        avg(score_harassment) >= 0.2 as hostile,
        min(occurred_at) as began_at,
        bool_or(occurred_at >= "start") as today
    from week
    group by all
    having count(score_harassment) >= 3
),

met as (
    select
        "start", "end", peer_id,
        count(distinct account_id) as accounts,
        count(distinct account_id) filter (where hostile) as hostile,
        count(*) filter (where hostile) as sessions,
        min(began_at) filter (where hostile) as first_at,
        list_slice(list_sort(list(distinct account_id) filter (where hostile)), 1, 100) as members
    from sessions
    group by all
    having bool_or(today)
)

select
    peer_id,
    case when hostile >= 0.3 * accounts then hostile else 0 end::double as score,
    "end" - interval 7 days as window_start,
    "end" as window_end,
    accounts,
    sessions,
    first_at,
    members
from met
