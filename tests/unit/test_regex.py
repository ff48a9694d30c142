"""Regular expressions of conditions: found anywhere, linear in time, refused with a remedy."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.api.regex import MAX_PATTERN_LENGTH, MAX_TEXT_LENGTH, compile_regex


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        ("cream", "ice-cream/vanilla", True),
        ("^cream", "ice-cream/vanilla", False),
        ("(?i)МОРОЖ", "мороженое", True),
        ("vanilla$", "ice-cream/vanilla\n", False),
        (r"\d{2}", "a1b2", False),
        ("", "", True),
    ],
)
def test_patterns_are_searched(pattern: str, text: str, found: bool) -> None:
    """As MongoDB and GrowthBook do: anywhere in the text, unless anchored; `$` is its very end."""
    assert compile_regex(pattern)(text) is found


def test_what_freezes_other_engines_is_answered() -> None:
    """Nested repetition over a text that nearly matches: this test would hang with backtracking."""
    assert compile_regex("(a+)+$")("a" * MAX_TEXT_LENGTH + "!") is True  # looked at no further than the limit
    assert compile_regex("^(a+)+$")("a" * 4_000 + "!") is False


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("(?=a)b", "no look-ahead"),
        ("(?<!a)b", "no look-ahead and look-behind"),
        (r"(a)\1", "no back-references"),
        ("(", "unclosed group"),
        ("a{1000000}", "smaller counted repetitions"),
        ("a" * (MAX_PATTERN_LENGTH + 1), "longer than 500"),
    ],
)
def test_refusals_say_what_to_do(pattern: str, says: str) -> None:
    """What the engine cannot do is refused when the store is checked."""
    with pytest.raises(ValueError, match=says):
        compile_regex(pattern)


@given(st.text() | st.just("\ud800x"))
def test_searching_is_total(text: str) -> None:
    """Any text gives yes or no, half a character included."""
    assert compile_regex("[a-f]+x?")(text) in (True, False)
