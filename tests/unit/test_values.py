"""Fast frozen classes mean what the standard library's mean, and mean no more."""

import copy
import dataclasses
import pickle
from dataclasses import FrozenInstanceError
from typing import Any, ClassVar

import pytest

from vitrine import values


def of_kind(decorate: Any, field: Any) -> tuple[type[Any], type[Any]]:
    """A class with every sort of field, and one below it, made by a decorator."""

    @decorate(frozen=True, slots=True)
    class Part:
        """A part."""

        LIMIT: ClassVar[int] = 3
        name: str
        size: int = 1
        tags: tuple[str, ...] = ()
        notes: dict[str, int] = field(default_factory=dict)
        twice: int = field(init=False, repr=False, compare=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "twice", 2 * self.size)

        @property
        def shout(self) -> str:
            return self.name.upper()

    @decorate(frozen=True, slots=True)
    class Whole(Part):
        """More than a part."""

        rest: float = 0.5

    return Part, Whole


BOTH = {"ours": of_kind(values.dataclass, values.field), "theirs": of_kind(dataclasses.dataclass, dataclasses.field)}


@pytest.fixture(params=BOTH.values(), ids=BOTH.keys())
def kinds(request: pytest.FixtureRequest) -> tuple[type[Any], type[Any]]:
    """The classes of either decorator: each test holds for both."""
    kinds: tuple[type[Any], type[Any]] = request.param
    return kinds


def test_values_are_made_and_told(kinds: tuple[type[Any], type[Any]]) -> None:
    """Positions, names, defaults, what is computed, properties; and what is missing or too much is refused."""
    part, whole = kinds
    made = part("a", notes={"x": 1})
    assert (made.name, made.size, made.tags, made.notes, made.twice, made.shout) == ("a", 1, (), {"x": 1}, 2, "A")
    assert repr(made).endswith(".Part(name='a', size=1, tags=(), notes={'x': 1})")
    assert whole("b", 2, rest=1.5).rest == 1.5
    assert part("a").notes is not part("a").notes
    for wrong in ((), ("a", 1, (), {}, 9)):
        with pytest.raises(TypeError):
            part(*wrong)
    with pytest.raises(TypeError):
        part("a", colour=1)


def test_equal_values_are_equal_and_hash_alike(kinds: tuple[type[Any], type[Any]]) -> None:
    """By the fields that are compared, within one class."""
    part, whole = kinds
    assert part("a", 2) == part("a", size=2)
    assert part("a") != part("b")
    assert whole("a") != part("a")
    assert hash(part("a", notes=())) == hash(part("a", notes=()))
    assert {part("a", notes=()): 1}[part("a", notes=())] == 1


def test_values_are_frozen_and_have_slots(kinds: tuple[type[Any], type[Any]]) -> None:
    """Nothing can be set, deleted or added."""
    made = kinds[1]("a")
    for change in (lambda: setattr(made, "name", "b"), lambda: delattr(made, "name"), lambda: setattr(made, "new", 1)):
        with pytest.raises((FrozenInstanceError, TypeError)):
            change()
    assert not hasattr(made, "__dict__")


def test_the_library_works_on_them(kinds: tuple[type[Any], type[Any]]) -> None:
    """replace, asdict, fields, patterns, copies; what is computed is computed anew."""
    part, whole = kinds
    made = whole("a", 2)
    changed = dataclasses.replace(made, size=5)
    assert (changed.size, changed.twice, changed.rest) == (5, 10, 0.5)
    assert dataclasses.asdict(part("a")) == {"name": "a", "size": 1, "tags": (), "notes": {}, "twice": 2}
    assert [one.name for one in dataclasses.fields(whole)] == ["name", "size", "tags", "notes", "twice", "rest"]
    assert dataclasses.is_dataclass(made)
    assert copy.deepcopy(made) == made == copy.copy(made)
    match made:
        case part(name, size):
            assert (name, size) == ("a", 2)
        case _:
            pytest.fail("the pattern does not match")


@values.dataclass(frozen=True, slots=True)
class Sent:
    """Something that goes to another process."""

    what: str
    how: tuple[int, ...] = (1,)


def test_values_travel() -> None:
    """To another process and back."""
    assert pickle.loads(pickle.dumps(Sent("a", (2,)))) == Sent("a", (2,))


def test_other_classes_are_not_made() -> None:
    """Whoever wants a class that can be changed takes the library's."""
    with pytest.raises(TypeError, match="only frozen classes with slots"):
        values.dataclass(frozen=False, slots=True)


def test_fields_may_have_any_name() -> None:
    """Not even one of the words that the compiled `__init__` works with."""

    @values.dataclass(frozen=True, slots=True)
    class Account:
        """An account."""

        rows: dict[str, int] = values.field(default_factory=dict)
        missing: tuple[str, ...] = ()
        set_rows: int = 1
        names: int = 2

    assert (Account().rows, Account(missing=("a",)).missing, Account().set_rows, Account().names) == ({}, ("a",), 1, 2)


def test_threads_may_make_the_first_value_at_once() -> None:
    """A call that found the deferred `__init__` still works when another call has replaced it meanwhile."""

    @values.dataclass(frozen=True, slots=True)
    class Point:
        """A point."""

        x: int

    deferred: Any = Point.__init__
    assert Point(1).x == 1
    late = Point.__new__(Point)
    deferred(late, 2)
    assert late.x == 2


@pytest.mark.parametrize("decorate", [values.dataclass, dataclasses.dataclass], ids=["ours", "theirs"])
def test_what_cannot_be_is_refused_when_the_class_is_made(decorate: Any) -> None:
    """A field without a default after one with, and a default that all values would share."""
    for annotations, defaults in (({"a": int, "b": int}, {"a": 1}), ({"a": list[int]}, {"a": []})):
        with pytest.raises((TypeError, ValueError)):
            decorate(frozen=True, slots=True)(type("Wrong", (), {"__annotations__": annotations, **defaults}))


@pytest.mark.parametrize("decorate", [values.dataclass, dataclasses.dataclass], ids=["ours", "theirs"])
def test_a_class_with_its_own_equality_keeps_its_hash(decorate: Any) -> None:
    """As the library has it for frozen classes."""

    def always(self: object, other: object) -> bool:
        return True

    made = decorate(frozen=True, slots=True)(type("Same", (), {"__annotations__": {"a": int}, "__eq__": always}))
    assert hash(made(1)) == hash(made(1))
