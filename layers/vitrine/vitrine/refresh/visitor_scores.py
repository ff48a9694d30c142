"""Everything that a refresh finds out about visitors: predictions, segments, personas; and what to say of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import orjson

from vitrine.decisions.placements import Store
from vitrine.decisions.predicted import Predicted
from vitrine.errors import TooLittleData
from vitrine.ports import Progress
from vitrine.refresh.discounts import build_sensitivity, sensitivity_section
from vitrine.refresh.persona_report import PersonaReport, persona_section, report_personas
from vitrine.refresh.personas import assign_personas, unknowable
from vitrine.refresh.predictions import Predictions, predict
from vitrine.refresh.report import Section
from vitrine.refresh.segment_report import segment_section
from vitrine.refresh.segments import Segments, build_segments
from vitrine.refresh.snapshots import Past
from vitrine.refresh.sql_engine import SqlEngine
from vitrine.types import VisitorId
from vitrine.values import dataclass, field


@dataclass(frozen=True, slots=True)
class VisitorScores:
    """What is found out about visitors as of an instant. `known` are all whom the store knows."""

    known: Sequence[VisitorId] = field(repr=False)
    predictions: Predictions
    segments: Segments
    personas: Mapping[VisitorId, str] = field(repr=False)
    persona_report: PersonaReport
    sections: Sequence[Section] = field(repr=False)

    def of(self, visitor: VisitorId) -> Predicted:
        """What the attributes predicted.* are to be; empty for who is unknown."""
        return {**self.segments.of(visitor), **self.predictions.of(visitor)}

    def packed(self, visitor: VisitorId) -> str | None:
        """The `predicted` attribute of the visitor's row, JSON; None where there is nothing to say."""
        told = self.of(visitor)
        return orjson.dumps(told).decode() if told else None

    def all_packed(self) -> dict[VisitorId, str]:
        """The same of everybody of whom there is something to say."""
        told = ((visitor, self.packed(visitor)) for visitor in self.known)
        return {visitor: text for visitor, text in told if text is not None}

    @property
    def facts(self) -> dict[str, object]:
        """Figures as plain data."""
        return {
            "visitors": len(self.known),
            "predictions": self.predictions.facts,
            "segments": dict(self.segments.sizes()),
            "discount_sensitivity": dict(self.segments.sensitivity.facts),
            "personas": {one.name: one.visitors for one in self.persona_report.personas},
            "persona_coverage": round(self.persona_report.coverage, 4),
        }


def score_visitors(engine: SqlEngine, store: Store, as_of_ms: int, now: datetime, progress: Progress) -> VisitorScores:
    """Find out everything, and leave table `visitor_personas` for the lists that are built next.

    `now` is the instant of the refresh: what personas ask of the clock is asked then.

    Raises:
        TooLittleData: nothing was bought before the instant. The table is there all the same.
    """
    try:
        past = Past(engine, as_of_ms)
    except TooLittleData:
        assign_personas(engine, store, lambda visitor: {}, as_of_ms, now, progress)
        raise
    known: list[VisitorId] = engine.columns("visitor_known", as_of_ms=as_of_ms)["visitor"].tolist()
    predictions = predict(past, progress)
    everybody = past.everybody()
    sensitivity = build_sensitivity(engine, past.first_ms, as_of_ms)
    segments = build_segments(engine, everybody, sensitivity, known)

    def told(visitor: VisitorId) -> Predicted:
        return {**segments.of(visitor), **predictions.of(visitor)}

    personas = assign_personas(engine, store, told, as_of_ms, now, progress)
    names = [persona.name for persona in store.personas]
    report = report_personas(names, personas, known, everybody, segments, unknowable(store))
    sections = [
        segment_section(segments, predictions, past),
        *([persona_section(report)] if names else []),
        *predictions.sections(),
        sensitivity_section(sensitivity),
    ]
    return VisitorScores(known, predictions, segments, personas, report, sections)
