"""House rules for what goes wrong: retries, dead letters, throttles, alarms."""

from vitrine.api.metrics import NAMESPACE, WATCH
from vitrine.api.queue import MAX_RECEIVES
from vitrine.local.intrinsics import references
from vitrine.service.outreach import LEASE_MS
from vitrine.service.sweep import Limits

SYNCHRONOUS = {"HttpApi"}
POLLED = {"SQS"}
TO_THE_QUEUE = {"Fn::GetAtt": ["FailuresQueue", "Arn"]}
LATEST_REFRESH_S = 36 * 3600


def alarms(resources):
    """Properties of all alarms by logical id."""
    return {
        name: resource["Properties"]
        for name, resource in resources.items()
        if resource["Type"] == "AWS::CloudWatch::Alarm"
    }


def watched(resources, metric):
    """Logical ids that alarms on a metric look at."""
    return {
        target
        for alarm in alarms(resources).values()
        if alarm.get("MetricName") == metric
        for target, _ in references(alarm.get("Dimensions", []))
    }


def test_every_asynchronous_edge_has_retries_and_a_dead_letter_queue(functions):
    """A scheduled run that cannot be delivered, or that fails, is retried a set number of times and then kept."""
    edges = [
        (name, event["Properties"])
        for name, function in functions.items()
        for event in function["Events"].values()
        if event["Type"] not in SYNCHRONOUS | POLLED
    ]
    assert [name for name, _ in edges] == [
        "RefreshRecommendationsFunction",
        "RefreshModelFunction",
        "WatchModelFunction",
        "RefreshWeatherFunction",
        "RefreshCatalogueFunction",
        "RefreshOutreachFunction",
        "OutreachDueFunction",
        "GeofenceFunction",
    ]
    for name, trigger in edges:
        assert trigger["DeadLetterConfig"] == {"Arn": TO_THE_QUEUE}, name
        assert {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= trigger["RetryPolicy"].keys(), name
        invoke = functions[name]["EventInvokeConfig"]
        assert {"MaximumRetryAttempts", "MaximumEventAgeInSeconds"} <= invoke.keys(), name
        assert invoke["DestinationConfig"]["OnFailure"] == {"Type": "SQS", "Destination": TO_THE_QUEUE}, name


def test_every_queue_gives_up_after_a_while_and_keeps_what_it_gave_up(functions, resources):
    """A batch may fail in part; what fails five times is kept. Nobody is given a message while another may still be at
    it: AWS asks for six times the function's timeout."""
    edges = {
        name: event["Properties"]
        for name, function in functions.items()
        for event in function["Events"].values()
        if event["Type"] in POLLED
    }
    assert edges.keys() == {"OutreachSendFunction", "OutreachFeedbackFunction"}
    for name, edge in edges.items():
        ((queue, _),) = references(edge["Queue"])
        properties = resources[queue]["Properties"]
        assert edge["FunctionResponseTypes"] == ["ReportBatchItemFailures"], name
        assert edge["ScalingConfig"]["MaximumConcurrency"] <= 5, name
        assert properties["VisibilityTimeout"] >= 6 * functions[name]["Timeout"], name
        assert properties["RedrivePolicy"] == {
            "deadLetterTargetArn": {"Fn::GetAtt": ["OutreachDeadLetters", "Arn"]},
            "maxReceiveCount": MAX_RECEIVES,
        }


def test_a_claim_outlives_its_worker(functions):
    """Nobody takes up a sending while the one who claimed it may still hand it over."""
    assert functions["OutreachSendFunction"]["Timeout"] * 1000 < LEASE_MS
    assert Limits().budget_s + 10 < functions["OutreachDueFunction"]["Timeout"] < 60


def test_the_failures_queue_takes_what_a_rule_could_not_deliver(resources):
    """Schedules have roles of their own; a rule of EventBridge is let in by the queue, that rule and no other."""
    (let_in,) = resources["FailuresQueuePolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert let_in["Principal"] == {"Service": "events.amazonaws.com"}
    assert let_in["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["GeofenceFunctionLocated", "Arn"]}}}


def test_a_new_account_can_deploy(functions):
    """An account of ten concurrent executions refuses a stack that reserves any."""
    assert not any("ReservedConcurrentExecutions" in function for function in functions.values())


def test_failures_are_kept_for_a_fortnight(resources):
    """Nobody loses a failure over a holiday, nor a provider's word; who is due is asked for anew each minute."""
    queues = {name: one["Properties"] for name, one in resources.items() if one["Type"] == "AWS::SQS::Queue"}
    assert all(queue["SqsManagedSseEnabled"] is True for queue in queues.values())
    fortnight = {name for name, queue in queues.items() if queue["MessageRetentionPeriod"] == 14 * 24 * 3600}
    assert queues.keys() - fortnight == {"OutreachQueue"}


def test_the_api_is_throttled_and_logged(resources):
    """A flood is answered 429, and access logs name no person."""
    api = resources["Api"]["Properties"]
    assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= api["DefaultRouteSettings"].keys()
    log = api["AccessLogSettings"]
    assert log["DestinationArn"] == {"Fn::GetAtt": ["ApiLogs", "Arn"]}
    assert not any(word in log["Format"] for word in ("sourceIp", "userAgent", "authorization", "caller"))


def test_every_function_has_an_error_alarm(resources, functions):
    """No function can fail unheard."""
    assert watched(resources, "Errors") == functions.keys()


def test_callers_wait_and_refusals_are_alarmed(resources):
    """Page views: slow ones, refused ones and 5xx; the queue's depth; what does not reach the lake."""
    assert watched(resources, "Duration") == {"DecideFunction"}
    assert watched(resources, "Throttles") == {"DecideFunction", "CollectFunction", "GeofenceFunction"}
    assert watched(resources, "5xx") == {"Api"}
    assert watched(resources, "ApproximateNumberOfMessagesVisible") == {"FailuresQueue", "OutreachDeadLetters"}
    assert watched(resources, "ApproximateAgeOfOldestMessage") == {"OutreachQueue", "FeedbackQueue"}
    assert watched(resources, "DeliveryToS3.DataFreshness") == {"EventsStream", "DecisionsStream"}


def test_a_refresh_that_never_ran_is_alarmed(resources):
    """Missing data breaches: the alarm fires when the schedule itself is gone."""
    alarm = alarms(resources)["RefreshStaleAlarm"]
    (period,) = {metric["MetricStat"]["Period"] for metric in alarm["Metrics"] if "MetricStat" in metric}
    assert alarm["TreatMissingData"] == "breaching"
    assert period * alarm["EvaluationPeriods"] == LATEST_REFRESH_S


def test_a_challenger_that_was_rolled_back_is_alarmed(resources):
    """The name is the one that the watch prints; a trial that is only ended or promoted wakes nobody."""
    alarm = alarms(resources)["ChallengerRolledBackAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"]) == (NAMESPACE, "ChallengersRolledBack")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": WATCH}]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", 0)


def test_alarms_say_what_happened_and_tell_somebody(resources, functions):
    """Every alarm says what happened and what to do, and goes to the topic, if there is one."""
    assert len(alarms(resources)) > len(functions)
    for name, alarm in alarms(resources).items():
        happened, found, to_do = alarm["AlarmDescription"].partition(". Do: ")
        assert happened, name
        assert found, name
        assert len(to_do) > 20, name
        assert len(alarm["AlarmDescription"]) <= 1024, name  # CloudWatch's limit
        assert alarm["AlarmActions"]["Fn::If"][0] == "HasAlarmTopic", name
