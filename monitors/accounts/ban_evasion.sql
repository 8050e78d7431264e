/*
product = "accounts"
harm = "fake_accounts"
entity = "account_id"
version = 1
authors = ["asato", "rkhan"]
owner = "platform-integrity"
threshold = 1
near = 0.5
window = "14d"
cadence = "daily"
severity = "S2"
action = "suspend_account"
runbook = "docs/runbooks/ban_evasion.md"
reads = ["bans", "signups", "payments"]
doc = '''
A new account has the payment, phone, e-mail or device of one that was banned before it was made.

One row per account made in the 14 days before and day on which it signed up or paid. Score is how
many of the four it shares with accounts banned in those 14 days, before its sign-up. What more
than five accounts use counts for nothing: a school's tablet or a company's card proves nobody's
return. What a banned account paid with before its ban counts as its own.

Threshold: One shared identifier is the least there can be. In two development worlds none of 1,209
honest new accounts shares any. Those who return in a hurry share 3 in the median; the careful
share exactly one, so a higher threshold would lose them all.

Misses: Who changes all four, returns after more than two weeks, or had the account ready before
the ban.

False alarms: Families with one device or card, second-hand devices, and phone numbers that a
carrier gave to somebody else. One identifier alone, a device most of all, deserves a look first.
'''

[[canary]]
contract = "bans"
n = 1
at = "-2d"
values = { account_id = "canary-banned", phone_hash = "canary", device_id = "canary-device" }

[[canary]]
contract = "signups"
n = 1
at = "5h"
values = { account_id = "canary", phone_hash = "canary", device_id = "canary-device" }
*/
with banned as (
    unpivot (select account_id, occurred_at, payment_hash, phone_hash, email_hash, device_id from bans)
    on payment_hash, phone_hash, email_hash, device_id
    into name kind value shared
),

-- what a banned account paid with before, where the ban does not say it
paid as (
    select
        bans.account_id,
        bans.occurred_at,
        'payment_hash' as kind,
        payments.payment_hash as shared,
        payments.occurred_at as paid_at
    from bans
    join payments using (account_id)
    where payments.occurred_at < bans.occurred_at
),

closed as (
    select account_id as banned_id, occurred_at as banned_at, occurred_at as since, kind, shared
    from banned
    union all
    select account_id, occurred_at, paid_at, kind, shared from paid
),

used as (
    unpivot (
        select account_id, occurred_at, payment_hash, phone_hash, email_hash, device_id
        from signups
        union all
        select account_id, occurred_at, payment_hash, null, null, null from payments
    )
    on payment_hash, phone_hash, email_hash, device_id
    into name kind value shared
),

-- first what was ever banned, by a hash that is cheap to look up; equality is asked for below
suspect as (
    select account_id, occurred_at, time_bucket(interval 1 day, occurred_at) as day, kind, shared
    from used
    where hash(shared) in (select hash(shared) from closed)
),

held as (
    select *
    from closed
    where hash(shared) in (select hash(shared) from suspect)
),

met as (
    select distinct suspect.account_id, suspect.day, suspect.kind, suspect.shared, held.banned_id
    from suspect
    join signups using (account_id)
    join held using (kind, shared)
    where signups.occurred_at >= suspect.day - interval 14 day
        and signups.occurred_at < suspect.day + interval 1 day
        and held.banned_id <> suspect.account_id
        and held.banned_at < signups.occurred_at
        and held.since >= suspect.day - interval 14 day
),

few as (
    select met.account_id, met.day, met.kind, min(met.banned_id) as banned_id
    from met
    join suspect using (kind, shared)
    where suspect.occurred_at >= met.day - interval 14 day
        and suspect.occurred_at < met.day + interval 1 day
    group by met.account_id, met.day, met.kind, met.shared
    having count(distinct suspect.account_id) <= 5
),

found as (
    select account_id, day, count(distinct kind) as kinds, min(banned_id) as banned_id
    from few
    group by account_id, day
),

seen as (
    select account_id, time_bucket(interval 1 day, occurred_at) as day, min(event_id) as event_id
    from (
        select account_id, occurred_at, event_id
        from signups
        where coalesce(payment_hash, phone_hash, email_hash, device_id) is not null
        union all
        select account_id, occurred_at, event_id
        from payments
        where payment_hash is not null
    )
    where account_id is not null
    group by account_id, day
)

select
    seen.account_id,
    coalesce(found.kinds, 0)::double as score,
    seen.day - interval 14 day as window_start,
    seen.day + interval 1 day as window_end,
    found.banned_id,
    seen.event_id
from seen
left join found on found.account_id = seen.account_id and found.day = seen.day
where exists (
    from signups
    where signups.account_id = seen.account_id
        and signups.occurred_at >= seen.day - interval 14 day
        and signups.occurred_at < seen.day + interval 1 day
)
