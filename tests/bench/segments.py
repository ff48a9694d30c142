"""How good segments and predictions are: The Complete Journey and CDNOW, trained anew, tested on later instants."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import orjson

from tests.bench.cdnow import against_paper, write_cdnow
from vitrine.api.store_compiled import load_store
from vitrine.api.store_folder import compile_store, read_store_file
from vitrine.cli.import_command import package_folder
from vitrine.cli.section_lines import section_lines
from vitrine.ports import Progress
from vitrine.refresh.due_card import Trial, due_section, try_due_dates
from vitrine.refresh.engine import Engine
from vitrine.refresh.history import last_purchase_ms
from vitrine.refresh.journey_import import Shop, import_complete_journey
from vitrine.refresh.lists import Regions
from vitrine.refresh.predictions import Predictions, predict
from vitrine.refresh.snapshots import Past
from vitrine.refresh.visitor_scores import VisitorScores, score_visitors

STORE: Final = Path("store")
DATA: Final = Path("../shared/data")
CHANCES: Final[Mapping[str, str]] = {"p_buy_7d": "buy_7d", "p_buy_30d": "buy_30d", "p_churn": "churn"}
AMOUNTS: Final = ("order_value", "ltv_12m")


def run(progress: Progress, data: Path = DATA) -> Sequence[str]:
    """Both data sets: tables, and the JSON line."""
    with TemporaryDirectory(prefix="vitrine-bench-") as folder:
        journey, due = score_journey(Path(folder) / "journey", progress)
        lake = Path(folder) / "cdnow"
        write_cdnow(data, lake)
        with Engine() as engine:
            engine.load_lake(lake)
            paper, paper_facts = against_paper(engine)
            cdnow = predict(Past(engine, last_purchase_ms(engine) + 1), progress)
    result = {
        "bench": "segments",
        **dict(flat(journey.predictions, "")),
        "persona_coverage": journey.facts["persona_coverage"],
        **{f"discount_{name}": round(value, 4) for name, value in journey.segments.sensitivity.facts.items()},
        **dict(due_facts(due)),
        **dict(flat(cdnow, "cdnow_")),
        **paper_facts,
    }
    sections = [*journey.sections, due_section(due)]
    told = ["The Complete Journey", *section_lines(sections), "", "CDNOW", *section_lines(cdnow.sections())]
    return [*told, *paper, orjson.dumps(result).decode()]


def score_journey(lake: Path, progress: Progress) -> tuple[VisitorScores, Sequence[Trial]]:
    """Everything that a refresh would find out about the visitors of The Complete Journey, and how its dates do."""
    files = read_store_file(STORE)
    shop = Shop([region.id for region in files.regions], files.margins)
    import_complete_journey(package_folder(), lake, shop, None, progress)
    with Engine() as engine:
        engine.load_lake(lake)
        as_of_ms = last_purchase_ms(engine) + 1
        now = datetime.fromtimestamp(as_of_ms / 1000, UTC)
        store = load_store(compile_store(STORE))
        scores = score_visitors(engine, store, as_of_ms, now, progress)
        return scores, try_due_dates(engine, Regions(store.regions, store.default_region), as_of_ms, progress)


def due_facts(trials: Sequence[Trial]) -> Iterator[tuple[str, object]]:
    """Shares of dates that came true, those of the plain rule, and the gain's interval on the same pairs."""
    for trial in trials:
        yield f"due_{trial.within}d", round(trial.hits["due"], 4)
        yield f"rival_due_{trial.within}d", round(trial.hits["plain"], 4)
        yield f"gain_due_{trial.within}d", [round(bound, 4) for bound in trial.gain[1:]]


def flat(predictions: Predictions, prefix: str) -> Iterator[tuple[str, object]]:
    """The figures of the method that answers, those of its best plain opponent, and the gain's interval."""
    facts: Mapping[str, Any] = predictions.facts
    for name, short in CHANCES.items():
        card = facts[name]
        if "absent" in card:
            yield f"{prefix}{short}", None
            continue
        answer, rival = card["measures"][card["method"]], card["measures"][card["rival"]]
        yield f"{prefix}method_{short}", card["method"]
        for measure in ("auc", "ece", "brier"):
            yield f"{prefix}{measure}_{short}", answer[measure]
        yield f"{prefix}rival_auc_{short}", rival["auc"]
        yield f"{prefix}gain_{short}", card["gain"][1:]
    for name in AMOUNTS:
        card = facts[name]
        if "absent" in card:
            yield f"{prefix}{name}", None
            continue
        answer, rival = card["measures"][card["method"]], card["measures"][card["rival"]]
        yield f"{prefix}method_{name}", card["method"]
        yield f"{prefix}mae_{name}", answer["mae"]
        yield f"{prefix}rival_mae_{name}", rival["mae"]
        yield f"{prefix}sum_ratio_{name}", answer["sum_ratio"]
        yield f"{prefix}gain_{name}", card["gain"][1:]
