"""Facts: the attributes that conditions, experiments and templates look at, each computed when it is first asked for.

One table says of every attribute what it is and how it is computed, so that documentation, validation and evaluation
cannot differ. What is not known is None; nothing raises.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, TypeVar, cast

from vitrine.decisions.context import Preview
from vitrine.decisions.facts_page import PAGE_FACTS
from vitrine.decisions.facts_sources import Fact, Sources
from vitrine.decisions.facts_surroundings import PLACE_FACTS, TIME_FACTS, WEATHER_FACTS
from vitrine.decisions.facts_visitor import VISITOR_FACTS
from vitrine.rules.conditions import Attribute, Kind
from vitrine.values import dataclass

__all__ = ["ATTRIBUTES", "CRM", "PERSONA", "Declared", "Facts", "Sources", "attributes_of", "fault_of"]

Value = TypeVar("Value")

CRM: Final = "crm."
PERSONA: Final = "persona"
FACTS: Final[Mapping[str, Fact]] = {**PAGE_FACTS, **VISITOR_FACTS, **TIME_FACTS, **PLACE_FACTS, **WEATHER_FACTS}
ATTRIBUTES: Final[Mapping[str, Attribute]] = {path: fact.attribute for path, fact in FACTS.items()}
"""Every attribute that all stores have, by its path."""

TYPES: Final[Mapping[Kind, tuple[type, ...]]] = {
    "string": (str,),
    "number": (int, float),
    "boolean": (bool,),
    "strings": (list, tuple),
}


@dataclass(frozen=True, slots=True)
class Declared:
    """A CRM attribute as the store declares it; `values` where they are closed."""

    kind: Kind
    about: str
    values: tuple[str, ...] = ()


def attributes_of(crm: Mapping[str, Declared], personas: Sequence[str] = ()) -> dict[str, Attribute]:
    """Every attribute of a store that declares these CRM attributes and personas."""
    own = {f"{CRM}{name}": Attribute(said.kind, said.about, said.values) for name, said in crm.items()}
    persona = Attribute("string", "the first of the store's personas that the visitor is", tuple(personas))
    return {**ATTRIBUTES, PERSONA: persona, **own}


class Facts:
    """The facts of one decision: `facts("weather.temperature_c")`. Not for several threads at once.

    What an operator supposes stands above what is known; None supposes that it is unknown.
    """

    __slots__ = ("_cached", "_found", "_sources", "_supposed")

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._supposed = _supposed(sources.context.request.preview)
        self._found: dict[str, Any] = {}
        self._cached: dict[Hashable, Any] = {}

    def __call__(self, path: str) -> Any:  # noqa: ANN401 - what the attribute's kind says
        """The value of an attribute, None when it or the attribute is unknown."""
        try:
            return self._found[path]
        except KeyError:
            self._found[path] = (
                None  # what is asked for by its own computation is unknown: no persona asks for personas
            )
            value = self._found[path] = self._compute(path)
            return value

    @property
    def known(self) -> Mapping[str, Any]:
        """Value by path of the attributes that were asked for so far; None is asked for and unknown."""
        return MappingProxyType(self._found)

    def cached(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """What `compute` gives, computed once per key and decision."""
        if key not in self._cached:
            self._cached[key] = compute()
        return cast(Value, self._cached[key])

    def _compute(self, path: str) -> Any:  # noqa: ANN401 - as __call__
        if path in self._supposed:
            return self._supposed[path]
        fact = FACTS.get(path)
        if fact is not None:
            return fact.compute(self._sources)
        if path == PERSONA:
            return self._persona()
        return self._crm(path.removeprefix(CRM)) if path.startswith(CRM) else None

    def _persona(self) -> str | None:
        personas = self._sources.store.personas
        return next((one.name for one in personas if one.condition is None or one.condition.matches(self)), None)

    def _crm(self, name: str) -> str | int | float | bool | None:
        memory = self._sources.memory
        return None if memory is None else memory.attributes.get(name)


def fault_of(path: str, value: object) -> str | None:
    """Why nobody can suppose this value of an attribute, None when it fits. None fits all: it supposes the unknown.

    Of attributes that only a store declares it sees that they are single values.
    """
    attribute = ATTRIBUTES.get(path)
    if attribute is None and path != PERSONA and not path.startswith(CRM):
        return "there is no attribute of this name"
    if value is None:
        return None
    if attribute is None:
        return None if isinstance(value, str | int | float) else "should be a single value"
    if not _is_of(attribute.kind, value):
        return f"should be a {attribute.kind}" if attribute.kind != "strings" else "should be a list of strings"
    if attribute.values and value not in attribute.values:
        return f"should be one of {', '.join(attribute.values)}"
    return None


def _is_of(kind: Kind, value: object) -> bool:
    if isinstance(value, list | tuple):
        return kind == "strings" and all(isinstance(each, str) for each in value)
    return isinstance(value, TYPES[kind]) and (kind == "boolean") == isinstance(value, bool)


def _supposed(preview: Preview | None) -> dict[str, Any]:
    """What an operator supposes, in the form that the attributes have; what does not fit is left out."""
    said = preview.attributes.items() if preview is not None else ()
    return {path: _encoded(path, value) for path, value in said if fault_of(path, value) is None}


def _encoded(path: str, value: Any) -> Any:  # noqa: ANN401 - any attribute's value
    attribute = ATTRIBUTES.get(path)
    if attribute is None or not isinstance(value, list | tuple):
        return value
    return tuple(value) if attribute.encode is None else tuple(attribute.encode(each) for each in value)
