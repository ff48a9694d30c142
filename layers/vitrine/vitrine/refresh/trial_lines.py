"""Lines of the lake as the watch over a trial reads them: page views and rewards, each of a declared form.

One bad line must not stop the watch, for it would stop it at every run until the window is over. What is not of its
form is left out and counted. Of a record no more is kept than a window needs: not its `inputs`, which are most of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from vitrine.decisions.plain import from_plain
from vitrine.decisions.record import opened, record_line
from vitrine.decisions.rollout import Trial
from vitrine.errors import InvalidRecord
from vitrine.types import ItemId, VisitorId

REWARDS: Final = frozenset({"click", "slot_click", "add_to_cart", "purchase"})


@dataclass(frozen=True, slots=True)
class View:
    """One decision that a ranker scored: whose (None when nobody is known to have seen it), when, what it showed, and
    what it told of a challenger."""

    decision: str
    visitor: VisitorId | None
    at_ms: int
    items: tuple[ItemId, ...]
    trial: Trial | None


@dataclass(frozen=True, slots=True)
class Reward:
    """A click, a cart or a purchase; None is what it does not tell."""

    decision: str | None
    visitor: VisitorId | None
    item: ItemId | None
    at_ms: int | None


@dataclass(slots=True)
class Reader:
    """Reads lines one at a time. `damaged` counts those that were left out so far."""

    damaged: int = 0
    _items: dict[ItemId, ItemId] = field(default_factory=dict)  # one text per item, whoever names it

    def views(self, lines: Iterable[bytes], from_ms: int, to_ms: int) -> Iterator[View]:
        """Page views with from_ms <= at_ms < to_ms that a ranker scored."""
        for line in lines:
            try:
                view = self._view(record_line(line), from_ms, to_ms)
            except InvalidRecord:
                self.damaged += 1
            else:
                if view is not None:
                    yield view

    def rewards(self, lines: Iterable[bytes]) -> Iterator[Reward]:
        """Events of the kinds in REWARDS."""
        for line in lines:
            try:
                reward = _reward(_object(line))
            except InvalidRecord:
                self.damaged += 1
            else:
                if reward is not None:
                    yield reward

    def _view(self, line: Mapping[str, Any], from_ms: int, to_ms: int) -> View | None:
        match line:
            case {"at_ms": int(at_ms)} if not from_ms <= at_ms < to_ms:  # before anything is unpacked
                return None
        match {"visitor": None, "trial": None, "placements": {}, **opened(line)}:
            case {"at_ms": int(), "model": None}:
                return None
            case {
                "decision": str(decision),
                "visitor": str() | None as visitor,
                "at_ms": int(at_ms),
                "model": str(),
                "placements": dict(placements),
                "trial": trial,
            }:
                items = dict.fromkeys(self._items.setdefault(item, item) for item in _shown(placements))
                told = None if trial is None else from_plain(Trial, trial)
                return View(decision, visitor, at_ms, tuple(items), told)
        raise InvalidRecord("the record lacks its decision or its instant, or they are of another form")


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        plain = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise InvalidRecord(f"the line is not JSON: {error}") from error
    if not isinstance(plain, dict):
        raise InvalidRecord("the line is no JSON object")
    return plain


def _shown(placements: Mapping[str, Any]) -> Iterator[ItemId]:
    """Items of all placements and of their rows."""
    for placement in placements.values():
        for part in (placement, *_list(placement, "rows")):
            for slot in _list(part, "items"):
                match slot:
                    case {"item": str(item)}:
                        yield item
                    case _:
                        raise InvalidRecord("a slot names no item")


def _list(part: object, name: str) -> list[Any]:
    """A list of an object; an empty one when it has none."""
    found = part.get(name, []) if isinstance(part, dict) else None
    if not isinstance(found, list):
        raise InvalidRecord(f"{name} of a placement is no list")
    return found


def _reward(plain: Mapping[str, Any]) -> Reward | None:
    match {"decision": None, "visitor": None, "item": None, "at_ms": None, **plain}:
        case {"kind": str(kind)} if kind not in REWARDS:
            return None
        case {
            "kind": str(),
            "decision": str() | None as decision,
            "visitor": str() | None as visitor,
            "item": str() | None as item,
            "at_ms": int() | None as at_ms,
        }:
            return Reward(decision, visitor, item, at_ms)
    raise InvalidRecord("the event lacks its kind, or a field is of another form")
