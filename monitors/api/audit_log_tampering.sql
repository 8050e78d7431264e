/*
product = "api"
harm = "monitoring_gap"
entity = "key_id"
version = 1
authors = ["rkhan", "ndiaz"]
owner = "api-security"
threshold = 1
near = 0.5
window = "0s"
cadence = "hourly"
severity = "S1"
action = "suspend_key"
runbook = "docs/runbooks/audit_log_tampering.md"
reads = ["api_requests"]
doc = '''
A key stops, narrows or deletes the records that would show what it does.

Counts the calls of a calendar hour that switch off audit trails, flow logs, threat detection or
configuration recording; a call that was refused or found nothing to switch off counts half.

Threshold: One that succeeded is enough for a person to look: outside the attack exercise in the
sample, no key made any. One refused attempt alone is a near miss.

Misses: Logs that are thinned by a life-cycle rule or a filter on the bucket instead, deletion of
log files themselves, and services that are not on the list.

False alarms: Planned changes of the logging set-up, and test environments being torn down. Both
have a change ticket.
'''

[[canary]]
contract = "api_requests"
n = 1
values = { key_id = "canary", operation = "StopLogging" }
*/
select
    key_id,
    sum(if(error is null and coalesce(status, 200) < 400, 1.0, 0.5)) as score,
    date_trunc('hour', occurred_at) as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end,
    count(*) as attempts,
    count(error) as refused,
    count(distinct operation) as operations,
    min(event_id) as event_id
from api_requests
where
    key_id is not null
    and operation in (
        'StopLogging', 'DeleteTrail', 'UpdateTrail', 'PutEventSelectors', 'DeleteFlowLogs',
        'DeleteDetector', 'DisassociateFromMasterAccount', 'DisableSecurityHub',
        'StopConfigurationRecorder', 'DeleteConfigurationRecorder', 'DeleteDeliveryChannel',
        'LeaveOrganization'
    )
group by all
