"""The persona of every visitor, found by the very code that decides pages.

Conditions of personas are evaluated as on a home page without a session: what the store's extracts say of a visitor,
what they bought, where they live and what is predicted of them is known; what only a visit could tell (cart, search,
weather, lists) is not, and a condition on it does not hold. At a page the persona is found anew with all of that, so
the two may differ for a persona that asks for it; `unknowable` names such attributes for the report.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

import orjson

from vitrine.decisions.candidates import Lists
from vitrine.decisions.context import DecisionRequest, resolve_context
from vitrine.decisions.facts import CRM, PERSONA, Facts, Sources
from vitrine.decisions.placements import Store
from vitrine.decisions.predicted import Predicted
from vitrine.decisions.visit import Visit, at_home
from vitrine.ports import Progress
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import Event, Page, VisitorId
from vitrine.values import dataclass
from vitrine.visitors.history import LANES
from vitrine.visitors.profile import Profile

STAGE: Final = "personas"
TABLE: Final = "visitor_personas"
HISTORY: Final = ("visitor.",)
"""Attributes that need what a visitor did; it is only read where a persona asks for one of them."""
KNOWABLE: Final = (CRM, *HISTORY, "predicted.", "place.region", "place.country")
NOTHING: Final = Visit(None, (), (), {})


@dataclass(frozen=True, slots=True)
class KnownVisitor:
    """Somebody whom the store knows: their profile as far as the lake tells it."""

    visitor: VisitorId
    profile: Profile


def assign_personas(
    engine: SqlEngine,
    store: Store,
    predicted: Callable[[VisitorId], Predicted],
    as_of_ms: int,
    now: datetime,
    progress: Progress,
) -> dict[VisitorId, str]:
    """The persona of everybody whom the store knows before an instant, and table `visitor_personas` (visitor, persona).

    Empty for a store without personas. Who fits none has none; the store's files do not allow that. The tables of
    snapshots.TABLES must have been made.
    """
    found: dict[VisitorId, str] = {}
    if store.personas:
        everybody = list(known_profiles(engine, as_of_ms, with_history=asks_history(store)))
        find = persona_finder(store, now)
        for done, known in enumerate(everybody, 1):
            persona = find(known, predicted(known.visitor))
            if persona is not None:
                found[known.visitor] = persona
            if done % 10_000 == 0 or done == len(everybody):
                progress(STAGE, done, len(everybody))
    put_personas(engine, found)
    return found


def persona_finder(store: Store, now: datetime) -> Callable[[KnownVisitor, Predicted], str | None]:
    """What finds a visitor's persona in a store, as `decisions.facts` does on a page at that instant."""
    request = DecisionRequest(Page("home"), consent=frozenset({"personalization"}))
    anybody = resolve_context("personas", now, request, store)

    def find(known: KnownVisitor, predicted: Predicted) -> str | None:
        context = replace(anybody, request=replace(anybody.request, visitor=known.visitor))
        context = at_home(context, known.profile, store)
        persona = Facts(Sources(context, NOTHING, known.profile, Lists(), store, None, predicted))(PERSONA)
        return None if persona is None else str(persona)

    return find


def known_profiles(engine: SqlEngine, as_of_ms: int, *, with_history: bool) -> Iterator[KnownVisitor]:
    """Everybody whom the store knows, in the order of their ids; `with_history` with their last purchases before it."""
    bought = _purchases(engine, as_of_ms) if with_history else {}
    columns = engine.columns("visitor_known", as_of_ms=as_of_ms)
    for visitor, region, crm in zip(*(columns[name].tolist() for name in ("visitor", "region", "crm")), strict=True):
        profile = Profile().with_attributes(region or None, orjson.loads(crm)).apply(bought.get(visitor, ()))
        yield KnownVisitor(visitor, profile)


def _purchases(engine: SqlEngine, as_of_ms: int) -> Mapping[VisitorId, Sequence[Event]]:
    columns = engine.columns("visitor_last_lines", as_of_ms=as_of_ms, lines=LANES["purchase"])
    bought: dict[VisitorId, list[Event]] = {}
    names = ("visitor", "item", "at_ms", "place")
    for visitor, item, at_ms, place in zip(*(columns[name].tolist() for name in names), strict=True):
        bought.setdefault(visitor, []).append(Event(str(place), "purchase", at_ms, item))
    return bought


def put_personas(engine: SqlEngine, personas: Mapping[VisitorId, str]) -> None:
    """Table `visitor_personas`, which the lists of personas are made from."""
    told = personas or {"": ""}  # nobody: a table of no rows would have no types
    engine.put(TABLE, {"visitor": list(told), "persona": list(told.values())})


def asks_history(store: Store) -> bool:
    """Whether a persona asks for what visitors did."""
    return any(path.startswith(HISTORY) for path in _paths(store))


def unknowable(store: Store) -> list[str]:
    """Attributes that personas ask for and only a visit could tell."""
    return sorted(path for path in _paths(store) if not path.startswith(KNOWABLE))


def _paths(store: Store) -> frozenset[str]:
    asked = (persona.condition.paths for persona in store.personas if persona.condition is not None)
    return frozenset[str]().union(*asked)
