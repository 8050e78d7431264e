import json

from monitors.registry import registry
from tests.orchestration.cli.conftest import Watchfloor


def test_shows_every_monitor_and_the_harms_nobody_watches(watchfloor: Watchfloor) -> None:
    rows = json.loads(watchfloor("coverage", "--format", "json").stdout)
    found = {f"{r['product']}/{r['monitor']}" for r in rows if r["monitor"]}
    assert found == set(registry().monitors) | set(registry().broken)
    assert {r["state"] for r in rows if r["monitor"] is None} == {"gap"}


def test_shows_gaps_alone(watchfloor: Watchfloor) -> None:
    rows = json.loads(watchfloor("coverage", "--gaps", "--format", "json").stdout)
    assert rows
    assert {(r["state"], r["monitor"]) for r in rows} == {("gap", None)}


def test_shows_one_product_alone(watchfloor: Watchfloor) -> None:
    product = registry().products[0]
    shown = watchfloor("coverage", "--product", product, "--format", "json").stdout
    assert {r["product"] for r in json.loads(shown)} == {product}
