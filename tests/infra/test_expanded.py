"""The template as CloudFormation gets it, after SAM has written out what it stands for."""

import json

import pytest
from samtranslator.translator.transform import transform

from tests.infra.test_functions import OPERATORS, ROUTES
from tests.infra.test_permissions import as_if_held, listed, loose_parts
from vitrine.local.intrinsics import parse

UPLOADED = {"CodeUri", "ContentUri"}
N_SCHEDULES = 7


class NoManagedPolicies:
    """Names of managed policies are written out in full by SAM itself; ours are not used."""

    def load(self):
        """No policy."""
        return {}


def expand(root, code_sha256):
    """All resources after the transformation, with uploaded folders in place of local ones."""
    document = parse((root / "template.yaml").read_text(encoding="utf-8"))
    for resource in document["Resources"].values():
        for name in UPLOADED & resource.get("Properties", {}).keys():
            resource["Properties"][name] = f"s3://bucket/{resource['Properties'][name]}"
    # YAML anchors are one object in several places; `sam` writes them out before the transformation, and so do we.
    return transform(json.loads(json.dumps(document)), {"CodeSha256": code_sha256}, NoManagedPolicies())["Resources"]


@pytest.fixture(autouse=True)
def region(monkeypatch):
    """SAM asks for the region that it deploys to."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


@pytest.fixture
def expanded(root):
    """All resources of one deployment."""
    return expand(root, "a" * 64)


def of_type(resources, kind):
    """Logical ids of all resources of a type."""
    return {name for name, resource in resources.items() if resource["Type"] == kind}


def test_a_new_hash_alone_publishes_every_function(root, expanded, functions):
    """With nothing but another content hash each function gets a new version, and its alias moves there."""
    again = of_type(expand(root, "b" * 64), "AWS::Lambda::Version")
    versions = of_type(expanded, "AWS::Lambda::Version")
    assert len(versions) == len(again) == len(functions)
    assert not versions & again
    assert of_type(expand(root, "a" * 64), "AWS::Lambda::Version") == versions


def test_routes_and_schedules_go_to_the_published_alias(expanded, functions):
    """Nobody calls $LATEST, which has no snapshot and may be half deployed."""
    integrations = json.dumps(expanded["Api"]["Properties"]["Body"]["paths"])
    targets = [
        resource["Properties"]["Target"]["Arn"]["Ref"]
        for resource in expanded.values()
        if resource["Type"] == "AWS::Scheduler::Schedule"
    ]
    assert len(targets) == N_SCHEDULES
    for name, function in functions.items():
        kinds = {event["Type"] for event in function["Events"].values()}
        assert ("HttpApi" in kinds) == (f"${{{name}Aliaslive}}" in integrations)
        assert ("ScheduleV2" in kinds) == (f"{name}Aliaslive" in targets)


def test_only_operators_routes_ask_for_signed_requests(expanded):
    """What API Gateway gets: IAM in front of every route that tells of other people's visits, of no other."""
    api = expanded["Api"]["Properties"]["Body"]
    asked = {
        (method.upper(), path): route.get("security")
        for path, methods in api["paths"].items()
        for method, route in methods.items()
    }
    assert {route for route, security in asked.items() if security == [{"AWS_IAM": []}]} == OPERATORS
    assert {route for route, security in asked.items() if security is None} == ROUTES
    assert api["components"]["securitySchemes"]["AWS_IAM"]["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_cors_survives_the_expansion(expanded):
    """SAM drops all but the origins when they are an intrinsic function, and writes a list parameter as one string."""
    _, cors, _ = expanded["Api"]["Properties"]["Body"]["x-amazon-apigateway-cors"]["Fn::If"]
    assert cors["allowOrigins"]["Fn::Split"][0] == ","
    assert cors["allowMethods"] == ["GET", "POST", "OPTIONS"]
    assert cors["allowHeaders"] == ["content-type"]
    assert cors["maxAge"] == 3600


def test_generated_roles_have_no_loose_statements(expanded, functions):
    """The roles that SAM writes for functions and schedules are as narrow as ours; a schedule may send to the queue."""
    policies = {name: expanded[name]["Properties"].get("Policies", []) for name in of_type(expanded, "AWS::IAM::Role")}
    granting = {name for name, attached in policies.items() if attached}
    schedules = {
        name
        for name in granting
        if name.endswith(
            ("DailyRole", "WeeklyRole", "HalfHourlyRole", "QuarterHourlyRole", "HourlyRole", "MinutelyRole")
        )
    }
    assert len(schedules) == N_SCHEDULES
    assert granting >= schedules | {f"{name}Role" for name, function in functions.items() if "Policies" in function}
    for name in granting:
        for policy in policies[name]:
            for statement in listed(policy["PolicyDocument"]["Statement"]):
                assert not list(loose_parts(as_if_held(statement))), name
    for name in schedules:
        assert any("sqs:SendMessage" in json.dumps(policy) for policy in policies[name]), name


def test_nothing_but_logs_and_traces_comes_from_managed_policies(expanded):
    """SAM attaches AWS's policies for logs, X-Ray and who is fed from queues, and no other."""
    attached = {
        arn.rpartition("/")[2]
        for name in of_type(expanded, "AWS::IAM::Role")
        for arn in expanded[name]["Properties"].get("ManagedPolicyArns", [])
    }
    assert attached == {
        "AWSLambdaBasicExecutionRole",
        "AWSLambdaSQSQueueExecutionRole",
        "AWSXrayWriteOnlyAccess",
    }
