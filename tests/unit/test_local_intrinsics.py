"""CloudFormation's template language: tags, references and intrinsic functions."""

import pytest

from vitrine.errors import LocalStackError
from vitrine.local.intrinsics import Resolver, parse, references

NAMES = {("Stage", "Ref"): "dev", ("Table", "Ref"): "t-1", ("Table", "Arn"): "arn:t-1", ("AWS::NoValue", "Ref"): ""}


def resolve(yaml_text: str, **sections):
    """The value under `v` of a YAML text, resolved."""
    return Resolver(NAMES, **sections).resolve(parse(f"v: {yaml_text}")["v"])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("!Ref Stage", "dev"),
        ("{Ref: Stage}", "dev"),
        ("!GetAtt Table.Arn", "arn:t-1"),
        ("{'Fn::GetAtt': [Table, Arn]}", "arn:t-1"),
        ('!Sub "x/${Stage}/${Table.Arn}/${!Kept}"', "x/dev/arn:t-1/${Kept}"),
        ("!Sub ['${Mine}-${Stage}', {Mine: !Ref Table}]", "t-1-dev"),
        ("!Join ['-', [a, !Ref Stage, 3]]", "a-dev-3"),
        ("!Split [',', 'a,b']", ["a", "b"]),
        ("!Select [1, !Split [',', 'a,b']]", "b"),
        ("!Equals [!Ref Stage, dev]", True),
        ("!Not [!Equals [!Ref Stage, dev]]", False),
        ("!And [!Equals [1, 1], !Equals [a, b]]", False),
        ("!Or [!Equals [1, 1], !Equals [a, b]]", True),
        ("[{a: !Ref Stage}]", [{"a": "dev"}]),
    ],
)
def test_functions_evaluate(text, expected):
    """Each intrinsic function gives what CloudFormation gives, in its short and its long form."""
    assert resolve(text) == expected


def test_if_evaluates_only_the_chosen_branch():
    """The other branch may refer to what does not exist."""
    conditions = {"IsDev": {"Fn::Equals": [{"Ref": "Stage"}, "dev"]}}
    assert resolve("!If [IsDev, 1, !Ref Nobody]", conditions=conditions) == 1


def test_no_value_removes_its_key_and_list_entry():
    """`AWS::NoValue` leaves no trace."""
    assert resolve("{a: !Ref AWS::NoValue, b: [1, !Ref AWS::NoValue]}") == {"b": [1]}


def test_mappings_are_looked_up():
    """`FindInMap` takes the value of two keys."""
    assert resolve("!FindInMap [Sizes, !Ref Stage, memory]", mappings={"Sizes": {"dev": {"memory": 128}}}) == 128


def test_unknown_reference_is_named():
    """The error says which name nobody knows."""
    with pytest.raises(LocalStackError, match=r"Nobody\.Arn"):
        resolve("!GetAtt Nobody.Arn")


def test_unknown_function_is_named():
    """A function that is not supported is refused by name."""
    with pytest.raises(LocalStackError, match="Fn::Cidr"):
        resolve("!Cidr [a, b, c]")


def test_dates_stay_text():
    """Policy versions look like dates and must not become any."""
    assert parse("Version: 2012-10-17") == {"Version": "2012-10-17"}


def test_references_are_found_in_every_spelling():
    """Ref, GetAtt and variables of Sub count; Sub's own variables do not."""
    value = parse("v: [!Ref A, !GetAtt B.Arn, !Sub '${C} ${D.Arn} ${!E}', !Sub ['${F}', {F: !Ref G}]]")
    assert set(references(value)) == {("A", "Ref"), ("B", "Arn"), ("C", "Ref"), ("D", "Arn"), ("G", "Ref")}


def test_template_must_be_a_mapping():
    """A file that is something else is refused."""
    with pytest.raises(LocalStackError, match="mapping"):
        parse("- a\n- b\n")
