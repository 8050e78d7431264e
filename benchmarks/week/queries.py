"""The ten monitors as plain DuckDB queries: what they find must be what the monitors find.

Each gives entity, window_start, window_end and score of what is at or over the threshold.
"""
# ruff: noqa: S608 - the texts are our own

from benchmarks.week.generate import END, START

FIRST, LAST = START.replace(tzinfo=None), END.replace(tzinfo=None)
WEEK = f"timestamp '{FIRST}' as window_start, timestamp '{LAST}' as window_end"
TODAY = f"timestamp '{LAST}' - interval 1 day"
HOUR = (
    "date_trunc('hour', t) as window_start, date_trunc('hour', t) + interval 1 hour as window_end"
)
DAY = "date_trunc('day', t) as window_start, date_trunc('day', t) + interval 1 day as window_end"

EVENTS = """
    create view e as select * exclude (occurred_at), occurred_at at time zone 'UTC' as t
    from read_parquet('{files}', hive_partitioning = false)
"""
SQL = {
    "busy_accounts": f"""
        select account_id as entity, {HOUR}, count(*) as score from e
        where event_type in ('message_sent', 'prompt') group by all having score >= 60
    """,
    "crowded_addresses": f"""
        select ip as entity, {DAY}, count(distinct account_id) as score from e
        group by all having score >= 15
    """,
    "hopping_accounts": f"""
        select account_id as entity, {WEEK}, count(*) as score from (
            select account_id, t, country, lag(country) over w as before, lag(t) over w as since
            from e window w as (partition by account_id order by t, country)
        ) where country <> before and t - since <= interval 1 hour
        group by account_id having score >= 4
    """,
    "drifting_classifiers": f"""
        with hours as (
            select product, date_trunc('hour', t) as h, hour(h) as slot, count(*) as n,
                count(*) filter (classifier_score >= 0.5) / count(*) as rate
            from e group by all
        ), past as (
            select *, median(rate) over (partition by product, slot) as usual from hours
            where h < {TODAY}
        ), spread as (
            select product, slot, any_value(usual) as usual, median(abs(rate - usual)) as mad
            from past group by all
        )
        select product as entity, h as window_start, h + interval 1 hour as window_end,
            rate - (usual + 6 * 1.4826::double * mad + 0.004::double) as score
        from hours join spread using (product, slot)
        where h >= {TODAY} and n >= 500 and score >= 0
    """,
    "new_networks": f"""
        with networks as (
            select account_id, asn, min(t) as first from e group by all
        )
        select account_id as entity, {TODAY} as window_start, timestamp '{LAST}' as window_end,
            count(*) filter (first >= {TODAY}) as score
        from networks group by account_id having score >= 4 and min(first) < {TODAY}
    """,
    "repeated_texts": f"""
        select text_hash as entity, {HOUR}, count(distinct account_id) as score from e
        where text_hash is not null group by all having score >= 30
    """,
    "reported_senders": f"""
        select account_id as entity, {DAY}, count(*) filter (reported) / count(*) as score from e
        where event_type = 'message_delivered' group by all having count(*) >= 8 and score >= 0.1
    """,
    "paid_spammers": f"""
        with begun as (
            select distinct account_id, t as window_start, t + interval 10 minute as window_end
            from e where event_type = 'signup'
        ), paid as (
            select begun.*, min(t) as since
            from begun join e on e.account_id = begun.account_id and event_type = 'payment'
                and t >= window_start and t < window_end
            group by all
        )
        select paid.account_id as entity, window_start, window_end, count(*) as score
        from paid join e on e.account_id = paid.account_id and event_type = 'message_sent'
            and t >= since and t < window_end
        where window_end <= timestamp '{LAST}'
        group by all having score >= 20
    """,
    "silent_products": """
        with seen as (select distinct product, date_trunc('hour', t) as h from e),
        grid as (
            select distinct product, unnest(generate_series(
                date_trunc('day', h), date_trunc('day', h) + interval 23 hour, interval 1 hour
            )) as h from seen
        )
        select product as entity, h as window_start, h + interval 1 hour as window_end, 1 as score
        from grid anti join seen using (product, h)
    """,
    "device_rings": f"""
        with recursive used as (select distinct device_id, account_id from e),
        shared as (select device_id from used group by all having count(*) >= 5),
        ties as (select * from used semi join shared using (device_id)),
        links as (
            select distinct a.account_id as a, b.account_id as b
            from ties a join ties b using (device_id)
        ),
        reach as (
            select a, b from links
            union
            select reach.a, links.b from reach join links on links.a = reach.b
        ),
        rings as (select a, min(b) as ring from reach group by all)
        select ring as entity, {WEEK}, count(*) as score from rings
        group by ring having score >= 10
    """,
}
