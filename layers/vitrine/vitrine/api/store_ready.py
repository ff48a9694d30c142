"""A store made ready: what decisions use of it, packed when it is compiled. Loading it compiles conditions, no more.

The words of the files stay the one definition of a store; this is what became of them under the code that compiled it.
Other code, whose types have other fields, sees that by FORM and compiles the words again.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from hashlib import sha256
from typing import Any, Final, NamedTuple, TypeAlias

import msgpack
import numpy as np
import orjson

from vitrine.api.regex import defer_regex
from vitrine.api.templates import Rendered, Template, Variable, expect_templates
from vitrine.decisions.actions import (
    Action,
    Content,
    Countdown,
    Cover,
    Explore,
    Fixed,
    Floor,
    ProductRow,
    Sort,
    Strategy,
    Wheel,
)
from vitrine.decisions.bundles import BundleOffer
from vitrine.decisions.campaigns import Budget, Campaign, Cap, Holdout, Persona, Variation, index_campaigns
from vitrine.decisions.facts import Declared, attributes_of
from vitrine.decisions.merchandising import Rule
from vitrine.decisions.placements import Placement, Store
from vitrine.decisions.selection import Selector
from vitrine.places.regions import Places, Region, Shop
from vitrine.rules.conditions import Attribute, Condition, compile_condition
from vitrine.rules.experiments import Experiment, Filter, Namespace

CLASSES: Final[tuple[type[Any], ...]] = (
    Store,
    Placement,
    Action,
    ProductRow,
    Strategy,
    Floor,
    Explore,
    Sort,
    Countdown,
    Wheel,
    Content,
    Cover,
    Fixed,
    Rendered,
    Template,
    Variable,
    Selector,
    Campaign,
    Variation,
    Cap,
    Budget,
    Holdout,
    Persona,
    Experiment,
    Namespace,
    Filter,
    Rule,
    BundleOffer,
    Places,
    Region,
    Shop,
)
"""All that a store is made of, beside plain values, arrays and conditions."""

MEANING: Final = 1
"""To be raised when fields of the same names come to mean something else."""

REGION: Final = "place.region"
OBJECT, CONDITION, ARRAY, LIST, SET, DAY = range(6)  # MessagePack's own array is a tuple

Tell: TypeAlias = Callable[[Condition], Any]
"""A condition as JSON describes it."""


class Declarations(NamedTuple):
    """What the store's attributes follow from: its CRM attributes, personas and regions."""

    crm: Mapping[str, Declared]
    personas: Sequence[str]
    regions: Sequence[str]

    def attributes(self) -> dict[str, Attribute]:
        """Every attribute that conditions of the store may look at."""
        attributes = attributes_of(self.crm, self.personas)
        region = attributes[REGION]
        attributes[REGION] = Attribute(region.kind, region.about, tuple(self.regions))
        return attributes


def _form() -> str:
    """A digest of the fields of all CLASSES."""
    told = [MEANING, *((one.__name__, _field_names(one)) for one in CLASSES)]
    return sha256(repr(told).encode()).hexdigest()[:16]


def _field_names(one: type[Any]) -> list[str]:
    return [field.name for field in fields(one) if field.init]


FORM: Final = _form()
_NUMBERS: Final = {one: number for number, one in enumerate(CLASSES)}
_FIELDS: Final = {one: _field_names(one) for one in CLASSES}


def dump_ready(store: Store, said: Declarations, audiences: Mapping[str, Any], tell: Tell) -> bytes:
    """A compiled store, its audiences as JSON describes them; the same bytes for the same store."""
    crm = {name: (one.kind, one.about, one.values) for name, one in said.crm.items()}
    bare = replace(store, audiences={}, index=None)
    told = (FORM, crm, tuple(said.personas), tuple(said.regions), orjson.dumps(audiences), bare)
    return _pack(_plain(told, tell))


def load_ready(data: bytes) -> Store | None:
    """The store in what `dump_ready` made, which nobody has altered; None where other code made it."""
    made_by, *told = msgpack.unpackb(data, use_list=False)
    if made_by != FORM:
        return None
    crm, personas, regions, audiences, rest = told
    declared = {name: Declared(kind, about, values) for name, (kind, about, values) in crm.items()}
    conditions = _Conditions(Declarations(declared, personas, regions).attributes(), orjson.loads(audiences))
    store: Store = _decoder(conditions)(rest.code, rest.data)
    return replace(store, audiences=conditions.audiences(), index=index_campaigns(store.campaigns))


class _Conditions:
    """The conditions of a store that is being loaded; an audience is compiled once, when it is first named."""

    def __init__(self, attributes: Mapping[str, Attribute], audiences: Mapping[str, Any]) -> None:
        self._attributes = attributes
        self._told = audiences
        self._known: dict[str, Condition] = {}

    def audience(self, name: str) -> Condition:
        """The audience of that name."""
        if name not in self._known:
            self._known[name] = self.compile(self._told[name])
        return self._known[name]

    def audiences(self) -> dict[str, Condition]:
        """All audiences, in the order of the files."""
        return {name: self.audience(name) for name in self._told}

    def compile(self, told: object) -> Condition:
        """The condition that JSON describes."""
        return compile_condition(told, self._attributes, defer_regex, self.audience)


def _pack(plain: object) -> bytes:
    packed: bytes = msgpack.packb(plain)
    return packed


def _plain(value: Any, tell: Tell) -> Any:  # noqa: ANN401 - whatever a store is made of
    """The value in types of MessagePack."""

    def plain(value: Any) -> Any:  # noqa: ANN401 - whatever a store is made of
        match value:
            case None | bool() | int() | float() | str() | bytes():
                return value
            case Mapping():
                return {plain(key): plain(one) for key, one in value.items()}
            case tuple():
                return [plain(one) for one in value]
            case list():
                return msgpack.ExtType(LIST, _pack([plain(one) for one in value]))
            case frozenset():
                return msgpack.ExtType(SET, _pack(sorted(value)))
            case Condition():
                return msgpack.ExtType(CONDITION, orjson.dumps(tell(value)))
            case np.ndarray():
                return msgpack.ExtType(ARRAY, _pack([value.dtype.str, value.tobytes()]))
            case date():
                return msgpack.ExtType(DAY, _pack(value.toordinal()))
        if type(value) not in _NUMBERS:
            raise TypeError(f"{type(value).__name__} is no part of a store that this module knows")
        told = [plain(getattr(value, name)) for name in _FIELDS[type(value)]]
        return msgpack.ExtType(OBJECT, _pack([_NUMBERS[type(value)], *told]))

    return plain(value)


def _decoder(conditions: _Conditions) -> Callable[[int, bytes], Any]:
    """What makes a value of an extension of MessagePack."""

    def decode(code: int, data: bytes) -> Any:  # noqa: ANN401 - whatever a store is made of
        if code == CONDITION:
            return conditions.compile(orjson.loads(data))
        found = msgpack.unpackb(data, use_list=False, strict_map_key=False, ext_hook=decode)
        if code == OBJECT:
            made = CLASSES[found[0]]
            if made is Template:
                expect_templates()
            return made(*found[1:])
        if code == ARRAY:
            return np.frombuffer(found[1], found[0])
        return _FROM_TUPLE[code](found)

    return decode


_FROM_TUPLE: Final[Mapping[int, Callable[[Any], Any]]] = {LIST: list, SET: frozenset, DAY: date.fromordinal}
