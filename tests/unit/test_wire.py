"""Parts of requests: what the document tells of a field is what decides, and errors name the place."""

from typing import Annotated, Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import SchemaValidator, core_schema

from vitrine.api.fields import Id, Locale, Text
from vitrine.api.openapi_wire import model_of
from vitrine.api.wire import Bounds, Letters, Wire, check_of
from vitrine.errors import InvalidField


class Inner(Wire):
    """A part of a part."""

    x: Annotated[int, Bounds(0, 9)]


class Outer(Wire):
    """A part with every kind of field."""

    kind: Literal["a", "b"]
    inner: Inner | None = None
    many: Annotated[tuple[Inner, ...], Bounds(0, 2)] = ()
    named: Annotated[dict[Annotated[str, Letters(most=3)], Annotated[float, Bounds(-1, 1)]], Bounds(0, 2)] = {}  # noqa: RUF012
    flag: bool = False
    either: bool | Annotated[int, Bounds(0, 9)] | str | None = None


SAMPLES = ["en", "en-GB", "zh_Hant_TW", "a b", "a\u202eb", "a\x85", "e"]
LETTERS = st.characters(exclude_categories=["Cs", "Cn"], codec="utf-8")  # what is unassigned differs with Unicode's age


@pytest.mark.parametrize("hint", [Id, Text, Locale], ids=["Id", "Text", "Locale"])
@given(text=st.text(LETTERS, min_size=1, max_size=6) | st.sampled_from(SAMPLES))
def test_the_pattern_that_callers_are_told_is_the_one_that_decides(hint: Any, text: str) -> None:
    """Rust's engine, whose notation it is, finds the same."""
    (rule,) = get_args(hint)[1:]
    told = SchemaValidator(core_schema.str_schema(pattern=rule.pattern)).isinstance_python(text)
    assert bool(rule.allows(text)) == told


FAULTS = [
    ([], "", "should be an object"),
    ({}, "kind", "is required"),
    ({"kind": "c"}, "kind", "should be 'a' or 'b'"),
    ({"kind": ["a"]}, "kind", "should be 'a' or 'b'"),
    ({"kind": "a", "knid": 1}, "knid", "unknown field"),
    ({"kind": "a", "inner": {}}, "inner.x", "is required"),
    ({"kind": "a", "inner": {"x": True}}, "inner.x", "should be a valid integer"),
    ({"kind": "a", "inner": {"x": 10}}, "inner.x", "should be less than or equal to 9"),
    ({"kind": "a", "inner": {"x": -1}}, "inner.x", "should be greater than or equal to 0"),
    ({"kind": "a", "many": [{"x": 1}, {"x": "1"}]}, "many.1.x", "should be a valid integer"),
    ({"kind": "a", "many": [{"x": 1}] * 3}, "many", "should have at most 2 items"),
    ({"kind": "a", "named": {"long": 1}}, "named.long.[key]", "should have at most 3 characters"),
    ({"kind": "a", "named": {"a": float("nan")}}, "named.a", "should be less than or equal to 1"),
    ({"kind": "a", "flag": 1}, "flag", "should be a valid boolean"),
    ({"kind": "a", "either": 10}, "either", "should be a valid string"),
]


@pytest.mark.parametrize(("value", "field", "message"), FAULTS)
def test_a_fault_is_named(value: object, field: str, message: str) -> None:
    """By its path, below that of the whole, and in few words."""
    with pytest.raises(InvalidField) as caught:
        Outer.checked(value)
    assert (caught.value.field, caught.value.message) == (field, message)
    with pytest.raises(InvalidField) as caught:
        Outer.checked(value, "events.3")
    assert caught.value.field == f"events.3.{field}".rstrip(".")


def test_what_fits_is_taken_and_the_rest_has_its_default() -> None:
    """Lists become tuples, integers floats where floats belong; nothing else changes."""
    part = Outer.checked({"kind": "a", "many": [{"x": 1}], "named": {"a": 1}, "either": "x"})
    assert (part.kind, part.inner, part.flag, part.either) == ("a", None, False, "x")
    assert [one.x for one in part.many] == [1]
    assert [type(value) for value in part.named.values()] == [float]
    with pytest.raises(AttributeError):
        part.kind = "b"


def test_the_model_of_a_part_says_the_same() -> None:
    """Its JSON schema has the bounds, the choices and what is required; nothing else is allowed."""
    schema = model_of(Outer).model_json_schema()
    assert schema["required"] == ["kind"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["kind"]["enum"] == ["a", "b"]
    assert schema["properties"]["many"] | {"title": ""} == {
        "type": "array",
        "items": {"$ref": "#/$defs/Inner"},
        "maxItems": 2,
        "default": [],
        "title": "",
    }
    assert schema["$defs"]["Inner"]["properties"]["x"] | {"title": ""} == {
        "type": "integer",
        "minimum": 0,
        "maximum": 9,
        "title": "",
    }


def test_any_value_is_taken_where_anything_may_be() -> None:
    """As in a batch, whose events are looked at one by one."""
    assert check_of(Any)([{"a": object}]) == [{"a": object}]
