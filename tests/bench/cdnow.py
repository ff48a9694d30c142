"""CDNOW: purchases of 23,570 people who first bought early in 1997, as a lake and against BG/NBD's paper.

The published parameters are those of a tenth of the customers, "the systematic 1/10th sample" of 2,357. Its list of
customers follows from no rule on the ids that the master file has, so the comparison is with all ten tenths by the
last digit of the id: samples of the same size from the same people.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
from numpy.typing import NDArray

from tests.bench.harness import BenchFailed
from vitrine.refresh.bg_nbd import BgNbd, Histories, fit_bg_nbd
from vitrine.refresh.calibration import auc
from vitrine.refresh.engine import ITEMS, PURCHASES, VISITORS
from vitrine.refresh.snapshots import Past
from vitrine.refresh.sql_engine import SqlEngine

FILE: Final = Path("cdnow") / "CDNOW_master.txt.gz"
PUBLISHED: Final = BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
"""Fader, Hardie and Lee 2005, table 2; times in weeks."""
CALIBRATION_END: Final = datetime(1997, 9, 30, 12, tzinfo=UTC)
HOLDOUT_DAYS: Final = 273
SEED: Final = 1

LINES: Final = """
    select regexp_split_to_array(trim(line), ' +') as parts
    from read_csv($file, header = false, skip = 1, delim = '\x01', columns = {'line': 'varchar'}, auto_detect = false)
"""
SALES: Final = f"""
    select
        'c' || parts[1] as visitor,
        cast(epoch_ms(strptime(parts[2], '%Y%m%d') + interval 12 hour) as bigint) as at_ms,
        parts[2] as session,
        cast(round(sum(cast(parts[4] as double)) * 100) as integer) as price
    from ({LINES})
    where len(parts) = 4
    group by all
"""
TABLES: Final[Mapping[str, str]] = {
    ITEMS: (
        "select 'cd' as item, 'CD' as title, 'music/cd/cd' as category, 'none' as brand, 1499 as price,"
        " 1499 as regular_price, 0.3 as margin, '/cd' as url, '/cd.svg' as image, ['all'] as regions,"
        " cast(0 as bigint) as first_seen_ms"
    ),
    PURCHASES: (
        "select visitor || session as id, visitor, 'purchase' as kind, at_ms, 'cd' as item, 1 as quantity, price,"
        " price as regular_price, session, 'all' as region from sales"
    ),
    VISITORS: "select distinct visitor, 'all' as region, '{}' as crm from sales",
}


def write_cdnow(data: Path, lake: Path) -> None:
    """The purchases as a lake folder: those of one customer and day are one basket, as the papers count."""
    if not (data / FILE).is_file():
        raise BenchFailed(f"{data / FILE} is missing; give the folder of the data sets")
    with duckdb.connect() as connection:
        connection.execute(f"create table sales as {SALES}", {"file": str(data / FILE)})
        for path, select in TABLES.items():
            (lake / path).parent.mkdir(parents=True, exist_ok=True)
            connection.sql(select).write_parquet(str(lake / path))


def against_paper(engine: SqlEngine) -> tuple[Sequence[str], dict[str, object]]:
    """Fits of the ten tenths beside the published one, and 39 weeks of forecasts for everybody; lines and facts."""
    end_ms = int(CALIBRATION_END.timestamp() * 1000) + 1
    past = Past(engine, end_ms + HOLDOUT_DAYS * 86_400_000)
    before, after = past.sample(HOLDOUT_DAYS), past.outcome(HOLDOUT_DAYS, HOLDOUT_DAYS)
    known = before.histories
    weeks = Histories(known.repeats, known.last / 7.0, known.age / 7.0)
    digits = np.array([int(visitor[-1]) for visitor in before.visitors])
    fits = [fit_bg_nbd(weeks.some(np.flatnonzero(digits == digit)), SEED) for digit in range(10)]
    whole = fit_bg_nbd(weeks, SEED)
    expected = whole.expected_orders(weeks, HOLDOUT_DAYS / 7.0)
    facts = _facts(fits, whole, expected, whole.chance_to_buy(weeks, HOLDOUT_DAYS / 7.0), after.orders, weeks)
    return list(_lines(fits, whole, facts)), facts


def _facts(
    fits: Sequence[BgNbd],
    whole: BgNbd,
    expected: NDArray[np.float64],
    chance: NDArray[np.float64],
    came: NDArray[np.float64],
    weeks: Histories,
) -> dict[str, object]:
    rate = weeks.repeats / np.maximum(weeks.age, 1.0) * HOLDOUT_DAYS / 7.0
    return {
        **{f"cdnow_bgnbd_{name}": round(getattr(whole, name), 3) for name in ("r", "alpha", "a", "b")},
        **{f"cdnow_bgnbd_{name}_tenths": _span(fits, name) for name in ("r", "alpha", "a", "b")},
        "cdnow_bgnbd_orders_ratio": round(float(expected.sum() / came.sum()), 4),
        "cdnow_bgnbd_mae": round(float(np.abs(expected - came).mean()), 4),
        "cdnow_own_rate_mae": round(float(np.abs(rate - came).mean()), 4),
        "cdnow_bgnbd_correlation": round(float(np.corrcoef(expected, came)[0, 1]), 4),
        "cdnow_bgnbd_auc": round(auc(chance, (came > 0.0).astype(np.float64)), 4),
        "cdnow_recency_auc": round(auc(weeks.last - weeks.age, (came > 0.0).astype(np.float64)), 4),
    }


def _span(fits: Sequence[BgNbd], name: str) -> list[float]:
    values = [getattr(fit, name) for fit in fits]
    return [round(min(values), 3), round(float(np.median(values)), 3), round(max(values), 3)]


def _lines(fits: Sequence[BgNbd], whole: BgNbd, facts: Mapping[str, object]) -> Iterator[str]:
    yield "CDNOW, BG/NBD on 39 weeks (times in weeks); the tenths are those by the last digit of the id"
    yield f"  {'':<10}{'r':>8}{'alpha':>8}{'a':>8}{'b':>8}"
    named = {"published": PUBLISHED, "everybody": whole} | {f"tenth {n}": fit for n, fit in enumerate(fits)}
    for name, fit in named.items():
        yield f"  {name:<10}{fit.r:>8.3f}{fit.alpha:>8.3f}{fit.a:>8.3f}{fit.b:>8.3f}"
    yield (
        f"  39 weeks ahead: orders expected / came {facts['cdnow_bgnbd_orders_ratio']}, mean error"
        f" {facts['cdnow_bgnbd_mae']} (own rate {facts['cdnow_own_rate_mae']}), AUC {facts['cdnow_bgnbd_auc']}"
        f" (recency alone {facts['cdnow_recency_auc']})"
    )
