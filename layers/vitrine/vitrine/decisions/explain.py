"""Why a decision is as it is, for operators: campaigns and what each lost by, items and everything that moved them.

Built from what the decision used, after it was made: it asks nothing anew, so it cannot tell a story of its own. Never
part of an answer to a visitor.
"""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any, Final, Protocol

import numpy as np

from vitrine.decisions.answers import Answer, Considered, Slot
from vitrine.decisions.campaigns import Campaign
from vitrine.decisions.candidates import Candidates, Floats, Role
from vitrine.decisions.context import Context
from vitrine.decisions.features import FEATURES, features
from vitrine.types import ItemId

DIGITS: Final = 6  # about what a float32 holds
N_STANDING_OUT: Final = 4


class Facts(Protocol):
    """The attributes of a decision. `known` holds those that were asked for: a condition stops at its first fault, so
    what is not in it was never looked at; None is looked at and unknown."""

    @property
    def known(self) -> Mapping[str, Any]:
        """Value by path."""
        ...


class Ranked(Protocol):
    """Candidates with a score each; ranking.Ranking is one."""

    @property
    def candidates(self) -> Candidates:
        """The candidates."""
        ...

    @property
    def scores(self) -> Floats:
        """float32 [n]."""
        ...

    @property
    def model(self) -> str | None:
        """Who gave the scores, None for rank fusion."""
        ...


def explanation(
    context: Context,
    facts: Facts,
    campaigns: Sequence[Campaign],
    ranking: Ranked,
    answers: Sequence[Answer],
    seeds: Sequence[tuple[ItemId, Role, float]],
    elapsed_days: float,
) -> Mapping[str, Any]:
    """The explanation as plain JSON values.

    `campaigns` are the store's, so that one that lost by its condition can be told by the attributes it looks at.
    Scores have no unit: they compare the candidates of one page. Features are those of `features.FEATURES`, None for a
    missing one; `stands_out` tells the features in which an item is farthest from the page's candidates, in their
    standard deviations. Items that were no candidates (stand-ins, a listing's own) have neither.
    """
    by_name = {campaign.name: campaign for campaign in campaigns}
    scored = _Scored(ranking, elapsed_days)
    return {
        "decision": context.decision,
        "at": context.now.isoformat(),
        "region": context.region,
        "region_source": context.region_source,
        "locale": context.locale,
        "model": ranking.model,
        "n_candidates": len(ranking.candidates),
        "attributes": {path: _json(value) for path, value in sorted(facts.known.items())},
        "seeds": [{"item": item, "role": role, "weight": _json(weight)} for item, role, weight in seeds],
        "placements": {answer.placement: _placement(answer, by_name, facts.known, scored) for answer in answers},
    }


def _placement(
    answer: Answer, campaigns: Mapping[str, Campaign], known: Mapping[str, Any], scored: "_Scored"
) -> Mapping[str, Any]:
    return {
        "kind": answer.kind,
        "campaign": answer.campaign,
        "variation": answer.variation,
        "control": answer.control,
        "live": answer.live and answer.live.told(),
        "fallback": answer.fallback,
        "reasons": list(answer.reasons),
        "considered": [_considered(one, campaigns.get(one.campaign), known) for one in answer.considered],
        "items": [scored.told(slot) for slot in answer.items],
        "rows": [{"title": shelf.title, "items": [scored.told(slot) for slot in shelf.items]} for shelf in answer.rows],
        "dropped": dict(answer.dropped),
    }


def _considered(one: Considered, campaign: Campaign | None, known: Mapping[str, Any]) -> Mapping[str, Any]:
    """What became of a campaign; where its condition decided, the attributes that it looked at."""
    told: dict[str, Any] = {"campaign": one.campaign, "outcome": one.outcome}
    if one.variation is not None:
        told["variation"] = one.variation
    if one.bucket is not None:
        told["bucket"] = _json(one.bucket)
    if one.live is not None:
        told["live"] = one.live.told()
    if one.outcome == "condition" and campaign is not None and campaign.condition is not None:
        looked_at = sorted(path for path in campaign.condition.paths if path in known)
        told["attributes"] = {path: _json(known[path]) for path in looked_at}
    return told


class _Scored:
    """Items of a decision by what the ranker saw of them."""

    def __init__(self, ranking: Ranked, elapsed_days: float) -> None:
        candidates = ranking.candidates
        self._ranking = ranking
        self._at = {item: index for index, item in enumerate(candidates.ids)}
        self._rows = features(candidates, elapsed_days)  # [n, d] float32
        self._apart = _standardised(self._rows)

    def told(self, slot: Slot) -> Mapping[str, Any]:
        """Everything about an item in its place."""
        told: dict[str, Any] = {
            "item": slot.item,
            "slot": slot.slot,
            "title": None if slot.card is None else slot.card.title,
            "reason": {"list": slot.reason.list, "item": slot.reason.seed},
            "score": _json(slot.score),
            "rules": list(slot.rules),
            "sponsor": slot.sponsor,
            "propensity": _json(slot.propensity),
        }
        at = self._at.get(slot.item)
        if at is None:
            return told | {"model_score": None, "lists": {}, "features": {}, "stands_out": {}}
        told["model_score"] = _json(float(self._ranking.scores[at]))
        told["lists"] = dict(self._lists(at))
        told["features"] = {name: _json(value) for name, value in zip(FEATURES, self._rows[at].tolist(), strict=True)}
        told["stands_out"] = dict(self._stands_out(at))
        return told

    def _stands_out(self, at: int) -> Iterator[tuple[str, Any]]:
        """The features in which a candidate differs most from the others, with how much."""
        apart = self._apart[at]
        for index in np.argsort(-np.abs(apart), kind="stable")[:N_STANDING_OUT]:
            if apart[index]:
                yield FEATURES[index], _json(float(apart[index]))

    def _lists(self, at: int) -> Iterator[tuple[str, Any]]:
        """The lists that name a candidate, with its score in each."""
        for name, column in self._ranking.candidates.lists.items():
            score = _json(float(column[at]))
            if score is not None:
                yield name, score


def _standardised(rows: Floats) -> Floats:
    """Each column in standard deviations from its mean: float32 [n, d], 0 where a value is missing or all are alike."""
    known = ~np.isnan(rows)
    n = np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, rows - np.nansum(rows, axis=0) / n, 0.0)
    deviation = np.sqrt((centred**2).sum(axis=0) / n)
    apart: Floats = np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 0).astype(np.float32)
    return apart


def _json(value: Any) -> Any:  # noqa: ANN401 - any value of an attribute
    """The value as JSON has it: numbers to six digits, no NaN, sets in order."""
    match value:
        case float():
            return float(f"{value:.{DIGITS}g}") if isfinite(value) else None
        case Mapping():
            return {str(key): _json(inner) for key, inner in value.items()}
        case frozenset() | set():
            return sorted(_json(inner) for inner in value)
        case list() | tuple():
            return [_json(inner) for inner in value]
        case None | bool() | int() | str():
            return value
    return str(value)
