"""The catalogue's function: from its event and a feed in the lake to cards in the table."""

import pytest

from tests.functional.handlers import CONTEXT, load_handler, recorded_event
from tests.unit.feeds import Rig, offers, written
from vitrine import keys
from vitrine.errors import InvalidSource

APP = load_handler("refresh_catalogue")
EVENT = recorded_event("refresh_catalogue")


def run(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """The function's answer with the rig's desk behind it."""
    monkeypatch.setattr(APP, "service", lambda: rig.desk)
    answer: dict[str, object] = APP.handler(EVENT, CONTEXT)
    return answer


def test_a_feed_becomes_cards(monkeypatch: pytest.MonkeyPatch) -> None:
    """None of them out of stock in a region that has it, none at a price of zero."""
    rig = Rig()
    rig.lake.put("feeds/inbox/catalogue", written("jsonl", offers(5)))
    assert run(rig, monkeypatch) == {"outcome": "accepted", "id": "", "cards": 5}
    cards = [rig.table.rows[keys.card(str(n))] for n in range(5)]
    assert all(card["price"] == 1000 and card["regions"] == 3 for card in cards)
    assert run(rig, monkeypatch) == {"outcome": "unchanged", "id": "", "cards": 0}


def test_a_refused_feed_raises_and_the_old_cards_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that the run ends among the failures, with the reason in its message."""
    rig = Rig()
    rig.take(offers(5))
    before = dict(rig.table.rows)
    rig.lake.put("feeds/inbox/catalogue", written("jsonl", offers(5, price="0")))
    with pytest.raises(InvalidSource, match=r"quarantine.*zero"):
        run(rig, monkeypatch)
    assert rig.table.rows == before


def test_a_store_without_a_feed_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its catalogue comes another way."""
    monkeypatch.setattr(APP, "service", lambda: None)
    assert APP.handler(EVENT, CONTEXT) == {"outcome": "none"}
