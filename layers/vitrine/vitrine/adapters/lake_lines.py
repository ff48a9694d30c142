"""Lines that Firehose brought into the lake, by the time of their arrival."""

import gzip
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from vitrine.adapters.decision_log import DAY, GZIP, NEAR, STAMP, STAMP_FORMAT
from vitrine.errors import InvalidRecord
from vitrine.ports import Objects

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class LakeLines:
    """refresh.trial_records.ReadLines over the lake's bucket. Of a day's objects only those of the time are fetched."""

    def __init__(self, lake: Objects) -> None:
        self._lake = lake

    def __call__(self, prefix: str, from_ms: int, to_ms: int) -> Iterator[bytes]:
        """Lines of the objects whose oldest line arrived from one instant to another, or some minutes around.

        Raises:
            InvalidRecord: an object is damaged.
            DependencyFailed: the bucket does not answer.
        """
        first, last = (EPOCH + timedelta(milliseconds=at_ms) for at_ms in (from_ms, to_ms))
        first, last = first - NEAR, last + NEAR
        day = first
        while day.date() <= last.date():
            for name in self._lake.names(prefix + day.strftime(DAY)):
                stamp = STAMP.search(name)
                if stamp and first <= datetime.strptime(stamp[1], STAMP_FORMAT).replace(tzinfo=UTC) <= last:
                    yield from self._read(name).splitlines()
            day += timedelta(days=1)

    def _read(self, name: str) -> bytes:
        """The text of an object; none, when it expired a moment ago."""
        data = self._lake.get(name) or b""
        try:
            return gzip.decompress(data) if data.startswith(GZIP) else data
        except (OSError, EOFError, zlib.error) as error:
            raise InvalidRecord(f"{name} in the lake is damaged: {error}") from error
