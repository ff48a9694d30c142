"""When the watch over a trial goes on, goes further or goes back."""

from dataclasses import replace
from itertools import accumulate

import numpy as np
import orjson
import pytest

from vitrine.refresh.guard import BUCKETS, Arm, Evidence, Policy, Window, guard_interval, judge
from vitrine.refresh.sequential import always_valid, binomial_tail, surely_above
from vitrine.types import DAY_MS

POLICY = Policy()
WINDOW = Window(0, 1, decisions=2_000, trials=100, ms=0.1, champion_ms=0.1, overlap=0.8)


def evidence(n: int, **changes: int) -> Evidence:
    """So many windows of the same figures."""
    return Evidence((replace(WINDOW, **changes),) * n)


def arm(n: int, rate: float) -> Arm:
    """Decisions spread evenly over the buckets."""
    return Arm((n // BUCKETS,) * BUCKETS, (round(n * rate / BUCKETS),) * BUCKETS)


def test_the_tail_is_the_sum_of_its_terms():
    """Three heads or more of four: 5/16; of a thousand draws a far tail is as small as it should be."""
    assert binomial_tail(3, 4, 0.5) == pytest.approx(5 / 16)
    assert binomial_tail(0, 4, 0.5) == 1.0
    assert 0.0 < binomial_tail(300, 1_000, 0.02) < 1e-100


def test_looking_again_and_again_wrongs_few():
    """A share that is just what is tolerated, looked at a hundred times: at most alpha of the series, within four
    standard errors; a share that is twice that is found in almost all of them."""
    rng, n, alpha = np.random.default_rng(3), 100, 0.05

    def found(share: float) -> float:
        series = rng.binomial(n, share, (400, 100))
        return np.mean(
            [
                any(surely_above(int(k), n * look, 0.02, look, alpha) for look, k in enumerate(accumulate(one), 1))
                for one in series
            ]
        )

    assert found(0.02) <= alpha + 4 * (alpha * (1 - alpha) / 400) ** 0.5
    assert found(0.04) > 0.95


def test_the_sequence_of_intervals_holds_at_all_looks():
    """A difference of nothing leaves a thousand looks' intervals in at most alpha of the series."""
    rng, alpha, looks = np.random.default_rng(4), 0.05, 200
    walks = rng.standard_normal((400, looks)).cumsum(axis=1)
    missed = 0
    for walk in walks:
        bounds = [always_valid(walk[n] / (n + 1), 1 / (n + 1), 0.3, alpha) for n in range(looks)]
        missed += any(bound.low > 0 or bound.high < 0 for bound in bounds)
    assert missed / 400 <= alpha + 4 * (alpha * (1 - alpha) / 400) ** 0.5
    narrow = always_valid(0.5, 1e-4, 0.3, alpha)
    assert 0 < narrow.low < narrow.mean < narrow.high


@pytest.mark.parametrize("fault", ["failed", "late", "constant", "slow", "at_odds"])
@pytest.mark.parametrize("stage", ["shadow", "canary"])
def test_each_share_beyond_what_is_tolerated_rolls_back(fault, stage):
    """The first window is enough, in either stage; what is tolerated is tolerated."""
    assert judge(evidence(1, **{fault: 95}), stage, POLICY, 0, 1).action == "roll back"
    tolerated = int(100 * POLICY.tolerated[fault])
    assert judge(evidence(1, **{fault: tolerated}), stage, POLICY, 0, 1).action == "go on"


def test_good_windows_lead_from_the_shadow_into_the_canary():
    """As many as the policy says, and of decisions that were really tried."""
    actions = [judge(evidence(n), "shadow", POLICY, 0, 1).action for n in range(1, 5)]
    assert actions == ["go on", "go on", "go on", "canary"]
    assert judge(evidence(9, trials=1), "shadow", POLICY, 0, 1).action == "go on"


def test_what_nobody_tried_is_given_up_once_many_should_have():
    """A twentieth of the decisions makes a window's worth, and there is none."""
    assert judge(evidence(1, trials=0), "shadow", POLICY, 0, 1).action == "roll back"
    assert judge(evidence(1, trials=0, decisions=100), "shadow", POLICY, 0, 1).action == "go on"


def test_a_canary_with_surely_fewer_rewards_goes_back():
    """However quick and finite its scores are; a difference that chance makes does not count."""
    worse = replace(evidence(2), canary=arm(1_280, 0.05), control=arm(25_600, 0.2))
    verdict = judge(worse, "canary", POLICY, 0, 1)
    assert verdict.action == "roll back"
    assert "0.0500 against 0.2000" in verdict.reason
    like = replace(evidence(2), canary=arm(1_280, 0.2), control=arm(25_600, 0.2))
    assert judge(like, "canary", POLICY, 0, 1).action == "go on"


def test_a_canary_that_cannot_lose_more_than_the_margin_becomes_champion():
    """After a day at least; with too little traffic to tell, only when patience is at its end."""
    sure = replace(evidence(8), canary=arm(64_000, 0.2), control=arm(640_000, 0.2))
    assert judge(sure, "canary", POLICY, 0, DAY_MS).action == "promote"
    assert judge(sure, "canary", POLICY, 0, DAY_MS - 1).action == "go on"
    assert judge(replace(sure, windows=sure.windows[:7]), "canary", POLICY, 0, DAY_MS).action == "go on"
    unsure = replace(sure, canary=arm(640, 0.2))
    assert judge(unsure, "canary", POLICY, 0, DAY_MS).action == "go on"
    assert judge(unsure, "canary", POLICY, 0, POLICY.patience_ms).action == "promote"


def test_decisions_of_one_visitor_are_not_independent():
    """Where few visitors make all the rewards, the same rates prove less."""
    apart = Arm((100,) * BUCKETS, (40, 0) * (BUCKETS // 2))
    even = Arm((100,) * BUCKETS, (20,) * BUCKETS)
    assert apart.rate == even.rate
    assert apart.spread > 3 * even.spread == pytest.approx(3 * 0.2 * 0.8)


def test_without_rewards_there_is_nothing_to_compare():
    """A store that never clicks tells nothing of a ranker."""
    assert guard_interval(Evidence(), POLICY) is None
    assert guard_interval(Evidence((), arm(64, 0.0), arm(640, 0.0)), POLICY) is None


def test_evidence_survives_its_json():
    """Windows and arms, to the last bucket."""
    told = Evidence((WINDOW,), arm(640, 0.1), arm(6_400, 0.2)).plus(WINDOW, arm(64, 0.5), Arm())
    assert Evidence.from_plain(orjson.loads(orjson.dumps(told.to_plain()))) == told
    assert (told.canary.n, told.total("trials")) == (704, 200)
