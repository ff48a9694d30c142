"""Drawn pictures of category paths."""

from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.catalog.pictures import HUES, SHAPES, TINTS, WORDS, draw_picture, hue_of, picture_path, shape_of
from vitrine.errors import InvalidRequest

SLUG = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=40)


@given(st.lists(SLUG, min_size=1, max_size=3).map("/".join))
def test_every_category_has_a_small_well_formed_picture(category):
    """Any path gives an SVG of at most 1 KB, the same each time."""
    picture = draw_picture(picture_path(category))
    assert ElementTree.fromstring(picture).tag == "{http://www.w3.org/2000/svg}svg"
    assert len(picture) <= 1024
    assert picture == draw_picture(picture_path(category))


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_well_formed(shape):
    """Each silhouette is a fragment of XML."""
    ElementTree.fromstring(f"<svg>{SHAPES[shape]}</svg>")


def test_every_word_calls_for_a_known_shape():
    """The table of words names only silhouettes that exist."""
    assert {shape for shape, _ in WORDS} <= set(SHAPES)
    assert set(HUES) <= set(SHAPES)
    assert all(0 <= hue < 360 for hue, _ in TINTS)


@pytest.mark.parametrize(
    ("category", "shape"),
    [
        ("grocery/soft-drinks/soft-drink-bottle", "bottle"),
        ("grocery/ice-cream/premium", "cone"),
        ("produce/tropical-fruit/bananas", "banana"),
        ("grocery/bath-tissues/toilet-tissue", "roll"),
        ("grocery/baked-bread-buns-rolls/hamburger-buns", "bread"),
        ("grocery/peanut-butter-and-jam/peanut-butter", "jar"),
        ("produce/melons/watermelon-seedless-whole", "fruit"),
        ("drugstore-and-home/candles-accessories/unheard-of", "tag"),
    ],
)
def test_the_most_specific_level_decides(category, shape):
    """The shape follows whole words of the leaf, then of the levels above it; what nothing suggests is a price tag."""
    assert shape_of(category) == shape


@pytest.mark.parametrize(
    ("category", "hues"),
    [
        ("produce/berries/blueberries", {230}),
        ("produce/citrus/limes", {90}),
        ("produce/carrots/carrots-bulk", {26}),
        ("meat/beef/lean", {*range(348, 360), *range(12)}),
        ("grocery/pasta-sauce/mainstream", {4}),
        ("grocery/milk/milk", {208}),
        ("grocery/no-such/aisle", set(range(360))),
    ],
)
def test_what_grows_has_its_own_colour(category, hues):
    """By its name, other food within a range, packages of who knows what as chance has it."""
    assert hue_of(category, shape_of(category)) in hues


@pytest.mark.parametrize("path", ["", "/media/.svg", "/media/a", "/other/a.svg", "/media/" + "a" * 300 + ".svg"])
def test_a_foreign_path_is_refused(path):
    """Only paths that `picture_path` makes are drawn."""
    with pytest.raises(InvalidRequest):
        draw_picture(path)
