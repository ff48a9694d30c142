"""Segments of text messages: 3GPP TS 23.038 and 23.040, at their borders; cuts keep the link."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.outreach.sms_segments import ELLIPSIS, count_segments, fit, is_gsm, plainer

LINK = " https://shop.example.com/c?utm_source=v"


@pytest.mark.parametrize(
    ("text", "n_segments"),
    [
        ("", 0),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),  # two places each
        ("€" * 81, 2),
        ("a" * 152 + "€" + "a" * 10, 2),
        ("a" * 152 + "€" + "a" * 151, 2),
        ("a" * 152 + "€" + "a" * 152, 3),  # the sign is not divided, so that a place stays empty
        ("я" * 70, 1),
        ("я" * 71, 2),
        ("я" * 134, 2),
        ("я" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        ("😀" * 66, 2),  # 33 of them in 67 units
        ("😀" * 67, 3),
    ],
)
def test_segments_at_their_borders(text: str, n_segments: int) -> None:
    """160 and 153 septets, 70 and 67 units of UTF-16."""
    assert count_segments(text) == n_segments


def test_one_letter_outside_the_alphabet_changes_all() -> None:
    """Which is why typographic marks are made plain."""
    assert not is_gsm("It’s here – now…")
    assert is_gsm(plainer("It’s here – now… for\u00a0“you”"))
    assert plainer("It’s here – now…") == "It's here - now..."


def test_a_cut_is_at_a_word_and_keeps_the_link() -> None:
    """Whatever the text's length, its address is whole."""
    text = fit("Your cart is waiting, " * 20, 1, LINK)
    assert count_segments(text) == 1
    assert text.endswith(f"{ELLIPSIS}{LINK}")
    assert text.removesuffix(f"{ELLIPSIS}{LINK}").endswith(("Your", "cart", "is", "waiting"))
    assert fit("short", 1, LINK) == f"short{LINK}"


@given(
    text=st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=400),
    n_segments=st.integers(1, 3),
    ending=st.sampled_from(["", LINK]),
)
def test_every_text_fits(text: str, n_segments: int, ending: str) -> None:
    """In as many segments as there may be, with its ending, and nothing added but the marks of a cut."""
    found = fit(text, n_segments, ending)
    assert count_segments(found) <= n_segments
    assert found.endswith(ending.strip())
    kept = found.removesuffix(ending).removesuffix(ending.strip()).removesuffix(ELLIPSIS)
    assert text.startswith(kept.rstrip())
