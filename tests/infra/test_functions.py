"""House rules for functions."""

import json
import re
from pathlib import Path

from vitrine.cli.build_plan import PYTHON_VERSION
from vitrine.local.intrinsics import references
from vitrine.local.template import PSEUDO_PARAMETERS
from vitrine.settings import Settings

MAX_HANDLER_LINES = 60
LINKS = {
    ("GET", "/v1/unsubscribe/{token}"),
    ("POST", "/v1/unsubscribe/{token}"),
    ("GET", "/v1/open/{token}/{place}"),
    ("GET", "/v1/go/{token}/{place}"),
    ("GET", "/v1/message/{token}"),
}
"""Links in messages: the token in the path is all that they need."""
ROUTES = {("POST", "/v1/decide"), ("POST", "/v1/events"), ("POST", "/v1/geofence"), ("GET", "/media/{proxy+}")} | LINKS
"""The public API of DESIGN as far as it is built, and the demo's pictures."""
OPERATORS = {
    ("POST", "/v1/explain"),
    ("GET", "/v1/decisions/{decision}"),
    ("GET", "/v1/decisions/{decision}/replay"),
    ("PUT", "/v1/people/{person}"),
    ("GET", "/v1/people/{person}"),
    ("DELETE", "/v1/people/{person}"),
}
"""Routes that tell of other people."""


def test_memory_and_timeout_are_chosen(functions):
    """No function runs with Lambda's 128 MB and 3 s because nobody thought of them."""
    for name, function in functions.items():
        assert {"MemorySize", "Timeout"} <= function.keys(), name


def test_handlers_are_short(functions, root):
    """Every function has its own folder with a handler that is wiring only."""
    folders = [root / function["CodeUri"] for function in functions.values()]
    assert len(set(folders)) == len(folders)
    for folder in folders:
        lines = (folder / "app.py").read_text(encoding="utf-8").splitlines()
        assert len(lines) <= MAX_HANDLER_LINES, folder
        assert any(re.match(r"(def )?handler\b", line) for line in lines), folder


def test_every_function_folder_is_deployed(functions, root):
    """A folder under functions/ that the template forgets would look finished and never run."""
    deployed = {(root / function["CodeUri"]).resolve() for function in functions.values()}
    assert deployed == {path.parent.resolve() for path in root.glob("functions/*/app.py")}


def test_runtime_is_the_one_that_is_built_for(functions):
    """Wheels, tests and Lambda agree on the Python version and the architecture."""
    for function in functions.values():
        assert function["Runtime"] == f"python{PYTHON_VERSION}"
        assert function["Architectures"] == ["arm64"]
        assert function["Handler"] == "app.handler"


def test_environment_is_what_settings_read(functions):
    """Every VITRINE_ variable is a field of Settings, and the required field is always there."""
    known = {f"VITRINE_{field.upper()}" for field in Settings.__dataclass_fields__}
    for name, function in functions.items():
        variables = function["Environment"]["Variables"]
        assert {variable for variable in variables if variable.startswith("VITRINE_")} <= known, name
        assert "VITRINE_TABLE" in variables, name


def test_settings_accept_each_environment(functions, template):
    """A function finds its settings complete; a parameter has its default, and a resource may be called anything."""
    defaults = {name: str(spec.get("Default", "x")) for name, spec in template.document["Parameters"].items()}
    for function in functions.values():
        told = function["Environment"]["Variables"].items()
        names = {variable: value.get("Ref", "x") if isinstance(value, dict) else value for variable, value in told}
        Settings.from_env({variable: defaults.get(name, "x") for variable, name in names.items()})


def test_each_route_has_one_function(functions):
    """The public API is served, each route by exactly one function, all on the one API with payload v2.0."""
    events = [event for function in functions.values() for event in function.get("Events", {}).values()]
    routes = [event["Properties"] for event in events if event["Type"] == "HttpApi"]
    assert sorted((route["Method"], route["Path"]) for route in routes) == sorted(ROUTES | OPERATORS)
    for route in routes:
        assert route["ApiId"] == {"Ref": "Api"}
        assert route["PayloadFormatVersion"] == "2.0"


def test_operators_routes_have_an_authorizer_and_visitors_have_none(functions, resources):
    """Who asks why must sign the request; a page view or an event needs no more than it holds."""
    routes = {
        (event["Properties"]["Method"], event["Properties"]["Path"]): event["Properties"].get("Auth")
        for function in functions.values()
        for event in function["Events"].values()
        if event["Type"] == "HttpApi"
    }
    assert {route for route, auth in routes.items() if auth == {"Authorizer": "AWS_IAM"}} == OPERATORS
    assert {route for route, auth in routes.items() if auth is None} == ROUTES
    assert resources["Api"]["Properties"]["Auth"] == {"EnableIamAuthorizer": True}


def test_decide_may_start_from_a_snapshot(functions, template):
    """By choice, for a snapshot costs money while idle. SnapStart needs published versions, hence the alias, and at
    most 512 MB of ephemeral storage."""
    decide = functions["DecideFunction"]
    assert decide["SnapStart"] == {"ApplyOn": {"Ref": "DecideSnapStart"}}
    assert template.document["Parameters"]["DecideSnapStart"]["Default"] == "None"
    assert decide["AutoPublishAlias"] == "live"
    assert "EphemeralStorage" not in decide


def test_a_changed_layer_publishes_a_new_version(functions, template):
    """Every published function names the content hash, which cannot be forgotten at deployment nor be a constant."""
    for name, function in functions.items():
        assert function["AutoPublishAlias"], name
        assert function["AutoPublishCodeSha256"] == {"Ref": "CodeSha256"}, name
    parameter = template.document["Parameters"]["CodeSha256"]
    assert "Default" not in parameter
    assert re.fullmatch(parameter["AllowedPattern"], "0123456789abcdef" * 4)
    assert not re.fullmatch(parameter["AllowedPattern"], "")


def test_each_function_keeps_its_own_logs(functions, template, resources):
    """Each function writes to a log group of its own that the template declares."""
    groups = [function["LoggingConfig"]["LogGroup"]["Ref"] for function in functions.values()]
    assert len(set(groups)) == len(groups)
    for group in groups:
        assert resources[group]["Type"] == "AWS::Logs::LogGroup"
    assert all(function["LoggingConfig"]["LogFormat"] == "JSON" for function in functions.values())


def test_nothing_is_traced(functions):
    """5 USD per million traces are more than a million decisions cost, and without an SDK of it they tell little."""
    assert {function["Tracing"] for function in functions.values()} == {"PassThrough"}


def test_system_logs_are_quiet(functions):
    """START, END and REPORT lines of every call would be paid for by size; Lambda's own metrics tell the same."""
    for name, function in functions.items():
        assert function["LoggingConfig"]["SystemLogLevel"] == "WARN", name
        assert function["LoggingConfig"]["ApplicationLogLevel"] == "INFO", name


def test_only_allowed_origins_see_timings(functions, resources):
    """Server-Timing is exposed to scripts, and decide knows the origins for Timing-Allow-Origin."""
    assert functions["DecideFunction"]["Environment"]["Variables"]["VITRINE_ALLOWED_ORIGINS"] == {
        "Ref": "AllowedOrigins"
    }
    cors = resources["Api"]["Properties"]["CorsConfiguration"]["Fn::If"][1]
    assert cors["ExposeHeaders"] == ["server-timing"]


def test_references_lead_somewhere(functions, template, resources):
    """Whatever a function refers to is declared."""
    declared = {*resources, *template.document["Parameters"], *PSEUDO_PARAMETERS, "AWS::NoValue"}
    for name, function in functions.items():
        assert {target for target, _ in references(function)} <= declared, name


def test_every_function_has_a_real_event(functions, root):
    """events/<function>.json is what the trigger in the template sends: try it on a handler, or read it."""
    for function in functions.values():
        event = json.loads((root / "events" / f"{Path(function['CodeUri']).name}.json").read_text(encoding="utf-8"))
        triggers = list(function["Events"].values())
        if triggers[0]["Type"] == "HttpApi":
            routes = [trigger["Properties"] for trigger in triggers if trigger["Type"] == "HttpApi"]
            assert {event["version"]} == {route["PayloadFormatVersion"] for route in routes}
            assert event["routeKey"] in [f"{route['Method']} {route['Path']}" for route in routes]
        elif triggers[0]["Type"] == "SQS":
            assert {record["eventSource"] for record in event["Records"]} == {"aws:sqs"}
        else:
            assert event["source"] == "aws.scheduler"
