"""Countdowns and wheels of the files compiled."""

from collections.abc import Mapping
from typing import Any, Final
from zoneinfo import ZoneInfo

from vitrine.api.store_actions import OverlayFile
from vitrine.api.store_faults import Place
from vitrine.api.store_overlays import CountdownFile, SectorFile, WheelFile
from vitrine.api.store_scope import Scope, check_locales, end_ms
from vitrine.api.templates import Variable, compile_payload
from vitrine.decisions.actions import SECTORS, Countdown, Wheel
from vitrine.rules.bucketing import bucket_ranges

MINUTE_MS: Final = 60_000
DIGITS: Final = 9
"""Of the ends of sectors: 0.5 + 0.3 + 0.15 is above 0.95 otherwise, and a bucket would go to the wrong side."""


def compile_countdown(file: CountdownFile | None, scope: Scope) -> Countdown | None:
    """The countdown; its times are those of the store's zone, unless it names another."""
    if file is None:
        return None
    timezone = file.timezone or scope.store.timezone
    if file.minutes is not None:
        return Countdown(lasts_ms=file.minutes * MINUTE_MS)
    if file.until is not None:
        return Countdown(until_ms=end_ms(file.until, ZoneInfo(timezone)))
    hours, _, minutes = (file.daily or "24:00").partition(":")
    return Countdown(minute=int(hours) * 60 + int(minutes), timezone=timezone)


def compile_wheel(file: WheelFile | None, variables: Mapping[str, Variable], scope: Scope, at: Place) -> Wheel | None:
    """The wheel with the texts of its sectors."""
    if file is None:
        return None
    for n, sector in enumerate(file.sectors):
        for name, said in _worded(sector).items():
            if isinstance(said, dict):
                check_locales(said, scope, (*at, SECTORS, n, name))
    texts = compile_payload(sectors_of(file), scope.locales, variables, lambda *_: None, (*at, SECTORS))
    ranges = bucket_ranges(len(file.sectors), weights=[sector.weight for sector in file.sectors])
    exact = tuple((round(start, DIGITS), round(end, DIGITS)) for start, end in ranges)
    return Wheel(tuple(sector.id for sector in file.sectors), exact, texts)


def sectors_of(file: WheelFile) -> list[dict[str, Any]]:
    """What the page draws of the sectors: all fields of each, null where the file says nothing, but for the odds."""
    return [{"id": sector.id, **_worded(sector)} for sector in file.sectors]


def check_overlay(file: OverlayFile, ends_ms: int | None, scope: Scope, at: Place) -> None:
    """Refuse a countdown to an instant at which its campaign, which ends at `ends_ms`, is over already, and content
    that has no room for a wheel's sectors."""
    if file.countdown is not None and file.countdown.until is not None and ends_ms is not None:
        countdown = compile_countdown(file.countdown, scope)
        if countdown is not None and (countdown.until_ms or 0) > ends_ms:
            said = f"counts down to {file.countdown.until}, but its campaign's schedule ends before that"
            scope.refuse((*at, "countdown", "until"), said, "let the schedule run so long, or end it earlier")
    if file.wheel is not None and (not isinstance(file.content, dict) or SECTORS in file.content):
        said = f"the content of a wheel has to be a mapping without {SECTORS!r}, which come from its wheel"
        scope.refuse((*at, "content"), said, "write content: {title: {...}, spin: {...}}")


def _worded(sector: SectorFile) -> dict[str, Any]:
    return {name: getattr(sector, name) for name in ("label", "title", "text", "link")}
