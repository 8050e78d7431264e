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
        account_id,
        event_id,
        coalesce(referrer_id, account_id) as stands_behind,
        date_trunc('hour', occurred_at) as hour,
        occurred_at
    from signups
    where email_domain is not null and asn is not null and account_id is not null
),

hours as (
    select distinct email_domain, asn, hour
    from made
)

select
    hours.email_domain,
    count(distinct stands_behind)::double as score,
    hours.hour - interval 5 hour as window_start,
    hours.hour + interval 1 hour as window_end,
    hours.asn::varchar as subkey,
    count(distinct account_id) as accounts,
    list_slice(list_sort(list(distinct account_id)), 1, 100) as members,
    min(event_id) as event_id
from hours
join made
    on made.email_domain = hours.email_domain
    and made.asn = hours.asn
    and made.occurred_at >= hours.hour - interval 5 hour
    and made.occurred_at < hours.hour + interval 1 hour
group by hours.email_domain, hours.asn, hours.hour
