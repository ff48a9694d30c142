"""Numbers of a report as people read them, and the ticks of its axes."""

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import Final

from vitrine.refresh.report import Cell

DASH: Final = "–"
TOO_LARGE: Final = 1e15  # from here on digits say less than the power of ten
LIMIT: Final = 1e300
"""Beyond it differences overflow; such a value is a fault, and drawn as a missing one."""
SHORT: Final = ((1e12, "T"), (1e9, "bn"), (1e6, "M"), (1e3, "k"))
PLAIN_BELOW: Final = 1e4  # four digits are as short as 1.23k, and exact
SAME: Final = 1e-9
STEPS: Final = (1.0, 2.0, 5.0, 10.0)


def is_drawn(value: float | None) -> bool:
    """Whether a chart has a place for it."""
    return value is not None and isfinite(value) and abs(value) < LIMIT


def cell_text(cell: Cell) -> str:
    """A table's cell: thousands apart, four digits of a fraction; a dash for what is missing or not a number."""
    if cell is None or (isinstance(cell, float) and not isfinite(cell)):
        return DASH
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, str):
        return cell
    if abs(cell) >= TOO_LARGE:
        return f"{cell:.4g}" if abs(cell) < LIMIT else "over 1e300"
    return f"{cell:,.0f}" if isinstance(cell, int) or abs(cell) >= 1_000 else f"{cell:.4g}"


def short_text(value: float | None, unit: str = "") -> str:
    """A number beside a bar or a tick, at most some seven characters: 12.3k, 4.5M, 0.012."""
    if value is None or not is_drawn(value):
        return DASH
    return _short(value) + (unit if unit in {"", "%"} else f" {unit}")


def _short(value: float) -> str:
    size = abs(value)
    if size >= TOO_LARGE or 0 < size < 1_000:
        return f"{value:.3g}" if size < 999.5 or size >= TOO_LARGE else f"{value:,.0f}"
    if size < PLAIN_BELOW:
        return f"{value:,.0f}"
    divisor, suffix = next(pair for pair in SHORT if size >= pair[0] * 0.9995)
    scaled = value / divisor
    return (f"{scaled:.3g}" if abs(scaled) < 999.5 else f"{scaled:,.0f}") + suffix


def ticks(low: float, high: float, n_wished: int = 6) -> list[float]:
    """Round numbers from at or below `low` to at or above `high`, about as many as wished; two at least.

    When the two are as good as equal, 0 is taken in.
    """
    if high - low <= SAME * max(abs(low), abs(high)):
        low, high = (min(low, 0.0), max(high, 0.0)) if low else (0.0, 1.0)
    raw = (high - low) / max(n_wished - 1, 1)
    power = 10.0 ** floor(log10(raw)) if raw > 1e-290 else 1e-290
    step = next(power * factor for factor in STEPS if power * factor >= raw * 0.999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [number * step for number in range(first, max(last, first + 1) + 1)]


def tick_texts(steps: Sequence[float], unit: str = "") -> list[str]:
    """A text for every tick, with more digits where three do not tell two ticks apart."""
    texts = [short_text(step, unit) for step in steps]
    return texts if len(set(texts)) == len(texts) else [f"{step:.7g}{unit}" for step in steps]
