"""The demo's set-up: the data into the lake, the lake into the emulated bucket, cards, ranker and first release.

The steps call what the scheduled functions call, over the same bucket and table.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from vitrine.adapters.s3 import S3Objects
from vitrine.api.store_folder import read_store_file
from vitrine.cli.demo_journal import START_AFRESH, Step
from vitrine.cli.import_command import package_folder
from vitrine.errors import DependencyFailed, InvalidRelease, LocalStackError
from vitrine.local.pool import aws_variables
from vitrine.local.stack import LocalStack
from vitrine.ports import Progress
from vitrine.refresh.jobs import load_visitors, refresh_cards, refresh_model, refresh_recommendations
from vitrine.refresh.journey_import import REPORT, Shop, import_complete_journey
from vitrine.refresh.publish import read_pointer
from vitrine.settings import Settings
from vitrine.wiring.refresh import build_workshop


class Setup:
    """The steps, bound to a running stack and a lake folder."""

    def __init__(self, running: LocalStack, lake: Path) -> None:
        os.environ.update(aws_variables(running.endpoint))  # botocore finds the emulator here, as in a function
        self._settings = Settings.from_env(running.environment("RefreshRecommendationsFunction"))
        self._store = self._settings.bundle / "store"
        self._workshop = build_workshop(self._settings)
        self.lake = lake

    @property
    def steps(self) -> Sequence[Step]:
        """All steps in their order; each may be run again. Only the first leaves its result outside the emulator."""
        return [
            Step("import", self.import_data, [self._store / "store.yaml"], kept=self.lake / REPORT),
            Step("upload", self.upload),
            Step("cards", lambda progress: ignore(refresh_cards(self._workshop, progress))),
            Step("visitors", lambda progress: ignore(load_visitors(self._workshop, progress))),
            Step("model", lambda progress: ignore(refresh_model(self._workshop, progress))),
            Step("release", lambda progress: ignore(refresh_recommendations(self._workshop, progress)), [self._store]),
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

    def is_published(self) -> bool:
        """Whether the emulator's state still holds a release; it may have been ended without being asked.

        Raises:
            LocalStackError: the table itself is gone or damaged.
        """
        try:
            return read_pointer(self._workshop.table) is not None
        except (DependencyFailed, InvalidRelease) as error:
            raise LocalStackError(f"the kept state is damaged ({error}); {START_AFRESH}") from error


def ignore(_: object) -> None:
    """A step has no result of its own: what it did is in the bucket and the table."""
