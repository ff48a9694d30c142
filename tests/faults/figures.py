"""What a drill measured, what of it is a miss, and how a table tells it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final

from tests.faults.environment import Reply, Verdict

WHOLE: Final = 0.99
"""Share of personalised answers where nothing that they need is down: one in a thousand exercises the fallback."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A dependency that fails in a way; `pass` is none. Without the table an answer cannot be whole."""

    dependency: str
    fault: str

    @property
    def name(self) -> str:
        """For a table."""
        return f"{self.dependency} {self.fault}"

    @property
    def costs_personalisation(self) -> bool:
        """Whether page views show that it is there."""
        return self.dependency == "dynamodb" and self.fault != "pass"


@dataclass(frozen=True, slots=True)
class Limits:
    """Pass figures, RELIABILITY's. `first_calls` are those that it takes to see a fault and to probe in a short one."""

    p999_ms: float = 150.0
    max_ms: float = 300.0
    calls_share: float = 0.01
    first_calls: int = 25
    recovered_share: float = 0.99
    within_s: float = 5.0
    drift: int = 2
    grown_mb: float = 20.0


@dataclass(frozen=True, slots=True)
class Recovery:
    """What happened after the fault was over. `threads`, `sockets` and `grown_mb` are what there is more than before;
    `lacking` is what answers still gave up."""

    after_s: float
    share: float
    threads: int
    sockets: int
    grown_mb: float
    lacking: Sequence[str]


@dataclass(frozen=True, slots=True)
class Figures:
    """A drill's figures. Times are the caller's; `stalled_ms` is the longest that a request waited for a core."""

    name: str
    times_ms: Sequence[float]
    n_ok: int
    calls: int
    stalled_ms: float
    recovery: Recovery | None
    misses: Sequence[str] = field(default=())

    def quantile_ms(self, share: float) -> float:
        """The time that this share of the requests kept to."""
        ordered = sorted(self.times_ms)
        return ordered[min(int(share * len(ordered)), len(ordered) - 1)]


def wrong(trouble: Trouble, verdicts: Sequence[Verdict]) -> Iterator[str]:
    """Answers that are not valid, that hide a fault, or that gave up what was there."""
    faults = [verdict.fault for verdict in verdicts if verdict.fault is not None]
    if faults:
        yield f"{len(faults)} of {len(verdicts)} answers are not valid, such as {faults[0]}"
    whole = sum(verdict.is_personalised for verdict in verdicts)
    if trouble.costs_personalisation and whole:
        yield f"{whole} answers hide the fault"
    if not trouble.costs_personalisation and whole < WHOLE * len(verdicts):
        yield f"only {whole} of {len(verdicts)} answers are personalised"


def late(figures: Figures, limits: Limits) -> Iterator[str]:
    """Times above the limits. Of fewer than 1,000 requests no p99.9 can be told, so their p99 is held to its limit."""
    share = 0.999 if len(figures.times_ms) >= 1_000 else 0.99
    if figures.quantile_ms(share) > limits.p999_ms:
        yield f"p{100 * share:g} is {figures.quantile_ms(share):.0f} ms"
    if max(figures.times_ms) > limits.max_ms:
        yield f"the slowest took {max(figures.times_ms):.0f} ms"


def pestering(figures: Figures, limits: Limits) -> Iterator[str]:
    """More calls of what is down than a breaker lets through."""
    if figures.calls > max(limits.calls_share * len(figures.times_ms), limits.first_calls):
        yield f"{figures.calls} calls of the backend for {len(figures.times_ms)} requests"


def unrecovered(recovery: Recovery, limits: Limits) -> Iterator[str]:
    """What is not as it was before."""
    if recovery.share < limits.recovered_share or recovery.after_s > limits.within_s:
        lacking = ", ".join(recovery.lacking)
        told = f"{recovery.share:.1%} personalised, steady after {recovery.after_s:.1f} s"
        yield f"{told}, without {lacking}" if lacking else told
    if abs(recovery.threads) > limits.drift or abs(recovery.sockets) > limits.drift:
        yield f"threads {recovery.threads:+d}, sockets {recovery.sockets:+d} after recovery"
    if recovery.grown_mb > limits.grown_mb:
        yield f"{recovery.grown_mb:.0f} MB more memory"


def figures_of(name: str, asked: Sequence[tuple[Reply, Verdict]], calls: int, recovery: Recovery | None) -> Figures:
    """Figures without a judgement."""
    times_ms = [reply.ms for reply, _ in asked]
    n_ok = sum(reply.status == 200 for reply, _ in asked)
    return Figures(name, times_ms, n_ok, calls, max(reply.waited_ms for reply, _ in asked), recovery)


HEAD: Final = (
    f"{'fault':<28}{'requests':>8}{'200':>8}{'p50':>8}{'p99':>8}{'p99.9':>8}{'max ms':>8}{'machine':>8}"
    f"{'calls':>7}{'whole':>8}{'in s':>6}{'thr':>5}{'sock':>5}{'MB':>6}  verdict"
)


def line(figures: Figures) -> str:
    """A row of the table."""
    after = figures.recovery
    back = (
        f"{after.share:>8.1%}{after.after_s:>6.1f}{after.threads:>+5d}{after.sockets:>+5d}{after.grown_mb:>+6.1f}"
        if after
        else f"{'':>30}"
    )
    quantiles = f"{figures.quantile_ms(0.99):>8.1f}{figures.quantile_ms(0.999):>8.1f}{max(figures.times_ms):>8.1f}"
    return (
        f"{figures.name:<28}{len(figures.times_ms):>8,}{figures.n_ok:>8,}{median(figures.times_ms):>8.1f}{quantiles}"
        f"{figures.stalled_ms:>8.1f}{figures.calls:>7}{back}  {'; '.join(figures.misses) or 'pass'}"
    )
