/*
product = "accounts"
harm = "fake_accounts"
entity = "email_domain"
version = 1
authors = ["mlang"]
owner = "platform-integrity"
threshold = 20
near = 12
window = "5h"
cadence = "hourly"
severity = "S2"
action = "challenge_signups"
runbook = "docs/runbooks/bulk_signup.md"
reads = ["signups"]
doc = '''
Many accounts with one mail domain are made from one network within hours.

Counts the accounts made in the 6 hours up to the end of an hour, by mail domain and network; those
that one account invited count as one, as a teacher's class or a team's colleagues.

Threshold: In two development worlds the most that honest people reach is 4, on a day of marketing
too and in classes of up to 119, which one account invited; bulk sign-ups reach 34 to 104.

Misses: Accounts spread over networks, domains or days, those without e-mail, and crowds whom one
account invites.

False alarms: A university or company that tells its people to sign up by themselves, and an event
in a country where one carrier and one mail provider serve everybody.
'''

[[canary]]
contract = "signups"
n = 40
every = "1m"
values = { account_id = "canary-{i}", email_domain = "canary.example", asn = 64496 }
*/
with made as (
    select
        email_domain,
        asn,
        date_trunc('hour', occurred_at) as hour,
        coalesce(referrer_id, account_id) as stands_behind,
        min(event_id) as event_id
    from signups
    where email_domain is not null and asn is not null and account_id is not null
    group by all
),

hours as (
    select distinct
        email_domain,
        asn,
        hour,
        unnest(range(6)) as back
    from made
),

counted as (
    select
        hours.email_domain,
        hours.asn,
        hours.hour,
        count(distinct made.stands_behind) as score,
        min(made.event_id) as event_id
    from hours
    join made
        on made.email_domain = hours.email_domain
        and made.asn = hours.asn
        and made.hour = hours.hour - to_hours(hours.back)
    group by all
),

-- the lists are long, and only those near the threshold are read
listed as (
    select
        counted.email_domain,
        counted.asn,
        counted.hour,
        count(distinct signups.account_id) as accounts,
        list_slice(list_sort(list(distinct signups.account_id)), 1, 100) as members
    from counted
    join signups
        on signups.email_domain = counted.email_domain
        and signups.asn = counted.asn
        and signups.occurred_at >= counted.hour - interval 5 hour
        and signups.occurred_at < counted.hour + interval 1 hour
    where counted.score >= 12
    group by all
)

select
    counted.email_domain,
    counted.score::double as score,
    counted.hour - interval 5 hour as window_start,
    counted.hour + interval 1 hour as window_end,
    counted.asn::varchar as subkey,
    listed.accounts,
    listed.members,
    counted.event_id
from counted
left join listed
    on listed.email_domain = counted.email_domain
    and listed.asn = counted.asn
    and listed.hour = counted.hour
