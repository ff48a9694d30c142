"""Which items a rule or a row speaks of."""

import numpy as np
import pytest

from tests.unit.tables import shelf
from vitrine.catalog.packed import code, item_key
from vitrine.decisions.candidates import Candidates, Lists, merge
from vitrine.decisions.selection import Selector

PATHS = {
    "cone": "frozen/ice-cream/cones",
    "tub": "frozen/ice-cream/tubs",
    "peas": "frozen/vegetables/peas",
    "rolls": "grocery/bread/rolls",
}


def candidates(**columns: object) -> Candidates:
    """Four items of two departments."""
    levels = {"department": 1, "category": 2, "leaf": 3}
    paths = {
        level: [code("/".join(path.split("/")[:depth])) for path in PATHS.values()] for level, depth in levels.items()
    }
    return merge(Lists(shelf=shelf(list(PATHS), **{**paths, **columns})))


def selected(selector: Selector, of: Candidates) -> set[str]:
    """Ids of what is selected."""
    mask = selector.mask(of)
    assert mask.dtype == np.bool_
    assert mask.shape == (len(of),)
    return {item for item, hit in zip(of.ids, mask, strict=True) if hit}


def codes(*texts: str) -> np.ndarray:
    """Codes of category paths or brands."""
    return np.array([code(text) for text in texts], np.uint32)


def test_an_empty_selector_selects_everything() -> None:
    """Nothing said, nothing excluded."""
    assert Selector().is_empty
    assert selected(Selector(), candidates()) == set(PATHS)


def test_one_of_the_category_levels_must_fit() -> None:
    """A department, an aisle and a kind widen each other."""
    of = candidates()
    assert selected(Selector(departments=codes("frozen")), of) == {"cone", "tub", "peas"}
    assert selected(Selector(categories=codes("frozen/ice-cream")), of) == {"cone", "tub"}
    both = Selector(leaves=codes("frozen/vegetables/peas"), departments=codes("grocery"))
    assert selected(both, of) == {"peas", "rolls"}
    assert not both.is_empty


def test_all_that_is_given_must_hold() -> None:
    """Brand and category narrow each other; so do named items."""
    of = candidates(brand=[code("A"), code("B"), code("A"), code("A")])
    assert selected(Selector(departments=codes("frozen"), brands=codes("A")), of) == {"cone", "peas"}
    keys = np.array([item_key("peas"), item_key("rolls")], np.uint64)
    assert selected(Selector(keys=keys, departments=codes("frozen")), of) == {"peas"}


@pytest.mark.parametrize(
    ("name", "values", "bounds", "expected"),
    [
        ("price", [50, 100, 150, 200], (100, 150), {"tub", "peas"}),
        ("discount", [0.0, 0.2, 0.3, 0.1], (0.2, 1.0), {"tub", "peas"}),  # 0.2 in float16 is 0.19995
        ("margin", [0.1, np.nan, 0.5, 0.4], (0.0, 0.45), {"cone", "rolls"}),
        ("age_days", [0, 10, 100, 1000], (0, 30), {"cone", "tub"}),
        ("popularity", [0.0, 1.0, 2.0, 3.0], (2.0, 1e9), {"peas", "rolls"}),  # 1e9 is beyond float16
    ],
)
def test_ranges_include_both_ends(
    name: str, values: list[float], bounds: tuple[float, float], expected: set[str]
) -> None:
    """In the unit of the column; what is missing is in no range."""
    assert selected(Selector(ranges={name: bounds}), candidates(**{name: values})) == expected
    open_end = (bounds[0], float("inf"))
    assert selected(Selector(ranges={name: open_end}), candidates(**{name: values})) >= expected


def test_regions_are_counted_and_asked_for() -> None:
    """What only one region has can be told from what all have, and what a given region has."""
    of = candidates(regions=[0b1, 0b11, 0b111, 0b100])
    assert selected(Selector(ranges={"n_regions": (2, 32)}), of) == {"tub", "peas"}
    assert selected(Selector(stocked_in=0b110), of) == {"tub", "peas", "rolls"}
    assert not Selector(stocked_in=1).is_empty


def test_but_takes_items_out_again() -> None:
    """Everything frozen but ice cream."""
    but = Selector(departments=codes("frozen"), but=Selector(categories=codes("frozen/ice-cream")))
    assert selected(but, candidates()) == {"peas"}
    assert not but.is_empty


def test_what_is_not_known_of_an_item_never_fits() -> None:
    """Of a card we know no brand: a brand does not select it, and does not take it out either."""
    columns = {"key": np.array([item_key("x")], np.uint64)}
    assert not Selector(brands=codes("A")).mask_of(columns, 1).any()
    assert not Selector(ranges={"margin": (0.0, 1.0)}).mask_of(columns, 1).any()
    assert Selector(but=Selector(brands=codes("A"))).mask_of(columns, 1).all()


def test_no_candidates_give_an_empty_mask() -> None:
    """An empty page has nothing to select."""
    assert Selector(brands=codes("A"), ranges={"n_regions": (1, 2)}).mask(merge(Lists())).shape == (0,)
