/*
product = "chat"
harm = "spam"
entity = "account_id"
version = 1
authors = ["ndiaz"]
owner = "chat-safety"
threshold = 10
near = 7
window = "6d"
cadence = "daily"
severity = "S2"
action = "restrict_messaging"
runbook = "docs/runbooks/mass_messages.md"
reads = ["messages", "period"]
doc = '''
An account writes to many strangers and to few people it knows.

Counts the distinct strangers that it wrote to in the 7 days up to the end of a day on which it
wrote to one, less the distinct people it knows that it wrote to. Recipients of whom it is not
known count for neither.

Threshold: In four weeks of two simulated worlds with 3,400 honest senders, shops with a hundred
strangers among more customers included, the highest score is 6; nineteen in twenty accounts of the
campaigns, slow and careful ones too, reach 11.

Misses: Accounts that write to as many contacts as strangers, taken-over ones among them, rings in
which each writes to fewer than ten, and senders of whose recipients nothing is known.

False alarms: Recruiters, people who sell a house, and newcomers who look for their friends.
'''

[[canary]]
contract = "messages"
n = 20
every = "10m"
values = { account_id = "canary", recipient_id = "stranger-{i}", recipient_is_contact = false }
*/
with written as (
    select
        m.account_id,
        m.recipient_id,
        m.recipient_is_contact,
        m.reported,
        p."end",
        m.occurred_at >= p.start as today
    from messages as m
    cross join period as p
    where
        m.account_id is not null
        and m.occurred_at >= p."end" - interval 7 days
        and m.occurred_at < p."end"
)

select
    account_id,
    (
        count(distinct recipient_id) filter (where not recipient_is_contact)
        - count(distinct recipient_id) filter (where recipient_is_contact)
    )::double as score,
    "end" - interval 7 days as window_start,
    "end" as window_end,
    count(distinct recipient_id) filter (where not recipient_is_contact) as strangers,
    count(*) as messages,
    count(*) filter (where reported) as reported
from written
group by account_id, "end"
having bool_or(today and not recipient_is_contact)
