"""Abuse in full: `python -m tests.abuse [--only corpus,document,tokens,fuzz] [--examples N] [--minutes N]`.

Prints a table per part, ends with one line of JSON, and fails when something is not as it must be.
"""

import argparse
import json
import logging
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from tests.abuse.api import memory_api
from tests.abuse.barrage import MAX_GROWTH_MB, fire, resident_mb, too_slow
from tests.abuse.by_document import each_route
from tests.abuse.corpus import corpus
from tests.abuse.fuzz import feed_for
from tests.abuse.parsers import PARSERS
from tests.abuse.quiet import quiet
from tests.abuse.tokens import good_tokens_pass, try_routes, try_tokens
from tests.functional.test_forged_tokens import TWO_KEYS

N_TOKENS: Final = 10_000
SLOW_MS: Final = 100.0
WARM_UP: Final = 7
"""Every seventh shot comes before memory is looked at: models and caches are there once."""

Figures = dict[str, Any]
Told = tuple[Figures, list[str]]


def main() -> int:
    """0 when all is well, 1 when something was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.abuse", description=__doc__)
    parser.add_argument("--only", default=",".join(PARTS), metavar="PARTS", help=f"of {', '.join(PARTS)}")
    parser.add_argument("--examples", type=int, default=2_000, metavar="N", help="requests per route from the document")
    parser.add_argument("--minutes", type=float, default=5.0, metavar="N", help="for all parsers together")
    arguments = parser.parse_args()
    parts = arguments.only.split(",")
    if not set(parts) <= PARTS.keys() or arguments.examples < 1 or arguments.minutes <= 0:
        parser.error(f"parts are {', '.join(PARTS)}; numbers are above 0")
    logging.disable(logging.CRITICAL)  # of what handlers tell of bad requests there would be megabytes
    figures: Figures = {"abuse": parts, "faults": 0}
    for part in parts:
        print(f"\n{part}", flush=True)
        began = time.monotonic()
        told, faults = PARTS[part](arguments)
        tell(faults)
        print(f"{part}: {len(faults)} faults, {time.monotonic() - began:.0f} s", flush=True)
        figures |= {**told, "faults": figures["faults"] + len(faults)}
    print(json.dumps(figures))
    return 1 if figures["faults"] else 0


def run_corpus(arguments: argparse.Namespace) -> Told:
    """The whole corpus, with times and memory."""
    api = memory_api()
    shots = list(corpus(api))
    with quiet():
        fire(api, shots[::WARM_UP])
        before_mb = resident_mb()
        tallies = fire(api, shots)
        growth_mb = resident_mb() - before_mb
    print(f"{'kind':16}{'shots':>8}{'faults':>8}{'slowest ms':>12}  which")
    for kind, tally in tallies.items():
        print(f"{kind:16}{tally.n:8}{len(tally.faults):8}{tally.slowest_ms:12.2f}  {tally.slowest[:60]}")
    found = [fault for tally in tallies.values() for fault in tally.faults] + too_slow(tallies)
    found += [f"memory grew by {growth_mb:.1f} MB"] if growth_mb > MAX_GROWTH_MB else []
    print(f"memory grew by {growth_mb:.1f} MB")
    return {
        "shots": sum(tally.n for tally in tallies.values()),
        "slowest_ms": round(max(tally.slowest_ms for tally in tallies.values()), 2),
        "refusal_ms": round(tallies["too large"].slowest_ms, 2),
        "growth_mb": round(growth_mb, 1),
    }, found


def run_document(arguments: argparse.Namespace) -> Told:
    """Requests from the document."""
    faults: list[str] = []
    n = 0
    for route, statuses, fault in each_route(memory_api(), arguments.examples):
        told = ", ".join(f"{status}: {times}" for status, times in sorted(statuses.items()))
        print(f"{route:40}{statuses.total():8}  {told}", flush=True)
        n += statuses.total()
        faults += [fault] if fault else []
    return {"document_requests": n}, faults


def run_tokens(arguments: argparse.Namespace) -> Told:
    """Forged tokens, at the function and at the routes."""
    api = memory_api(TWO_KEYS)
    with quiet():
        verdicts = {"function": try_tokens(N_TOKENS), "routes": try_routes(api, N_TOKENS)}
        is_sound = good_tokens_pass(api)
    for where, verdict in verdicts.items():
        print(f"{where:16}{verdict.n:8} forged, {verdict.accepted} accepted, {len(verdict.words)} kind of refusal")
    accepted = sum(verdict.accepted for verdict in verdicts.values())
    faults = [f"{accepted} forged tokens were accepted"] if accepted else []
    faults += [] if is_sound else ["a good token was refused"]
    return {"forged": 2 * N_TOKENS, "accepted": accepted}, faults


def run_fuzz(arguments: argparse.Namespace) -> Told:
    """Every parser for its share of the time."""
    seconds = arguments.minutes * 60 / len(PARSERS)
    n = 0
    findings: list[str] = []
    print(f"{'parser':24}{'inputs':>8}{'taken':>8}{'slowest ms':>12}  finding, or what was slow")
    for parser in PARSERS:
        meal = feed_for(parser, seconds)
        told = meal.finding or (meal.slowest if meal.slowest_ms > SLOW_MS else "")
        print(f"{meal.parser:24}{meal.n:8}{meal.taken:8}{meal.slowest_ms:12.1f}  {told[:300]}", flush=True)
        n += meal.n
        findings += [meal.finding] if meal.finding else []
    return {"inputs": n, "parsers": len(PARSERS)}, findings


def tell(faults: list[str]) -> None:
    """The first of them, each in a line."""
    for fault in faults[:40]:
        print(f"  {fault[:300]}")


PARTS: Final[Mapping[str, Callable[[argparse.Namespace], Told]]] = {
    "corpus": run_corpus,
    "document": run_document,
    "tokens": run_tokens,
    "fuzz": run_fuzz,
}

if __name__ == "__main__":
    sys.exit(main())
