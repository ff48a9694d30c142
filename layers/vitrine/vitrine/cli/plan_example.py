"""An example of a plan for people: what a placement showed and would show, told by what differs.

What is the same before and after is left out as long as something else is told, and long texts are cut where they are
the same, so that an example never hides the change that it is an example of.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import Any, Final

import orjson

from vitrine.cli.live_words import live_words
from vitrine.service.plan import Example
from vitrine.service.plan_shown import Shown

ITEMS: Final = 3
LEAD: Final = 12
"""So much of what two texts share is told before they part."""
TEXT: Final = 60
WIDTH: Final = 100


def example_lines(example: Example) -> Iterator[str]:
    """Before and after, a line each."""
    yield f"    before  {_said(example.before, example.after)}"
    yield f"    after   {_said(example.after, example.before)}"


def _said(shown: Shown | None, other: Shown | None) -> str:
    """What was shown, that which differs from the other first."""
    if shown is None:
        return "no such placement"
    if shown.kind == "none":
        return f"{_name(shown)}: nothing"
    told = _differing(shown, other) if other is not None and other.kind != "none" else ""
    return f"{_name(shown)}: {told or _short(_whole(shown))}"


def _name(shown: Shown) -> str:
    if shown.campaign is None:
        return "the placement's own"
    variation = f", variation {shown.variation}" if shown.variation else ""
    held_back = ", held back" if shown.control else ""
    return f"{shown.campaign}{variation}{held_back}"


def _differing(shown: Shown, other: Shown) -> str:
    """Only what differs, texts before goods; nothing where it looks the same."""
    parts = [
        shown.kind if shown.kind != other.kind else "",
        _live(shown) if shown.live != other.live else "",
        _content(shown.content, other.content) if shown.content != other.content else "",
        _titles(shown.rows, other.rows) if shown.rows != other.rows else "",
        _titles(shown.items, other.items) if shown.items != other.items else "",
    ]
    return "; ".join(filter(None, parts))


def _whole(shown: Shown) -> str:
    content = "" if shown.content is None else _json(shown.content)
    parts = [_live(shown), _titles(shown.items, ()) if shown.items else "", content]
    return "; ".join(filter(None, parts)) or shown.kind


def _live(shown: Shown) -> str:
    """When its countdown ends, or where its wheel stops."""
    return "" if shown.live is None else live_words(shown.live)


def _titles(titles: Sequence[str], other: Sequence[str]) -> str:
    """A few of them, from where they differ."""
    first = _n_shared(titles, other)
    told = ", ".join(titles[first : first + ITEMS])
    more = len(titles) - first - ITEMS
    if not told:
        return f"no more than {len(titles)}" if titles else "no goods"
    return f"{f'(from place {first + 1}) ' if first else ''}{told}{f' and {more} more' if more > 0 else ''}"


def _n_shared(one: Sequence[str], other: Sequence[str]) -> int:
    """How many titles, or letters of a text, are the same from the first on."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _content(content: Any, other: Any) -> str:  # noqa: ANN401 - any JSON
    """The fields that differ; where only the other has any, their names."""
    if content is None:
        return "no content"
    if isinstance(content, dict) and isinstance(other, dict) and not _parted(content, other):
        return f"without {', '.join(name for name in other if name not in content)}"
    return _json(_parted(content, other))


def _parted(value: Any, other: Any) -> Any:  # noqa: ANN401 - any JSON
    """A value with only what differs from the other: fields of objects, and texts from where they part."""
    if isinstance(value, dict) and isinstance(other, dict):
        return {
            name: _parted(each, other.get(name))
            for name, each in value.items()
            if name not in other or other[name] != each
        }
    if not isinstance(value, str):
        return value
    shared = _n_shared(value, other) if isinstance(other, str) else 0
    return _short(f"...{value[shared - LEAD :]}" if shared > 2 * LEAD else value, TEXT)


def _json(value: Any) -> str:  # noqa: ANN401 - any JSON
    return orjson.dumps(value).decode()


def _short(text: str, width: int = WIDTH) -> str:
    return text if len(text) <= width else f"{text[: width - 3]}..."
