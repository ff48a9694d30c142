"""What holds for every page, whatever the rules: nothing twice, nothing that must not be shown, bounds, chances."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.pages import BESTSELLERS, NOW_MS, card, context, fill_page, page_of, row, show_page, unknown
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.items import Card
from vitrine.catalog.packed import ITEM_COLUMNS, code, item_key
from vitrine.decisions.actions import Explore, Fixed, Floor, ProductRow, Strategy
from vitrine.decisions.answers import Slot
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.filling import Filling
from vitrine.decisions.merchandising import BLEND, Rule
from vitrine.decisions.ranking import Ranking, rank
from vitrine.decisions.rows import fill_shelves, show_shelves
from vitrine.decisions.selection import Selector
from vitrine.decisions.showing import show
from vitrine.decisions.slots import fill_row
from vitrine.decisions.visit import Visit

ITEMS = [f"i{n}" for n in range(24)]
KINDS = [f"d{n % 2}/c{n % 4}/l{n % 8}" for n in range(24)]
MAKERS = [f"b{n % 3}" for n in range(24)]
LABEL = Fixed(dict.fromkeys(("en", "ru"), "Ad"))
OF = dict(zip(ITEMS, KINDS, strict=True))


def columns(items: Sequence[str], regions: Mapping[str, int]) -> dict[str, Any]:
    """Item columns; every item is the same on every list."""
    at = [ITEMS.index(item) for item in items]
    return {
        "department": [code(KINDS[i].split("/")[0]) for i in at],
        "category": [code("/".join(KINDS[i].split("/")[:2])) for i in at],
        "leaf": [code(KINDS[i]) for i in at],
        "brand": [code(MAKERS[i]) for i in at],
        "price": [100 + 10 * i for i in at],
        "margin": [0.01 * i for i in at],
        "regions": [regions[item] for item in items],
    }


some = st.lists(st.sampled_from(ITEMS), unique=True, max_size=10)
many = st.tuples(st.integers(0, 23), st.integers(8, 24)).map(lambda cut: (ITEMS[cut[0] :] + ITEMS[: cut[0]])[: cut[1]])
few = st.lists(st.sampled_from(ITEMS), unique=True, max_size=3)
spots = st.lists(st.integers(0, 7), unique=True, min_size=1, max_size=3).map(tuple)
selectors = st.one_of(
    st.builds(lambda items: Selector(keys=np.array([item_key(i) for i in items], np.uint64)), some),
    st.builds(lambda n: Selector(categories=np.array([code(f"d{n % 2}/c{n}")], np.uint32)), st.integers(0, 3)),
    st.builds(lambda n: Selector(brands=np.array([code(f"b{n}")], np.uint32)), st.integers(0, 2)),
    st.builds(lambda low: Selector(ranges={"price": (low, 1e9)}), st.integers(100, 300)),
    st.builds(lambda n: Selector(but=Selector(brands=np.array([code(f"b{n}")], np.uint32))), st.integers(0, 2)),
)
KINDS_OF_RULE = st.sampled_from(["pin", "boost", "bury", "exclude", "slots", "sponsored", "sponsored", "only"])


@st.composite
def rules(draw: st.DrawFn, always: Sequence[str]) -> list[Rule]:
    """Any rules, under names of their own, some of the given kinds among them."""
    kinds = [*draw(st.lists(KINDS_OF_RULE, max_size=4)), *always]
    return [draw(_rule(f"r{at}", kind)) for at, kind in enumerate(kinds)]


def _rule(name: str, kind: Any) -> st.SearchStrategy[Rule]:
    return st.builds(
        Rule,
        name=st.just(name),
        kind=st.just(kind),
        items=selectors,
        placements=st.sampled_from([None, None, frozenset({"p0"}), frozenset({"p1"})]),
        pinned=st.lists(st.sampled_from([*ITEMS, "unlisted", "unlisted"]), min_size=1, max_size=3).map(tuple),
        weight=st.floats(0.1, 3.0),
        slots=spots,
        per_row=st.integers(1, 3),
        per_session=st.sampled_from([None, 0, 1, 3]),
        label=st.just(LABEL),
        sponsor=st.sampled_from([None, "a brand"]),
    )


LISTS = ("personal", "popular", "bought_together_recent", "similar_page", "viewed", "popular@d0/c0")
strategies = st.builds(
    Strategy,
    audience=st.sampled_from(["known", "active", "anyone"]),
    lists=st.lists(st.sampled_from(LISTS), unique=True, min_size=1, max_size=3).map(tuple),
    order=st.sampled_from(["model", "popular", "personal", "popular@d0/c0"]),
    other_category=st.booleans(),
    price=st.sampled_from(["any", "any", "dearer", "cheaper"]),
    items=st.one_of(st.none(), selectors),
    slots=st.one_of(st.just(()), spots),
)
product_rows = st.builds(
    ProductRow,
    size=st.integers(1, 8),
    title=st.just(Fixed({"en": "Row"})),
    strategies=st.lists(strategies, max_size=2).map(lambda ways: (*ways, BESTSELLERS)),
    max_per_kind=st.sampled_from([1, 2, 50]),
    max_per_category=st.sampled_from([1, 3, 50]),
    max_per_brand=st.sampled_from([2, 50]),
    items=st.one_of(st.none(), st.none(), selectors),
    floor=st.sampled_from([Floor(), Floor(), Floor(3), Floor(1, 5.0)]),
    blend=st.dictionaries(st.sampled_from(BLEND), st.floats(-1.0, 1.0), max_size=2),
    explore=st.one_of(st.none(), st.builds(Explore, st.floats(0.1, 1.0), st.integers(2, 5))),
)


@dataclass(frozen=True)
class World:
    """A page, its rows, and the cards of what can be sold."""

    page: Filling
    rows: list[tuple[str, ProductRow]]
    cards: dict[str, Card]
    regions: dict[str, int]

    def shown(self) -> list[list[Slot]]:
        """What the rows show."""
        return show_page(fill_page(self.rows, self.page), self.cards)


@st.composite
def worlds(draw: st.DrawFn, always: Sequence[str] = ("pin",)) -> World:
    """A visitor with some lists, some rules, some cards missing or sold out since the release."""
    regions = dict.fromkeys(ITEMS, 0b11) | dict.fromkeys(draw(few), 0b10)

    def table(make: Any, items: Sequence[str], *more: Any) -> Any:
        return make(items, *more, **columns(items, regions))

    own, popular, named, near = draw(some), draw(many), draw(some), draw(some)
    page_item = draw(st.sampled_from([None, *ITEMS]))
    recent, cart, bought = draw(few), draw(few), draw(few)
    visit = Visit(page_item, tuple(recent), tuple(cart), dict.fromkeys(bought, NOW_MS - 1000))
    seeds = []
    for item, role, weight in visit.seeds():
        others = [i for i in near if i != item]
        seeds.append(Seed(item, role, weight, related(item, others, **columns([item, *others], regions))))
    shelves = {"d0/c0": table(shelf, named)} if named else {}
    lists = Lists(table(personal, own) if own else None, table(shelf, popular), None, seeds, shelves)
    page = page_of(
        rank(merge(lists), None, 0.0),
        visit,
        rules=draw(rules(always)),
        dismissed=draw(few),
        sponsored_left=draw(st.dictionaries(st.sampled_from(["r0", "r1"]), st.integers(-1, 3))),
    )
    rows = [(f"p{at}", one) for at, one in enumerate(draw(st.lists(product_rows, min_size=1, max_size=3)))]
    gone, sold_out = draw(few), draw(few)
    cards = {
        item: card(item, regions=0b10 if item in sold_out else 0b11, category=OF.get(item, "d0/c0/l0"))
        for item in [*ITEMS, "unlisted"]
        if item not in gone
    }
    return World(page, rows, cards, regions)


def concerning(world: World, name: str, kind: str) -> list[Rule]:
    """Rules of a kind for a row."""
    of_kind = [rule for rule in world.page.rules if rule.kind == kind]
    return [rule for rule in of_kind if rule.placements is None or name in rule.placements]


def selects(world: World, rule: Rule, item: str) -> bool:
    """Whether a rule speaks of an item, by its columns; of one that no list names, by what its card tells."""
    like = item if item in ITEMS else "i0"  # the unlisted one is of the first's category
    known = columns([like], {like: 3}) | {"key": [item_key(item)]}
    if item not in world.page.ranking.candidates.ids:
        known = {name: value for name, value in known.items() if name not in ("brand", "margin")} | {"price": [100]}
    arrays = {name: np.array(value, ITEM_COLUMNS[name]) for name, value in known.items()}
    return bool(rule.items.mask_of(arrays, 1)[0])


def is_organic(slot: Slot) -> bool:
    """Neither pinned nor paid for."""
    return slot.sponsor is None and slot.reason.list != "pinned"


@settings(max_examples=150, deadline=None)
@given(worlds(["pin", "exclude"]))
def test_no_page_shows_what_must_not_be_shown(world: World) -> None:
    """Out of stock, at hand, bought, hidden, excluded, without a card, or twice: whatever the rules and the rows."""
    visit = world.page.visit
    unwanted = {*visit.cart, visit.page_item, *visit.bought_ms, *world.page.dismissed}
    shown = world.shown()
    everything = [slot.item for slots in shown for slot in slots]
    assert len(everything) == len(set(everything))
    assert not unwanted & set(everything)
    for (name, one), slots in zip(world.rows, shown, strict=True):
        assert [slot.slot for slot in slots] == list(range(len(slots)))
        assert len(slots) <= one.size
        for slot in slots:
            assert world.cards[slot.item].is_in_stock(0)
            assert not any(selects(world, rule, slot.item) for rule in concerning(world, name, "exclude"))
            if slot.reason.list != "pinned":
                assert world.regions[slot.item] & 1
                assert all(selects(world, rule, slot.item) for rule in concerning(world, name, "only"))


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_organic_picks_stay_within_the_bounds_of_variety(world: World) -> None:
    """Per kind, aisle and brand."""
    for (_, one), slots in zip(world.rows, world.shown(), strict=True):
        organic = [slot.item for slot in slots if is_organic(slot)]
        kinds, aisles = Counter(OF[i] for i in organic), Counter(OF[i].rsplit("/", 1)[0] for i in organic)
        makers = Counter(MAKERS[ITEMS.index(i)] for i in organic)
        bounds = ((kinds, one.max_per_kind), (aisles, one.max_per_category), (makers, one.max_per_brand))
        assert all(max(counts.values(), default=0) <= bound for counts, bound in bounds)


@settings(max_examples=60, deadline=None)
@given(worlds(["sponsored", "sponsored"]))
def test_ads_are_few_labelled_and_of_the_rows_lists(world: World) -> None:
    """Per row and per session, whatever other rules there are."""
    seen: Counter[str] = Counter()
    for (name, one), slots in zip(world.rows, world.shown(), strict=True):
        paid = {rule.name: rule for rule in concerning(world, name, "sponsored")}
        in_row: Counter[str] = Counter()
        for slot in slots:
            if slot.sponsor is None:
                assert slot.label is None
                assert not paid.keys() & set(slot.rules)
                continue
            (by,) = paid.keys() & set(slot.rules)
            assert (slot.sponsor, slot.label) == (paid[by].sponsor or by, "Ad")
            assert selects(world, paid[by], slot.item)
            assert slot.reason.list in {name for way in one.strategies for name in way.lists}
            in_row[by] += 1
        assert all(count <= paid[by].per_row for by, count in in_row.items())
        seen += in_row
    for rule in world.page.rules:
        if rule.per_session is not None:
            assert seen[rule.name] <= max(0, world.page.sponsored_left.get(rule.name, rule.per_session))


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_nothing_is_shown_below_the_floor(world: World) -> None:
    """Too few, or below the score of the list that ordered it; and an empty row has its reason."""
    picks = fill_page(world.rows, world.page)
    for one, slots in zip(picks, show_page(picks, world.cards), strict=True):
        assert not slots or len(slots) >= one.row.floor.min_items
        assert (one.reason is None) == bool(one.items)
        if one.row.floor.min_score is not None and all(way.order == "popular" for way in one.row.strategies):
            scores = world.page.ranking.candidates.lists.get("popular", np.empty(0))
            index = {item: at for at, item in enumerate(world.page.ranking.candidates.ids)}
            assert all(
                scores[index[slot.item]] >= one.row.floor.min_score for slot in slots if slot.reason.list != "pinned"
            )


@settings(max_examples=60, deadline=None)
@given(worlds(), few, spots)
def test_pins_stand_where_declared(world: World, pinned: list[str], slots: tuple[int, ...]) -> None:
    """If they may be shown and their card is there; where the row does not reach so far, as far down as it does."""
    pin = Rule("pin", "pin", pinned=tuple(pinned), slots=slots)
    rules_ = [pin, *(rule for rule in world.page.rules if rule.kind != "exclude")]
    page = page_of(world.page.ranking, world.page.visit, rules=rules_, dismissed=world.page.dismissed)
    name, one = world.rows[0]
    picks = fill_row(one, name, page)
    shown = show(picks, world.cards, context(), unknown)
    at = {slot.item: slot.slot for slot in shown}
    visit = page.visit
    unwanted = {*visit.cart, visit.page_item, *visit.bought_ms, *page.dismissed}
    for item, slot in zip(pinned, slots, strict=False):
        sellable = item in world.cards and world.cards[item].is_in_stock(0)
        listed_here = item not in page.ranking.candidates.ids or world.regions[item] & 1
        if shown and slot < one.size and sellable and listed_here and item not in unwanted:
            later = {pick.item for other, pick in picks.pinned.items() if other > slot}
            assert at[item] == slot or at[item] == len(at.keys() - later) - 1 < slot


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_propensities_are_probabilities(world: World) -> None:
    """In (0, 1], and certain wherever nothing is explored."""
    for (_, one), slots in zip(world.rows, world.shown(), strict=True):
        assert all(0.0 < slot.propensity <= 1.0 for slot in slots)
        uncertain = [slot for slot in slots if slot.propensity < 1.0]
        assert len(uncertain) <= (one.explore is not None)


@settings(max_examples=60, deadline=None)
@given(worlds())
def test_a_decision_repeats_and_neither_fill_nor_show_changes_the_page(world: World) -> None:
    """The same page twice: the same answer."""
    before = world.page.unused.copy()
    assert world.shown() == world.shown()
    np.testing.assert_array_equal(world.page.unused, before)


@settings(max_examples=60, deadline=None)
@given(worlds(), st.integers(1, 4))
def test_rows_by_habit_keep_all_of_it(world: World, n_rows: int) -> None:
    """No more rows than asked for, each of one category, not below the floor, no item twice."""
    _, one = world.rows[0]
    one = ProductRow(**{name: getattr(one, name) for name in one.__slots__} | {"rows": n_rows})
    shelves = show_shelves(fill_shelves(one, "p0", world.page), world.cards, context(), unknown)
    assert len(shelves) <= n_rows
    items = [slot.item for one_shelf in shelves for slot in one_shelf.items]
    assert len(items) == len(set(items))
    for one_shelf in shelves:
        assert len({OF[slot.item].rsplit("/", 1)[0] for slot in one_shelf.items}) == 1
        assert one.floor.min_items <= len(one_shelf.items) <= one.size


def explored(
    ranking: Ranking, one: ProductRow, cards: Mapping[str, Card], n: int
) -> tuple[Counter[str], dict[str, float]]:
    """How often each item came to the last place in n decisions, and the propensities that were logged for it."""
    picks = fill_row(one, "p", page_of(ranking))
    counts: Counter[str] = Counter()
    logged: dict[str, set[float]] = {}
    for number in range(n):
        slots = show(picks, cards, context(decision=f"d{number}"), unknown)
        assert all(slot.propensity == 1.0 for slot in slots[:-1])
        counts[slots[-1].item] += 1
        logged.setdefault(slots[-1].item, set()).add(slots[-1].propensity)
    assert all(len(values) == 1 for values in logged.values())
    return counts, {item: values.pop() for item, values in logged.items()}


def test_exploration_comes_as_often_as_its_propensity_says() -> None:
    """20,000 decisions, each item within four standard errors; cards are gone, so the pool is not the first five."""
    n = 20_000
    ranking = rank(merge(Lists(shelf=shelf(ITEMS))), None, 0.0)
    one = row(size=3, explore=Explore(0.3, 5))
    cards = {item: card(item) for item in ITEMS if item not in ("i1", "i5")}
    counts, propensities = explored(ranking, one, cards, n)
    assert set(counts) == {"i3", "i4", "i6", "i7", "i8"}
    assert propensities["i3"] == 0.3 / 5 + 0.7
    assert all(propensities[item] == 0.3 / 5 for item in ("i4", "i6", "i7", "i8"))
    for item, p in propensities.items():
        assert abs(counts[item] / n - p) < 4 * np.sqrt(p * (1 - p) / n)


def test_the_draws_of_two_rows_have_nothing_in_common() -> None:
    """Both explore in a share of all decisions, and both together in its square, within four standard errors."""
    n, share = 10_000, 0.3
    ranking = rank(merge(Lists(shelf=shelf(ITEMS))), None, 0.0)
    one = row(size=2, explore=Explore(share, 1000))
    cards = {item: card(item) for item in ITEMS}
    picks = [fill_row(one, name, page_of(ranking)) for name in ("p0", "p1")]
    p = share * (1 - 1 / 23)  # the pool holds the item that stands there anyway
    both = 0
    for number in range(n):
        of = context(decision=f"d{number}")
        both += all(show(each, cards, of, unknown)[-1].item != "i1" for each in picks)
    assert abs(both / n - p * p) < 4 * np.sqrt(p * p * (1 - p * p) / n)
