"""Content and its covers; likings."""

import pytest

from tests.unit.pages import unknown
from tests.unit.tables import personal, related, shelf
from vitrine.catalog.packed import code
from vitrine.decisions.actions import Content, Cover, Fixed
from vitrine.decisions.candidates import Lists, Seed, merge
from vitrine.decisions.content import liking_of, merge_over, render_content
from vitrine.decisions.likings import likings


def picture(src: str) -> Fixed:
    """What a cover says, in both locales."""
    return Fixed({locale: {"picture": {"src": src}} for locale in ("en", "ru")})


BANNER = {"title": "Hello", "picture": {"src": "plain.svg", "alt": "A shop"}}
CONTENT = Content(
    Fixed({"en": BANNER, "ru": {**BANNER, "title": "Привет"}}),
    (
        Cover("pets/cats", picture("cat.svg")),
        Cover("pets/dogs", picture("dog.svg")),
        Cover(None, picture("shelf.svg")),
    ),
)


def source(content: Content, **liked: float) -> str:
    """Which picture a visitor gets."""
    return render_content(content, "en", unknown, lambda path: liked.get(path.split("/")[1], 0.0))["picture"]["src"]


def test_the_cover_is_the_one_of_the_category_that_is_liked_most() -> None:
    """Who likes nothing of what there is gets the cover for everybody."""
    assert source(CONTENT, cats=0.1, dogs=0.4) == "dog.svg"
    assert source(CONTENT, cats=0.4, dogs=0.1) == "cat.svg"
    assert source(CONTENT, cats=0.2, dogs=0.2) == "cat.svg"
    assert source(CONTENT, birds=0.9) == "shelf.svg"
    assert source(Content(CONTENT.payload, CONTENT.covers[:2])) == "plain.svg"


def test_a_cover_changes_only_what_it_names() -> None:
    """The locale's own texts stay."""
    whole = render_content(CONTENT, "ru", unknown, liking_of({code("pets/dogs"): 1.0}))
    assert whole == {"title": "Привет", "picture": {"src": "dog.svg", "alt": "A shop"}}
    assert BANNER["picture"] == {"src": "plain.svg", "alt": "A shop"}


@pytest.mark.parametrize(
    ("below", "above", "expected"),
    [
        # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_covers_are_laid_over_as_merge_patches(below: object, above: object, expected: object) -> None:
    """Known examples of the standard."""
    assert merge_over(below, above) == expected


def columns(*paths: str) -> dict[str, list[int]]:
    """Columns of the three levels of category paths."""
    levels = {"department": 1, "category": 2, "leaf": 3}
    return {level: [code("/".join(path.split("/")[:n])) for path in paths] for level, n in levels.items()}


def test_likings_are_shares_of_the_visitors_own_score() -> None:
    """On all three levels; what is only on the shelf is not liked for that."""
    own = personal(["a", "b"], **columns("pets/cats/food", "pets/dogs/food"))
    liked = liking_of(likings(merge(Lists(own, shelf(["c"], **columns("baby/food/jars"))))))
    assert [liked(path) for path in ("pets", "pets/cats", "pets/dogs/food", "baby")] == pytest.approx(
        [1.0, 2 / 3, 1 / 3, 0.0]
    )


def test_what_was_looked_at_stands_in_for_purchases() -> None:
    """A new visitor likes what their seeds are of; nobody is known to like nothing."""
    seeds = [
        Seed("x", "recent", 1.0, related("x", **columns("pets/cats/food"))),
        Seed("y", "recent", 0.5, related("y", **columns("baby/food/jars"))),
    ]
    liked = liking_of(likings(merge(Lists(shelf=shelf(["c"]), seeds=seeds))))
    assert [liked("pets/cats"), liked("baby")] == pytest.approx([2 / 3, 1 / 3])
    assert likings(merge(Lists(shelf=shelf(["c"])))) == {}
    assert likings(merge(Lists())) == {}


def test_a_short_path_counts_once() -> None:
    """A category path of one level is its own leaf: as a department it holds what is below it, too."""
    own = personal(["card", "box"], **columns("gifts", "gifts/boxes/large"))
    assert likings(merge(Lists(own)))[code("gifts")] == pytest.approx(1.0)
