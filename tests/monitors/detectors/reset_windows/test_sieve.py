import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from monitors.detectors.reset_windows.sieve import crowded, crowded_entities, mixed

ENTITIES = st.sampled_from([f"account {i}" for i in range(40)])


@given(rows=st.lists(st.tuples(ENTITIES, st.integers(0, 20_000)), max_size=80), n=st.integers(1, 4))
def test_keeps_every_event_of_a_window_with_n(rows: list[tuple[str, int]], n: int) -> None:
    entities = pl.Series("who", [who for who, _ in rows], pl.String)
    times = pl.Series("at", [at for _, at in rows], pl.Int64).to_numpy()
    kept = crowded(entities, times, n=n, length=10)
    whole = crowded_entities(entities, times, n=n, length=10)
    for who, end in rows:
        inside = [i for i, (e, at) in enumerate(rows) if e == who and end - 10 <= at <= end]
        if len(inside) >= n:
            assert kept[inside].all()
            assert whole[[i for i, (e, _) in enumerate(rows) if e == who]].all()


def test_drops_the_events_of_quiet_entities() -> None:
    entities = pl.Series("who", [f"account {i}" for i in range(1000)])
    times = pl.Series("at", range(1000)).to_numpy()
    assert crowded(entities, times, n=20, length=100).sum() < 20


def test_drops_the_events_of_entities_that_keep_their_value() -> None:
    entities = pl.Series("who", [f"account {i % 100}" for i in range(1000)])
    values = pl.Series("what", [f"value {i % 100}" for i in range(1000)])
    times = pl.Series("at", range(1000)).to_numpy()
    assert mixed(entities, values, times, length=100_000).sum() < 500
