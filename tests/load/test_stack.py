"""The stack as a subject: a running demo is found by its address and its folder, and asked as its households."""

from pathlib import Path

import pytest

from tests.bench.harness import ROOT, BenchFailed
from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.load.arrivals import arrivals
from tests.load.rig import Size
from tests.load.stack import demo_of, fill, open_stack
from tests.load.test_generator import silent
from tests.load.traffic import Mix
from tests.load.world import make_world
from vitrine.cli.target import remember_stack
from vitrine.local.stack import LocalStack
from vitrine.visitors.identity import mint, verify

pytestmark = pytest.mark.stack


def test_a_running_demo_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its visitors, its items by how often they are bought, tokens that it knows; all answers are valid."""
    canned, population = make_world(ROOT, silent, visitors=3, items=200)
    goods = [Good(item, "grocery/aisle-1/type-1") for item in population.items[:5]]
    sales = [Sale(f"h{n % 2}", f"b{n}", n, goods[n % (1 + n % 5)].item) for n in range(20)]
    state = tmp_path / "state"
    write_lake(state / "lake", goods, sales)
    for name in ("AWS_ENDPOINT_URL", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.setenv(name, "")  # put back after the test, which sets them for this process
    with LocalStack(
        ROOT / "template.yaml",
        state,
        environment={"VITRINE_BUNDLE": str(ROOT)},
        parameters={"CodeSha256": "0" * 64},
        log=silent,
    ) as running:
        variables = running.environment("DecideFunction")
        fill(running, variables["VITRINE_TABLE"], variables["VITRINE_RELEASES_BUCKET"], canned, silent)
        remember_stack(state, running.endpoint, variables)
        found, keys = demo_of(running.url, state)
        mix = Mix(events=0.2, deadline_ms=3_000)
        with open_stack(running.url, state, Size(prepared=50), mix, 1, silent) as rig:
            samples = rig.drive(arrivals("constant", 10, 3, 1), "test", silent, check_every=1)
        assert samples.n_invalid() == 0, samples.faults
        assert not rig.states()
        assert verify(mint(found.visitors[0], keys), keys) == found.visitors[0]
    assert set(found.visitors) == {"h0", "h1"}
    assert found.items[0] == goods[0].item
    assert list(found.categories) == ["grocery/aisle-1/type-1"]
    with pytest.raises(BenchFailed, match="is not an address of this machine"):
        demo_of("http://shop.example.com", state)
