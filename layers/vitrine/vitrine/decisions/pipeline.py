"""One decision from end to end. Reads like the table of steps in the README; every step is a pure function.

Everything that is not in the context or the release comes through `read`, `read_cards` and `claim`, so a decision
replays from what they answered.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeAlias

from vitrine.decisions.answers import Decision
from vitrine.decisions.claims import claims_of
from vitrine.decisions.context import Context
from vitrine.decisions.explain import explanation
from vitrine.decisions.findings import Findings, find_out
from vitrine.decisions.page import ComposedPage, compose
from vitrine.decisions.placements import Placement
from vitrine.decisions.reads import ReadCards, ReadRows
from vitrine.decisions.release import Release
from vitrine.decisions.tape import Claim

Lap: TypeAlias = Callable[[str], None]
"""Called with the name of the stage that just ended."""

MAX_TRIES: Final = 3
"""So often a page is composed for which something has to be counted; then one for which nothing has to."""


def decide(
    context: Context, release: Release, read: ReadRows, read_cards: ReadCards, claim: Claim, lap: Lap
) -> Decision:
    """Decide every placement of one page view.

    Raises:
        InvalidField: the request names a placement that the store does not have. Nothing else: what cannot be read
            or is damaged is listed in `skipped`.
    """
    placements = release.store.placements_of(context.request.page.type, context.request.placements)
    found = find_out(context, release, placements, read)
    lap("read")
    found, page = _composed(found, placements, release, read, read_cards, claim, lap)
    decision = Decision(
        id=context.decision,
        release=release.id,
        model=page.ranking.model,
        region=found.context.region,
        region_source=found.context.region_source,
        placements=page.answers,
        skipped=page.skipped,
        seeds=found.visit.seeds(),
        elapsed_days=page.elapsed_days,
        explanation=_explained(found, page, release) if context.request.options.explain else None,
    )
    lap("answer")
    return decision


def _composed(
    found: Findings,
    placements: Sequence[Placement],
    release: Release,
    read: ReadRows,
    read_cards: ReadCards,
    claim: Claim,
    lap: Lap,
) -> tuple[Findings, ComposedPage]:
    """A page of which everything that has to be counted was counted, and what it was composed from."""
    for _ in range(MAX_TRIES):
        page = compose(found, placements, release, read, read_cards, lap)
        claims = claims_of(page.shown, page.sponsored, found.exposures, found.rev, found.context, found.paid)
        if claims is None:
            return found, page
        outcome = claim(claims)
        lap("claim")
        if outcome.is_granted:
            return found, page
        found = found.after(outcome)
    found = found.uncounted()
    return found, compose(found, placements, release, read, read_cards, lap)


def _explained(found: Findings, page: ComposedPage, release: Release) -> Mapping[str, Any]:
    return explanation(
        found.context,
        page.facts,
        release.store.campaigns,
        page.ranking,
        page.answers,
        found.visit.seeds(),
        page.elapsed_days,
    )
