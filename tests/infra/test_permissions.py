"""Who may do what: single actions on single resources."""

from collections.abc import Iterator
from typing import Any

import pytest

from vitrine.decisions.release import MODELS
from vitrine.local.intrinsics import references
from vitrine.refresh.champion import CURRENT, REJECTED
from vitrine.refresh.compaction import RAW
from vitrine.refresh.due import DUE
from vitrine.refresh.watch import NOTE

OBJECTS_OF_A_BUCKET = "/*"
RELEASES = "/20*"
"""Releases are named by their time, so this is all of their objects for as long as the century lasts."""
PURE_FUNCTION = "MediaFunction"
TELEPHONES = ("sns:Publish", {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"})
"""A telephone has no ARN: who may write to one may publish to whatever is no resource of SNS."""
USED_THROUGH = {
    "VITRINE_TABLE": "dynamodb",
    "VITRINE_LAKE_BUCKET": "s3",
    "VITRINE_RELEASES_BUCKET": "s3",
    "VITRINE_EVENTS_STREAM": "firehose",
    "VITRINE_DECISIONS_STREAM": "firehose",
    "VITRINE_TOKEN_SECRET": "secretsmanager",
    "VITRINE_OUTREACH_QUEUE": "sqs",
    "VITRINE_OUTREACH_DEAD_LETTERS": "sqs",
    "VITRINE_MAIL_CONFIGURATION_SET": "ses",
}
"""Service through which a function uses the resource that a variable names."""


def listed(value: Any) -> list[Any]:
    """A policy's value, which may stand alone or in a list."""
    return value if isinstance(value, list) else [value]


def as_if_held(value: Any) -> Any:
    """What stands under a condition, as if it held."""
    return value["Fn::If"][1] if isinstance(value, dict) and "Fn::If" in value else value


def statements(function: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a function's own policies, those under a condition as if it held."""
    found = [statement for policy in function.get("Policies", ()) for statement in policy["Statement"]]
    return [as_if_held(one) for one in found]


def table_grants(function: dict[str, Any]) -> list[dict[str, Any]]:
    """The statements that let a function use the table."""
    return [one for one in statements(function) if any(act.startswith("dynamodb:") for act in listed(one["Action"]))]


def leading_keys(function: dict[str, Any], action: str) -> set[str]:
    """Kinds of rows for which a function has an action on the table."""
    grants = [grant for grant in table_grants(function) if action in listed(grant["Action"])]
    return {key for grant in grants for key in grant["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]}


def objects_of(function: dict[str, Any], action: str) -> set[str]:
    """The objects for which a function has an action on buckets."""
    grants = [grant for grant in statements(function) if action in listed(grant["Action"])]
    return {one["Fn::Sub"] for grant in grants for one in listed(grant["Resource"])}


def granted_on(functions: dict[str, dict[str, Any]], action: str) -> set[tuple[str, str]]:
    """(function, resource) wherever an action is granted."""
    return {
        (name, target)
        for name, function in functions.items()
        for statement in statements(function)
        if action in listed(statement["Action"])
        for target, _ in references(resources_in(statement))
    }


def resources_in(statement: dict[str, Any]) -> list[Any]:
    """The resources of a statement, those under a condition as if it held."""
    found = listed(statement["Resource"] if "Resource" in statement else statement["NotResource"])
    return [as_if_held(one) for one in found]


def loose_parts(statement: dict[str, Any]) -> Iterator[str]:
    """Actions and resources that say more than one thing; the objects of one bucket cannot be told otherwise."""
    yield from (action for action in listed(statement["Action"]) if "*" in action)
    if "NotResource" in statement:
        if (statement["Action"], statement["NotResource"]) != TELEPHONES:
            yield str(statement["NotResource"])
        return
    for resource in resources_in(statement):
        named = isinstance(resource, dict) and ("Ref" in resource or "Fn::GetAtt" in resource)
        text = resource["Fn::Sub"] if isinstance(resource, dict) and not named else str(resource)
        if not named and ("*" in text.removesuffix(RELEASES).removesuffix(OBJECTS_OF_A_BUCKET) or "${" not in text):
            yield text


@pytest.mark.parametrize(
    "statement",
    [
        {"Action": "s3:*", "Resource": {"Fn::GetAtt": ["LakeBucket", "Arn"]}},
        {"Action": ["dynamodb:GetItem", "dynamodb:*"], "Resource": {"Fn::GetAtt": ["Table", "Arn"]}},
        {"Action": "s3:GetObject", "Resource": "*"},
        {"Action": "sns:Publish", "NotResource": "arn:aws:s3:::bucket"},
        {"Action": "sns:Subscribe", "NotResource": {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}},
        {"Action": "s3:GetObject", "Resource": {"Fn::Sub": "arn:aws:s3:::*/*"}},
        {"Action": "s3:GetObject", "Resource": {"Fn::Sub": "arn:aws:s3:::*/20*"}},
    ],
)
def test_the_rule_sees_loose_statements(statement):
    """Negative control: statements that allow too much are found."""
    assert list(loose_parts(statement))


def test_functions_have_no_loose_statements(functions):
    """No wildcard action, no wildcard resource, no managed policy that we did not write."""
    for name, function in functions.items():
        assert all(isinstance(policy, dict) and "Statement" in policy for policy in function.get("Policies", ())), name
        assert bool(statements(function)) == (name != PURE_FUNCTION)
        for statement in statements(function):
            assert not list(loose_parts(statement)), name


def test_roles_have_no_loose_statements(resources):
    """The same for roles that serve services."""
    policies = {name: one for name, one in resources.items() if one["Type"] == "AWS::IAM::RolePolicy"}
    assert policies.keys() == {"DeliveryPolicy"}
    for name, policy in policies.items():
        found = policy["Properties"]["PolicyDocument"]["Statement"]
        assert found, name
        assert not [part for statement in found for part in loose_parts(statement)], name


def test_spark_may_what_the_function_may(functions, resources):
    """The job refreshes the lists as the function does; beside that it keeps tables of its own, and nothing else."""
    refresh, tables = resources["SparkRole"]["Properties"]["Policies"]
    statements_of = [policy["PolicyDocument"]["Statement"] for policy in (refresh, tables)]
    assert statements_of[0] == statements(functions["RefreshRecommendationsFunction"])
    (own,) = statements_of[1]
    assert own["Resource"] == {"Fn::Sub": "${LakeBucket.Arn}/spark/*"}
    assert set(own["Action"]) == {"s3:PutObject", "s3:DeleteObject"}
    assert not [part for some in statements_of for statement in some for part in loose_parts(statement)]


def test_functions_may_use_what_they_know_and_nothing_else(functions, resources):
    """A function's variables and its permissions name the same resources; one that may do nothing knows the table's
    name, which all are told, and no other."""
    for name, function in functions.items():
        variables = function["Environment"]["Variables"]
        known = {
            (USED_THROUGH[variable], value["Ref"])
            for variable, value in variables.items()
            if isinstance(value, dict) and value.get("Ref") in resources  # parameters are not resources
        }
        allowed = {
            (action.partition(":")[0], target)
            for statement in statements(function)
            for action in listed(statement["Action"])
            for target, _ in references(resources_in(statement))
            if target in resources
        }
        assert allowed == known or (not statements(function) and known == {("dynamodb", "Table")}), name


def test_table_access_is_limited_by_key(functions):
    """Every grant on the table names the kinds of rows it is for."""
    granted = {name: grants for name, function in functions.items() if (grants := table_grants(function))}
    assert granted.keys() == functions.keys() - {PURE_FUNCTION}
    for name, grants in granted.items():
        for grant in grants:
            keys = grant["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
            assert keys, name
            assert "*" not in keys, name


def test_the_publisher_writes_and_deletes_cards_and_lists(functions):
    """One batch action covers puts and deletes, of cards and related lists, visitors' and popular lists alike."""
    (grant,) = table_grants(functions["RefreshRecommendationsFunction"])
    assert set(listed(grant["Action"])) == {"dynamodb:BatchGetItem", "dynamodb:BatchWriteItem", "dynamodb:PutItem"}
    keys = grant["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
    assert set(keys) == {"V#*", "I#*", "L#*", "RELEASE"}


def test_the_publisher_writes_no_raw_event(functions):
    """What has arrived stays as it arrived: only its compacted form is written."""
    refresh = functions["RefreshRecommendationsFunction"]
    for action in ("s3:PutObject", "s3:DeleteObject"):
        lake = {text for text in objects_of(refresh, action) if text.startswith("${LakeBucket.Arn}/")}
        assert not {f"${{LakeBucket.Arn}}/{prefix}*" for prefix in ("", "events/", RAW)} & lake
    assert f"${{LakeBucket.Arn}}/{DUE.partition('/')[0]}/*" in objects_of(refresh, "s3:PutObject")


def test_who_trains_writes_rankers_and_the_trial(functions):
    """It compacts the lake as the publisher does, but brings no list and no card, and ends no release."""
    trains, publishes = functions["RefreshModelFunction"], functions["RefreshRecommendationsFunction"]
    assert leading_keys(trains, "dynamodb:BatchGetItem") == leading_keys(trains, "dynamodb:PutItem") == {"RELEASE"}
    assert not leading_keys(trains, "dynamodb:BatchWriteItem")
    models, reports = "${ReleasesBucket.Arn}/models/*", "${ReleasesBucket.Arn}/reports/*"
    writes, all_writes = (objects_of(one, "s3:PutObject") for one in (trains, publishes))
    assert writes - all_writes == {models, reports}
    assert all_writes - writes == {"${ReleasesBucket.Arn}/*", "${LakeBucket.Arn}/lists/*"}
    removes, all_removes = (objects_of(one, "s3:DeleteObject") for one in (trains, publishes))
    assert all_removes - removes == {"${ReleasesBucket.Arn}/keys/*"}
    assert removes < all_removes


def test_a_missing_object_is_told_from_a_forbidden_one(functions):
    """S3 answers AccessDenied instead of NoSuchKey to whoever may not list the bucket, so every reader may."""
    readable, listable = (granted_on(functions, action) for action in ("s3:GetObject", "s3:ListBucket"))
    assert ("DecideFunction", "ReleasesBucket") in readable
    assert readable == listable


def test_decide_changes_next_to_nothing(functions):
    """The function that everybody can call changes what a visitor was shown, counters of budgets, and the note that a
    cell has visitors."""
    actions = {action for part in statements(functions["DecideFunction"]) for action in listed(part["Action"])}
    assert actions == {
        "dynamodb:BatchGetItem",
        "dynamodb:PutItem",
        "dynamodb:UpdateItem",
        "s3:GetObject",
        "s3:ListBucket",
        "firehose:PutRecordBatch",
        "secretsmanager:GetSecretValue",
    }
    assert leading_keys(functions["DecideFunction"], "dynamodb:PutItem") == {"V#*", "W#*"}
    assert leading_keys(functions["DecideFunction"], "dynamodb:UpdateItem") == {"B#*"}


def test_the_weather_function_writes_weather(functions):
    """It learns from the release where the places are, and writes nothing but their cells."""
    weather = functions["RefreshWeatherFunction"]
    assert leading_keys(weather, "dynamodb:BatchGetItem") == {"W#*", "RELEASE"}
    assert leading_keys(weather, "dynamodb:PutItem") == leading_keys(weather, "dynamodb:BatchWriteItem") == {"W#*"}


def test_the_watch_changes_the_pointer_and_rankers(functions):
    """It reads what was decided and done, and writes no row but the pointer: no list, no card, no profile."""
    watch = functions["WatchModelFunction"]
    assert leading_keys(watch, "dynamodb:BatchGetItem") == leading_keys(watch, "dynamodb:PutItem") == {"RELEASE"}
    actions = {action for part in statements(watch) for action in listed(part["Action"])}
    assert actions == {"dynamodb:BatchGetItem", "dynamodb:PutItem", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    assert granted_on(functions, "s3:PutObject") >= {("WatchModelFunction", "ReleasesBucket")}
    assert ("WatchModelFunction", "LakeBucket") not in granted_on(functions, "s3:PutObject")
    assert objects_of(watch, "s3:PutObject") == {"${ReleasesBucket.Arn}/models/*", "${ReleasesBucket.Arn}/20*"}
    assert all(name.startswith(MODELS) for name in (CURRENT, REJECTED, NOTE))


def test_operate_changes_nothing(functions):
    """Whoever may look is not thereby able to change, and sees decisions, not raw events."""
    granted = statements(functions["OperateFunction"])
    actions = {action for part in granted for action in listed(part["Action"])}
    assert actions == {"dynamodb:BatchGetItem", "s3:GetObject", "s3:ListBucket", "secretsmanager:GetSecretValue"}
    (objects,) = [part["Resource"] for part in granted if part["Action"] == "s3:GetObject"]
    assert objects == [{"Fn::Sub": "${LakeBucket.Arn}/decisions/*"}, {"Fn::Sub": "${ReleasesBucket.Arn}/*"}]


def test_collect_touches_only_visitors(functions):
    """A forged event can spoil one profile at most, and wake whose visitor it is."""
    (part,) = [one for one in statements(functions["CollectFunction"]) if "dynamodb:PutItem" in listed(one["Action"])]
    assert part["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] == ["V#*", "P#*"]


def test_outreach_writes_to_persons(functions):
    """Whoever sends reads what a page view reads, and writes persons, their messages and the minute's count."""
    send = functions["OutreachSendFunction"]
    assert leading_keys(send, "dynamodb:PutItem") == {"P#*"}
    assert leading_keys(send, "dynamodb:BatchWriteItem") == {"P#*", "S#*"}
    assert leading_keys(send, "dynamodb:UpdateItem") == {"OUTREACH"}
    decide = leading_keys(functions["DecideFunction"], "dynamodb:BatchGetItem")
    assert leading_keys(send, "dynamodb:BatchGetItem") == decide | {"P#*", "OUTREACH"}
    (mail,) = [one for one in statements(send) if one["Action"] == "ses:SendEmail"]
    assert mail["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "MailFrom"}}}


def test_a_channel_that_is_not_set_up_may_not_be_used(functions):
    """Mail, text messages, push and further secrets are allowed where the parameter that names them is given."""
    (policy,) = functions["OutreachSendFunction"]["Policies"]
    conditions = {one["Fn::If"][0]: one["Fn::If"][1]["Action"] for one in policy["Statement"] if "Fn::If" in one}
    assert conditions == {"HasMail": "ses:SendEmail", "HasPush": "sns:Publish", "HasSms": "sns:Publish"}


def test_who_looks_who_is_due_sees_nothing_else(functions):
    """The index of alarms holds keys only."""
    (query, queue) = statements(functions["OutreachDueFunction"])
    assert query["Action"] == "dynamodb:Query"
    assert query["Resource"] == {"Fn::Sub": "${Table.Arn}/index/due"}
    assert query["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"] == ["DUE#*"]
    assert set(queue["Action"]) == {"sqs:SendMessage", "sqs:GetQueueAttributes"}


def test_links_change_persons_alone(functions):
    """A link that leaked can suppress one channel of one person."""
    links = functions["OutreachLinksFunction"]
    assert leading_keys(links, "dynamodb:PutItem") == {"P#*"}
    assert leading_keys(links, "dynamodb:BatchGetItem") == {"P#*", "I#*"}


def test_topic_and_queue_hear_those_they_are_for(resources):
    """SES may tell the topic, and the topic the queue; nobody else's."""
    (heard,) = resources["FeedbackTopicPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert heard["Principal"] == {"Service": "ses.amazonaws.com"}
    assert heard["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (passed,) = resources["FeedbackQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert passed["Principal"] == {"Service": "sns.amazonaws.com"}
    assert passed["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "FeedbackTopic"}}}
    subscription = resources["FeedbackSubscription"]["Properties"]
    assert (subscription["Endpoint"], subscription["RawMessageDelivery"]) == (passed["Resource"], True)


def test_only_named_origins_may_call(resources, template):
    """CORS admits a list of origins from a parameter whose default is neither everybody nor empty."""
    condition, cors, otherwise = resources["Api"]["Properties"]["CorsConfiguration"]["Fn::If"]
    assert (condition, otherwise) == ("HasOrigins", {"Ref": "AWS::NoValue"})
    assert cors["AllowOrigins"] == {"Fn::Split": [",", {"Ref": "AllowedOrigins"}]}
    default = template.document["Parameters"]["AllowedOrigins"]["Default"]
    assert default
    assert "*" not in default
    assert "*" not in [*cors["AllowMethods"], *cors["AllowHeaders"]]
