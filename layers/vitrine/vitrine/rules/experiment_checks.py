"""What is refused of an experiment before it runs. GrowthBook mends such things in silence; we say what is wrong."""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from vitrine.errors import VitrineError
from vitrine.rules.bucketing import Range
from vitrine.rules.experiments import Experiment, Filter, Namespace

_SUM_TOLERANCE: Final = 0.001


class InvalidExperiment(VitrineError):
    """An experiment is wrong. `field` is its field that is, `experiment` its key."""

    def __init__(self, message: str, experiment: str, field: str) -> None:
        super().__init__(message)
        self.message = message
        self.experiment = experiment
        self.field = field


def check_experiment(experiment: Experiment, names: Sequence[str]) -> None:
    """Nothing, if the experiment over the variations of these names can run.

    Raises:
        InvalidExperiment: at the first fault, with what is wrong.
    """
    for field, message in _faults(experiment, names):
        raise InvalidExperiment(message, experiment.key, field)


def check_namespaces(experiments: Iterable[Experiment]) -> None:
    """Nothing, if no two experiments claim the same part of a namespace. (GrowthBook allows it; a store does not.)

    Raises:
        InvalidExperiment: two do; it names both.
    """
    spaces = defaultdict(list)
    for experiment in experiments:
        if experiment.namespace is not None:
            space = experiment.namespace
            spaces[space.id].append((space.start, space.end, experiment.key))
    for name, shares in spaces.items():
        for (start, end, key), (other_start, other_end, other) in pairwise(sorted(shares)):
            if other_start < end:
                message = (
                    f"experiments {key} ({start}-{end}) and {other} ({other_start}-{other_end}) overlap in namespace "
                    f"{name}"
                )
                raise InvalidExperiment(message, other, "namespace")


def _faults(experiment: Experiment, names: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Field and message of each fault."""
    yield from _fault_in_names(names, experiment.n_variations)
    yield from _fault_in_weights(experiment)
    yield from _fault_in_ranges(experiment)
    yield from _fault_in_namespace(experiment.namespace, experiment.filters)
    yield from _fault_in_forced(experiment)
    yield from _fault_in_stickiness(experiment)


def _fault_in_names(names: Sequence[str], n_variations: int) -> Iterable[tuple[str, str]]:
    if len(names) < 2 or len(names) != n_variations:
        yield "variations", f"an experiment needs two variations or more, each with a name; there are {len(names)}"
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        yield "variations", f"variation {twice[0]} is there twice"


def _fault_in_weights(experiment: Experiment) -> Iterable[tuple[str, str]]:
    weights = experiment.weights
    if not 0 <= experiment.coverage <= 1:
        yield "coverage", f"coverage {experiment.coverage} is not between 0 and 1"
    if weights is None:
        return
    if len(weights) != experiment.n_variations:
        yield "weights", f"{len(weights)} weights for {experiment.n_variations} variations"
    if not all(weight >= 0 for weight in weights):
        yield "weights", f"weight {min(weights)} is below 0"
    if not abs(math.fsum(weights) - 1) <= _SUM_TOLERANCE:
        yield "weights", f"weights sum to {math.fsum(weights):g}, not to 1"


def _fault_in_ranges(experiment: Experiment) -> Iterable[tuple[str, str]]:
    ranges = experiment.ranges
    if ranges is None:
        return
    if len(ranges) != experiment.n_variations:
        yield "ranges", f"{len(ranges)} ranges for {experiment.n_variations} variations"
    yield from _outside("ranges", ranges)
    for (start, end), (other_start, other_end) in pairwise(sorted(ranges)):
        if other_start < end:
            yield "ranges", f"ranges {start}-{end} and {other_start}-{other_end} overlap"


def _outside(field: str, ranges: Iterable[Range]) -> Iterable[tuple[str, str]]:
    for start, end in ranges:
        if not (0 <= start <= end <= 1):
            yield field, f"range {start}-{end} is not within 0 and 1, start first"


def _fault_in_namespace(namespace: Namespace | None, filters: Sequence[Filter]) -> Iterable[tuple[str, str]]:
    if namespace is not None and filters:
        yield "filters", "filters stand for a namespace: give only one of the two"
    for each in filters:
        yield from _outside("filters", each.ranges)
    if namespace is None:
        return
    if not namespace.start < namespace.end:
        yield "namespace", f"namespace {namespace.id} starts at {namespace.start} and ends at {namespace.end}"
    yield from _outside("namespace", [(namespace.start, namespace.end)])


def _fault_in_forced(experiment: Experiment) -> Iterable[tuple[str, str]]:
    arms = range(experiment.n_variations)
    if experiment.force is not None and experiment.force not in arms:
        yield "force", f"forced variation {experiment.force} is unknown"
    for value, arm in experiment.forced_for.items():
        if arm not in arms:
            yield "forced_for", f"variation {arm} forced for {value} is unknown"


def _fault_in_stickiness(experiment: Experiment) -> Iterable[tuple[str, str]]:
    if experiment.hash_version not in (1, 2):
        yield "hash_version", f"hash version {experiment.hash_version} is unknown; there are 1 and 2"
    if experiment.fallback_attribute is not None and not experiment.sticky:
        yield "fallback_attribute", "a fallback attribute needs sticky: true, else the arm changes at a login"
    if not 0 <= experiment.min_bucket_version <= experiment.bucket_version:
        yield "min_bucket_version", "min_bucket_version is not between 0 and bucket_version"
