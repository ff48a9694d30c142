"""Whether a challenger on trial goes on, goes a stage further, or goes back: figures of its windows against bounds.

Five shares are compared with what is tolerated, in the shadow as in the canary: page views that it could not score,
for which its scores came too late, that it gave one score for all candidates, that took it many times as long as the
champion, and on which none of its first ten is among the champion's (a model that is upside down has nothing in common
with what works). Scores come late on a busy machine, too, so only a model that is late more often than not is at fault.
In the canary the guard metric joins them: the share of decisions with items after which the visitor clicked one, put
it into the cart or bought it, among the canary's visitors against all others.
"""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, Final, Literal, Self

from vitrine.decisions.rollout import MAX_SHARE, Stage
from vitrine.refresh.sequential import Interval, always_valid, surely_above
from vitrine.types import DAY_MS
from vitrine.values import dataclass, field

BUCKETS: Final = 64
"""Visitors are counted in so many groups by hash: how the groups differ tells how far chance alone goes, although one
visitor's decisions are not independent (Chamandy et al., "Estimating Uncertainty for Massive Data Streams", 2012)."""

Action = Literal["go on", "canary", "promote", "roll back"]


@dataclass(frozen=True, slots=True)
class Policy:
    """The terms of a trial. Shares of traffic are at most MAX_SHARE; a window is closed once it holds `min_trials`.

    The canary's share is below that: of 2,000 visitors as many as a twentieth are in it once in a hundred times.

    Of a window with more than `max_decisions` a part of the visitors is looked at: 100,000 take some 100 MB of memory
    and hold 4,000 of the canary's, many times what a verdict needs.

    `alpha` bounds the chance that one of the five shares, or the guard metric, ever wrongs a good challenger.
    """

    shadow_share: float = MAX_SHARE
    canary_share: float = 0.8 * MAX_SHARE
    min_trials: int = 100
    max_window_ms: int = DAY_MS
    max_decisions: int = 100_000
    shadow_windows: int = 4
    canary_windows: int = 8
    canary_ms: int = DAY_MS
    patience_ms: int = 14 * DAY_MS
    tolerated: Mapping[str, float] = field(
        default_factory=lambda: {"failed": 0.02, "late": 0.50, "constant": 0.02, "slow": 0.10, "at_odds": 0.50}
    )
    slow_ratio: float = 8.0
    alpha: float = 0.005
    scale: float = 0.3
    margin: float = 0.2


@dataclass(frozen=True, slots=True)
class Window:
    """What the decisions from one instant to another told of a challenger. `trials` were scored by both.

    `ms` and `champion_ms` are what 99 of 100 scorings took at most, None without any; `overlap` is a mean.
    `damaged` lines of the lake were left out. All counts but that are of a `share` of the visitors, mostly of all.
    """

    from_ms: int
    to_ms: int
    decisions: int = 0
    trials: int = 0
    failed: int = 0
    late: int = 0
    constant: int = 0
    slow: int = 0
    at_odds: int = 0
    ms: float | None = None
    champion_ms: float | None = None
    overlap: float | None = None
    damaged: int = 0
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Arm:
    """Decisions with items and how many of them were followed by a reward, per bucket of visitors."""

    shown: tuple[int, ...] = (0,) * BUCKETS
    rewarded: tuple[int, ...] = (0,) * BUCKETS

    @property
    def n(self) -> int:
        """Decisions."""
        return sum(self.shown)

    @property
    def rate(self) -> float:
        """Share of decisions that were followed by a reward; 0 without any."""
        return sum(self.rewarded) / self.n if self.n else 0.0

    @property
    def spread(self) -> float:
        """Variance of one decision's part in the rate, with what decisions of one visitor have in common.

        Never less than that of independent ones.
        """
        rate, n = self.rate, max(1, self.n)
        apart = sum((won - rate * seen) ** 2 for seen, won in zip(self.shown, self.rewarded, strict=True))
        return max(rate * (1.0 - rate), apart / n * BUCKETS / (BUCKETS - 1))

    def plus(self, other: "Arm") -> "Arm":
        """Both together."""
        return Arm(_sums(self.shown, other.shown), _sums(self.rewarded, other.rewarded))


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that is known of a trial in its present stage: its windows, and the two arms of the canary."""

    windows: tuple[Window, ...] = ()
    canary: Arm = Arm()
    control: Arm = Arm()

    def plus(self, window: Window, canary: Arm, control: Arm) -> "Evidence":
        """The evidence with one more window."""
        return Evidence((*self.windows, window), self.canary.plus(canary), self.control.plus(control))

    def total(self, name: str) -> int:
        """The sum of a count over all windows."""
        return sum(getattr(window, name) for window in self.windows)

    def to_plain(self) -> dict[str, Any]:
        """JSON-like values, of a size that does not grow with traffic."""
        arms = {"canary": self.canary, "control": self.control}
        return {
            "windows": [{one.name: getattr(window, one.name) for one in fields(Window)} for window in self.windows],
            **{name: {"shown": arm.shown, "rewarded": arm.rewarded} for name, arm in arms.items()},
        }

    @classmethod
    def from_plain(cls, plain: Mapping[str, Any]) -> Self:
        """What `to_plain` gave. Raises KeyError or TypeError where it is damaged."""
        windows = tuple(Window(**window) for window in plain["windows"])
        arms = (Arm(tuple(plain[name]["shown"]), tuple(plain[name]["rewarded"])) for name in ("canary", "control"))
        return cls(windows, *arms)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do with a challenger, and why: for people, and for the list of those turned down."""

    action: Action
    reason: str


def judge(evidence: Evidence, stage: Stage, policy: Policy, since_ms: int, to_ms: int) -> Verdict:
    """The verdict on a challenger that has been in its stage since an instant, by what happened up to another.

    A challenger that nobody could load scores nothing; that is a fault, too.
    """
    faults = [*_faults(evidence, stage, policy)]
    if faults:
        return Verdict("roll back", "; ".join(faults))
    n = len(evidence.windows)
    if stage == "shadow":
        left = policy.shadow_windows - n
        if left > 0 or evidence.total("trials") < policy.min_trials:
            return Verdict("go on", f"{max(left, 0)} more windows in the shadow, and {policy.min_trials} page views")
        return Verdict("canary", "all is well")
    loss = guard_interval(evidence, policy)
    if loss is not None and loss.high < 0.0:
        told = f"{evidence.canary.rate:.4f} against {evidence.control.rate:.4f}"
        bounds = f"{loss.mean:+.4f} [{loss.low:+.4f}, {loss.high:+.4f}]"
        return Verdict("roll back", f"rewarded decisions of the canary are fewer: {told}, {bounds}")
    return _promotion(evidence, policy, loss, to_ms - since_ms)


def guard_interval(evidence: Evidence, policy: Policy) -> Interval | None:
    """The canary's reward rate less that of the others, with bounds; None before both have been seen.

    What chance does is measured on the others, of whom there are many: a handful of canaries without a reward would
    look like certainty.
    """
    canary, control = evidence.canary, evidence.control
    if not canary.n or not control.n or not control.rate:
        return None
    variance = control.spread * (1.0 / canary.n + 1.0 / control.n)
    if not variance:
        return None
    return always_valid(canary.rate - control.rate, variance, policy.scale * control.rate, policy.alpha)


def _faults(evidence: Evidence, stage: Stage, policy: Policy) -> list[str]:
    look, trials = len(evidence.windows), evidence.total("trials")
    share = policy.shadow_share if stage == "shadow" else policy.canary_share
    expected = share * evidence.total("decisions")
    if not trials and expected >= policy.min_trials:
        return [f"it scored none of about {expected:.0f} page views: no function could load it"]
    words = {
        "failed": "it could not score",
        "late": "its scores came too late for",
        "constant": "it gave all candidates one score on",
        "slow": f"it took more than {policy.slow_ratio:g} times as long as the champion on",
        "at_odds": "none of its first ten was among the champion's on",
    }
    return [
        f"{words[name]} {evidence.total(name)} of {trials} page views"
        for name, tolerated in policy.tolerated.items()
        if surely_above(evidence.total(name), trials, tolerated, look, policy.alpha)
    ]


def _promotion(evidence: Evidence, policy: Policy, loss: Interval | None, age_ms: int) -> Verdict:
    """Whether the canary has lasted: no loss beyond the margin is left possible, or patience is at its end."""
    left = policy.canary_windows - len(evidence.windows)
    if left > 0 or age_ms < policy.canary_ms:
        return Verdict("go on", f"{max(left, 0)} more windows in the canary, and a day at least")
    if loss is not None and loss.low >= -policy.margin * evidence.control.rate:
        return Verdict("promote", f"at most {policy.margin:.0%} of the rewards can be lost")
    if age_ms >= policy.patience_ms:
        return Verdict("promote", "no harm was found for as long as the trial lasts")
    return Verdict("go on", "there is too little to tell a loss from chance")


def _sums(first: tuple[int, ...], second: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(one + other for one, other in zip(first, second, strict=True))
