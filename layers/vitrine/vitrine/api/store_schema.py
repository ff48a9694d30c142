"""JSON Schemas of the files under store/, made from their models: an editor completes and checks by the same words.

Draft 2020-12. They know the attributes of all stores; names that one store declares (audiences, its CRM attributes,
placements) are left to `vitrine validate`.
"""

from collections.abc import Mapping
from typing import Any, Final

from vitrine.api.store_actions import PlacementsFile
from vitrine.api.store_campaigns import AudiencesFile, CampaignsFile, PersonasFile
from vitrine.api.store_crm import CrmExtractsFile
from vitrine.api.store_feeds import FeedsFile
from vitrine.api.store_files import CONDITION_MARK, StoreFile, StrictFile
from vitrine.api.store_messages import MessagesFile, OutreachFile
from vitrine.api.store_offers import OffersFile
from vitrine.api.store_rules import RulesFile
from vitrine.api.store_schema_texts import describe
from vitrine.decisions.facts import attributes_of
from vitrine.rules.conditions import Attribute, Kind
from vitrine.rules.operators import operators_of

Schema = dict[str, Any]

_FILES: Final[Mapping[str, tuple[type[StrictFile], str]]] = {
    "store.schema.json": (StoreFile, "store.yaml"),
    "placements.schema.json": (PlacementsFile, "placements.yaml"),
    "audiences.schema.json": (AudiencesFile, "audiences.yaml"),
    "personas.schema.json": (PersonasFile, "personas.yaml"),
    "campaigns.schema.json": (CampaignsFile, "campaigns/*.yaml"),
    "merchandising.schema.json": (RulesFile, "merchandising.yaml"),
    "offers.schema.json": (OffersFile, "offers.yaml"),
    "feeds.schema.json": (FeedsFile, "feeds.yaml"),
    "crm.schema.json": (CrmExtractsFile, "crm.yaml"),
    "outreach.schema.json": (OutreachFile, "outreach.yaml"),
    "messages.schema.json": (MessagesFile, "messages/*.yaml"),
}

_TYPES: Final[Mapping[Kind, str]] = {"string": "string", "number": "number", "boolean": "boolean", "strings": "string"}
_LISTS: Final = ("$in", "$nin", "$ini", "$nini", "$all", "$alli")
_EQUALITIES: Final = ("$eq", "$ne")
_NEGATIONS: Final = ("$ne", "$nin", "$nini", "$vne", "$not")
_OF_THE_UNKNOWN: Final = "Matches the unknown, too; write $exists: true beside it where that is not meant."
_ORDERS: Final = ("$gt", "$gte", "$lt", "$lte")
_OWN: Final[Mapping[str, Schema]] = {
    "$exists": {"type": "boolean"},
    "$size": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "object"}]},
    "$elemMatch": {"type": "object"},
}
CONDITION_FILE: Final = "condition.schema.json"
_CONDITION: Final[Schema] = {"$ref": "#"}
_CONDITIONS: Final[Schema] = {"type": "array", "minItems": 1, "items": _CONDITION}
_LOGIC: Final[Mapping[str, Schema]] = {
    "$and": {**_CONDITIONS, "description": "All of them hold."},
    "$or": {**_CONDITIONS, "description": "At least one of them holds."},
    "$nor": {**_CONDITIONS, "description": "None of them holds, which is so when what they compare is unknown, too."},
    "$not": {**_CONDITION, "description": "It does not hold, which is so when what it compares is unknown, too."},
    "$audience": {
        "description": "The visitor is in the audience, or in all of several.",
        "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    },
}


def schema_files() -> Mapping[str, str]:
    """The file of each schema, and the files of a store that it is for."""
    return {name: glob for name, (_, glob) in _FILES.items()}


def schemas() -> Mapping[str, Schema]:
    """The schema for each kind of file, by the name of its own file; and that of conditions, which others refer to."""
    found = {name: _of_file(model) for name, (model, _) in _FILES.items()}
    found[CONDITION_FILE] = condition_schema(attributes_of({}))
    return {
        name: {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema} for name, schema in found.items()
    }


def _of_file(model: type[StrictFile]) -> Schema:
    schema: Schema = _tidied(describe(model.model_json_schema(by_alias=True), model))
    return schema


def _tidied(plain: Any) -> Any:  # noqa: ANN401 - any JSON
    """The schema with the reference to conditions in its marked places, and without null for what may be left out.

    Nobody writes that null, and editors explain a choice of two worse than one thing.
    """
    if isinstance(plain, list):
        return [_tidied(value) for value in plain]
    if not isinstance(plain, dict):
        return plain
    found = {key: _tidied(value) for key, value in plain.items() if key != CONDITION_MARK}
    if CONDITION_MARK in plain:
        found["$ref"] = CONDITION_FILE
    choices = found.get("anyOf", [])
    if "default" in found and found["default"] is None and len(choices) == 2 and {"type": "null"} in choices:
        (only,) = (choice for choice in choices if choice != {"type": "null"})
        found = only | {key: value for key, value in found.items() if key not in ("anyOf", "default")}
    return found


def condition_schema(attributes: Mapping[str, Attribute]) -> Schema:
    """The schema of a condition over these attributes: each with its operators and, where they are closed, values."""
    return {
        "type": "object",
        "description": "MongoDB's notation: attribute: value, or attribute: {$operator: operand}; all have to hold.",
        "minProperties": 1,
        "properties": {**_LOGIC, **{path: _on_attribute(attribute) for path, attribute in attributes.items()}},
        "patternProperties": {"^crm\\.[a-z][a-z0-9_]*$": {"description": "A CRM attribute that store.yaml declares."}},
        "additionalProperties": False,
        "$defs": {
            _shared(attribute): _operators(attribute) for attribute in attributes.values() if not attribute.values
        },
    }


def _shared(attribute: Attribute) -> str:
    """Attributes without a list of values share the schema of their operators."""
    return f"{attribute.kind}_code" if attribute.encode is not None else attribute.kind


def _on_attribute(attribute: Attribute) -> Schema:
    checks = _operators(attribute) if attribute.values else {"$ref": f"#/$defs/{_shared(attribute)}"}
    plain: list[Schema] = [] if attribute.kind == "strings" else [_value(attribute)]
    return {"description": attribute.about, "anyOf": [*plain, {"type": "null"}, checks]}


def _operators(attribute: Attribute) -> Schema:
    operators = {name: _operand(name, _value(attribute)) for name in operators_of(attribute)}
    operators["$not"] = {"type": "object"}
    for name in operators.keys() & set(_NEGATIONS):
        operators[name] = {**operators[name], "description": _OF_THE_UNKNOWN}
    return {
        "type": "object",
        "minProperties": 1,
        "properties": operators,
        "additionalProperties": False,
    }


def _value(attribute: Attribute) -> Schema:
    value: Schema = {"type": _TYPES[attribute.kind]}
    return {**value, "enum": list(attribute.values)} if attribute.values else value


def _operand(name: str, value: Schema) -> Schema:
    if name in _LISTS:
        return {"type": "array", "items": {"anyOf": [value, {"type": "null"}]}}
    if name in _EQUALITIES:
        return {"anyOf": [value, {"type": "null"}]}
    return _OWN.get(name, value if name in _ORDERS else {"type": "string"})
