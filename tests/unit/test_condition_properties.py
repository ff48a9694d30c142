"""What holds for any condition and any context: an answer always, the same one as its parts give, and never too few."""

import math
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.test_conditions import ATTRIBUTES, CODES, compiled, growthbook
from vitrine.rules.index import ConditionIndex

TEXTS = st.sampled_from(["", "a", "A", "b", "home", "1.2.3", "v2-beta", "5", " 7 ", "null", "é", "😀", "\ud83d", "٣"])
NUMBERS = st.one_of(
    st.sampled_from([0, 1, -1, 5, 0.5, -0.0, 1e21, 1e-7, 2**53, 10**400, math.nan, math.inf, -math.inf]),
    st.integers(-40, 40),
    st.floats(),
)
SCALARS = st.one_of(st.none(), st.booleans(), NUMBERS, TEXTS)
STRANGE = st.sampled_from([b"a", object(), 1j, range(3), {"a"}, frozenset({"b"}), ("a", "b")])
VALUES = st.recursive(
    st.one_of(SCALARS, STRANGE),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(TEXTS, inner, max_size=3)),
    max_leaves=6,
)
CONTEXTS = st.fixed_dictionaries({}, optional=dict.fromkeys(ATTRIBUTES, VALUES))
FITTING_CONTEXTS = st.fixed_dictionaries(
    {},
    optional={
        "page.type": st.sampled_from(["home", "category", "product"]),
        "region": st.sampled_from(["a", "b", "c"]),
        "category": st.sampled_from(sorted(CODES.values())),
        "weather.temperature_c": st.one_of(st.integers(-5, 5), st.floats(-5, 5)),
        "visitor.new": st.booleans(),
        "tags": st.lists(st.sampled_from(["a", "b", "c"]), max_size=3),
        "seen": st.lists(st.sampled_from(sorted(CODES.values())), max_size=2).map(tuple),
    },
)
FINITE = st.one_of(st.integers(-3, 3), st.sampled_from([0.5, -0.0, 2.5, 1e300]))
VERSION_OPERATORS = ["$veq", "$vne", "$vgt", "$vgte", "$vlt", "$vlte"]
ORDERS = ["$gt", "$gte", "$lt", "$lte"]


def operators(**operands: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects of one or two operators, each with an operand of its own kind; the names are without the dollar."""
    optional = {f"${name}": operand for name, operand in operands.items()}
    return st.lists(st.sampled_from(sorted(optional)), min_size=1, max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: optional[name] for name in names})
    )


def named(names: list[str], operand: st.SearchStrategy[Any]) -> dict[str, st.SearchStrategy[Any]]:
    """The same kind of operand for several operators."""
    return {name[1:]: operand for name in names}


def some_of(operand: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    """A list of operands that is not empty."""
    return st.lists(operand, min_size=1, max_size=3)


def of_scalar(operand: st.SearchStrategy[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Valid operands of an attribute with one value."""
    nullable = st.one_of(st.none(), operand)
    common = {
        "eq": nullable,
        "ne": nullable,
        "in": some_of(nullable),
        "nin": some_of(nullable),
        "exists": st.booleans(),
    }
    flat = operators(**common, **more)
    return st.one_of(nullable, flat, flat.map(lambda plain: {"$not": plain}))


def of_list(operand: st.SearchStrategy[Any], element: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Valid operands of an attribute with a list of texts."""
    size = st.one_of(st.integers(0, 3), operators(**named(ORDERS, FINITE)))
    flat = operators(
        **named(["$in", "$nin"], some_of(operand)),
        all=some_of(operand),
        size=size,
        elemMatch=element,
        exists=st.booleans(),
    )
    return st.one_of(some_of(operand), flat, flat.map(lambda plain: {"$not": plain}))


REGIONS = st.sampled_from(["a", "b", "c", "5"])
OF_TEXT = of_scalar(
    REGIONS,
    **named(ORDERS, REGIONS),
    **named(["$ini", "$nini"], some_of(REGIONS)),
    **named(["$regex", "$regexi"], st.sampled_from(["^a", "b$", "."])),
    type=st.sampled_from(["null", "string"]),
)
CATEGORIES = st.sampled_from(sorted(CODES))
ON_ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "page.type": of_scalar(st.sampled_from(["home", "category", "product"])),
    "region": OF_TEXT,
    "app.version": of_scalar(TEXTS, **named(VERSION_OPERATORS, TEXTS)),
    "category": of_scalar(CATEGORIES),
    "weather.temperature_c": of_scalar(FINITE, **named(ORDERS, FINITE), type=st.just("number")),
    "visitor.new": of_scalar(st.booleans()),
    "tags": of_list(REGIONS, operators(eq=REGIONS, regex=st.just("a"), **{"in": some_of(REGIONS)})),
    "seen": of_list(CATEGORIES, operators(eq=CATEGORIES)),
}
CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(
    st.lists(st.sampled_from(sorted(ON_ATTRIBUTES)), max_size=3, unique=True).flatmap(
        lambda paths: st.fixed_dictionaries({path: ON_ATTRIBUTES[path] for path in paths})
    ),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$and": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"$or": parts}),
        st.lists(inner, min_size=1, max_size=2).map(lambda parts: {"$nor": parts}),
        inner.map(lambda part: {"$not": part}),
    ),
    max_leaves=5,
)
JSON_SCALARS = st.one_of(st.none(), st.booleans(), FINITE, TEXTS)
JSON_LISTS = st.lists(JSON_SCALARS, max_size=3)
UNDECLARED = st.recursive(
    st.one_of(
        JSON_SCALARS,
        JSON_LISTS,
        st.dictionaries(st.sampled_from("xy"), JSON_SCALARS, max_size=2),
        operators(
            **named(["$eq", "$ne", *ORDERS, *VERSION_OPERATORS], JSON_SCALARS),
            **named(["$in", "$nin", "$ini", "$nini", "$all", "$alli"], JSON_LISTS),
            **named(["$regex", "$regexi"], st.sampled_from(["^a", "b$", "."])),
            type=st.sampled_from(["null", "boolean", "string", "number", "array", "object", "undefined"]),
            exists=st.booleans(),
        ),
    ),
    lambda inner: operators(
        size=inner,
        all=st.lists(inner, max_size=2),
        elemMatch=st.dictionaries(st.sampled_from("xy"), inner),
        **{"not": inner},
    ),
    max_leaves=4,
)
PATHS = st.sampled_from(["x", "y", "x.y", "x.0", "y.1.x", "a.", "."])


@settings(max_examples=250, deadline=None, derandomize=True)
@given(CONDITIONS, CONTEXTS)
def test_conditions_are_total(plain: dict[str, Any], facts: dict[str, Any]) -> None:
    """Whatever the attributes hold, a valid condition answers."""
    assert compiled(plain).matches(facts.get) in (True, False)


@settings(max_examples=250, deadline=None, derandomize=True)
@given(st.dictionaries(PATHS, UNDECLARED, max_size=3), VALUES)
def test_undeclared_conditions_are_total(plain: dict[str, Any], attributes: object) -> None:
    """Whatever the attributes hold, a condition in GrowthBook's manner answers."""
    assert growthbook(plain, attributes) in (True, False)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(CONDITIONS, CONDITIONS, st.one_of(CONTEXTS, FITTING_CONTEXTS))
def test_logic_holds(first: dict[str, Any], second: dict[str, Any], facts: dict[str, Any]) -> None:
    """$and, $or, $nor and $not are those of their parts."""
    one, other = compiled(first).matches(facts.get), compiled(second).matches(facts.get)
    assert compiled({"$and": [first, second]}).matches(facts.get) is (one and other)
    assert compiled({"$or": [first, second]}).matches(facts.get) is (one or other)
    assert compiled({"$nor": [first, second]}).matches(facts.get) is not (one or other)
    assert compiled({"$not": first}).matches(facts.get) is not one


# One attribute at a time, few operands and values around them: so that bounds, lists and misses meet often.
OPERANDS: dict[str, list[Any]] = {
    "weather.temperature_c": [None, 0, 1, *({order: number} for order in ORDERS for number in (-1, 0, 1))],
    "region": ["a", None, {"$in": ["a", "b"]}, {"$in": ["b", None]}, {"$in": ["c"]}, {"$ne": "a"}, {"$gt": "a"}],
    "tags": [
        {"$in": ["a"]},
        {"$in": ["b"]},
        {"$in": ["b", "c"]},
        {"$all": ["a", "b"]},
        {"$nin": ["a"]},
        ["a", "b"],
        {"$elemMatch": {"$eq": "c"}},
        {"$elemMatch": {"$in": ["a", "b"]}},
        {"$size": 0},
        {"$in": ["a"], "$all": ["b"]},
    ],
    "category": ["frozen", "dairy", {"$in": ["frozen", "dairy"]}, {"$nin": ["dairy"]}, None],
}
HELD: dict[str, list[Any]] = {
    "weather.temperature_c": [-2, -1, -0.5, 0, 0.5, 1, 2, math.nan, math.inf, True, None, "1", [1]],
    "region": ["a", "b", "c", "d", None, ["a"], ("b", "c"), 5, {}],
    "tags": [[], ["a"], ("a", "b"), ["b", "c"], ["a", "c"], ["a", "b", "c"], [["a"]], [("b",), {}], "a", None],
    "category": [0, 7, 3, "frozen", None, [7], False],
}


@st.composite
def on_one_attribute(draw: st.DrawFn) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Conditions on one attribute, and a context with a value of it."""
    path = draw(st.sampled_from(sorted(OPERANDS)))
    leaf = st.sampled_from([{path: operand} for operand in OPERANDS[path]])
    several = st.tuples(st.sampled_from(["$and", "$or", "$nor"]), st.lists(leaf, min_size=2, max_size=3))
    condition = st.one_of(leaf, several.map(lambda pair: {pair[0]: pair[1]}), leaf.map(lambda part: {"$not": part}))
    return draw(st.lists(condition, min_size=4, max_size=10)), {path: draw(st.sampled_from(HELD[path]))}


@settings(max_examples=600, deadline=None, derandomize=True)
@given(on_one_attribute())
def test_the_index_never_leaves_out_a_match(case: tuple[list[dict[str, Any]], dict[str, Any]]) -> None:
    """What matches is among what may match, whatever the attribute holds."""
    plain, facts = case
    conditions = [compiled(each) for each in plain]
    possible = ConditionIndex(conditions).possible(facts.get)
    for number, condition in enumerate(conditions):
        assert possible >> number & 1 or not condition.matches(facts.get)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(CONDITIONS, min_size=2, max_size=6), st.one_of(FITTING_CONTEXTS, CONTEXTS))
def test_the_index_never_leaves_out_a_match_of_many_attributes(
    plain: list[dict[str, Any]], facts: dict[str, Any]
) -> None:
    """Nor with all attributes and operators together."""
    conditions = [compiled(each) for each in plain]
    possible = ConditionIndex(conditions).possible(facts.get)
    for number, condition in enumerate(conditions):
        assert possible >> number & 1 or not condition.matches(facts.get)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(CONDITIONS, st.one_of(CONTEXTS, FITTING_CONTEXTS))
def test_only_its_paths_are_looked_at(plain: dict[str, Any], facts: dict[str, Any]) -> None:
    """What `paths` does not name is never asked for."""
    asked: set[str] = set()

    def lookup(path: str) -> Any:
        asked.add(path)
        return facts.get(path)

    condition = compiled(plain)
    condition.matches(lookup)
    assert asked <= condition.paths
