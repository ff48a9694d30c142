"""What `vitrine plan` works with: the releases to compare, and page views on record or made up."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal, TypeVar

from vitrine.adapters.clock import utc_now
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.release_objects import ReleaseObjects
from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_changes import Changes, changes_of
from vitrine.api.store_compiled import load_store
from vitrine.decisions.context import Preview
from vitrine.decisions.release import STORE, Release
from vitrine.errors import RefreshNeeded
from vitrine.ports import Clock, DecisionLog, Objects, Progress, Table
from vitrine.refresh.published import read_pointer
from vitrine.refresh.sample import sample_visitors
from vitrine.service.plan import PlanReport, compare
from vitrine.service.plan_inputs import LiveInputs
from vitrine.service.plan_recorded import RecordedDecisions, recorded_views
from vitrine.service.plan_samples import SampleDecisions, sample_views
from vitrine.settings import Settings
from vitrine.types import ReleaseId, VisitorId
from vitrine.values import dataclass, field
from vitrine.wiring.operate import open_decision_log

N_VISITORS: Final = 20
STAGE: Final = "decide page views twice"

Source = Literal["recorded", "made_up"]
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which page views to compare: the last `recorded` ones; made-up ones of visitors where those are named or counted.

    `release` is the one whose store files are compared with, None for the current one. Page views in which something
    is `supposed` are made up ones; each is made up in all regions, whatever region that says.
    """

    recorded: int
    visitors: Sequence[VisitorId] = ()
    n_visitors: int | None = None
    release: ReleaseId | None = None
    supposed: Preview = field(default_factory=Preview)

    @property
    def is_made_up(self) -> bool:
        """Whether page views on record are of no use."""
        return bool(self.visitors) or self.n_visitors is not None or self.supposed != Preview()


@dataclass(frozen=True, slots=True)
class Plan:
    """What would change against the store files of release `before`; where the page views came from and what was
    supposed in them; and what is different in the files."""

    before: ReleaseId
    source: Source
    report: PlanReport
    changes: Sequence[Changes] = ()
    supposed: Preview = field(default_factory=Preview)


@dataclass(frozen=True, slots=True)
class Planner:
    """Compares store files with those of a release. It reads only."""

    table: Table
    releases: Objects
    lake: Objects
    log: DecisionLog
    clock: Clock

    def plan(self, store: bytes, wanted: Wanted, progress: Progress) -> Plan:
        """What would change if these compiled store files were published.

        Made-up page views stand in where nothing is on record that could be decided again; `left_out` tells how many
        were on record all the same.

        Raises:
            RefreshNeeded: there is no release yet, or its lists were built for other regions.
            InvalidRelease: the release is damaged, or there is none of that id.
            InvalidSource: there is no extract of visitors to make page views up for.
            DependencyFailed: the table or a bucket does not answer.
        """
        before = self._before(wanted.release)
        after = replace(before, store=load_store(store))
        if after.store.regions != before.store.regions:
            raise RefreshNeeded(
                f"the regions are not those of {before.id}; that needs other lists, and no plan can tell"
            )
        changes = changes_of(self.releases.get(f"{before.id}/{STORE}") or b"", store)
        told = _campaigns(changes, after)
        n_left_out = 0
        if not wanted.is_made_up:
            report = self._recorded(wanted.recorded, before, after, told, progress)
            if report.views:
                return Plan(before.id, "recorded", report, changes)
            n_left_out = report.left_out
        made_up = self._made_up(wanted, before, after, told, progress)
        report = replace(made_up, left_out=made_up.left_out + n_left_out)
        return Plan(before.id, "made_up", report, changes, wanted.supposed)

    def _before(self, release: ReleaseId | None) -> Release:
        pointer = read_pointer(self.table)
        if pointer is None:
            raise RefreshNeeded("there is no release yet to compare with; run vitrine refresh first")
        objects = ReleaseObjects(self.releases)
        current = objects.load(pointer)
        if release is None or release == current.id:
            return current
        return replace(current, id=release, store=objects.load_release(release).store)

    def _recorded(
        self, n: int, before: Release, after: Release, told: Collection[str], progress: Progress
    ) -> PlanReport:
        lines = list(self.log.recent(n))
        decide = RecordedDecisions(LiveInputs(self.table), ReleaseObjects(self.releases).load_release)
        views = _counted(recorded_views(lines), len(lines), progress)
        report = compare(views, before, after, decide, told)
        return replace(report, left_out=len(lines) - report.views)

    def _made_up(
        self, wanted: Wanted, before: Release, after: Release, told: Collection[str], progress: Progress
    ) -> PlanReport:
        visitors = wanted.visitors or sample_visitors(self.lake, wanted.n_visitors or N_VISITORS)
        live = LiveInputs(self.table)
        views = list(sample_views(visitors, before, live, wanted.supposed))
        decide = SampleDecisions(live, self.clock())
        return compare(_counted(views, len(views), progress), before, after, decide, told)


def build_planner(settings: Settings) -> Planner:
    """A planner over the stack of the settings."""
    return Planner(
        table=DynamoTable(settings.table),
        releases=S3Objects(settings.releases_bucket),
        lake=S3Objects(settings.lake_bucket),
        log=open_decision_log(settings),
        clock=utc_now,
    )


def _campaigns(changes: Iterable[Changes], after: Release) -> list[str]:
    """The campaigns that were added or changed."""
    names = {name for one in changes if one.section == "campaigns" for name in (*one.added, *one.changed)}
    return [campaign.name for campaign in after.store.campaigns if campaign.name in names]


def _counted(views: Iterable[V], total: int, progress: Progress) -> Iterator[V]:
    for done, view in enumerate(views):
        progress(STAGE, done, total)
        yield view
    progress(STAGE, total, total)
