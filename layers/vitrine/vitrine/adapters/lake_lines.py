"""Lines that Firehose brought into the lake, by the time of their arrival."""

import gzip
import logging
import zlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Final

from vitrine.adapters.decision_log import DAY, GZIP, NEAR, STAMP, STAMP_FORMAT
from vitrine.ports import Objects

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

logger = logging.getLogger(__name__)


class LakeLines:
    """refresh.trial_records.ReadLines over the lake's bucket. Of a day's objects only those of the time are fetched."""

    def __init__(self, lake: Objects) -> None:
        self._lake = lake

    def __call__(self, prefix: str, from_ms: int, to_ms: int) -> Iterator[bytes]:
        """Lines of the objects whose oldest line arrived from one instant to another, or some minutes around.

        Of a damaged object the lines before the damage, and an empty one, which no reader takes for a record. An error
        would be raised at every run for as long as the object lies there.

        Raises:
            DependencyFailed: the bucket does not answer.
        """
        first, last = (EPOCH + timedelta(milliseconds=at_ms) for at_ms in (from_ms, to_ms))
        first, last = first - NEAR, last + NEAR
        day = first
        while day.date() <= last.date():
            for name in self._lake.names(prefix + day.strftime(DAY)):
                stamp = STAMP.search(name)
                if stamp and first <= datetime.strptime(stamp[1], STAMP_FORMAT).replace(tzinfo=UTC) <= last:
                    yield from self._lines(name)
            day += timedelta(days=1)

    def _lines(self, name: str) -> Iterator[bytes]:
        """The lines of an object, unpacked one by one; none, when it expired a moment ago."""
        data = self._lake.get(name) or b""
        if not data.startswith(GZIP):
            yield from data.splitlines()
            return
        try:
            with gzip.open(BytesIO(data)) as lines:
                yield from lines
        except (OSError, EOFError, zlib.error) as error:
            logger.warning("%s in the lake is damaged, what follows in it is left out: %s", name, error)
            yield b""
