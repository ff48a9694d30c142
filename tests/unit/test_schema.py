"""JSON Schemas of the store's files: what `validate` takes, an editor takes; they lie beside the example, current."""

from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry, Resource

from tests.unit.store_folders import FILES, PLACEMENTS, STORE
from vitrine.api.store_folder import check_store
from vitrine.api.store_schema import CONDITION_FILE, schema_files, schemas
from vitrine.cli import main
from vitrine.decisions.facts import ATTRIBUTES

EXAMPLE = Path("store")
SCHEMAS = schemas()
REGISTRY = Registry().with_resources([(name, Resource.from_contents(schema)) for name, schema in SCHEMAS.items()])
OF_FILE = {glob.removesuffix("*.yaml"): name for name, glob in schema_files().items()}


def validator(file: str) -> Draft202012Validator:
    """Checks a file of a store by its schema."""
    (name,) = (name for start, name in OF_FILE.items() if file.startswith(start))
    return Draft202012Validator(SCHEMAS[name], registry=REGISTRY)


def faults(file: str, plain: Any) -> list[str]:
    """Where the schema refuses a file."""
    return [".".join(map(str, error.absolute_path)) for error in validator(file).iter_errors(plain)]


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    """Of draft 2020-12, as they say."""
    Draft202012Validator.check_schema(SCHEMAS[name])


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_example_has_the_current_schemas(name: str) -> None:
    """They are committed, so that an editor helps right after a clone; `vitrine schema` renews them."""
    assert orjson.loads((EXAMPLE / "schema" / name).read_bytes()) == SCHEMAS[name], "run: vitrine schema"


def test_the_example_store_fits_them() -> None:
    """Every file of it names its schema, which takes it."""
    files = sorted(path for path in EXAMPLE.rglob("*.yaml"))
    assert files
    for path in files:
        file = path.relative_to(EXAMPLE)
        assert faults(str(file), yaml.load(path.read_text("utf-8"), Plain)) == [], path
        modeline = path.read_text("utf-8").partition("\n")[0]
        assert modeline.startswith("# yaml-language-server: $schema="), path
        assert (path.parent / modeline.partition("=")[2]).exists(), path


@pytest.mark.parametrize("file", FILES)
def test_they_take_what_validate_takes(file: str) -> None:
    """Every kind of file of the small store."""
    assert faults(file, yaml.load(FILES[file], Plain)) == []


@pytest.mark.parametrize(
    ("file", "text", "place"),
    [
        ("store.yaml", STORE.replace("EUR", "euro"), "currency"),
        ("store.yaml", STORE.replace("name: Test", "nmae: Test"), ""),
        ("placements.yaml", PLACEMENTS.replace("size: 4", "size: 400"), "placements.home.recs.products.size"),
        ("audiences.yaml", "audiences: {a: {when: {weather.temprature_c: 3}}}", "audiences.a.when"),
        ("audiences.yaml", "audiences: {a: {when: {time.hour: {$gte: x}}}}", "audiences.a.when.time.hour"),
        (
            "audiences.yaml",
            "audiences: {a: {when: {$or: [{time.daypart: dusk}]}}}",
            "audiences.a.when.$or.0.time.daypart",
        ),
        ("campaigns/a.yaml", "campaigns: {a: {placements: [], none: true}}", "campaigns.a.placements"),
        ("merchandising.yaml", "rules: {a: {boost: {items: {brand: [x]}, by: 0}}}", "rules.a.boost"),
    ],
)
def test_they_refuse_what_validate_refuses(file: str, text: str, place: str) -> None:
    """At the same place, while it is written."""
    assert [found for found in faults(file, yaml.load(text, Plain)) if found.startswith(place)]


def test_an_editor_completes_every_attribute() -> None:
    """Each with what it is and, where they are few, its values."""
    properties = SCHEMAS[CONDITION_FILE]["properties"]
    assert properties.keys() >= ATTRIBUTES.keys()
    for path, attribute in ATTRIBUTES.items():
        assert properties[path]["description"] == attribute.about
    assert "rain" in properties["weather.condition"]["anyOf"][0]["enum"]


def test_an_editor_tells_what_negations_and_several_audiences_match() -> None:
    """The two things that people guess wrong: the unknown passes a negation, and all of the audiences have to hold."""
    condition = SCHEMAS[CONDITION_FILE]
    for kind in ("string", "number", "boolean", "strings"):
        operators = condition["$defs"][kind]["properties"]
        negations = {
            name for name, operand in operators.items() if "the unknown, too" in operand.get("description", "")
        }
        assert negations == operators.keys() & {"$ne", "$nin", "$nini", "$vne", "$not"}
    for file, part in (("campaigns.schema.json", "CampaignFile"), ("merchandising.schema.json", "RuleFile")):
        assert "all of them have to hold" in SCHEMAS[file]["$defs"][part]["properties"]["audience"]["description"]


def test_the_command_writes_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And says how an editor finds them; a folder of schemas beside the files is no fault."""
    assert main(["schema", "--out", str(tmp_path)]) == 0
    assert {path.name for path in tmp_path.iterdir()} == SCHEMAS.keys()
    said = capsys.readouterr().out
    assert "yaml-language-server: $schema=" in said
    assert '"yaml.schemas"' in said
    assert check_store(EXAMPLE) == []


class Plain(yaml.SafeLoader):
    """YAML as editors read it: dates are texts."""


Plain.yaml_implicit_resolvers = {
    start: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith("timestamp")]
    for start, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
