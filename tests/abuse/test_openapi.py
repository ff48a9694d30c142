"""The OpenAPI document: committed, of the template's routes, described, and true of what the handlers answer."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import orjson
import pytest
from jsonschema import Draft202012Validator

from tests.abuse.api import TEMPLATE, Api, memory_api, public_routes
from tests.abuse.corpus import good_event
from tests.abuse.verdict import faults_of
from tests.functional.handlers import with_body
from tests.golden.test_example import CASES, read
from tests.golden.world import KEYS
from vitrine.api.openapi import document
from vitrine.api.openapi_examples import TOKEN
from vitrine.api.openapi_responses import HEADERS
from vitrine.cli import main
from vitrine.local.template import Template
from vitrine.visitors.identity import mint

COMMITTED = Path("openapi.json")
DOCUMENT = document()
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}


@pytest.fixture(scope="module")
def api() -> Api:
    """All public routes."""
    return memory_api()


def test_the_document_is_committed() -> None:
    """A changed API is a diff that somebody reads: `vitrine openapi --out openapi.json` makes it."""
    assert orjson.loads(COMMITTED.read_bytes()) == DOCUMENT, "run: vitrine openapi --out openapi.json"


def test_who_changes_their_document_changes_no_other() -> None:
    """The examples in it are the package's own ones elsewhere."""
    body = document()["paths"]["/v1/decide"]["post"]["requestBody"]["content"]["application/json"]
    for example in body["examples"].values():
        example["value"].clear()
    assert document() == DOCUMENT


def test_the_command_writes_it(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """To standard output, or to a file: the same bytes as the committed one."""
    assert main(["openapi"]) == 0
    assert capsys.readouterr().out.encode() == COMMITTED.read_bytes()
    assert main(["openapi", "--out", str(tmp_path / "o.json")]) == 0
    assert (tmp_path / "o.json").read_bytes() == COMMITTED.read_bytes()


def test_its_routes_are_the_templates() -> None:
    """Each of one is in the other, and the same ones ask for a signature."""
    routes, _ = public_routes()
    assert {route.key for route in routes} == OPERATIONS.keys()
    assert {route.key for route in routes if route.for_operators} == {
        key for key, operation in OPERATIONS.items() if operation["security"]
    }


def test_its_words_on_cors_are_the_templates() -> None:
    """Methods, headers and time of preflights, and the header that scripts may read."""
    cors = next(iter(Template.read(TEMPLATE, {}).of_type("AWS::Serverless::HttpApi").values()))["CorsConfiguration"]
    told = json.dumps(cors, default=str)
    text = HEADERS["Access-Control-Allow-Origin"]["description"]
    for word, ours in (("GET", "GET"), ("POST", "POST"), ("content-type", "content-type"), ("3600", "an hour")):
        assert word in told
        assert ours in text
    assert f'"{HEADERS["Access-Control-Expose-Headers"]["schema"]["const"]}"' in told


def test_its_schemas_are_schemas() -> None:
    """Of draft 2020-12, which OpenAPI 3.1 is built on, with patterns that two engines take."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        jsonschema_rs.Draft202012Validator({**schema, "components": DOCUMENT["components"]})
        Draft202012Validator.check_schema(schema)
        assert schema["description"], name


def test_references_lead_somewhere() -> None:
    """Every $ref of the document is in it, and every schema is referred to or is a body or an answer."""
    referred = set(_values(DOCUMENT, "$ref"))
    for reference in referred:
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
    assert {f"#/components/schemas/{name}" for name in DOCUMENT["components"]["schemas"]} <= referred
    assert {f"#/components/headers/{name}" for name in DOCUMENT["components"]["headers"]} <= referred


def test_every_field_of_a_request_is_described() -> None:
    """With a text for callers; the models say none of their own."""
    requests = [name for name in DOCUMENT["components"]["schemas"] if name.endswith("Body")]
    assert len(requests) > 8
    for name in requests:
        for field, schema in DOCUMENT["components"]["schemas"][name]["properties"].items():
            assert schema.get("description"), f"{name}.{field}"


@pytest.mark.parametrize("key", [key for key, operation in OPERATIONS.items() if "requestBody" in operation])
def test_examples_of_requests_are_taken(api: Api, key: str) -> None:
    """By the schema and by the handler."""
    route = next(route for route in api.routes if route.key == key)
    content = OPERATIONS[key]["requestBody"]["content"]["application/json"]
    check = jsonschema_rs.Draft202012Validator({**content["schema"], "components": DOCUMENT["components"]})
    for example in content["examples"].values():
        check.validate(example["value"])
        text = json.dumps(example["value"]).replace(TOKEN, mint("plain", KEYS))
        assert api.invoke(route, with_body(good_event(route, api), text)).status == 200


@pytest.mark.parametrize("key", OPERATIONS)
def test_examples_of_answers_are_of_their_schema(key: str) -> None:
    """As their readers will take them for."""
    for content in [one for response in OPERATIONS[key]["responses"].values() for one in response["content"].values()]:
        if "example" in content:
            schema = {**content["schema"], "components": DOCUMENT["components"]}
            jsonschema_rs.Draft202012Validator(schema).validate(content["example"])


@pytest.mark.parametrize("name", sorted(CASES)[::4])
def test_answers_of_the_example_store_are_of_their_schema(api: Api, name: str) -> None:
    """Page views that each win a campaign: rows, overlays, sorted listings, bundles, and their explanations."""
    case = read(name)
    body = {**case["request"], "visitor": mint(case["as"], KEYS) if case.get("as") else None}
    for key in ("POST /v1/decide", "POST /v1/explain"):
        route = next(route for route in api.routes if route.key == key)
        reply = api.invoke(route, with_body(good_event(route, api), body))
        assert (reply.status, faults_of(reply)) == (200, [])


def test_headers_of_answers_are_declared(api: Api) -> None:
    """Those that the functions send, of good answers and of errors."""
    known = {name.lower() for name in HEADERS} | {"content-type"}
    for route in api.routes:
        for event in (good_event(route, api), {**good_event(route, api), "body": "{"}):
            reply = api.invoke(route, event)
            told = {name.lower() for name in OPERATIONS[route.key]["responses"][str(reply.status)]["headers"]}
            assert reply.headers.keys() <= told | {"content-type"} <= known


def _values(plain: Any, name: str) -> Iterator[Any]:
    """Values of a name anywhere in the document."""
    if isinstance(plain, dict):
        yield from (value for key, value in plain.items() if key == name)
        for value in plain.values():
            yield from _values(value, name)
    elif isinstance(plain, list):
        for value in plain:
            yield from _values(value, name)
