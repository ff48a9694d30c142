"""Links of messages: what a place shows now, and that they lead to the shop alone."""

from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.errors import DamagedRow
from vitrine.outreach.opened import ATTRIBUTE, MessageLinks, is_picture

LINKS = MessageLinks("https://shop.example/en", "cart-left", "mail", 3, ("a", "b", "c", "x", "y"), 3)
ITEMS = st.lists(st.text("abcdefgh", min_size=1, max_size=2), unique=True, max_size=9)


def test_a_row_keeps_them() -> None:
    """As a row of the table holds them."""
    assert MessageLinks.parse(LINKS.row()) == LINKS


@pytest.mark.parametrize("text", [None, 7, "", "{}", "[1]", '["s","m","fax",0,[],0]', '["s","m","mail",99,[],0]'])
def test_anything_else_is_damaged(text: object) -> None:
    with pytest.raises(DamagedRow):
        MessageLinks.parse({} if text is None else {ATTRIBUTE: text})  # type: ignore[dict-item]


def test_sold_out_goods_are_replaced_in_order() -> None:
    """Each by another one, which stands nowhere else in the message."""
    assert [LINKS.good_at(n, {"a", "b", "c", "x", "y"}) for n in range(3)] == ["a", "b", "c"]
    assert [LINKS.good_at(n, {"b", "x", "y"}) for n in range(3)] == ["x", "b", "y"]
    assert [LINKS.good_at(n, {"b", "y"}) for n in range(3)] == ["y", "b", None]
    assert LINKS.good_at(3, {"x"}) is LINKS.good_at(-1, {"x"}) is None


@given(ITEMS, st.integers(0, 9), st.sets(st.text("abcdefgh", min_size=1, max_size=2)))
def test_no_good_stands_twice(items: list[str], n_shown: int, in_stock: set[str]) -> None:
    """And none that is sold out stands anywhere."""
    links = MessageLinks("https://s.example", "m", "mail", 0, tuple(items), n_shown)
    shown = [good for place in range(n_shown) if (good := links.good_at(place, in_stock)) is not None]
    assert len(set(shown)) == len(shown)
    assert set(shown) <= in_stock & set(items)
    assert len(shown) == min(len(items[:n_shown]), len(in_stock & set(items))) or n_shown < len(items)


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/shop/p/1", "https://shop.example/shop/p/1?"),
        ("https://shop.example/p?id=1", "https://shop.example/p?id=1&"),
        ("", "https://shop.example/en?"),
        ("https://evil.example/p", "https://shop.example/en?"),
        ("//evil.example/p", "https://shop.example/en?"),
        ("http://shop.example/p", "https://shop.example/en?"),
        ("https://shop.example@evil.example/", "https://shop.example/en?"),
        ("javascript:alert(1)", "https://shop.example/en?"),
        ("http://[", "https://shop.example/en?"),
        ("data:text/html,x", "https://shop.example/en?"),
    ],
)
def test_links_lead_to_the_shop(path: str, wanted: str) -> None:
    """Marked with where they came from."""
    page = LINKS.page(path)
    assert page.startswith(wanted)
    marks = parse_qs(urlsplit(page).query)
    assert (marks["utm_source"], marks["utm_medium"], marks["utm_campaign"]) == (["vitrine"], ["mail"], ["cart-left"])


@given(st.text())
def test_no_path_leads_elsewhere(path: str) -> None:
    page = urlsplit(LINKS.page(path))
    assert (page.scheme, page.netloc) == ("https", "shop.example")


@pytest.mark.parametrize("address", ["https://cdn.example/a.png", "/media/a.svg", "http://127.0.0.1:8080/a.png"])
def test_pictures_come_from_the_web_or_from_us(address: str) -> None:
    assert is_picture(address)


@pytest.mark.parametrize(
    "address", ["", "//cdn.example/a.png", "/\\evil.example", "a.png", "data:x", "/a\nb", "http://[", "file:///a"]
)
def test_other_addresses_are_no_pictures(address: str) -> None:
    assert not is_picture(address)
