"""One fault after another, and what becomes of page views meanwhile and afterwards: RELIABILITY's tests 1 and 2.

Every answer is a valid 200 that says what it had to do without, in time; the breaker leaves the dependency alone; and
soon after the fault is over everything is as it was, threads and sockets, too.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from tests.faults.environment import Environment, Reply, State, Verdict, judge
from tests.faults.figures import Figures, Limits, Recovery, Trouble, figures_of, late, pestering, unrecovered, wrong
from tests.faults.proxy import ENDPOINTS, UNRESOLVABLE_HOST
from tests.faults.stage import Stage
from vitrine.ports import Progress

FAULTS: Final = (
    *("hang", "drip", "refuse", "rst", "throttle", "error500", "half_close", "corrupt", "blackhole"),
    "unresolvable",
)
TROUBLES: Final = tuple(Trouble("dynamodb", fault) for fault in FAULTS)
WARM_UP: Final = 50
STEADY: Final = 20
"""So many personalised answers in a row end a recovery."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to ask: page views under the fault, after it (0: recovery is not looked at), a second at most."""

    requests: int = 10_000
    after: int = 500
    rate: float = 200.0
    limits: Limits = field(default=Limits())


def without_breaker(plan: Plan) -> Plan:
    """What can be asked of a product whose breaker never opens: no small number of calls, and few requests."""
    return replace(plan, requests=min(plan.requests, 600), after=0, limits=replace(plan.limits, calls_share=10.0))


@contextmanager
def warm_environment(stage: Stage, trouble: Trouble, *sabotages: str) -> Iterator[Environment]:
    """An environment that has answered; one that finds no name for a dependency has none from its start."""
    stage.heal()
    variables: dict[str, str] = {}
    if trouble.fault == "unresolvable":
        stage.name.unlink(missing_ok=True)
        port = stage.proxy.ports[trouble.dependency]
        variables[ENDPOINTS[trouble.dependency]] = f"http://{UNRESOLVABLE_HOST}:{port}"
    with stage.environment(*sabotages, **variables) as environment:
        for _ in range(WARM_UP):
            environment.ask(stage.page)
        yield environment


def drill(stage: Stage, environment: Environment, trouble: Trouble, plan: Plan, progress: Progress) -> Figures:
    """Let a dependency of a warm environment fail for a while."""
    before = environment.state()
    if trouble.fault == "unresolvable":  # it has no connection to the table yet, and will have one
        before = replace(before, sockets=before.sockets + 1)
    environment.connects()
    stage.proxy.counts(trouble.dependency)
    _set(stage, trouble)
    asked = list(_ask(stage, environment, plan, trouble.name, progress))
    calls = _calls(stage, environment, trouble)
    _set(stage, Trouble(trouble.dependency, "pass"))
    stage.name.touch()
    recovery = recover(stage, environment, plan, before) if plan.after else None
    figures = figures_of(trouble.name, asked, calls, recovery)
    misses = [*wrong(trouble, [verdict for _, verdict in asked]), *late(figures, plan.limits)]
    misses += pestering(figures, plan.limits) if trouble.fault != "pass" else ()
    misses += unrecovered(recovery, plan.limits) if recovery else ()
    return replace(figures, misses=misses)


def _set(stage: Stage, trouble: Trouble) -> None:
    if trouble.fault != "unresolvable":
        stage.proxy.set(trouble.dependency, trouble.fault)


def _ask(
    stage: Stage, environment: Environment, plan: Plan, label: str, progress: Progress
) -> Iterator[tuple[Reply, Verdict]]:
    """Replies without their bodies, and what these were."""
    for number in paced(plan.requests, plan.rate):
        reply = environment.ask(stage.page)
        yield replace(reply, body=b""), judge(reply)
        progress(label, number + 1, plan.requests)


def _calls(stage: Stage, environment: Environment, trouble: Trouble) -> int:
    """Requests that the dependency's front saw, or attempts to reach it."""
    connects, port = environment.connects(), str(stage.proxy.ports[trouble.dependency])
    tried = connects[UNRESOLVABLE_HOST] if trouble.fault == "unresolvable" else connects[port]
    return max(tried, stage.proxy.counts(trouble.dependency).requests)


def recover(stage: Stage, environment: Environment, plan: Plan, before: State) -> Recovery:
    """How soon answers are whole again, how many then are, and whether threads and sockets are as before."""
    after_s = _steady_after_s(stage, environment, plan)
    verdicts = [judge(environment.ask(stage.page)) for _ in paced(plan.after, plan.rate)]
    share = sum(verdict.is_personalised for verdict in verdicts) / plan.after
    lacking = sorted({one for verdict in verdicts for one in (verdict.fault, *verdict.skipped) if one})
    now = _settled(environment, before, plan.limits)
    threads, sockets = now.threads - before.threads, now.sockets - before.sockets
    return Recovery(after_s, share, threads, sockets, now.rss_mb - before.rss_mb, lacking)


def _steady_after_s(stage: Stage, environment: Environment, plan: Plan) -> float:
    """Seconds until the first of STEADY personalised answers in a row; infinite if there are none in time."""
    started = since = time.monotonic()
    steady = 0
    while steady < STEADY:
        if time.monotonic() - started > plan.limits.within_s:
            return float("inf")
        time.sleep(1 / plan.rate)
        steady = steady + 1 if judge(environment.ask(stage.page)).is_personalised else 0
        since = time.monotonic() if not steady else since
    return since - started


def _settled(environment: Environment, before: State, limits: Limits) -> State:
    """The state, waited for until it is as before."""
    give_up = time.monotonic() + limits.within_s
    while True:
        now = environment.state()
        drifts = abs(now.threads - before.threads), abs(now.sockets - before.sockets)
        if max(drifts) <= limits.drift or time.monotonic() > give_up:
            return now
        time.sleep(0.1)


def paced(n: int, rate: float) -> Iterator[int]:
    """Numbers below n, each no earlier than its turn at that rate a second; being late is not caught up with."""
    turn = time.monotonic()
    for number in range(n):
        time.sleep(max(turn - time.monotonic(), 0.0))
        turn = max(turn + 1 / rate, time.monotonic())
        yield number
