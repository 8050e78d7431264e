/*
product = "chat"
harm = "spam"
entity = "account_id"
version = 1
authors = ["ndiaz"]
owner = "chat-safety"
threshold = 4
window = "1h"
cadence = "hourly"
severity = "S2"
action = "suspend_account"
runbook = "docs/runbooks/mass_messages.md"
reads = ["messages"]
doc = '''
An account writes to four people in an hour, which says nothing: bad on purpose.

The simulated week shows what it takes to undo what such a monitor led to.

Threshold: Anybody who talks to people reaches it.

Misses: Those who write slowly.

False alarms: Nearly all.
'''

[[canary]]
contract = "messages"
n = 5
every = "10m"
values = { account_id = "canary", recipient_id = "friend-{i}", recipient_is_contact = true }
*/
select
    account_id,
    count(distinct recipient_id)::double as score
from messages
where account_id is not null
group by account_id
