"""What operators count of outreach. One line of metrics a minute or batch, and none where there is nothing to tell."""

import time
from collections import Counter
from collections.abc import Iterable
from typing import Final

from vitrine.api.emf import emit
from vitrine.service.feedback import Heard
from vitrine.service.sweep import Swept

DUE: Final = "outreach_due"
SEND: Final = "outreach_send"
FEEDBACK: Final = "outreach_feedback"


def count_swept(swept: Swept) -> None:
    """Count a minute: who was due and sent, and for how long in seconds the longest has been due."""
    if not swept.due and not swept.is_held:
        return
    told = {"Due": swept.due, "Sent": swept.sent, "LagS": round(swept.lag_ms / 1000, 1), "Held": int(swept.is_held)}
    emit(DUE, told, None, time.time())


def count_outcomes(outcomes: Iterable[str]) -> None:
    """Count what was done for the persons of a batch, by outcome: Sent, Shown, Waits, Refused, InDoubt ..."""
    told = Counter(outcome.title().replace("_", "") for outcome in outcomes)
    if told:
        emit(SEND, told, None, time.time())


def count_heard(heard: Iterable[tuple[str, Heard]]) -> None:
    """Count what providers told: each kind (Bounced, Complained ...), and what it changed (Suppressed, Unknown ...)."""
    told = Counter(word.capitalize() for pair in heard for word in pair)
    if told:
        emit(FEEDBACK, told, None, time.time())
