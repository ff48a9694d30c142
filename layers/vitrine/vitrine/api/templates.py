"""Content whose texts are per locale and may hold variables: compiled to payloads that always render.

A mapping whose keys are all locales of the store is a choice by locale. A text with `{{ }}` or `{% %}` is a template;
each variable in it comes from a context attribute and has a default, so that it renders for a visitor of whom nothing
is known. Nothing of Jinja2 is imported before a store with templates is loaded: most have none, and its import would
cost every cold start. Texts are not escaped: they become strings of a JSON answer, and who writes HTML escapes.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from vitrine.decisions.actions import Fixed, Lookup, Payload
from vitrine.values import dataclass

if TYPE_CHECKING:  # who renders needs nothing of the files' models
    from vitrine.api.store_faults import Place, Refuse

Scalar: TypeAlias = str | int | float | bool
Render: TypeAlias = Callable[[Mapping[str, Any]], str]

MARKS: Final = ("{{", "{%", "{#")
_RENDER_FAULTS: Final = (
    TypeError,
    ValueError,
    ArithmeticError,
    LookupError,
    AttributeError,
    RuntimeError,  # RecursionError, and Jinja2's own errors derive from it or from LookupError
    MemoryError,
)


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of templates: the attribute it comes from, and per locale what it is when that is unknown."""

    path: str
    defaults: Mapping[str, Scalar]


@dataclass(frozen=True, slots=True)
class Template:
    """The source of one text."""

    source: str

    def render(self, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
        """The text with the values; if they do not fit it, with the defaults; if not even they do, nothing."""
        for choice in (values, defaults):
            try:
                return _compiled(self.source)(choice)
            except _RENDER_FAULTS:
                continue
        return ""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A payload with templates, per locale, and its variables."""

    by_locale: Mapping[str, Any]
    variables: Mapping[str, Variable]

    def render(self, locale: str, lookup: Lookup) -> Any:  # noqa: ANN401 - any JSON
        """See decisions.actions.Payload."""
        defaults = {name: variable.defaults[locale] for name, variable in self.variables.items()}
        values = {name: _or_default(lookup(variable.path), defaults[name]) for name, variable in self.variables.items()}
        return _fill(self.by_locale[locale], values, defaults)


def compile_payload(
    plain: Any,  # noqa: ANN401 - any JSON
    locales: tuple[str, ...],
    variables: Mapping[str, Variable],
    refuse: "Refuse",
    at: "Place",
) -> Payload:
    """The payload. Refuses choices by locale that lack one; templates are checked by store_templates."""
    for place, missing in _incomplete(plain, locales, at):
        refuse(place, f"lacks the locale {missing[0]!r}", f"write a text for each of {', '.join(locales)}")
    by_locale = {locale: _localised(plain, locale, frozenset(locales)) for locale in locales}
    if any(_holds_template(tree) for tree in by_locale.values()):
        return Rendered(by_locale, variables)
    return Fixed(by_locale)


def expect_templates() -> None:
    """Import what renders templates: when a store that has some is loaded, not while a page waits."""
    import vitrine.api.store_jinja  # noqa: F401


def templates_in(plain: Any, at: "Place") -> Iterator[tuple["Place", str]]:  # noqa: ANN401 - any JSON
    """Place and source of every template in a payload as it is written."""
    if isinstance(plain, str) and any(mark in plain for mark in MARKS):
        yield at, plain
    for step, value in _children(plain):
        yield from templates_in(value, (*at, step))


def _children(plain: Any) -> list[tuple[str | int, Any]]:  # noqa: ANN401 - any JSON
    if isinstance(plain, dict):
        return list(plain.items())
    return list(enumerate(plain)) if isinstance(plain, list) else []


def _is_choice(plain: Any, locales: frozenset[str]) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(plain, dict) and bool(plain) and plain.keys() <= locales


def _incomplete(plain: Any, locales: tuple[str, ...], at: "Place") -> Iterator[tuple["Place", list[str]]]:  # noqa: ANN401
    if _is_choice(plain, frozenset(locales)) and (missing := [name for name in locales if name not in plain]):
        yield at, missing
    for step, value in _children(plain):
        yield from _incomplete(value, locales, (*at, step))


def _localised(plain: Any, locale: str, locales: frozenset[str]) -> Any:  # noqa: ANN401 - any JSON
    if _is_choice(plain, locales):
        return _localised(plain.get(locale), locale, locales)
    if isinstance(plain, dict):
        return {key: _localised(value, locale, locales) for key, value in plain.items()}
    if isinstance(plain, list):
        return [_localised(value, locale, locales) for value in plain]
    if isinstance(plain, str) and any(mark in plain for mark in MARKS):
        return Template(plain)
    return plain


def _holds_template(tree: Any) -> bool:  # noqa: ANN401 - any JSON
    return isinstance(tree, Template) or any(_holds_template(value) for _, value in _children(tree))


def _or_default(value: Any, default: Scalar) -> Any:  # noqa: ANN401 - any attribute
    return default if value is None else value


def _fill(tree: Any, values: Mapping[str, Any], defaults: Mapping[str, Any]) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(tree, Template):
        return tree.render(values, defaults)
    if isinstance(tree, dict):
        return {key: _fill(value, values, defaults) for key, value in tree.items()}
    if isinstance(tree, list):
        return [_fill(value, values, defaults) for value in tree]
    return tree


@lru_cache(maxsize=4_096)
def _compiled(source: str) -> Render:
    """Compiled when first shown: a store's hundreds of templates would cost its loading half a second."""
    from vitrine.api.store_jinja import compile_template

    return compile_template(source)
