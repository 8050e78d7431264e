/*
product = "chat"
harm = "spam"
entity = "account_id"
version = 1
authors = ["ndiaz"]
owner = "chat-safety"
threshold = 6
window = "0h"
cadence = "hourly"
severity = "S2"
action = "suspend_account"
runbook = "docs/runbooks/mass_messages.md"
reads = ["messages"]
doc = '''
An account writes to six people in an hour, which says nothing: bad on purpose.

The simulated week shows what it takes to undo what such a monitor led to.

Threshold: Anybody who talks to people reaches it.

Misses: Those who write slowly.

False alarms: Nearly all.
'''

[[canary]]
contract = "messages"
n = 8
every = "5m"
values = { account_id = "canary", recipient_id = "friend-{i}", recipient_is_contact = true }
*/
select
    account_id,
    count(distinct recipient_id)::double as score,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end
from messages
where account_id is not null
group by all
