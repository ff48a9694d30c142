"""Experiments of the files compiled: names of variations become the arms' numbers."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from vitrine.api.store_campaigns import CampaignFile, ExperimentFile
from vitrine.api.store_faults import Place, Refuse, suggest
from vitrine.api.store_scope import Scope
from vitrine.decisions.campaigns import Campaign
from vitrine.rules.experiment_checks import InvalidExperiment, check_experiment, check_namespaces
from vitrine.rules.experiments import Experiment, Namespace


def compile_experiment(campaign: str, file: CampaignFile, scope: Scope, at: Place) -> Experiment | None:
    """The experiment over a campaign's variations, None where there is nothing to choose. Equal weights by default."""
    if file.variations is None:
        return None
    said, names = file.experiment or ExperimentFile(), list(file.variations)
    wrong = list(_unknown_names(said, names))
    for place, name in wrong:
        hint = suggest(name, names, "variations")
        scope.refuse((*at, *place), f"there is no variation {name!r}", hint)
    for field in ("weights", "ranges"):
        lacking = [name for name in names if (given := getattr(said, field)) is not None and name not in given]
        if lacking:
            scope.refuse((*at, field), f"lacks the variation {lacking[0]!r}", "name every variation")
            wrong.append(((field,), lacking[0]))
    scope.known_attribute(said.attribute, (*at, "attribute"))
    scope.known_attribute(said.fallback_attribute, (*at, "fallback_attribute"))
    if wrong:
        return None
    experiment = _experiment(said.key or campaign, said, names)
    for _ in _SOUND:  # a check stops at the first fault; without it the next one shows
        try:
            check_experiment(experiment, names)
        except InvalidExperiment as error:
            scope.refuse((*at, error.field), error.message, _HINTS.get(error.field, ""))
            if error.field not in _SOUND:
                break
            mended: dict[str, Any] = {error.field: _SOUND[error.field]}
            experiment = replace(experiment, **mended)
        else:
            break
    return experiment


def check_exclusive(campaigns: Iterable[Campaign], refuse: Refuse) -> None:
    """Refuse ranges of one namespace that two experiments claim. Campaigns that share a key share an experiment."""
    owners: dict[str, str] = {}
    left: dict[str, Experiment] = {}
    for campaign in campaigns:
        if campaign.experiment is not None:
            owners.setdefault(campaign.experiment.key, campaign.name)
            left.setdefault(campaign.experiment.key, campaign.experiment)
    while True:
        try:
            return check_namespaces(left.values())
        except InvalidExperiment as error:
            refuse(
                ("campaigns", owners[error.experiment], "experiment", "namespace"),
                error.message,
                "give each its own part of the namespace",
            )
            del left[error.experiment]


_SOUND: Final[Mapping[str, Any]] = {
    "weights": None,
    "coverage": 1.0,
    "ranges": None,
    "namespace": None,
    "fallback_attribute": None,
    "min_bucket_version": 0,
}
"""Values of the fields that can be wrong, with which nothing is."""

_HINTS: Final[Mapping[str, str]] = {
    "weights": "weights are shares of 1, such as {a: 0.5, b: 0.5}",
    "ranges": "ranges are parts of 0 to 1 that do not overlap, such as {a: [0, 0.5], b: [0.5, 1]}",
    "namespace": "write [name, start, end] with 0 <= start < end <= 1",
    "coverage": "coverage is the share of visitors who take part, 0 to 1",
}


def _unknown_names(file: ExperimentFile, names: Sequence[str]) -> Iterable[tuple[Place, str]]:
    mentioned: list[tuple[Place, str]] = [(("weights", name), name) for name in file.weights or ()]
    mentioned += [(("ranges", name), name) for name in file.ranges or ()]
    mentioned += [(("forced_for", value), name) for value, name in file.forced_for.items()]
    mentioned += [] if file.force is None else [(("force",), file.force)]
    return [(place, name) for place, name in mentioned if name not in names]


def _experiment(key: str, file: ExperimentFile, names: Sequence[str]) -> Experiment:
    weights, ranges = file.weights, file.ranges
    return Experiment(
        key=key,
        n_variations=len(names),
        attribute=file.attribute,
        fallback_attribute=file.fallback_attribute,
        sticky=file.sticky,
        seed=file.seed,
        hash_version=file.hash_version,
        weights=None if weights is None else tuple(weights[name] for name in names),
        coverage=1.0 if file.coverage is None else file.coverage,
        ranges=None if ranges is None else tuple((ranges[name][0], ranges[name][1]) for name in names),
        namespace=None if file.namespace is None else Namespace(*file.namespace),
        force=None if file.force is None else names.index(file.force),
        forced_for={value: names.index(name) for value, name in file.forced_for.items()},
        bucket_version=file.bucket_version,
        min_bucket_version=file.min_bucket_version,
    )
