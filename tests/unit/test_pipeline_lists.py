"""Decisions over the lists that only some rows ask for: a persona's shelf, sets of two."""

from dataclasses import replace
from typing import Any

from tests.unit.pages import card, context, placement, store
from tests.unit.tables import personal, related_by, shelf
from tests.unit.test_pipeline import KNOWN, NOW_MS, SHELF, Even, R, World, items, profile_row, row
from vitrine import keys
from vitrine.decisions.actions import Strategy
from vitrine.decisions.answers import Decision
from vitrine.decisions.bundles import BundleOffer
from vitrine.decisions.campaigns import Persona
from vitrine.decisions.context import DecisionRequest
from vitrine.decisions.pipeline import decide
from vitrine.decisions.placements import Placement
from vitrine.decisions.release import Release
from vitrine.types import Absent, Page

OURS = placement("home.persona", Strategy("anyone", ("persona_popular",), "persona_popular"))
PERSONA = {keys.shelf("north", "@regular", R): row(shelf(["loved 1", "loved 2"]))}
SETS = placement("product.bundle", Strategy("anyone", ("bundle_page",), "bundle_page"))
OFFER = BundleOffer("set", 0.1)


def run(world: World, request: DecisionRequest, *placements: Placement, **changes: Any) -> Decision:
    """The decision in a store of these placements and whatever else it declares."""
    shop = store(*(replace(each, pages=frozenset({request.page.type})) for each in placements), **changes)
    release = Release(R, NOW_MS, shop, Even(), {})
    return decide(context(request, shop), release, world.read, world.read_cards, world.claim, lambda stage: None)


def test_the_shelf_of_the_visitors_persona_is_read_where_a_row_asks_for_it() -> None:
    """Which persona it is only the profile tells, so it takes the second read."""
    rows = {**SHELF, **PERSONA, keys.profile("v"): profile_row()}
    world = World(rows)
    decision = run(world, KNOWN, OURS, personas=(Persona("regular", None),))
    assert items(decision) == ["loved 1", "loved 2"]
    assert [key.pk for key in world.reads[1]] == ["L#north#@regular"]
    assert decision.placements[0].items[0].reason.list == "persona_popular"


def test_a_store_without_personas_has_no_such_shelf() -> None:
    """Nothing is read for it, and the row says that it has no candidates."""
    world = World({**SHELF, **PERSONA})
    decision = run(world, KNOWN, OURS)
    assert decision.placements[0].reasons == ("no_candidates",)
    assert len(world.reads) == 1


def test_a_persona_shelf_that_could_not_be_read_is_told() -> None:
    """Not read is not empty."""
    world = World({**SHELF, **PERSONA}, unread=[keys.shelf("north", "@regular", R)])
    decision = run(world, KNOWN, OURS, personas=(Persona("regular", None),))
    assert decision.placements[0].reasons == ("not_read",)
    assert "lists" in decision.skipped


def test_what_other_rows_show_does_not_change_with_it() -> None:
    """The candidates of a persona's shelf join, and the ranker's features of the others stay."""
    recs = placement("home.recs", Strategy("known", ("personal",), "personal"))
    rows = {**SHELF, **PERSONA, keys.personal("v", R): row(personal(["own 1", "own 2"]))}
    personas = (Persona("regular", None),)
    alone = run(World(rows), KNOWN, recs, personas=personas)
    beside = run(World(rows), KNOWN, recs, OURS, personas=personas)
    assert items(alone) == items(beside) == ["own 1", "own 2"]


SOUP = DecisionRequest(Page("product", item="soup"))
ROWS = {**SHELF, keys.related("soup", R): row(related_by("soup", {"bundle": ["bread", "cheese"]}))}


def test_a_set_is_offered_at_the_live_prices_of_both() -> None:
    """The page's item is shown by the page itself, yet its card is read for the sum."""
    world = World(ROWS)
    world.cards = {"soup": card("Soup", 300), "bread": card("Bread", 200)}
    decision = run(world, SOUP, SETS, bundles=(OFFER,))
    first = decision.placements[0].items[0]
    assert items(decision) == ["bread", "cheese"]
    assert first.bundle is not None
    assert (first.bundle.item, first.bundle.price, first.bundle.apart) == ("soup", 450, 500)


def test_without_an_offer_the_goods_are_shown_without_a_price_for_both() -> None:
    """No card of the page's item is read either."""
    decision = run(World(ROWS), SOUP, SETS)
    assert [slot.bundle for slot in decision.placements[0].items] == [None, None]


def test_a_set_whose_other_half_is_unknown_has_no_price() -> None:
    """A sum of one price would be wrong."""
    world = World(ROWS)
    world.cards = {"soup": Absent.NOT_READ}
    decision = run(world, SOUP, SETS, bundles=(OFFER,))
    assert [slot.bundle for slot in decision.placements[0].items] == [None, None]
