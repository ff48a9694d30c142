"""Goods that store files name: every place where they stand, and nothing that only looks like one."""

from pathlib import Path

import pytest

from tests.unit.store_folders import change, write_store
from vitrine.api.store_folder import check_store
from vitrine.api.store_goods import ATTRIBUTES, Named, goods_of
from vitrine.api.store_reading import Reading
from vitrine.decisions.facts import attributes_of

ROOT = Path(__file__).parents[2]


def named_in(folder: Path) -> list[Named]:
    """What the files of a folder without faults name."""
    assert check_store(folder) == []
    reading = Reading(folder)
    parts = reading.parts(reading.store(), range(0))
    assert parts is not None
    return list(goods_of(parts))


def told(named: list[Named]) -> set[str]:
    """Mentions as text."""
    return {f"{good.kind} {good.name} at {'.'.join(map(str, good.place))}" for good in named}


def test_goods_of_every_kind_of_place(tmp_path):
    """Selectors and what they take out, shelves and their order, covers, pins, rules and seasons."""
    folder = write_store(tmp_path)
    change(folder, "campaigns/main.yaml", "but: {brand: [National]}", "but: {category: [frozen/pops]}")
    change(
        folder,
        "merchandising.yaml",
        "rules:\n",
        "seasons: {summer: {category: [drinks]}}\nrules:\n  a: {only: {category: [x/y/z]}}\n",
    )
    row = "campaigns.ice-cream.products.strategies.0"
    assert told(named_in(folder)) == {
        f"category frozen/ice-cream at {row}.from.0",
        f"category frozen/ice-cream at {row}.order",
        f"category frozen/ice-cream at {row}.items.category.0",
        f"category frozen/pops at {row}.items.but.category.0",
        "category frozen at campaigns.banner-test.variations.plain.content.covers.0.category",
        "category x/y/z at rules.a.only.category.0",
        "item i1 at rules.coffee-ad.sponsored.items.ids.0",
        "item i2 at rules.coffee-ad.sponsored.items.ids.1",
        "item i3 at rules.first.pin.items.0",
        "category drinks at seasons.summer.category.0",
    }


@pytest.mark.parametrize(
    ("condition", "names"),
    [
        ("{affinity.categories: [a, b]}", ["a", "b"]),
        ("{cart.categories: {$in: [a, b/c]}}", ["a", "b/c"]),
        ("{recent.categories: {$nin: [a]}}", ["a"]),
        ("{page.categories: {$all: [a, {$in: [b]}]}}", ["a", "b"]),
        ("{page.categories: {$elemMatch: {$eq: a}}}", ["a"]),
        ("{page.categories: {$not: {$elemMatch: {$ne: a}}}}", ["a"]),
        ("{$not: {$or: [{page.categories: {$in: [a]}}, {$nor: [{cart.categories: {$in: [b]}}]}]}}", ["a", "b"]),
        ("{page.item: a}", ["a"]),
        ("{page.item: {$in: [a, b], $regex: c}}", ["a", "b"]),
        ("{page.categories: {$size: 2, $exists: true}}", []),
        ("{page.category: a, affinity.brands: {$in: [b]}, $audience: heat}", []),
    ],
)
def test_goods_of_conditions(tmp_path, condition, names):
    """Values that a category or an item is compared with, however deep; no patterns, brands or audiences."""
    folder = write_store(tmp_path)
    before = told(named_in(folder))
    change(folder, "campaigns/main.yaml", "when: {place.region: {$in: [north, south]}}", f"when: {condition}")
    new = [good for good in named_in(folder) if told([good]) - before]
    assert [good.name for good in new] == names
    assert all(good.place[:3] == ("campaigns", "ice-cream", "when") for good in new)
    assert {good.kind for good in new} <= {"item" if "page.item" in condition else "category"}


@pytest.mark.parametrize(
    ("file", "old", "new", "place"),
    [
        ("audiences.yaml", "time.daypart: evening", "cart.categories: {$in: [a]}", "audiences.hot_evening.when"),
        ("personas.yaml", "visitor.visits: {$gte: 5}", "cart.categories: {$in: [a]}", "personas.0.when"),
        ("merchandising.yaml", "pin:", "when: {cart.categories: {$in: [a]}}\n    pin:", "rules.first.when"),
    ],
)
def test_conditions_of_every_part(tmp_path, file, old, new, place):
    """Audiences, personas and rules have conditions, too."""
    folder = write_store(tmp_path)
    change(folder, file, old, new)
    assert f"category a at {place}.cart.categories.$in.0" in told(named_in(folder))


def test_goods_of_other_actions(tmp_path):
    """Rows in placements and overlays, and shelves that order a listing."""
    folder = write_store(tmp_path)
    change(folder, "placements.yaml", "sort: {order: model,", "sort: {order: popular@a,")
    row = "{size: 2, title: {en: A, ru: A}, items: {ids: [i9]}, strategies: [{from: [new@b], order: model}]}"
    change(folder, "campaigns/main.yaml", "{mechanic: exit_intent,", f"{{mechanic: exit_intent, products: {row},")
    overlay = "campaigns.banner-test.variations.loud.overlay.products"
    assert told(named_in(folder)) >= {
        "category a at placements.category.listing.sort.order",
        f"category b at {overlay}.strategies.0.from.0",
        f"item i9 at {overlay}.items.ids.0",
    }


def test_the_attributes_exist_and_no_list_of_categories_is_left_out():
    """A new attribute of encoded values is of brands, or it belongs among those that are looked through."""
    attributes = attributes_of({}, [])
    assert set(ATTRIBUTES) <= attributes.keys()
    encoded = {path for path, attribute in attributes.items() if attribute.encode is not None}
    assert {path for path in encoded if not path.endswith(".brands")} <= set(ATTRIBUTES)


def test_the_example_store_names_goods_all_over():
    """The collector finds its rules' categories and the pinned items."""
    names = {(good.kind, good.name) for good in named_in(ROOT / "store")}
    assert names >= {("category", "grocery/domestic-wine"), ("item", "1082185"), ("category", "meat/beef/lean")}
