"""Experiments: who gets which arm, and what is refused of them."""

from dataclasses import replace
from typing import Any

import pytest

from vitrine.rules.bucketing import hash_value
from vitrine.rules.experiment_checks import InvalidExperiment, check_experiment, check_namespaces
from vitrine.rules.experiments import Assignment, Experiment, Filter, Namespace, assign, sticky_key

NAMES = ("calm", "loud", "neon")
PLAIN = Experiment("sale", 3, "id")
STICKY = replace(PLAIN, sticky=True, fallback_attribute="device")


def assigned(experiment: Experiment, facts: dict[str, Any], sticky: dict[str, str] | None = None) -> Assignment:
    """The arm of a visitor with these attributes."""
    return assign(experiment, facts.get, sticky or {}, NAMES[: experiment.n_variations])


@pytest.mark.parametrize(("visitor", "arm", "bucket"), [("123", 2, 0.863), ("456", 0, 0.178), ("fds", 1, 0.514)])
def test_arms_of_growthbook(visitor: str, arm: int, bucket: float) -> None:
    """Facts of GrowthBook's specification: an experiment `feature` over three arms, hash version 1."""
    experiment = Experiment("feature", 3, "id", hash_version=1)
    assert assigned(experiment, {"id": visitor}) == Assignment(arm, True, "assigned", bucket)


@pytest.mark.parametrize(("value", "same"), [(3, "3"), (17.0, "17"), (True, "true"), (1e21, "1e+21")])
def test_a_value_is_hashed_as_javascript_writes_it(value: object, same: str) -> None:
    """Numbers and booleans get the arm of their text."""
    assert assigned(PLAIN, {"id": value}) == assigned(PLAIN, {"id": same})


@pytest.mark.parametrize("value", [None, "", 0, False, float("nan"), ["a"], {}])
def test_nobody_without_the_attribute_takes_part(value: object) -> None:
    """What GrowthBook takes for empty, and what is no scalar, is not hashed."""
    assert assigned(PLAIN, {"id": value}) == Assignment(0, False, "no_attribute")


def test_the_seed_decides_where_it_is_given() -> None:
    """Two experiments with one seed give the same bucket."""
    assert assigned(replace(PLAIN, seed="shared"), {"id": "a"}).bucket == hash_value("shared", "a", 2)
    assert assigned(PLAIN, {"id": "a"}).bucket == hash_value("sale", "a", 2)


def test_who_is_not_covered_gets_the_first_arm_uncounted() -> None:
    """The bucket says why."""
    found = assigned(replace(PLAIN, coverage=0.0), {"id": "a"})
    assert found == Assignment(0, False, "not_covered", hash_value("sale", "a"))


def test_ranges_stand_for_weights_and_coverage() -> None:
    """All of a range's buckets go to its arm."""
    ranges = ((0.0, 0.0), (0.0, 1.0), (1.0, 1.0))
    assert assigned(replace(PLAIN, ranges=ranges, coverage=0.0, weights=(1.0, 0.0, 0.0)), {"id": "a"}).arm == 1


def test_a_namespace_keeps_the_others_out() -> None:
    """Two halves of a namespace never meet the same visitor, and together they meet everybody."""
    halves = [replace(PLAIN, namespace=Namespace("promo", start, start + 0.5)) for start in (0.0, 0.5)]
    for number in range(200):
        first, second = (assigned(half, {"id": f"v{number}"}) for half in halves)
        assert first.in_experiment is not second.in_experiment
        assert "not_in_namespace" in (first.reason, second.reason)


def test_filters_have_attributes_of_their_own() -> None:
    """A filter on a missing attribute keeps everybody out; all filters have to let a visitor in."""
    open_to_all = Filter("f", ((0.0, 1.0),), "id")
    closed = Filter("f", ((0.0, 0.0),), "id")
    facts = {"id": "a"}
    assert assigned(replace(PLAIN, filters=(open_to_all,)), facts).reason == "assigned"
    assert assigned(replace(PLAIN, filters=(open_to_all, closed)), facts).reason == "filtered"
    assert assigned(replace(PLAIN, filters=(replace(open_to_all, attribute="store"),)), facts).reason == "filtered"


def test_forced_arms() -> None:
    """Named visitors get their arm whatever else holds; `force` is for those who take part."""
    named = replace(PLAIN, forced_for={"ann": 2}, coverage=0.0)
    assert assigned(named, {"id": "ann"}) == Assignment(2, True, "forced")
    assert assigned(named, {"id": "bob"}).reason == "not_covered"
    assert assigned(replace(PLAIN, force=1), {"id": "bob"}) == Assignment(1, True, "forced")
    assert assigned(replace(PLAIN, force=1, coverage=0.0), {"id": "bob"}).reason == "not_covered"


def test_a_sticky_arm_stays() -> None:
    """It outlives new weights, coverage and namespaces, and is kept under the key that GrowthBook uses."""
    first = assigned(STICKY, {"id": "a"})
    key, name = first.remember or ("", "")
    assert (key, name) == ("sale__0", NAMES[first.arm])
    narrowed = replace(STICKY, coverage=0.0, namespace=Namespace("promo", 0.0, 0.0))
    later = assigned(narrowed, {"id": "a"}, {key: name})
    assert (later.arm, later.in_experiment, later.reason, later.remember) == (first.arm, True, "sticky", (key, name))


def test_a_sticky_arm_that_is_gone_is_assigned_anew() -> None:
    """A name that no variation has, and another bucket version, do not count."""
    for sticky in ({"sale__0": "retired"}, {"sale__1": "loud"}, {"other__0": "loud"}):
        assert assigned(STICKY, {"id": "a"}, sticky) == assigned(STICKY, {"id": "a"})


def test_old_bucket_versions_are_blocked() -> None:
    """Who had an arm of a version below the minimum is left out; the others are not."""
    restarted = replace(STICKY, bucket_version=2, min_bucket_version=2)
    assert assigned(restarted, {"id": "a"}, {sticky_key("sale", 1): "loud"}) == Assignment(0, False, "sticky_blocked")
    assert assigned(restarted, {"id": "a"}, {sticky_key("sale", 2): "loud"}).reason == "sticky"
    assert assigned(restarted, {"id": "a"}).reason == "assigned"
    out = replace(restarted, namespace=Namespace("promo", 0.0, 0.0))
    assert assigned(out, {"id": "a"}, {sticky_key("sale", 1): "loud"}).reason == "not_in_namespace"


def test_an_arm_survives_the_login() -> None:
    """Before it the device is hashed, after it the login; the device's document carries the arm over."""
    before = assigned(STICKY, {"device": "d"})
    assert before.bucket == hash_value("sale", "d")
    document = dict([before.remember or ("", "")])
    logins = [assigned(STICKY, {"device": "d", "id": f"v{number}"}, document) for number in range(20)]
    assert {login.arm for login in logins} == {before.arm}
    assert {login.remember for login in logins} == {before.remember}


def test_a_fallback_is_for_sticky_experiments_only() -> None:
    """Else the arm would change at the login."""
    assert assigned(replace(STICKY, sticky=False), {"device": "d"}).reason == "no_attribute"


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"weights": (0.5, 0.3, 0.1)}, "weights", "weights sum to 0.9, not to 1"),
        ({"weights": (0.6, 0.6, 0.6)}, "weights", "weights sum to 1.8, not to 1"),
        ({"weights": (0.5, 0.5)}, "weights", "2 weights for 3 variations"),
        ({"weights": (1.5, -0.5, 0.0)}, "weights", "weight -0.5 is below 0"),
        ({"weights": (float("nan"), 0.5, 0.5)}, "weights", "below 0"),
        ({"coverage": 1.2}, "coverage", "coverage 1.2 is not between 0 and 1"),
        ({"coverage": float("nan")}, "coverage", "not between 0 and 1"),
        ({"ranges": ((0.0, 0.5), (0.4, 0.8), (0.8, 1.0))}, "ranges", "ranges 0.0-0.5 and 0.4-0.8 overlap"),
        ({"ranges": ((0.0, 0.5), (0.5, 0.8), (0.8, 1.1))}, "ranges", "range 0.8-1.1 is not within 0 and 1"),
        ({"ranges": ((0.5, 0.0), (0.5, 0.8), (0.8, 1.0))}, "ranges", "start first"),
        ({"ranges": ((0.0, 0.5),)}, "ranges", "1 ranges for 3 variations"),
        ({"namespace": Namespace("promo", 0.5, 0.5)}, "namespace", "namespace promo starts at 0.5 and ends at 0.5"),
        ({"namespace": Namespace("promo", 0.5, 1.5)}, "namespace", "range 0.5-1.5 is not within 0 and 1"),
        ({"filters": (Filter("f", ((0.0, 2.0),)),)}, "filters", "range 0.0-2.0 is not within 0 and 1"),
        (
            {"filters": (Filter("f", ((0.0, 1.0),)),), "namespace": Namespace("promo", 0.0, 1.0)},
            "filters",
            "give only one",
        ),
        ({"force": 3}, "force", "forced variation 3 is unknown"),
        ({"forced_for": {"ann": -1}}, "forced_for", "variation -1 forced for ann is unknown"),
        ({"hash_version": 3}, "hash_version", "hash version 3 is unknown"),
        ({"fallback_attribute": "device"}, "fallback_attribute", "needs sticky"),
        ({"min_bucket_version": 1}, "min_bucket_version", "not between 0 and bucket_version"),
    ],
)
def test_a_wrong_experiment_is_refused(changes: dict[str, Any], field: str, message: str) -> None:
    """Each fault has its own message and names its field."""
    with pytest.raises(InvalidExperiment) as caught:
        check_experiment(replace(PLAIN, **changes), NAMES)
    assert (caught.value.experiment, caught.value.field) == ("sale", field)
    assert message in caught.value.message


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("calm",), "two variations or more"),
        (("calm", "loud"), "there are 2"),
        (("calm", "loud", "calm"), "calm is there twice"),
    ],
)
def test_wrong_names_are_refused(names: tuple[str, ...], message: str) -> None:
    """Variations go by their names, so these are as many as arms and all different."""
    with pytest.raises(InvalidExperiment, match=message):
        check_experiment(PLAIN, names)


def test_a_right_experiment_passes() -> None:
    """Rounded weights, touching ranges and a whole set of fields are right."""
    check_experiment(replace(PLAIN, weights=(0.3333, 0.3333, 0.3333)), NAMES)
    check_experiment(replace(PLAIN, ranges=((0.0, 0.5), (0.5, 0.75), (0.75, 1.0))), NAMES)
    sticky = replace(STICKY, bucket_version=2, min_bucket_version=1, namespace=Namespace("promo", 0.0, 0.5), force=2)
    check_experiment(sticky, NAMES)


def test_shares_of_a_namespace_do_not_overlap() -> None:
    """Two experiments that claim the same part of a namespace are refused by name; touching ones are not."""

    def claiming(key: str, space: str, start: float, end: float) -> Experiment:
        return Experiment(key, 2, namespace=Namespace(space, start, end))

    check_namespaces([claiming("a", "promo", 0.0, 0.5), claiming("b", "promo", 0.5, 1.0), claiming("c", "x", 0.0, 1.0)])
    check_namespaces([PLAIN, PLAIN])
    with pytest.raises(InvalidExperiment, match=r"a \(0.0-0.6\) and b \(0.5-1.0\) overlap in namespace promo"):
        check_namespaces([claiming("b", "promo", 0.5, 1.0), PLAIN, claiming("a", "promo", 0.0, 0.6)])
