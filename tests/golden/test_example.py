"""Golden decisions of the example store: for every campaign a page view that it wins, and why the others did not.

`GOLDEN=write make test ARGS=tests/golden` writes the expectations anew; look at the diff before you commit it.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.golden.example_world import QUIET, example_store, example_world
from tests.golden.world import World
from vitrine import keys
from vitrine.decisions.readable import placements_of
from vitrine.service.decide import DecideService, Outcome

CASES = {path.stem: path for path in sorted(Path(__file__).parent.glob("example/*.json"))}


@pytest.mark.parametrize("name", CASES)
def test_the_decision_is_the_expected_one(name: str) -> None:
    """What is shown, by which campaign, where each item came from; and what became of the campaigns that fitted."""
    case = read(name)
    found = decided(case)
    won = {campaign for answer in found["placements"].values() for campaign in answer["outcomes"].get("shown", ())}
    assert won >= set(case["campaigns"])
    if os.environ.get("GOLDEN") == "write":
        written = json.dumps(case | {"expected": found}, ensure_ascii=False, indent=2)
        CASES[name].write_text(written + "\n", "utf-8")
    else:
        assert found == case["expected"]


def test_every_campaign_wins_somewhere() -> None:
    """No campaign is dead: each has a page view on which nothing stronger stands in its way."""
    won = {campaign for name in CASES for campaign in read(name)["campaigns"]}
    assert {campaign.name for campaign in example_store().campaigns} - won == set()


def read(name: str) -> dict[str, Any]:
    """A case: `as` whom, `at` which instant, in which `weather`, with which daily budgets `spent`, a request, and those
    `before` it. It names the campaigns that win."""
    case: dict[str, Any] = json.loads(CASES[name].read_text("utf-8"))
    return case


def decided(case: dict[str, Any]) -> dict[str, Any]:
    """The essence of the case's decision, made after those `before`."""
    at = datetime.fromisoformat(case.get("at", QUIET.isoformat()))
    world = example_world(at, case.get("weather"))
    for campaign in case.get("spent", ()):
        spend(world, campaign, at)
    world.service = noting = Noting(world.service)
    for request in (*case.get("before", ()), case["request"]):
        status, answer = world.post(request, case["as"])
        assert status == 200, answer
    noted = json.loads(json.dumps(placements_of(noting.outcomes[-1].decision), default=list))
    return {
        "region": answer["region"],
        "skipped": answer["skipped"],
        "placements": {name: shown(placement, noted[name]) for name, placement in answer["placements"].items()},
    }


class Noting:
    """The service, and what it decided: of a visitor without consent there is no record that could tell."""

    def __init__(self, service: DecideService) -> None:
        self._service = service
        self.outcomes: list[Outcome] = []

    def decide(self, *asked: Any) -> Outcome:
        """As the service does."""
        self.outcomes.append(self._service.decide(*asked))
        return self.outcomes[-1]


def spend(world: World, campaign: str, at: datetime) -> None:
    """Use up the campaign's budget of the day."""
    budget = next(each.budget for each in example_store().campaigns if each.name == campaign)
    assert budget is not None
    for shard in range(budget.shards):
        world.table.rows[keys.budget(campaign, budget.period_at(at)[0], shard)] = {"used": budget.views}


def shown(placement: dict[str, Any], recorded: dict[str, Any]) -> dict[str, Any]:
    """One placement in short, without what is empty. Campaigns whose page, schedule or condition did not fit are left
    out of the outcomes."""
    content = placement["content"]
    told = {
        "kind": placement["kind"],
        "campaign": placement["campaign"],
        "variation": None if placement["variation"] == "default" else placement["variation"],
        "control": placement["control"] or None,
        "mechanic": placement["mechanic"],
        "live": recorded.get("live"),
        "content": content,
        "items": lines(placement["items"], recorded.get("items", [])),
        "rows": {
            row["title"]: lines(row["items"], noted["items"])
            for row, noted in zip(placement["rows"], recorded.get("rows", []), strict=True)
        },
        "reasons": placement["reasons"],
        "fallback": placement["fallback"],
        "dropped": sorted(recorded.get("dropped", {})),
    }
    return {name: value for name, value in told.items() if value} | {"outcomes": recorded.get("considered", {})}


def lines(items: list[dict[str, Any]], recorded: list[dict[str, Any]]) -> list[str]:
    """Items as "id price: list < seed = price of both (offer) [label] (rules) p".

    A reduced price has a star; p is told when it is not certain.
    """
    return [line(item, noted) for item, noted in zip(items, recorded, strict=True)]


def line(item: dict[str, Any], noted: dict[str, Any]) -> str:
    """One item, as answered and as recorded."""
    [why], card = item["reasons"], item["card"]
    price = "" if card is None else f" {card['price']}{'*' if card['price'] < card['regular_price'] else ''}"
    seed = f" < {why['item']}" if why["item"] else ""
    label = f" [{item['sponsored']}]" if item["sponsored"] else ""
    rules = f" ({', '.join(noted['rules'])})" if "rules" in noted else ""
    propensity = f" {noted['propensity']:.3f}" if "propensity" in noted else ""
    bundle = item["bundle"]
    together = f" = {bundle['price']} ({bundle['offer']})" if bundle else ""
    return f"{item['id']}{price}: {why['list']}{seed}{together}{label}{rules}{propensity}"
