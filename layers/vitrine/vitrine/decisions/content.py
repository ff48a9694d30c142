"""Content of a placement: the texts of the visitor's locale under the cover that they like best."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from vitrine.catalog.packed import code
from vitrine.decisions.actions import Content, Cover, Lookup

Liking: TypeAlias = Callable[[str], float]
"""How much the visitor likes a category path, 0 when not at all or when nothing is known of it."""


def render_content(content: Content, locale: str, lookup: Lookup, liking: Liking) -> Any:  # noqa: ANN401 - any JSON
    """The content as JSON, its chosen cover laid over it. Total, as its payloads are."""
    whole = content.payload.render(locale, lookup)
    cover = choose_cover(content, liking)
    return whole if cover is None else merge_over(whole, cover.payload.render(locale, lookup))


def choose_cover(content: Content, liking: Liking) -> Cover | None:
    """The cover whose category the visitor likes most, the first of equals; else the one for everybody, if any."""
    liked = [(liking(cover.category), cover) for cover in content.covers if cover.category is not None]
    best = max(liked, key=lambda pair: pair[0], default=None)
    if best is not None and best[0] > 0.0:
        return best[1]
    return next((cover for cover in content.covers if cover.category is None), None)


def liking_of(likings: Mapping[int, float]) -> Liking:
    """Likings by code, asked by category path."""
    return lambda category: likings.get(code(category), 0.0)


def merge_over(below: Any, above: Any) -> Any:  # noqa: ANN401 - any JSON
    """The JSON below with what is above laid over it, as JSON Merge Patch does (RFC 7396): null takes a field away."""
    if not isinstance(above, Mapping):
        return above
    merged = dict(below) if isinstance(below, Mapping) else {}
    for name, value in above.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_over(merged.get(name), value)
    return merged
