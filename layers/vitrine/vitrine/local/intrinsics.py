"""CloudFormation's template language as data: its YAML tags and its intrinsic functions."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from vitrine.errors import LocalStackError

Tree: TypeAlias = Any
"""What YAML gives: nested dicts, lists and scalars, checked where they are read."""

NO_VALUE: Final = object()
"""What `AWS::NoValue` resolves to; its key or list entry disappears."""

VARIABLE: Final = re.compile(r"\$\{(?!!)\s*([^}]+?)\s*\}")


class TemplateLoader(yaml.SafeLoader):
    """Safe YAML with `!Ref`, `!Sub` and the rest in their long form; dates stay text, as CloudFormation reads them."""


def long_form(loader: yaml.SafeLoader, suffix: str, node: yaml.Node) -> dict[str, Tree]:
    """`!GetAtt Table.Arn` as `{"Fn::GetAtt": ["Table", "Arn"]}`."""
    value: Tree
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        assert isinstance(node, yaml.MappingNode)  # noqa: S101 - YAML has three kinds of nodes
        value = loader.construct_mapping(node, deep=True)
    if suffix == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}": value}


TemplateLoader.add_multi_constructor("!", long_form)
TemplateLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str) -> dict[str, Tree]:
    """The template as nested data with intrinsic functions in long form."""
    document = yaml.load(text, Loader=TemplateLoader)  # noqa: S506 - TemplateLoader is a SafeLoader
    if not isinstance(document, dict):
        raise LocalStackError("the template is not a YAML mapping")
    return document


def references(value: Tree) -> Iterator[tuple[str, str]]:
    """Every (logical id, attribute) that a value refers to; the attribute of `Ref` is "Ref"."""
    if isinstance(value, list):
        for entry in value:
            yield from references(entry)
    elif isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref" and isinstance(inner, str):
                yield inner, "Ref"
            elif key == "Fn::GetAtt":
                yield split_attribute(inner)
            elif key == "Fn::Sub":
                yield from substituted(inner)
            else:
                yield from references(inner)


def substituted(argument: Tree) -> Iterator[tuple[str, str]]:
    """What the variables of an `Fn::Sub` refer to."""
    text, own = argument if isinstance(argument, list) else (argument, {})
    for name in VARIABLE.findall(text):
        if name not in own:
            yield split_attribute(name) if "." in name else (name, "Ref")
    yield from references(own)


def split_attribute(argument: Tree) -> tuple[str, str]:
    """Logical id and attribute of an `Fn::GetAtt` in either spelling."""
    name, attribute = argument if isinstance(argument, list) else argument.split(".", 1)
    return name, attribute


@dataclass(frozen=True)
class Resolver:
    """Evaluates intrinsic functions, given what is known of parameters and resources."""

    names: Mapping[tuple[str, str], Tree]
    """Values of parameters, pseudo parameters and resources by (name, attribute)."""
    mappings: Mapping[str, Tree] = field(default_factory=dict)
    conditions: Mapping[str, Tree] = field(default_factory=dict)

    def resolve(self, value: Tree) -> Tree:
        """The value with all intrinsic functions evaluated.

        Raises:
            LocalStackError: it refers to something unknown or uses a function that is not supported.
        """
        if isinstance(value, list):
            return [resolved for entry in value if (resolved := self.resolve(entry)) is not NO_VALUE]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument) = next(iter(value.items()))
            if name in FUNCTIONS:
                return FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise LocalStackError(f"the local runner does not know {name}")
        resolved_items = ((key, self.resolve(inner)) for key, inner in value.items())
        return {key: resolved for key, resolved in resolved_items if resolved is not NO_VALUE}

    def value_of(self, name: str, attribute: str) -> Tree:
        """The value of `Ref name` or of `GetAtt name.attribute`."""
        if name == "AWS::NoValue":
            return NO_VALUE
        try:
            return self.names[name, attribute]
        except KeyError:
            what = name if attribute == "Ref" else f"{name}.{attribute}"
            raise LocalStackError(f"the template refers to {what}, which the local runner does not know") from None

    def substitute(self, argument: Tree) -> str:
        """`Fn::Sub` with or without its own variables."""
        text, own = argument if isinstance(argument, list) else (argument, {})
        variables = self.resolve(own)

        def replace(match: re.Match[str]) -> str:
            name = match[1]
            if name in variables:
                return str(variables[name])
            return str(self.value_of(*(split_attribute(name) if "." in name else (name, "Ref"))))

        return VARIABLE.sub(replace, text).replace("${!", "${")

    def holds(self, condition: Tree) -> bool:
        """Whether a named or inline condition is true."""
        value = self.resolve(self.conditions[condition] if isinstance(condition, str) else condition)
        return value is True or value == "true"

    def look_up(self, argument: Tree) -> Tree:
        """`Fn::FindInMap`."""
        name, top, second = self.resolve(argument)
        return self.mappings[name][top][second]


def join(resolver: Resolver, argument: Tree) -> str:
    """`Fn::Join`."""
    return str(argument[0]).join(str(part) for part in resolver.resolve(argument[1]))


def choose(resolver: Resolver, argument: Tree) -> Tree:
    """`Fn::If`: only the chosen branch is evaluated."""
    return resolver.resolve(argument[1] if resolver.holds(argument[0]) else argument[2])


def equal(resolver: Resolver, argument: Tree) -> bool:
    """`Fn::Equals`."""
    left, right = resolver.resolve(argument)
    return str(left) == str(right)


FUNCTIONS: Final[Mapping[str, Callable[[Resolver, Tree], Tree]]] = {
    "Ref": lambda resolver, name: resolver.value_of(name, "Ref"),
    "Condition": lambda resolver, name: resolver.holds(name),
    "Fn::GetAtt": lambda resolver, argument: resolver.value_of(*split_attribute(argument)),
    "Fn::Sub": lambda resolver, argument: resolver.substitute(argument),
    "Fn::Join": join,
    "Fn::Split": lambda resolver, argument: str(resolver.resolve(argument[1])).split(argument[0]),
    "Fn::Select": lambda resolver, argument: resolver.resolve(argument[1])[int(argument[0])],
    "Fn::If": choose,
    "Fn::Equals": equal,
    "Fn::Not": lambda resolver, argument: not resolver.holds(argument[0]),
    "Fn::And": lambda resolver, argument: all(resolver.holds(one) for one in argument),
    "Fn::Or": lambda resolver, argument: any(resolver.holds(one) for one in argument),
    "Fn::FindInMap": lambda resolver, argument: resolver.look_up(argument),
}
