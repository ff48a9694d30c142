"""A trial in the pointer, and the challenger beside the champion."""

import threading
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.pages import context
from vitrine.decisions.context import DecisionRequest, Options
from vitrine.decisions.release import Manifest, Pointer, parse_pointer
from vitrine.decisions.rollout import MAX_SHARE, TOP, Rollout, is_constant, overlap_of, parse_rollout
from vitrine.errors import InvalidModel
from vitrine.service.trial import TIME_SHARE, Challenger
from vitrine.types import Page

SHADOW = Rollout("ranker-2", "f" * 64, "shadow", 0.05, 1_000)
CANARY = replace(SHADOW, stage="canary")
ROWS = np.arange(60, dtype=np.float32).reshape(30, 2)
CONSENT = frozenset({"personalization"})


class Scripted:
    """A ranker that does what it is told with its rows."""

    def __init__(self, name: str, act: Callable[[NDArray[np.float32]], NDArray[np.float32]]) -> None:
        self.id = name
        self.act = act

    def score(self, features: NDArray[np.float32]) -> NDArray[np.float32]:
        """What it was told."""
        return self.act(features)


def first(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """The first feature."""
    return rows[:, 0].copy()


CHAMPION = Scripted("ranker-1", first)


def plenty() -> float:
    """Seconds that are left of a request that has just begun."""
    return 1.0


def beside(act, rollout: Rollout = CANARY, seconds=None, left_s=plenty):
    """A ranker of both, in a page view of the trial."""
    challenger = Challenger(rollout, Scripted(rollout.model, act), *([] if seconds is None else [seconds]))
    visitor = next(f"v{n}" for n in range(1_000) if CANARY.is_canary(f"v{n}"))
    decision = next(f"d{n}" for n in range(1_000) if SHADOW.is_shadowed(f"d{n}"))
    both = challenger.beside(
        CHAMPION, context(DecisionRequest(Page("home"), visitor=visitor, consent=CONSENT), decision=decision), left_s
    )
    assert both is not None
    return both


def test_a_pointer_carries_a_trial_through_its_row_and_through_releases():
    """A new release does not end a trial; a pointer without one has the row it always had."""
    pointer = Pointer("r1", "0" * 64, None, 1)
    assert "rollout" not in pointer.to_row()
    trial = pointer.with_rollout(SHADOW)
    assert (trial.rev, parse_pointer(trial.to_row())) == (2, trial)
    assert trial.followed_by(Manifest("r2", 0, 0, 0, {}), "1" * 64).rollout == SHADOW
    assert trial.names_the_release_of(pointer)
    assert trial.with_rollout(None).to_row() == replace(pointer, rev=3).to_row()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"model":"m"}', SHADOW.to_text().replace("shadow", "full"), SHADOW.to_text()[:-1]]
    + [replace(SHADOW, share=share).to_text() for share in (0.0, -0.1, 0.06, 1.0)],
)
def test_a_damaged_or_excessive_trial_is_none_and_spoils_no_pointer(text):
    """The release is served; nobody is shown a challenger to more visitors than is allowed."""
    assert parse_rollout(text) is None
    row = Pointer("r1", "0" * 64, None, 1).to_row() | {"rollout": text}
    assert parse_pointer(row) == Pointer("r1", "0" * 64, None, 1)
    assert parse_pointer(row | {"rollout": 7}).rollout is None


def test_the_canary_is_a_fixed_twentieth_of_the_visitors():
    """Within four standard errors; always the same ones, others for another ranker, nobody in the shadow."""
    visitors = [f"visitor-{n}" for n in range(20_000)]
    chosen = {visitor for visitor in visitors if CANARY.is_canary(visitor)}
    error = (MAX_SHARE * (1 - MAX_SHARE) / len(visitors)) ** 0.5
    assert abs(len(chosen) / len(visitors) - MAX_SHARE) < 4 * error
    assert chosen == {visitor for visitor in visitors if CANARY.is_canary(visitor)}
    others = {visitor for visitor in visitors if replace(CANARY, model="ranker-3").is_canary(visitor)}
    assert len(chosen & others) < len(chosen) / 5
    assert not any(SHADOW.is_canary(visitor) for visitor in visitors)
    assert not CANARY.is_canary(None)
    assert sum(SHADOW.is_shadowed(visitor) for visitor in visitors) > 0.8 * len(chosen)


@given(st.permutations(range(40)), st.permutations(range(40)))
def test_overlap_is_the_share_of_common_first_places(one, other):
    """It is symmetric, 1 for the same order, and what sets say."""
    first_scores, second = (np.array(order, np.float32) for order in (one, other))
    tops = [set(np.argsort(-scores)[:TOP].tolist()) for scores in (first_scores, second)]
    assert overlap_of(first_scores, second) == len(tops[0] & tops[1]) / TOP == overlap_of(second, first_scores)
    assert overlap_of(first_scores, first_scores) == 1.0


def test_few_candidates_have_no_overlap_to_tell_of():
    """Among nineteen, the first ten of any two orders have one in common; the order turned round of twenty none."""
    scores = np.arange(2 * TOP, dtype=np.float32)
    assert overlap_of(scores, -scores) == 0.0
    assert overlap_of(scores[1:], -scores[1:]) is None


def test_one_score_for_all_is_constant_and_one_candidate_is_not():
    """There is nothing to tell apart in one."""
    assert is_constant(np.zeros(2, np.float32))
    assert not is_constant(np.zeros(1, np.float32))
    assert not is_constant(np.array([0, 1], np.float32))


def test_a_canary_is_shown_the_challengers_scores():
    """Its id is that of whose scores were given; both were timed and compared."""
    both = beside(lambda rows: -rows[:, 0])
    assert both.score(ROWS).tolist() == (-ROWS[:, 0]).tolist()
    assert (both.id, both.trial.model, both.trial.stage, both.trial.n) == ("ranker-2", "ranker-2", "canary", 30)
    assert both.trial.failure is None
    assert both.trial.overlap == 0.0
    assert both.trial.ms >= 0.0


def test_the_shadow_shows_the_champion():
    """The same is measured, and nobody sees it."""
    both = beside(lambda rows: -rows[:, 0], SHADOW)
    assert both.score(ROWS).tolist() == ROWS[:, 0].tolist()
    assert (both.id, both.trial.model, both.trial.stage) == ("ranker-1", "ranker-2", "shadow")
    assert both.trial.overlap == 0.0


def fail(rows):
    """What a ranker may raise."""
    raise InvalidModel("not finite")


def crash(rows):
    """What no ranker should raise."""
    raise MemoryError


def halve(rows):
    """A score for every other row."""
    return rows[::2, 0].copy()


def nan(rows):
    """One score that is none."""
    return np.where(np.arange(len(rows)) == 3, np.nan, rows[:, 0]).astype(np.float32)


@pytest.mark.parametrize("act", [fail, crash, halve, nan])
def test_whatever_a_challenger_does_the_champion_answers(act):
    """Errors of any kind, a wrong number of scores and scores that are none fall back within the page view."""
    both = beside(act)
    assert both.score(ROWS).tolist() == ROWS[:, 0].tolist()
    assert (both.id, both.trial.failure, both.trial.ms) == ("ranker-1", "invalid", None)


def test_a_challenger_that_hangs_holds_nobody_up():
    """The page view waits its share of the deadline, the next one not at all while the first is still being scored."""
    release = threading.Event()

    def hang(rows):
        release.wait(5)
        return first(rows)

    both = beside(hang)
    both.score(ROWS)
    assert both.trial.failure == "late"
    both.score(ROWS)
    assert (both.id, both.trial.failure) == ("ranker-1", "busy")
    release.set()


@pytest.mark.parametrize("rollout", [CANARY, SHADOW])
def test_a_challenger_is_not_asked_when_its_share_of_the_time_is_not_left(rollout):
    """The page view does not wait, and is no trial: lateness would be the fault of what came before."""
    asked, left = [], [0.1, 0.001]

    def note(rows):
        asked.append(len(rows))
        return first(rows)

    both = beside(note, rollout, left_s=lambda: left.pop(0))
    both.score(ROWS)
    assert both.trial.failure is None
    assert both.score(ROWS).tolist() == ROWS[:, 0].tolist()
    assert (asked, both.id, both.trial) == ([30], "ranker-1", None)


def test_both_are_timed_in_milliseconds_of_the_clock():
    """The champion first, then the challenger in its own thread."""
    ticks = iter([0.0, 0.001, 5.0, 5.02])
    both = beside(first, seconds=lambda: next(ticks))
    both.score(ROWS)
    assert (both.trial.champion_ms, both.trial.ms) == (1.0, 20.0)


def test_a_champion_that_fails_leaves_no_trial():
    """Then rank fusion stands in, as without a trial."""
    challenger = Challenger(CANARY, CHAMPION)
    visitor = next(f"v{n}" for n in range(1_000) if CANARY.is_canary(f"v{n}"))
    both = challenger.beside(
        Scripted("ranker-1", fail), context(DecisionRequest(Page("home"), visitor=visitor, consent=CONSENT)), plenty
    )
    assert both is not None
    with pytest.raises(InvalidModel):
        both.score(ROWS)
    assert both.trial is None


def test_a_trial_has_no_part_in_strangers_and_in_most_others():
    """Who is not recognised leaves no record; a dry run sees what its visitor would see, and is no shadow."""
    visitor = next(f"v{n}" for n in range(1_000) if CANARY.is_canary(f"v{n}"))
    decision = next(f"d{n}" for n in range(1_000) if SHADOW.is_shadowed(f"d{n}"))
    dry = DecisionRequest(Page("home"), visitor=visitor, consent=CONSENT, options=Options(dry_run=True))
    shadow, canary = (Challenger(rollout, CHAMPION) for rollout in (SHADOW, CANARY))
    nobody = DecisionRequest(Page("home"), visitor="nobody", consent=CONSENT)
    assert canary.beside(CHAMPION, context(), plenty) is None
    assert shadow.beside(CHAMPION, context(decision=decision), plenty) is None
    assert canary.beside(CHAMPION, context(nobody), plenty) is None
    assert canary.beside(CHAMPION, context(dry), plenty) is not None
    assert shadow.beside(CHAMPION, context(dry, decision=decision), plenty) is None
    assert TIME_SHARE < 0.2
