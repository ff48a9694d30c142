"""Experiments: who gets which arm. GrowthBook's fields and its order of checks, so that both give the same arm."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final, Literal

from vitrine.rules.bucketing import (
    HashVersion,
    Range,
    bucket_ranges,
    choose_variation,
    hash_value,
    in_namespace,
    in_range,
)
from vitrine.rules.javascript import is_true, text_of
from vitrine.values import dataclass, field

Reason = Literal[
    "assigned",
    "sticky",
    "forced",
    "no_attribute",
    "not_covered",
    "not_in_namespace",
    "filtered",
    "sticky_blocked",
]
DEFAULT_ATTRIBUTE: Final = "visitor.id"


@dataclass(frozen=True, slots=True)
class Namespace:
    """A share of a namespace: experiments whose shares of one namespace are apart never meet the same visitor."""

    id: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Filter:
    """Only visitors whose bucket under this seed lies in one of the ranges."""

    seed: str
    ranges: tuple[Range, ...]
    attribute: str = DEFAULT_ATTRIBUTE
    hash_version: HashVersion = 2


@dataclass(frozen=True, slots=True)
class Experiment:
    """An experiment over n arms, with GrowthBook's fields.

    `seed` None is the key. `weights` None are equal ones; `ranges` stand for weights and coverage, one per arm.
    `filters` stand for the namespace. `force` is the arm of everybody who is in it, `forced_for` that of some by the
    value of the attribute, whoever they are. `fallback_attribute` stands in where the attribute is missing, but only
    if `sticky`, because else the arm would change at a login. Visitors with a sticky arm of a bucket version below
    `min_bucket_version` are left out.
    """

    key: str
    n_variations: int
    attribute: str = DEFAULT_ATTRIBUTE
    fallback_attribute: str | None = None
    sticky: bool = False
    seed: str | None = None
    hash_version: HashVersion = 2
    weights: tuple[float, ...] | None = None
    coverage: float = 1.0
    ranges: tuple[Range, ...] | None = None
    namespace: Namespace | None = None
    filters: tuple[Filter, ...] = ()
    force: int | None = None
    forced_for: Mapping[str, int] = field(default_factory=dict)
    bucket_version: int = 0
    min_bucket_version: int = 0


@dataclass(frozen=True, slots=True)
class Assignment:
    """The arm (index) of a visitor. `in_experiment` is False where they only get the first arm, uncounted.

    A forced arm is shown but says nothing of the experiment: do not count it. `bucket` is the hash in [0, 1) that
    decided, also where it decided that they are not covered. `remember` is the sticky document to keep, (experiment
    key with bucket version, variation name), of every sticky experiment they are in, whether it is new or was found:
    an arm found in the device's document has still to be written to the login's. None where there is nothing to keep.
    """

    arm: int
    in_experiment: bool
    reason: Reason
    bucket: float | None = None
    remember: tuple[str, str] | None = None


def assign(
    experiment: Experiment, lookup: Callable[[str], Any], sticky: Mapping[str, str], names: tuple[str, ...]
) -> Assignment:
    """The arm of the visitor whose attributes `lookup` gives.

    `sticky` holds the names of earlier arms by `sticky_key`: the device's and the login's document, the login's
    winning where both know one. `names` are those of the arms, in order.
    """
    value = _hashed_value(experiment, lookup)
    forced = experiment.forced_for.get(value) if value is not None else None
    if forced is not None:
        return Assignment(forced, True, "forced")
    if value is None:
        return _left_out("no_attribute")
    arm = _sticky_arm(experiment, sticky, names)
    if arm is None and (reason := _kept_out(experiment, lookup, value)):
        return _left_out(reason)
    if experiment.sticky and _is_blocked(experiment, sticky):
        return _left_out("sticky_blocked")
    bucket = hash_value(experiment.seed or experiment.key, value, experiment.hash_version)
    assigned = _arm_of(experiment, bucket, arm)
    if experiment.sticky and assigned.reason in ("assigned", "sticky"):
        return replace(assigned, remember=(sticky_key(experiment.key, experiment.bucket_version), names[assigned.arm]))
    return assigned


def sticky_key(key: str, bucket_version: int) -> str:
    """The name of an experiment in sticky documents, as GrowthBook writes it."""
    return f"{key}__{bucket_version}"


def _hashed_value(experiment: Experiment, lookup: Callable[[str], Any]) -> str | None:
    value = _text_at(experiment.attribute, lookup)
    if value is None and experiment.sticky and experiment.fallback_attribute is not None:
        return _text_at(experiment.fallback_attribute, lookup)
    return value


def _text_at(path: str, lookup: Callable[[str], Any]) -> str | None:
    """The text to hash, None where there is none. 0, "" and false count as none, as in GrowthBook."""
    value = lookup(path)
    return text_of(value) if is_true(value) else None


def _kept_out(experiment: Experiment, lookup: Callable[[str], Any], value: str) -> Reason | None:
    """Why the visitor is kept out before any arm is chosen, None if they are not."""
    if experiment.filters:
        return None if all(_passes(each, lookup) for each in experiment.filters) else "filtered"
    space = experiment.namespace
    if space is None or in_namespace(value, space.id, (space.start, space.end)):
        return None
    return "not_in_namespace"


def _passes(each: Filter, lookup: Callable[[str], Any]) -> bool:
    value = _text_at(each.attribute, lookup)
    if value is None:
        return False
    bucket = hash_value(each.seed, value, each.hash_version)
    return any(in_range(bucket, part) for part in each.ranges)


def _sticky_arm(experiment: Experiment, sticky: Mapping[str, str], names: tuple[str, ...]) -> int | None:
    """The arm they had before, None without one or when it is blocked or no longer there."""
    if not experiment.sticky or _is_blocked(experiment, sticky):
        return None
    name = sticky.get(sticky_key(experiment.key, experiment.bucket_version))
    return names.index(name) if name in names else None


def _is_blocked(experiment: Experiment, sticky: Mapping[str, str]) -> bool:
    return any(sticky_key(experiment.key, version) in sticky for version in range(experiment.min_bucket_version))


def _arm_of(experiment: Experiment, bucket: float, sticky_arm: int | None) -> Assignment:
    arm = sticky_arm if sticky_arm is not None else choose_variation(bucket, arm_ranges(experiment))
    if arm is None or arm >= experiment.n_variations:
        return Assignment(0, False, "not_covered", bucket)
    if experiment.force is not None:
        return Assignment(experiment.force, True, "forced")
    return Assignment(arm, True, "assigned" if sticky_arm is None else "sticky", bucket)


def arm_ranges(experiment: Experiment) -> tuple[Range, ...]:
    """The part of [0, 1) of each arm."""
    if experiment.ranges is not None:
        return experiment.ranges
    return bucket_ranges(experiment.n_variations, experiment.coverage, experiment.weights)


def _left_out(reason: Reason) -> Assignment:
    return Assignment(0, False, reason)
