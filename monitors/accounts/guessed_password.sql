/*
product = "accounts"
harm = "account_takeover"
entity = "account_id"
version = 2
authors = ["ndiaz", "asato"]
owner = "account-safety"
threshold = 10
near = 6
window = "1h"
cadence = "hourly"
severity = "S1"
action = "reset_sessions"
runbook = "docs/runbooks/guessed_password.md"
reads = ["logins"]
doc = '''
Somebody gets into an account after failing many times: the password was guessed.

Counts the failed sign-ins to an account in the hour before a sign-in that succeeded; the most of
any success in the calendar hour. Methods without anything to guess are left out, and whatever
happens on devices that the account has used before: those are its owner's.

Threshold: In two development worlds eleven honest owners on a new device get in after 6 or 7
failures, nobody after more; 10 leaves a margin. Tools that
guess try tens, or as many as the service lets them.

Misses: Guessing slower than an hour, passwords guessed within the first nine attempts or on a
device of the owner's, and takeover by a stolen session, where nobody signs in.

False alarms: Owners who remember at the tenth attempt, and new devices that retried an old password
before it was changed. A new address or device at the success makes it worse; the same makes it
better.
'''

[[canary]]
contract = "logins"
n = 12
every = "1m"
values = { account_id = "canary", ip = "192.0.2.1", succeeded = false }

[[canary]]
contract = "logins"
n = 1
at = "15m"
values = { account_id = "canary", ip = "192.0.2.1", succeeded = true }
*/
with attempts as (
    select
        account_id,
        occurred_at,
        succeeded,
        event_id,
        new_device,
        count(*) filter (where not succeeded) over (
            partition by account_id
            order by occurred_at
            -- half-open: a failure exactly an hour before the success is outside
            range between interval 3599999999 microseconds preceding and current row
        ) as failures
    from logins
    -- automation that retries to assume a role guesses nothing
    where account_id is not null
        and coalesce(method, 'password') in ('password', 'code')
        -- unknown is not known: logs without devices are judged by attempts alone
        and coalesce(new_device, true)
)

select
    account_id,
    max(failures)::double as score,
    date_trunc('hour', occurred_at) - interval 1 hour as window_start,
    date_trunc('hour', occurred_at) + interval 1 hour as window_end,
    count(*) as successes,
    count(*) filter (where new_device) as from_new_devices,
    min(event_id) as event_id
from attempts
where succeeded
group by all
