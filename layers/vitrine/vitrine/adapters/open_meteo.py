"""ports.WeatherSource over any service that speaks Open-Meteo's HTTP API: many places in one request, ETags, archive.

API: https://open-meteo.com/en/docs and https://open-meteo.com/en/docs/historical-weather-api. Its free service is for
non-commercial use; a store names its own server or a key in the settings. What an answer must be like is in
`open_meteo_answers`.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from hashlib import blake2b
from typing import Final
from urllib.parse import urlencode

from vitrine.adapters.http_get import Answer, Patience, get
from vitrine.adapters.open_meteo_answers import CURRENT, HOURLY, InvalidAnswer, parse_current, parse_history
from vitrine.errors import DependencyFailed
from vitrine.ports import Clock, NoObservation, Observation, Spot, Unchanged

DEPENDENCY: Final = "weather"
BATCH: Final = 50
MAX_CURRENT_BYTES: Final = 256 * 1024  # fifty places answer in about 25 KB
MAX_HISTORY_BYTES: Final = 8 * 1024 * 1024  # five years of hours in about 1 MB
MAX_ETAG: Final = 200
ALL_BATCHES_S: Final = 90.0

Told = Mapping[str, Observation | Unchanged | NoObservation]


class OpenMeteo:
    """Asks an Open-Meteo-compatible service. `url` and `archive_url` are scheme, host and port of its two parts."""

    name = "open-meteo"

    def __init__(
        self,
        url: str,
        archive_url: str,
        clock: Clock,
        api_key: str = "",
        patience: Patience | None = None,
        all_batches_s: float = ALL_BATCHES_S,
    ) -> None:
        self._url = url.rstrip("/")
        self._archive_url = archive_url.rstrip("/")
        self._clock = clock
        self._api_key = api_key
        self._patience = patience or Patience()
        self._all_batches_s = all_batches_s

    def current(self, spots: Sequence[Spot]) -> Told:
        """See ports.WeatherSource. Batches that no time is left for are not asked and say so."""
        give_up = time.monotonic() + self._all_batches_s
        told: dict[str, Observation | Unchanged | NoObservation] = {}
        for batch in _batches(spots):
            try:
                told.update(self._ask_current(batch, give_up - time.monotonic()))
            except (DependencyFailed, InvalidAnswer) as error:
                reason = error.reason if isinstance(error, DependencyFailed) else str(error)
                told.update({spot.cell: NoObservation(reason) for spot in batch})
        return told

    def history(self, lat: float, lon: float, first: date, last: date) -> Sequence[tuple[int, float]]:
        """See ports.WeatherSource."""
        question = {
            "latitude": f"{lat:.4f}",
            "longitude": f"{lon:.4f}",
            "start_date": first.isoformat(),
            "end_date": last.isoformat(),
            "hourly": ",".join(HOURLY),
            "timeformat": "unixtime",
        }
        url = f"{self._archive_url}/v1/archive?{urlencode(question, safe=',')}"
        answer = get(DEPENDENCY, self._with_key(url), {}, MAX_HISTORY_BYTES, self._patience)
        try:
            _require_ok(answer)
            return parse_history(answer.body)
        except InvalidAnswer as error:
            raise DependencyFailed(DEPENDENCY, str(error)) from error

    def _ask_current(self, batch: Sequence[Spot], left_s: float) -> Told:
        if left_s <= 0:
            raise DependencyFailed(DEPENDENCY, "it was not asked: the cells before took all the time")
        question = {
            "latitude": ",".join(f"{spot.lat:.4f}" for spot in batch),
            "longitude": ",".join(f"{spot.lon:.4f}" for spot in batch),
            "current": ",".join(CURRENT),
            "timeformat": "unixtime",
        }
        url = f"{self._url}/v1/forecast?{urlencode(question, safe=',')}"
        etag = _etag_of_all(batch, url)
        patience = replace(self._patience, total_s=min(self._patience.total_s, left_s))
        headers = {"If-None-Match": etag} if etag else {}
        answer = get(DEPENDENCY, self._with_key(url), headers, MAX_CURRENT_BYTES, patience)
        if answer.status == 304 and etag:
            return {spot.cell: Unchanged() for spot in batch}
        _require_ok(answer)
        parsed = parse_current(answer.body, batch, self._clock())
        validator = _validator(answer, url)
        return {
            cell: replace(one, validator=validator) if isinstance(one, Observation) else one
            for cell, one in parsed.items()
        }

    def _with_key(self, url: str) -> str:
        return f"{url}&{urlencode({'apikey': self._api_key})}" if self._api_key else url


def _batches(spots: Sequence[Spot]) -> Iterator[Sequence[Spot]]:
    return (spots[at : at + BATCH] for at in range(0, len(spots), BATCH))


def _require_ok(answer: Answer) -> None:
    if answer.status != 200:
        raise InvalidAnswer(f"HTTP {answer.status}")


def _validator(answer: Answer, url: str) -> str | None:
    """The answer's ETag together with the question it answers, None without one: an ETag says nothing of other URLs."""
    etag = answer.headers.get("etag", "")
    return f"{_digest(url)} {etag}" if etag and len(etag) <= MAX_ETAG and etag.isascii() else None


def _etag_of_all(batch: Sequence[Spot], url: str) -> str | None:
    """The ETag to ask with: all spots must hold the answer to this very question."""
    validators = {spot.validator for spot in batch}
    (only,) = validators if len(validators) == 1 else (None,)
    digest, _, etag = (only or "").partition(" ")
    return etag if digest == _digest(url) else None


def _digest(url: str) -> str:
    return blake2b(url.encode(), digest_size=8).hexdigest()
