/*
product = "accounts"
harm = "account_takeover"
entity = "account_id"
version = 1
authors = ["ndiaz", "asato"]
owner = "account-safety"
threshold = 6
near = 4
window = "1h"
cadence = "hourly"
severity = "S1"
action = "reset_sessions"
runbook = "docs/runbooks/guessed_password.md"
reads = ["logins"]
doc = '''
Somebody gets into an account after failing many times: the password was guessed.

Counts the failed sign-ins to an account in the hour before a sign-in that succeeded; the most of
any success in the calendar hour. Methods without anything to guess are left out.

Threshold: A starting value. People who are locked out ask for a new password after three to five
failures, and most services slow down the sixth.

Misses: Guessing slower than an hour, passwords guessed at the first attempts, and takeover by a
stolen session, where nobody signs in.

False alarms: Owners who remember at the seventh attempt, and devices that retried an old password
before it was changed. A new address or device at the success makes it worse; the same makes it
better.
'''

[[canary]]
contract = "logins"
n = 7
every = "1m"
values = { account_id = "canary", ip = "192.0.2.1", succeeded = false }

[[canary]]
contract = "logins"
n = 1
at = "8m"
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
    where account_id is not null and coalesce(method, 'password') in ('password', 'code')
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
