"""The demo's set-up: the data into the lake, the lake into the emulated bucket, visitors, ranker, release, store files,
and how the households are reached.

The steps call what the scheduled functions call, over the same bucket and table.
"""

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.cli.demo_bundle import keep_release
from vitrine.cli.demo_guide import HOUSEHOLD, NEIGHBOUR
from vitrine.cli.demo_journal import START_AFRESH, Step
from vitrine.cli.import_command import package_folder
from vitrine.errors import DependencyFailed, LocalStackError, RefreshNeeded
from vitrine.local.households import person_rows, read_households
from vitrine.local.pool import aws_variables
from vitrine.local.resources import client
from vitrine.local.stack import LocalStack
from vitrine.ports import Progress, Table
from vitrine.refresh.jobs import load_visitors, refresh_model, refresh_recommendations
from vitrine.refresh.journey_import import REPORT, Shop, import_complete_journey
from vitrine.refresh.publish import publish_store
from vitrine.settings import Settings
from vitrine.types import Absent, Key
from vitrine.wiring.refresh import build_workshop

MARKS: Final = "DEMO"
READ_TIMEOUT_S: Final = 10.0
MAIL_FROM: Final = "news@shop.example.com"
APP: Final = "shop"
PUSH_APPLICATION: Final = f"GCM/{APP}"
"""The shop's app to SNS, as the template's PushApplication."""

PEOPLE_BATCH: Final = 500


class Setup:
    """The steps, bound to a running stack and a lake folder."""

    def __init__(self, running: LocalStack, lake: Path) -> None:
        self._endpoint = running.endpoint
        os.environ.update(aws_variables(running.endpoint))  # botocore finds the emulator here, as in a function
        self._settings = Settings.from_env(running.environment("RefreshRecommendationsFunction"))
        self._store = self._settings.bundle / "store"
        self._workshop = build_workshop(self._settings)
        self.lake = lake

    @property
    def steps(self) -> Sequence[Step]:
        """All steps in their order; each may be run again. All but the first leave their results in the emulator."""
        report = self.lake / REPORT  # another import, another report: what is made from the lake is made again
        table = self._workshop.table
        return [
            Step("import", self.import_data, [self._store / "store.yaml"], kept=report),
            Step("upload", self.upload, [report], mark=TableMark(table, "upload")),
            Step("visitors", self.load_visitors, [report], mark=TableMark(table, "visitors")),
            Step("model", self.train, [report], mark=TableMark(table, "model")),
            Step("release", self.release, [report], mark=TableMark(table, "release")),
            Step("store", self.publish, [self._store], mark=TableMark(table, "store")),
            Step("people", self.tell_people, [report, self._store / "stores.geojson"], mark=TableMark(table, "people")),
        ]

    def import_data(self, progress: Progress) -> None:
        """The Complete Journey as a lake folder, moved forward so that its last day is now."""
        store = read_store_file(self._store)
        shop = Shop(regions=[region.id for region in store.regions], margins=store.margins)
        import_complete_journey(package_folder(), self.lake, shop, datetime.now(UTC), progress)

    def upload(self, progress: Progress) -> None:
        """Every file of the lake folder into the bucket."""
        bucket = S3Objects(self._settings.lake_bucket)
        files = sorted(path for path in self.lake.rglob("*") if path.is_file())
        for done, path in enumerate(files, 1):
            bucket.upload(path, path.relative_to(self.lake).as_posix())
            progress("upload", done, len(files))

    def load_visitors(self, progress: Progress) -> None:
        """What the extracts say of the households."""
        load_visitors(self._workshop, progress)

    def train(self, progress: Progress) -> None:
        """A challenger; whether it was accepted is said."""
        print(refresh_model(self._workshop, progress, store=self._workshop.store).summary, file=sys.stderr)

    def release(self, progress: Progress) -> None:
        """The cards and a release of the store's files; what is in it is said."""
        published = refresh_recommendations(self._workshop, progress, store=self._workshop.store)
        print(published.summary, file=sys.stderr)

    def publish(self, progress: Progress) -> None:
        """The store's files where they have changed since the release was made: a moment's work, unless regions did."""
        shop = self._workshop
        try:
            publish_store(shop.store, shop.table, shop.releases, shop.clock(), shop.load_store)
        except RefreshNeeded:
            self.release(progress)

    def tell_people(self, progress: Progress) -> None:
        """Who the households are and how they are reached: two rows each."""
        client("ses", self._endpoint).verify_email_identity(EmailAddress=MAIL_FROM)
        places = load_store(compile_store(self._store, range(0))).places
        zones = {region: one.timezone for region, one in places.regions.items()}
        households = read_households(self.lake)
        rows = list(person_rows(households, zones, self._telephone(), (HOUSEHOLD, NEIGHBOUR)))
        for at in range(0, len(rows), PEOPLE_BATCH):
            self._workshop.table.write(rows[at : at + PEOPLE_BATCH])
            progress("people", min(at + PEOPLE_BATCH, len(rows)), len(rows))

    def _telephone(self) -> str:
        """The emulator's endpoint of the shop's app, the same each time."""
        sns = client("sns", self._endpoint)
        application = sns.create_platform_application(
            Name=APP, Platform="GCM", Attributes={"PlatformCredential": "none"}
        )
        arn = application["PlatformApplicationArn"]
        return str(sns.create_platform_endpoint(PlatformApplicationArn=arn, Token="demo")["EndpointArn"])  # noqa: S106

    def keep_release(self, state: Path) -> None:
        """See demo_bundle.keep_release."""
        keep_release(state, self._workshop.table, self._workshop.releases)


@dataclass(frozen=True, slots=True)
class TableMark:
    """A step's mark in the emulator's table: an emulator that was killed loses it together with the step's result."""

    table: Table
    step: str

    def read(self) -> str | None:
        """See demo_journal.Mark.

        Raises:
            LocalStackError: the table itself is gone or damaged.
        """
        key = Key(MARKS, self.step)
        try:
            row = self.table.read([key], READ_TIMEOUT_S, latest=True)[key]
        except DependencyFailed as error:
            raise LocalStackError(f"the kept state is damaged ({error}); {START_AFRESH}") from error
        return None if isinstance(row, Absent) else str(row["made_from"])

    def write(self, made_from: str) -> None:
        """See demo_journal.Mark."""
        self.table.write([(Key(MARKS, self.step), {"made_from": made_from})])
