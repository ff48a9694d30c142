"""House rules for alarms on what decisions tell of themselves."""

import json
import re

import pytest

from tests.infra.test_failures import alarms
from tests.unit.test_ladder import DECISION
from vitrine.api.metrics import NAMESPACE, SAMPLE, SAMPLED_EVERY, SERVICE, Meter
from vitrine.api.outreach_metrics import DUE, SEND, count_outcomes, count_swept
from vitrine.decisions.context import DEFAULT_DEADLINE_MS
from vitrine.decisions.ladder import EXERCISE, IDENTITY, told_outside
from vitrine.service.decide import Outcome, Strain
from vitrine.service.sources import LEFT_ALONE
from vitrine.service.sweep import Swept

SHARES = {
    "DecideFallbacksAlarm": ("Fallbacks", 5),
    "DecideDegradedAlarm": ("Degraded", 10),
    "RecordsLostAlarm": ("RecordsLost", 1),
    "DeadlinesMissedAlarm": ("DeadlinesMissed", 1),
}
"""Alarms on a part of all decisions: the metric, and the percentage that is too much."""

LAPS = dict.fromkeys(("read", "rank", "cards", "record"), 1.0)


def printed(capsys: pytest.CaptureFixture[str]) -> set[str]:
    """Names of all metrics that decide can print where everything goes wrong, read off its lines."""
    meter = Meter(lambda: 1_800_000_000.0)
    strain = Strain((("table", LEFT_ALONE),), lost_records=1, is_late=True, as_of_ms=1)
    meter.count(Outcome(told_outside(DECISION, [IDENTITY]), b"{}", None, LAPS, strain=strain))
    meter.count(Outcome(told_outside(DECISION, [EXERCISE]), b"{}", None, LAPS, strain=Strain(is_exercise=True)))
    for _ in range(SAMPLE * SAMPLED_EVERY):
        meter.count(Outcome(DECISION, b"{}", None, LAPS, strain=strain))
    return set(re.findall(r'"Name":"(\w+)"', capsys.readouterr().out))


def of_decide(resources) -> dict[str, set[str]]:
    """Metrics of decide's own by the alarm that looks at them."""
    found: dict[str, set[str]] = {}
    for name, alarm in alarms(resources).items():
        metrics = [part["MetricStat"]["Metric"] for part in alarm.get("Metrics", ()) if "MetricStat" in part]
        for metric in metrics or [alarm]:
            if (metric["Namespace"], metric.get("Dimensions")) == (NAMESPACE, [{"Name": "service", "Value": SERVICE}]):
                found.setdefault(name, set()).add(metric["MetricName"])
    return found


def test_alarms_look_at_what_is_printed(resources, capsys):
    """An alarm on a name that nobody prints would be silent for ever."""
    watched = of_decide(resources)
    assert len(watched) == 8
    assert set().union(*watched.values()) <= printed(capsys)


def of_outreach(resources) -> dict[tuple[str, str], str]:
    """Alarms on what outreach counts, by service and metric."""
    return {
        (alarm["Dimensions"][0]["Value"], alarm["MetricName"]): name
        for name, alarm in alarms(resources).items()
        if alarm.get("Namespace") == NAMESPACE and str(alarm["Dimensions"][0]["Value"]).startswith("outreach_")
    }


def test_outreach_prints_what_its_alarms_look_at(resources, capsys):
    """How long the longest has been due, and how many messages were refused."""
    count_swept(Swept(due=1, sent=1, lag_ms=1_000))
    count_outcomes(["refused"])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    printed = {(line["service"], name) for line in lines for name in line if name not in ("_aws", "service")}
    assert of_outreach(resources) == {(DUE, "LagS"): "OutreachLagAlarm", (SEND, "Refused"): "OutreachRefusedAlarm"}
    assert of_outreach(resources).keys() <= printed


def test_every_rung_has_an_alarm(resources):
    """Fallbacks, skipped stages, a breaker that is open, keys, lost records, late answers, old lists, a rotten rung."""
    assert set().union(*of_decide(resources).values()) == {
        "Fallbacks",
        "Degraded",
        "TableLeftAlone",
        "SkippedIdentity",
        "RecordsLost",
        "DeadlinesMissed",
        "ReleaseAgeHours",
        "Exercises",
        "ExercisesAnswered",
    }


@pytest.mark.parametrize("name", SHARES)
def test_a_share_of_decisions_is_alarmed(resources, name):
    """In percent of Lambda's own count; no decision is no share, and a decision that told nothing counts."""
    metric, threshold = SHARES[name]
    alarm = alarms(resources)[name]
    share, told, decisions = alarm["Metrics"]
    assert share["Expression"] == "100 * FILL(told, 0) / decisions"
    assert (told["Id"], decisions["Id"]) == ("told", "decisions")
    assert told["MetricStat"]["Metric"]["MetricName"] == metric
    assert decisions["MetricStat"]["Metric"] == {
        "Namespace": "AWS/Lambda",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": "FunctionName", "Value": {"Ref": "DecideFunction"}}],
    }
    for source in (told, decisions):
        assert (source["ReturnData"], source["MetricStat"]["Stat"]) == (False, "Sum")
    assert told["MetricStat"]["Period"] == decisions["MetricStat"]["Period"]
    assert (alarm["ComparisonOperator"], alarm["Threshold"]) == ("GreaterThanThreshold", threshold)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_slow_alarm_knows_the_promise(resources):
    """p99 above the deadline that callers have by default."""
    alarm = alarms(resources)["DecideSlowAlarm"]
    assert (alarm["ExtendedStatistic"], alarm["Threshold"]) == ("p99", DEFAULT_DEADLINE_MS)
