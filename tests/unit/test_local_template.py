"""What the runner reads from a template."""

from pathlib import Path

import pytest

from vitrine.errors import LocalStackError
from vitrine.local.declared import Cors
from vitrine.local.template import Template, merge

FIXTURE = Path(__file__).parents[1] / "fixtures" / "runner" / "template.yaml"
ROOT = Path(__file__).parents[2]


def read(path: Path = FIXTURE, **parameters):
    """A template and a resolver that knows its data resources by their own names."""
    template = Template.read(path, parameters)
    data = {(name, attribute): f"<{name}.{attribute}>" for name, attribute in template.data_references().values()}
    return template, template.resolver(data, "http://127.0.0.1:1")


def functions(**parameters):
    """The fixture's functions by logical id."""
    template, resolver = read(**parameters)
    return {function.id: function for function in template.functions(resolver)}


def test_function_takes_globals_and_its_own_properties():
    """Globals fill what the function leaves out; environments are merged and resolved."""
    echo = functions()["EchoFunction"]
    assert (echo.handler, echo.memory_mb, echo.timeout_s, echo.snap_start) == ("app.handler", 256, 5.0, True)
    assert echo.folder == FIXTURE.parent / "functions"
    assert echo.environment == {
        "TABLE": "<Table.Ref>",
        "STAGE": "test",
        "WORK_QUEUE": "<WorkQueue.Ref>",
        "STREAM": "<LettersStream.Ref>",
    }


def test_routes_carry_method_and_path():
    """Each HttpApi event becomes a route with the key that events show."""
    keys = [route.key for route in functions()["EchoFunction"].routes]
    assert keys == ["GET /echo/{id}", "POST /echo", "ANY /files/{proxy+}"]


def test_sources_and_schedules_are_read():
    """Queues, streams and schedules belong to their function."""
    both = functions()
    queue, stream = both["WorkFunction"].sources
    assert (queue.kind, queue.arn, queue.batch_size, queue.partial) == ("SQS", "<WorkQueue.Arn>", 10, True)
    assert (stream.kind, stream.arn, stream.from_start) == ("DynamoDB", "<Table.StreamArn>", True)
    assert [one.expression for one in both["EchoFunction"].schedules] == ["rate(1 day)"]


def test_data_template_keeps_data_and_what_it_refers_to():
    """Roles of kept resources stay, functions and dependencies on them go."""
    template, _ = read()
    data = template.data_template()
    assert set(data["Resources"]) == {
        "DeadQueue", "Letters", "LettersRole", "LettersStream", "LostQueue", "Table", "WorkQueue",
    }  # fmt: skip
    assert "DependsOn" not in data["Resources"]["LettersStream"]
    assert data["Outputs"]["Table0StreamArn"] == {"Value": {"Fn::GetAtt": ["Table", "StreamArn"]}}
    assert data["Parameters"] == {}


def test_failures_and_retries_are_read():
    """An asynchronous function's retries and the queue of its failures; AWS retries twice by default."""
    both = functions()
    assert (both["BrokenFunction"].max_retries, both["BrokenFunction"].failures) == (1, "<LostQueue.Arn>")
    assert (both["EchoFunction"].max_retries, both["EchoFunction"].failures) == (2, None)


def test_reserved_concurrency_is_read():
    """As a number where the template reserves any, else None."""
    both = functions()
    assert (both["BrokenFunction"].reserved, both["EchoFunction"].reserved) == (1, None)


def test_parameters_replace_defaults():
    """A given parameter wins over the template's default."""
    template, resolver = read(Origin="http://other.example")
    assert template.cors(resolver) == Cors(
        origins=("http://other.example",),
        methods=("GET", "POST"),
        headers=("content-type",),
        expose=(),
        max_age_s=600,
        credentials=False,
    )


def test_missing_template_says_where_to_run():
    """The error names the path and the remedy."""
    with pytest.raises(LocalStackError, match="run from the repository's root"):
        Template.read(Path("nowhere/template.yaml"), {})


def test_merge_follows_sam():
    """Mappings are merged, lists joined, scalars overridden."""
    merged = merge({"a": 1, "b": {"x": 1, "y": 2}, "c": [1]}, {"a": 2, "b": {"y": 3}, "c": [2]})
    assert merged == {"a": 2, "b": {"x": 1, "y": 3}, "c": [1, 2]}


def test_repository_template_is_understood():
    """Every function of the product's own template resolves, and each has a route or a schedule."""
    template, resolver = read(ROOT / "template.yaml")
    found = template.functions(resolver)
    assert {route.key for function in found for route in function.routes} >= {"POST /v1/decide", "POST /v1/events"}
    assert len(found) == len(list((ROOT / "functions").glob("*/app.py")))
    assert all(function.routes or function.schedules or function.sources for function in found)
    assert all((function.folder).is_dir() for function in found)
