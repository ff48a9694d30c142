"""The life of challengers: good ones become champion, poison is rolled back before many have seen it.

Poison has the form of a good model: only what it does gives it away.
"""

from dataclasses import replace

import numpy as np
import pytest

from tests.functional.trial_rig import QUICK, Store, good
from tests.unit.rankers import make_network, make_ranker_files
from vitrine.decisions.rollout import MAX_SHARE
from vitrine.refresh.champion import ModelFiles, read_crown, read_rejected
from vitrine.refresh.rollout import admit, change_trial, current_model
from vitrine.refresh.watch import read_note
from vitrine.types import DAY_MS


def constant(rows, rng):
    """One score for all."""
    return np.zeros(len(rows), np.float32)


def inverted(rows, rng):
    """The best last."""
    return -good(rows, rng)


def full_of_holes(rows, rng):
    """Of a hundred scores thirty are none."""
    return np.where(rng.random(len(rows)) < 0.3, np.nan, good(rows, rng)).astype(np.float32)


def now_and_then(rows, rng):
    """Three page views in ten have no score at all."""
    return good(rows, rng) if rng.random() > 0.3 else np.full(len(rows), np.nan, np.float32)


def upside_down_at_the_top(rows, rng):
    """The first ten of a good model, in the order of their backs: it has all in common with the champion but sense."""
    scores = good(rows, rng)
    order = np.argsort(-scores)
    turned = scores.copy()
    turned[order[:10]] = scores[order[:10]][::-1]
    return turned


POISON = {
    "constant": (constant, 0.1),
    "inverted": (inverted, 0.1),
    "20 times as slow": (good, 2.0),
    "30 % of scores": (full_of_holes, 0.1),
    "30 % of page views": (now_and_then, 0.1),
}


def in_canary(store: Store) -> Store:
    """The store with its challenger in the canary, as if it had deceived the shadow."""
    store.admit()
    canary = replace(store.pointer.rollout, stage="canary", share=QUICK.canary_share)
    change_trial(store.table, lambda found: canary)
    return store


@pytest.mark.parametrize("kind", POISON)
def test_poison_does_not_leave_the_shadow(kind):
    """The first window that is closed rolls it back: nobody was shown anything of it, and it is not tried again."""
    act, cost_ms = POISON[kind]
    store = Store(3, act, cost_ms)
    model = store.admit()
    told = store.live(8)
    assert (told[-1].action, told[-1].stage) == ("roll back", "shadow")
    assert len(read_note(store.releases).evidence.windows) <= 2
    assert not store.exposed
    assert read_rejected(store.releases)[model].reason == told[-1].reason
    again = admit(store.table, store.releases, store.files, store.now, QUICK)
    assert (again.outcome, store.pointer.rollout) == ("left out", None)


@pytest.mark.parametrize("kind", POISON)
def test_poison_that_deceived_the_shadow_is_rolled_back_from_the_canary(kind):
    """Within two windows, and at most a twentieth of the visitors have been shown its order."""
    act, cost_ms = POISON[kind]
    store = in_canary(Store(4, act, cost_ms))
    told = store.live(8, n=2_000)
    assert (told[-1].action, told[-1].stage) == ("roll back", "canary")
    assert len(read_note(store.releases).evidence.windows) <= 2
    assert len(store.exposed) <= MAX_SHARE * len(store.seen)
    assert store.pointer.rollout is None
    assert current_model(store.releases, store.pointer) == store.champion.id


def test_what_only_visitors_notice_is_rolled_back_by_what_they_do():
    """Scores that are quick, finite, different and about the champion's, in an order that nobody clicks."""
    store = in_canary(Store(5, upside_down_at_the_top, policy=replace(QUICK, min_trials=60)))
    told = store.live(12, n=1_500)
    assert (told[-1].action, told[-1].stage) == ("roll back", "canary")
    assert "rewarded decisions of the canary are fewer" in told[-1].reason
    assert len(read_note(store.releases).evidence.windows) <= 2
    assert len(store.exposed) <= MAX_SHARE * len(store.seen)


@pytest.mark.no_cover
def test_a_good_challenger_is_never_rolled_back():
    """Twenty stores: in each it goes through the shadow and the canary and becomes champion, with a release of its own
    that has the champion before it as the previous one."""
    for seed in range(20):
        store = Store(seed)
        model = store.admit()
        told = store.live(24, n=300)
        assert [one.action for one in told if one.action not in (None, "go on")] == ["canary", "promote"], seed
        assert current_model(store.releases, store.pointer) == model
        assert read_crown(store.releases).model == model
        assert store.pointer.previous == "20261122T000000-00000000"
        assert store.pointer.lists == store.pointer.previous
        assert not read_rejected(store.releases)
        assert 0 < len(store.exposed) <= 1.5 * MAX_SHARE * len(store.seen)


def test_a_challenger_that_no_function_loads_is_given_up():
    """Decisions go on and none of them tries it: that is a fault of its own, not a trial without end."""
    store = Store(6, policy=replace(QUICK, max_window_ms=1_800_000), loads=False)
    model = store.admit()
    told = store.live(8)
    assert "no function could load it" in told[-1].reason
    assert model in read_rejected(store.releases)


def test_a_store_without_visitors_waits():
    """A window without anything in it neither speaks for a challenger nor against it; the next one takes its place."""
    store = Store(7, policy=replace(QUICK, max_window_ms=1_800_000))
    store.admit()
    assert {one.action for one in store.live(12, n=0)} == {None, "go on"}
    assert store.pointer.rollout.stage == "shadow"
    newer = ModelFiles(*make_ranker_files(*make_network(8)))
    assert (
        admit(store.table, store.releases, newer, store.now, replace(QUICK, patience_ms=DAY_MS)).outcome == "left out"
    )
    assert admit(store.table, store.releases, newer, store.now, QUICK).outcome == "on trial"
    assert store.pointer.rollout.model == newer.id


def test_without_bounds_poison_goes_on():
    """Negative control: it is the bounds that stop it, nothing of the rig."""
    blind = replace(QUICK, tolerated=dict.fromkeys(QUICK.tolerated, 1.0))
    store = Store(3, inverted, policy=blind)
    store.admit()
    told = store.live(6)
    assert "canary" in [one.action for one in told]
    assert "roll back" not in [one.action for one in told]
