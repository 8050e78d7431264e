/*
product = "chat"
harm = "spam"
entity = "account_id"
version = 1
authors = ["ndiaz"]
owner = "chat-safety"
threshold = 8
window = "0h"
cadence = "hourly"
severity = "S2"
action = "suspend_account"
runbook = "docs/runbooks/mass_messages.md"
reads = ["prompts"]
doc = '''
An account asks eight things in an hour, which says nothing: bad on purpose.

The simulated week shows what it takes to undo what such a monitor led to.

Threshold: Anybody who works with the assistant reaches it.

Misses: Those who ask slowly.

False alarms: Nearly all.
'''

[[canary]]
contract = "prompts"
n = 9
every = "5m"
values = { account_id = "canary" }
*/
select
    account_id,
    count(*)::double as score,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end
from prompts
where account_id is not null
group by all
