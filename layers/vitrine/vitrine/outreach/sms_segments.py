"""Text messages are billed and delivered in segments: how many a text takes, and what of it fits.

3GPP TS 23.038, 6.2.1 (the GSM 7 bit default alphabet and its extension table) and TS 23.040, 9.2.3.24.1 (concatenated
messages, whose header takes 6 of 140 bytes).
"""

from collections.abc import Iterable, Sequence
from typing import Final

BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENDED: Final = frozenset("\f^{}\\[~]|€")
"""Each takes two places: an escape and itself."""

GSM: Final = (160, 153)
"""Places of a message that is alone, and of each of several."""

UCS2: Final = (70, 67)
ELLIPSIS: Final = "..."
_PLAINER: Final = str.maketrans(
    {
        **dict.fromkeys("‘’‚‛′", "'"),
        **dict.fromkeys("“”„‟″«»", '"'),
        **dict.fromkeys("‐‑‒–—−", "-"),
        **dict.fromkeys("\u00a0\u2007\u2009\u202f\t", " "),
        "…": "...",
        "\u200b": None,
        "\ufeff": None,
    }
)
"""Typographic marks that would take 70 letters from a message for their looks."""


def plainer(text: str) -> str:
    """The text with typewriter's marks, its lines trimmed."""
    return "\n".join(line.strip() for line in text.translate(_PLAINER).strip().splitlines())


def is_gsm(text: str) -> bool:
    """Whether all of the text is in the GSM alphabet; else it is sent as UCS-2."""
    return all(letter in BASIC or letter in EXTENDED for letter in text)


def count_segments(text: str) -> int:
    """How many segments a text takes, 0 for an empty one. No letter is divided between two of them."""
    alone, each = GSM if is_gsm(text) else UCS2
    places = _places(text)
    if sum(places) <= alone:
        return 1 if text else 0
    return _count(places, each)


def fit(text: str, n_segments: int, ending: str = "") -> str:
    """The text and its ending in that many segments: cut at a word, never in the ending, which may be too long."""
    if count_segments(text + ending) <= n_segments:
        return text + ending
    words = text.split(" ")
    fitting = _longest(words, n_segments, ending)
    if fitting:
        return " ".join(words[:fitting]).rstrip(" ,;:-\n") + ELLIPSIS + ending
    letters = _longest(list(words[0]), n_segments, ending, "")
    return words[0][:letters] + (ELLIPSIS if letters else "") + ending.lstrip(" " if letters else " \n")


def _longest(parts: Sequence[str], n_segments: int, ending: str, glue: str = " ") -> int:
    """How many of the parts fit at most: more of them never take less room."""
    low, high = 0, len(parts) - 1
    while low < high:
        middle = (low + high + 1) // 2
        whole = glue.join(parts[:middle]) + ELLIPSIS + ending
        low, high = (middle, high) if count_segments(whole) <= n_segments else (low, middle - 1)
    return low


def _places(text: str) -> list[int]:
    """Of each letter: septets of the GSM alphabet, else units of UTF-16."""
    if is_gsm(text):
        return [2 if letter in EXTENDED else 1 for letter in text]
    return [2 if ord(letter) > 0xFFFF else 1 for letter in text]


def _count(places: Iterable[int], each: int) -> int:
    n_segments, left = 0, 0
    for taken in places:
        if taken > left:
            n_segments, left = n_segments + 1, each
        left -= taken
    return n_segments
