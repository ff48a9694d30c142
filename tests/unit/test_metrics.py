"""What operators hear of decisions."""

from dataclasses import replace

import orjson
import pytest

from tests.unit.test_ladder import DECISION
from vitrine.api.metrics import SAMPLE, SAMPLE_S, SAMPLED_EVERY, Meter, count_watched
from vitrine.decisions.ladder import EXERCISE, told_outside
from vitrine.decisions.rollout import Trial
from vitrine.service.decide import Outcome, Strain

LAPS = {"read": 4.21, "rank": 0.3, "answer": 0.1}
HOUR_MS = 3_600_000
WHOLE = Outcome(replace(DECISION, skipped=(), placements=DECISION.placements[2:]), b"{}", None, LAPS)


def lines(capsys) -> list[dict]:
    """What was printed since the last time, each line checked against the format's rules."""
    found = [orjson.loads(line) for line in capsys.readouterr().out.splitlines()]
    for line in found:
        (directive,) = line["_aws"]["CloudWatchMetrics"]
        assert set(line["_aws"]) == {"Timestamp", "CloudWatchMetrics"}
        assert (directive["Namespace"], directive["Dimensions"]) == ("Vitrine", [["service"]])
        assert all(line.keys() >= set(names) for names in directive["Dimensions"])
        assert len(directive["Metrics"]) <= 100
        for metric in directive["Metrics"]:
            values = line[metric["Name"]]
            assert len(values) <= 100 if isinstance(values, list) else isinstance(values, int | float)
    return found


def counts(line: dict) -> dict:
    """The metrics of a line."""
    return {name: value for name, value in line.items() if name not in ("_aws", "service")}


def test_a_whole_decision_prints_nothing(capsys):
    """How many there were is Lambda's own count."""
    Meter().count(WHOLE)
    assert lines(capsys) == []


def test_one_line_tells_all_that_befell_a_decision(capsys):
    """Rungs by stage, fallbacks by reason, placements that stayed empty, failures by dependency, lost records."""
    trial = Trial("m2", "canary", 9, 0.1, failure="late")
    strain = Strain((("table", "late"), ("table", "late"), ("table", "left_alone")), lost_records=2, is_late=True)
    Meter(lambda: 1_800_000_000.5).count(Outcome(DECISION, b"{}", None, LAPS, trial, strain))
    (line,) = lines(capsys)
    assert (line["service"], line["_aws"]["Timestamp"]) == ("decide", 1_800_000_000_500)
    assert counts(line) == {
        "SkippedProfile": 1,
        "SkippedLists": 1,
        "Degraded": 1,
        "Fallbacks": 1,
        "FallbacksNotRead": 1,
        "Unfilled": 1,
        "TableLate": 2,
        "TableLeftAlone": 1,
        "RecordsLost": 2,
        "DeadlinesMissed": 1,
        "ChallengerFailures": 1,
        "ChallengerFailuresLate": 1,
    }


def test_an_exercise_is_no_fault(capsys):
    """It counts as what it is, and whether the bestsellers answered; no alarm's metric moves."""
    exercise = told_outside(DECISION, [EXERCISE])
    empty = replace(exercise, placements=exercise.placements[1:])
    for decision in (exercise, empty):
        Meter().count(Outcome(decision, b"{}", None, LAPS, strain=Strain(is_exercise=True)))
    assert [counts(line) for line in lines(capsys)] == [{"Exercises": 1, "ExercisesAnswered": 1}, {"Exercises": 1}]


def test_times_are_told_by_a_sample(capsys):
    """One decision in so many, a full sample at a time."""
    now = [1_800_000_000.0]
    meter = Meter(lambda: now[0])
    published = replace(WHOLE, strain=Strain(as_of_ms=int(now[0] * 1000) - 5 * HOUR_MS))
    for _ in range(SAMPLE * SAMPLED_EVERY):
        meter.count(published)
    times, age = lines(capsys)
    assert set(counts(times)) == {"DecideMs", "ReadMs", "RankMs"}
    assert times["ReadMs"] == [4.21] * SAMPLE
    assert times["DecideMs"] == [4.61] * SAMPLE
    assert counts(age) == {"ReleaseAgeHours": 5.0}


def test_a_sample_that_does_not_fill_is_told_after_a_while(capsys):
    """Of a quiet shop, or after the clock was set back; and what it costs is a few bytes a decision."""
    for later_s in (SAMPLE_S, -1.0):
        now = [1_800_000_000.0]
        meter = Meter(lambda now=now: now[0])
        meter.count(WHOLE)
        now[0] += later_s
        for _ in range(SAMPLED_EVERY):
            meter.count(WHOLE)
        (line,) = lines(capsys)
        assert line["ReadMs"] == [4.21, 4.21]


def test_a_sample_of_a_thousand_decisions_is_a_few_kilobytes(capsys):
    """CloudWatch Logs are paid by size."""
    meter = Meter(lambda: 1_800_000_000.0)
    laps = dict.fromkeys(("read", "campaigns", "candidates", "rank", "fill", "cards", "answer", "record"), 12.345)
    for _ in range(2 * SAMPLE * SAMPLED_EVERY):
        meter.count(replace(WHOLE, timings_ms=laps))
    assert len(capsys.readouterr().out) < 2 * SAMPLE * SAMPLED_EVERY * 5


@pytest.mark.parametrize(
    ("action", "told"),
    [("roll back", {"ChallengersRolledBack": 1}), ("promote", {"ChallengersPromoted": 1}), ("go on", {}), (None, {})],
)
def test_what_the_watch_did_is_counted(capsys, action, told):
    """What it leaves as it is counts nothing."""
    count_watched(action)
    printed = lines(capsys)
    assert [counts(line) for line in printed] == ([told] if told else [])
    assert {line["service"] for line in printed} <= {"watch_model"}
