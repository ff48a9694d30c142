"""What the panel hears: every decision with its reasons, timings and cost, in order, also after a lost connection."""

import asyncio
from collections.abc import Iterator
from copy import deepcopy

import aiohttp
import pytest

from tests.functional.studio_rig import CONSENT, EXPLAINED, HOME, Studio, open_studio


@pytest.fixture
def studio(tmp_path) -> Iterator[Studio]:
    """The studio, opened in a browser."""
    with open_studio(tmp_path) as studio:
        studio.enter()
        yield studio


def test_a_decision_is_heard_as_it_happens(studio):
    """Answer, explanation, stages, cost, and what was supposed."""
    studio.suppose(region="south")

    async def decide() -> None:
        call = f"{studio.url}/studio/api/v1/decide"
        async with aiohttp.ClientSession() as client, client.post(call, json=HOME, headers=studio.own) as reply:
            assert reply.status == 200

    (told,) = studio.hear(1, decide)
    assert (told["n"], told["kind"], told["status"]) == (1, "decision", 200)
    assert told["overrides"] == {"region": "south"}
    assert told["request"] == HOME
    assert told["answer"]["placements"]["home.moment"]["campaign"] == "heat-row"
    assert told["explanation"]["placements"]["home.moment"]["considered"]
    assert told["answer"]["timings_ms"] == EXPLAINED["timings_ms"]
    assert told["cost"]["duration_ms"] == 5.0  # without the stage that explains
    assert told["differs"] == []


def test_a_page_that_is_loaded_anew_hears_what_was(studio):
    """And one that lost its connection only what it has missed."""
    for _ in range(3):
        studio.decide()
    assert [one["n"] for one in studio.hear(3)] == [1, 2, 3]
    assert [one["n"] for one in studio.hear(1, since=2)] == [3]


def test_events_are_told_in_short(studio):
    """What happened, not who; and whether it went on to the API."""
    event = {"id": "e1", "kind": "view", "at_ms": 1, "item": "7", "decision": "d"}
    studio.ask("POST", "/studio/api/v1/events", {"visitor": "own", "consent": CONSENT, "events": [event]})
    (told,) = studio.hear(1)
    assert told == {"n": 1, "kind": "events", "events": [{"kind": "view", "item": "7"}], "is_sent": True, "status": 200}


def test_another_browser_hears_nothing_of_it(studio):
    """Sessions are apart."""
    studio.decide()
    studio.enter()
    with pytest.raises(asyncio.TimeoutError):
        studio.loop.run(asyncio.wait_for(listening(studio), 0.3))


async def listening(studio: Studio) -> None:
    """Until something is told."""
    async with (
        aiohttp.ClientSession() as client,
        client.get(f"{studio.url}/studio/feed", headers=studio.own) as feed,
    ):
        while not (await feed.content.readline()).startswith(b"data: "):
            continue


def test_an_explanation_of_something_else_is_marked(studio):
    """Where a place is left to chance the two may differ."""
    explained = deepcopy(EXPLAINED)
    explained["explanation"]["placements"]["home.moment"]["items"][0]["item"] = "2"
    studio.api.answers["/v1/explain"] = explained
    studio.decide()
    (told,) = studio.hear(1)
    assert told["differs"] == ["home.moment"]
