"""The request of POST /v1/explain, for operators: a page view, and circumstances to suppose instead of the real."""

from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from vitrine.api.decide import NOWHERE, DecideBody
from vitrine.api.fields import Id, Text
from vitrine.api.strict_json import shorten
from vitrine.api.wire import Bounds, Wire
from vitrine.decisions.context import DecisionRequest, Preview
from vitrine.decisions.facts import fault_of
from vitrine.errors import InvalidField
from vitrine.types import Viewer, VisitorId

MAX_ATTRIBUTES: Final = 50
MAX_VALUES: Final = 50
MAX_NUMBER: Final = 10**15  # a double still tells neighbours apart
YEARS: Final = range(2000, 2101)

Whole: TypeAlias = Annotated[int, Bounds(-MAX_NUMBER, MAX_NUMBER)]
Fraction: TypeAlias = Annotated[float, Bounds(-MAX_NUMBER, MAX_NUMBER)]
Texts: TypeAlias = Annotated[list[Text], Bounds(0, MAX_VALUES)]
Supposed: TypeAlias = bool | Whole | Fraction | Text | Texts | None


class PreviewBody(Wire):
    """What to suppose: an instant (ISO 8601 with its zone), a region, attributes by path; null is "not known"."""

    at: Text | None = None
    region: Id | None = None
    attributes: Annotated[dict[Id, Supposed], Bounds(0, MAX_ATTRIBUTES)] = {}  # noqa: RUF012 - nobody adds to it

    def to_domain(self) -> Preview:
        """The circumstances as the decision knows them.

        Raises:
            InvalidField: the instant is none or has no zone, or an attribute is unknown or of another kind.
        """
        return Preview(
            at=None if self.at is None else _instant(self.at),
            region=self.region,
            attributes={path: _checked(path, value) for path, value in self.attributes.items()},
        )


class ExplainBody(DecideBody):
    """The body of POST /v1/explain."""

    preview: PreviewBody | None = None

    def to_domain(
        self, visitor: VisitorId | None, device_visitor: VisitorId | None = None, viewer: Viewer = NOWHERE
    ) -> DecisionRequest:
        """The request as the decision knows it.

        Raises:
            InvalidField: as DecideBody's, or the preview makes no sense.
        """
        request = super().to_domain(visitor, device_visitor, viewer)
        return request if self.preview is None else replace(request, preview=self.preview.to_domain())


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidField("should be an ISO 8601 instant such as 2026-07-15T14:00:00-05:00", "preview.at") from error
    if instant.tzinfo is None:
        raise InvalidField("should say its zone, such as Z or -05:00", "preview.at")
    if instant.year not in YEARS:
        raise InvalidField(f"should be in the years {YEARS[0]} to {YEARS[-1]}", "preview.at")
    return instant


def _checked(path: str, value: Supposed) -> Any:  # noqa: ANN401 - a scalar or a list of texts
    fault = fault_of(path, value)
    if fault is not None:
        raise InvalidField(fault, f"preview.attributes.{shorten(path)}")
    return value
