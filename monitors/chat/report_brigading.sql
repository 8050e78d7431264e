/*
product = "chat"
harm = "report_abuse"
entity = "target_id"
version = 1
authors = ["ndiaz", "mlang"]
owner = "chat-safety"
threshold = 10
near = 8
window = "6d"
cadence = "daily"
severity = "S3"
action = "downweight_reports"
runbook = "docs/runbooks/report_brigading.md"
reads = ["user_reports", "period"]
doc = '''
Many people report one account, and reviewers find nothing in what they report.

Counts the distinct people who reported an account in the 7 days up to the end of a day on which
somebody did, less twice those of whom a report was upheld: three baseless reports to one that is
true are no brigade. `members` are up to a hundred of the reporters, not the person they report.

Threshold: In four weeks of two simulated worlds honest accounts are reported by 10 people at most,
half of them rightly, and score 6 and less; half of the targets of brigades score 31 and more.

Misses: Brigades of fewer than ten, those spread over many targets or over more than a week,
and those whose reports reviewers uphold.

False alarms: A scandal, where many report before anybody has reviewed: wait for the reviews.
'''

[[canary]]
contract = "user_reports"
n = 20
every = "10m"
values = { account_id = "canary-{i}", target_id = "canary", dismissed = true }
*/
with reported as (
    select
        r.account_id,
        r.target_id,
        p."end",
        count(*) as reports,
        bool_or(not r.dismissed) as upheld,
        bool_or(r.occurred_at >= p.start) as today
    from user_reports as r
    cross join period as p
    where
        r.account_id is not null
        and r.occurred_at >= p."end" - interval 7 days
        and r.occurred_at < p."end"
    group by r.account_id, r.target_id, p."end"
)

select
    target_id,
    (count(*) - 2 * count(*) filter (where upheld))::double as score,
    "end" - interval 7 days as window_start,
    "end" as window_end,
    count(*) as reporters,
    count(*) filter (where upheld) as upheld,
    sum(reports)::bigint as reports,
    list_sort(list(account_id))[:100] as members
from reported
group by target_id, "end"
having bool_or(today)
