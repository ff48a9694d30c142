"""Golden decisions: request and state in, what is shown and why out. A changed expectation is a reviewed diff.

`GOLDEN=write make test ARGS=tests/golden` writes the expectations anew; look at the diff before you commit it.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from tests.golden.world import World

CASES = sorted(Path(__file__).parent.glob("cases/*.json"))


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.stem)
def test_the_decision_is_the_expected_one(path: Path) -> None:
    """The handler's answer, cut down to what a merchandiser would check."""
    case = json.loads(path.read_text("utf-8"))
    status, answer = World().post(case["request"], case["as"])
    assert status == 200
    found = essence(answer)
    if os.environ.get("GOLDEN") == "write":
        path.write_text(json.dumps(case | {"expected": found}, ensure_ascii=False, indent=2) + "\n", "utf-8")
    else:
        assert found == case["expected"]


def essence(answer: dict[str, Any]) -> dict[str, Any]:
    """Placements with title, items as "id: list < seed", fallback and reasons; what was skipped."""
    return {
        "region": answer["region"],
        "recognised": answer["visitor"] is not None,
        "skipped": answer["skipped"],
        "placements": {name: shown(placement) for name, placement in answer["placements"].items()},
    }


def shown(placement: dict[str, Any]) -> dict[str, Any]:
    """One placement in short."""
    return {
        "title": placement["content"]["title"],
        "items": [
            f"{item['id']}: {why['list']}" + (f" < {why['item']}" if why["item"] else "")
            for item in placement["items"]
            for why in item["reasons"]
        ],
        "fallback": placement["fallback"],
        "reasons": placement["reasons"],
    }
