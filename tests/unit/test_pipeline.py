"""One decision from end to end, as a pure function of the rows it reads."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.unit.pages import BESTSELLERS, NOW, NOW_MS, Even, card, context, placement, store
from tests.unit.tables import personal, related, shelf
from vitrine import keys
from vitrine.api.regex import compile_regex
from vitrine.catalog.items import Card
from vitrine.catalog.packed import ItemTable, code, item_key, pack
from vitrine.decisions.actions import Action, Content, Fixed, Floor, Strategy
from vitrine.decisions.answers import Decision
from vitrine.decisions.campaigns import Budget, Campaign, Cap, Variation
from vitrine.decisions.claims import ClaimOutcome, Claims
from vitrine.decisions.context import DecisionRequest, Preview
from vitrine.decisions.facts import ATTRIBUTES
from vitrine.decisions.merchandising import Rule
from vitrine.decisions.pipeline import decide
from vitrine.decisions.placements import Placement
from vitrine.decisions.release import Pointer, Release
from vitrine.decisions.selection import Selector
from vitrine.rules.conditions import compile_condition
from vitrine.types import Absent, CartLine, Event, ItemId, Key, Page, Row, Rows
from vitrine.visitors.exposures import Exposures, Showing, row_of
from vitrine.visitors.profile import Profile
from vitrine.visitors.stored import Stored

R = "r1"
HOME = placement(
    "home.recs",
    Strategy("known", ("personal",), "personal"),
    Strategy("active", ("bought_together_cart", "bought_together_recent"), "bought_together_recent"),
    BESTSELLERS,
)
KNOWN = DecisionRequest(Page("home"), visitor="v", consent=frozenset({"personalization"}))


class World:
    """Rows of a table and what was read of them."""

    def __init__(self, rows: Mapping[Key, Row], unread: Sequence[Key] = ()) -> None:
        self.rows = rows
        self.unread = unread
        self.reads: list[Sequence[Key]] = []
        self.cards: dict[ItemId, Card | Absent] = {}
        self.claims: list[Claims] = []
        self.outcomes: list[ClaimOutcome] = []

    def read(self, wanted: Sequence[Key]) -> Rows:
        """The rows, NOT_READ for those that are out of reach."""
        self.reads.append(wanted)
        return {key: Absent.NOT_READ if key in self.unread else self.rows.get(key, Absent.MISSING) for key in wanted}

    def claim(self, claims: Claims) -> ClaimOutcome:
        """The outcomes that the test wants, then everything is granted."""
        self.claims.append(claims)
        return self.outcomes.pop(0) if self.outcomes else ClaimOutcome()

    def read_cards(self, items: Sequence[ItemId]) -> dict[ItemId, Card | Absent]:
        """A card for every item, unless the test says otherwise."""
        return {item: self.cards.get(item, card(item)) for item in items}


def row(table: ItemTable) -> Row:
    """A list row."""
    return {"table": pack(table)}


def profile_row(*events: Event, region: str | None = None) -> Row:
    """The profile of a visitor who did these things."""
    return Stored(Profile(region=region), None).successor(Profile(region=region).apply(events), NOW)


def view(item: str, seconds_ago: int) -> Event:
    """A product page that was looked at."""
    return Event(f"e-{item}", "view", NOW_MS - seconds_ago * 1000, item)


def run(world: World, request: DecisionRequest, *placements: Placement, **release: Any) -> Decision:
    """The decision of a request in a world."""
    campaigns, rules = release.pop("campaigns", ()), release.pop("rules", ())
    shop = store(*(placements or (HOME,)), campaigns=campaigns, rules=rules)
    whole = replace(Release(R, NOW_MS, shop, Even(), {}), **release)
    return decide(context(request, shop), whole, world.read, world.read_cards, world.claim, lambda stage: None)


def items(decision: Decision, at: int = 0) -> list[str]:
    """What a placement shows."""
    return [slot.item for slot in decision.placements[at].items]


SHELF = {keys.shelf("north", None, R): row(shelf(["best 1", "best 2"]))}


def test_an_unknown_visitor_sees_bestsellers_after_one_read() -> None:
    """No consent, no identity: the region's shelf, and nothing of a visitor is asked for."""
    world = World(SHELF)
    decision = run(world, DecisionRequest(Page("home"), visitor="v", recent=("x",)))
    assert items(decision) == ["best 1", "best 2"]
    assert decision.skipped == ()
    assert [[key.pk for key in keys_] for keys_ in world.reads] == [["RELEASE", "L#north"]]


def test_a_known_visitor_sees_their_own_list_first() -> None:
    """Their lists ride in the same read as everything else."""
    world = World({**SHELF, keys.personal("v", R): row(personal(["own"])), keys.profile("v"): profile_row()})
    decision = run(world, KNOWN)
    assert items(decision) == ["own", "best 1", "best 2"]
    assert len(world.reads) == 1


def test_views_in_the_profile_lead_to_a_second_read_and_change_the_page() -> None:
    """What was looked at a moment ago counts now, though the page did not send it."""
    near = {keys.related("x", R): row(related("x", ["near"]))}
    world = World({**SHELF, **near, keys.profile("v"): profile_row(view("x", 60))})
    decision = run(world, KNOWN)
    assert items(decision) == ["near", "best 1", "best 2"]
    assert decision.placements[0].items[0].reason.seed == "x"
    assert [key.pk for key in world.reads[1]] == ["I#x"]


def test_what_the_page_itself_sends_needs_no_second_read() -> None:
    """Recent items in the request are planned with the first read."""
    near = {keys.related("x", R): row(related("x", ["near"]))}
    world = World({**SHELF, **near, keys.profile("v"): profile_row(view("x", 60))})
    assert items(run(world, replace(KNOWN, recent=("x",)))) == ["near", "best 1", "best 2"]
    assert len(world.reads) == 1


def test_the_home_region_of_the_profile_chooses_the_shelf() -> None:
    """A request that does not say where it comes from is at home; one that says is where it says."""
    south = {keys.shelf("south", None, R): row(shelf(["southern"]))}
    world = World({**SHELF, **south, keys.profile("v"): profile_row(region="south")})
    assert (run(world, KNOWN).region, items(run(world, KNOWN))) == ("south", ["southern"])
    assert items(run(world, replace(KNOWN, preview=Preview(region="north")))) == ["best 1", "best 2"]


def test_the_cart_is_excluded_and_leads_to_its_neighbours() -> None:
    """Accompanying goods, not the goods themselves."""
    world = World({**SHELF, keys.related("best 1", R): row(related("best 1", ["near"]))})
    request = DecisionRequest(Page("cart"), cart=(CartLine("best 1"),))
    cart = placement("cart", Strategy("active", ("bought_together_cart",), "bought_together_cart"), BESTSELLERS)
    assert items(run(world, replace(request, placements=("cart",)), cart)) == ["near", "best 2"]


def test_an_empty_placement_says_why() -> None:
    """Nothing to show is an answer with a reason, and it differs from everything being sold out."""
    assert run(World({}), KNOWN).placements[0].reasons == ("no_candidates",)
    world = World(SHELF)
    world.cards = {"best 1": Absent.MISSING, "best 2": card("best 2", regions=0)}
    answer = run(world, KNOWN).placements[0]
    assert (answer.kind, answer.reasons) == ("none", ("sold_out",))


@pytest.mark.parametrize("cards_fail", [False, True])
def test_bestsellers_in_memory_stand_in_for_what_cannot_be_read(cards_fail: bool) -> None:
    """Shelf or cards out of reach: the release's own bestsellers, named as fallback, never the cart's goods."""
    world = World(SHELF, unread=[] if cards_fail else [keys.shelf("north", None, R)])
    if cards_fail:
        world.cards = dict.fromkeys(["best 1", "best 2"], Absent.NOT_READ)
    held = {"north": [("in cart", card("in cart")), ("held", card("held"))]}
    decision = run(world, replace(KNOWN, cart=(CartLine("in cart"),)), bestsellers=held)
    answer = decision.placements[0]
    assert (items(decision), answer.fallback, answer.reasons) == (["held"], "bestsellers", ("not_read",))
    assert decision.skipped == ("cards",) if cards_fail else ("lists",)


def test_a_placement_that_is_not_for_bestsellers_stays_empty() -> None:
    """ "Seen lately" is not filled with what nobody saw because a read failed."""
    viewed = placement("viewed", Strategy("active", ("viewed",), "viewed"))
    world = World(SHELF, unread=[keys.shelf("north", None, R)])
    answer = run(world, KNOWN, viewed, bestsellers={"north": [("held", card("held"))]}).placements[0]
    assert (answer.kind, answer.reasons, answer.fallback) == ("none", ("not_read",), None)


def test_a_retired_release_is_not_mistaken_for_an_empty_shop() -> None:
    """Two refreshes later our rows are gone: bestsellers from memory stand in until the new release is loaded."""
    pointer = {keys.RELEASE_POINTER: Pointer("r3", "0" * 64, "r2", 3).to_row()}
    decision = run(World(pointer), KNOWN, bestsellers={"north": [("held", card("held"))]})
    assert (items(decision), decision.skipped) == (["held"], ("lists",))
    kept = {keys.RELEASE_POINTER: Pointer("r2", "0" * 64, R, 2).to_row()}
    assert run(World(kept), KNOWN).skipped == ()


def test_a_catalogue_without_cards_says_so() -> None:
    """Lists without any card are a fault of the feed, not a sold-out shop; bestsellers stand in."""
    world = World(SHELF)
    world.cards = dict.fromkeys(["best 1", "best 2"], Absent.MISSING)
    answer = run(world, KNOWN, bestsellers={"north": [("held", card("held"))]}).placements[0]
    assert ([slot.item for slot in answer.items], answer.reasons) == (["held"], ("no_cards",))


@pytest.mark.parametrize(
    "damaged", [{"table": b"\x00"}, {"table": "text"}, {}, row(shelf(["a"])), {"table": pack(shelf(["a"]))[:-1]}]
)
def test_a_damaged_row_is_as_good_as_not_read(damaged: Row) -> None:
    """One bad row costs its list, not the answer."""
    world = World({**SHELF, keys.personal("v", R): damaged, keys.profile("v"): profile_row()})
    decision = run(world, KNOWN)
    assert items(decision) == ["best 1", "best 2"]
    assert decision.skipped == ("lists",)


@pytest.mark.parametrize("damaged", [{"profile": b"\x00", "rev": 1, "ttl": 2**40}, {"profile": 1}])
def test_a_profile_out_of_reach_is_skipped_by_name(damaged: Row) -> None:
    """A profile that cannot be read or understood is not mistaken for a new visitor's."""
    assert run(World({**SHELF, keys.profile("v"): damaged}), KNOWN).skipped == ("profile",)
    assert run(World(SHELF, unread=[keys.profile("v")]), KNOWN).skipped == ("profile",)
    assert run(World(SHELF), KNOWN).skipped == ()


def test_no_item_stands_in_two_placements() -> None:
    """A page does not repeat itself."""
    decision = run(World(SHELF), KNOWN, placement("a", size=1), placement("b", size=1))
    assert (items(decision, 0), items(decision, 1)) == (["best 1"], ["best 2"])


def test_texts_are_in_the_pages_language() -> None:
    """The locale's language is enough, an unknown one gets the store's first."""
    titles = [
        run(World(SHELF), replace(KNOWN, page=Page("home", locale=locale))).placements[0].content["title"]
        for locale in ("ru-RU", "en_GB", "fr", None)
    ]
    assert titles == ["Заголовок", "Title", "Title", "Title"]


BANNER = Placement("home.banner", frozenset({"home"}), Action("none"))


def says(text: str) -> Action:
    """A banner."""
    return Action("content", content=Content(Fixed({"en": text, "ru": text})))


def campaign(name: str, **changes: Any) -> Campaign:
    """A campaign for the banner."""
    return replace(Campaign(name, frozenset({"home.banner"}), (Variation("only", says(name)),)), **changes)


CAPPED = campaign("capped", priority=9, caps=(Cap(1, "session"),))


def banner(world: World, *campaigns: Campaign, request: DecisionRequest = KNOWN) -> tuple[str | None, Any]:
    """Campaign and content of the banner."""
    answer = run(world, replace(request, session="s"), BANNER, campaigns=campaigns).placements[0]
    return answer.campaign, answer.content


def test_the_first_campaign_that_may_be_shown_has_the_place() -> None:
    """By its order; without one the placement shows what it shows by itself."""
    assert banner(World({}), campaign("first"), campaign("second")) == ("first", "first")
    assert banner(World({})) == (None, None)


def test_a_showing_with_a_cap_is_claimed_and_one_without_is_not() -> None:
    """A write is only made for what has to be counted."""
    world = World({})
    assert banner(world, CAPPED)[0] == "capped"
    (claims,) = world.claims
    assert (claims.campaigns, claims.rev) == (("capped",), None)
    free = World({})
    banner(free, campaign("free"))
    assert free.claims == []


def test_who_loses_the_race_decides_again_with_what_the_winner_left() -> None:
    """Another tab of the visitor was first: its showing is seen, and the cap holds."""
    world = World({})
    left = Exposures().after([Showing("capped", 1)], {}, NOW_MS, "s")
    world.outcomes = [ClaimOutcome(fresh=row_of(left, None, NOW))]
    assert banner(world, CAPPED, campaign("free")) == ("free", "free")
    assert len(world.claims) == 1


def test_what_cannot_be_counted_is_not_shown() -> None:
    """The table takes no writes: only what needs no count is left."""
    world = World({})
    world.outcomes = [ClaimOutcome({"capped": "not_counted"}, uncounted=True)]
    assert banner(world, CAPPED, campaign("free"))[0] == "free"


def test_a_spent_budget_leaves_the_place_to_the_next() -> None:
    """The counter's word counts, whatever was read of it before."""
    world = World({})
    world.outcomes = [ClaimOutcome({"paid": "budget"})]
    paid = campaign("paid", budget=Budget(10, None, 1))
    assert banner(world, paid, campaign("free"))[0] == "free"


def test_races_without_end_end() -> None:
    """After a few lost races the page is shown without what needs counting."""
    world = World({})
    world.outcomes = [ClaimOutcome(fresh=Absent.MISSING)] * 99
    assert banner(world, CAPPED, campaign("free"))[0] == "free"
    assert len(world.claims) == 3


def test_exposures_out_of_reach_show_nothing_that_has_a_cap() -> None:
    """Not read is not never shown."""
    assert banner(World({}, unread=[keys.shown("v")]), CAPPED)[0] is None


def test_a_row_with_nothing_to_show_leaves_the_place_to_the_next() -> None:
    """The campaign's shelf is empty in this region; its loss is named."""
    empty = Action("products", row=placement("x", Strategy("anyone", ("popular@ice",), "popular@ice")).action.row)
    ice = replace(campaign("ice"), variations=(Variation("only", empty),))
    world = World({})
    answer = run(world, KNOWN, BANNER, campaigns=(ice, campaign("next"))).placements[0]
    assert (answer.campaign, [(one.campaign, one.outcome) for one in answer.considered]) == (
        "next",
        [("ice", "nothing_to_show"), ("next", "shown")],
    )
    assert [key.pk for key in world.reads[1]] == ["L#north#ice"]


def test_who_is_held_back_is_counted_and_sees_the_places_own_action() -> None:
    """A control visitor does not slip on to the next campaign, even where the place itself has nothing to show."""
    world = World({})
    held = replace(CAPPED, control=1.0)
    answer = run(world, replace(KNOWN, session="s"), BANNER, campaigns=(held, campaign("next"))).placements[0]
    assert (answer.campaign, answer.control, answer.kind) == ("capped", True, "none")
    assert world.claims[0].campaigns == ("capped",)


def test_a_winner_that_is_sold_out_leaves_the_place_to_the_next() -> None:
    """Only the cards tell that nothing of the promotion is left; then it was not shown, and its loss is named."""
    promotion = placement("x", Strategy("anyone", ("popular",), "popular", slots=())).action
    promo = Campaign(
        "promo", frozenset({"home.recs"}), (Variation("only", promotion),), priority=1, caps=(Cap(1, "session"),)
    )
    world = World({**SHELF, keys.personal("v", R): row(personal(["own"]))})
    world.cards = {name: card(name, regions=0) for name in ("best 1", "best 2")}
    decision = run(world, replace(KNOWN, session="s"), campaigns=(promo,))
    answer = decision.placements[0]
    assert (items(decision), answer.campaign) == (["own"], None)
    assert [(one.campaign, one.outcome) for one in answer.considered] == [("promo", "nothing_to_show")]
    assert world.claims == []


def test_an_overlay_says_its_word_without_goods() -> None:
    """Goods beside a message are welcome, not needed; where a floor insists on them, there is no overlay."""
    words = says("we keep your cart").content
    empty = placement("x", Strategy("anyone", ("similar_page",), "similar_page")).action.row
    assert empty is not None
    for floor, kind in ((Floor(1), "overlay"), (Floor(2), "none")):
        action = Action("overlay", row=replace(empty, floor=floor), content=words, mechanic="message")
        overlay = replace(campaign("overlay"), variations=(Variation("only", action),))
        assert run(World({}), KNOWN, BANNER, campaigns=(overlay,)).placements[0].kind == kind


def test_bestsellers_do_not_stand_in_for_a_choice_of_goods() -> None:
    """A row of own brands is no place for bestsellers, and what a rule excludes stays out of them, too."""
    held = {"north": [("milk", card("milk")), ("beer", card("beer"))]}
    unread = [keys.shelf("north", None, R)]
    dry = Rule("dry", "exclude", Selector(keys=np.array([item_key("beer")], np.uint64)))
    decision = run(World(SHELF, unread), KNOWN, bestsellers=held, rules=(dry,))
    assert (items(decision), decision.placements[0].fallback) == (["milk"], "bestsellers")
    own = placement("home.recs", items=Selector(brands=np.array([code("Private")], np.uint32)))
    assert run(World(SHELF, unread), KNOWN, own, bestsellers=held).placements[0].kind == "none"


def test_predicted_scores_ride_in_the_visitors_lists() -> None:
    """A condition can ask for what a refresh has computed; damage is as good as nothing."""
    asks = compile_condition({"predicted.p_buy_7d": {"$gte": 0.5}}, ATTRIBUTES, compile_regex, lambda name: None)
    likely = campaign("likely", condition=asks)
    for said, shown in (('{"p_buy_7d":0.7}', "likely"), ('{"p_buy_7d":0.1}', None), ("{", None), ("[]", None)):
        world = World({keys.personal("v", R): {**row(personal(["own"])), "predicted": said}})
        assert banner(world, likely)[0] == shown
