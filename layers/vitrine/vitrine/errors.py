"""Every error that Vitrine raises on purpose.

VitrineError
├── InvalidRequest           the caller sent something we refuse (HTTP 4xx)
│   ├── BodyTooLarge         413
│   ├── MalformedJson        400: not UTF-8, not JSON, NaN, duplicate key
│   ├── InvalidField         400: a field is unknown, missing, of the wrong type or out of range
│   ├── InvalidToken         401: the visitor token is forged, foreign or malformed
│   └── UnknownDecision      404: there is no record of this decision
├── DependencyFailed         a dependency did not answer, or answered nonsense
│   ├── DeadlineExceeded     it did not answer in time
│   ├── DamagedRow           what it holds of somebody cannot be read, however often it is asked
│   └── LeftAlone            it failed again and again, or is behind, and is not asked for the moment
├── ProfileConflict          somebody else wrote the profile first, again and again
├── InvalidStore             a file under store/ is wrong
├── InvalidCondition         a condition is wrong; it stands with its attributes in rules.conditions
├── InvalidExperiment        an experiment is wrong; it stands in rules.experiment_checks
├── InvalidRelease           a release or one of its parts fails its checks
│   ├── InvalidModel         a ranker fails its checks
│   └── RefreshNeeded        store files cannot be published with the lists that there are
├── InvalidSource            data to import or refresh from is missing or of the wrong form
│   └── TooLittleData        it is right, but there is not enough of it yet to learn from
├── InvalidRecord            what was recorded of a decision is damaged, or of a form that this code does not know
├── InvalidFeedback          a provider tells what nobody understands; it stands in api.feedback
├── Unsendable               the words of a message cannot be stored or sent; it stands in outreach.handing
├── BuildFailed              a function cannot be assembled, or is larger than Lambda takes
└── LocalStackError          the laptop's stack cannot start; the message says what to do
"""


class VitrineError(Exception):
    """Root of all errors of this package."""


class InvalidRequest(VitrineError):
    """The caller sent something we refuse. `field` is a dotted path into the body, '' for the whole."""

    status = 400
    code = "invalid_request"

    def __init__(self, message: str, field: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.field = field


class BodyTooLarge(InvalidRequest):
    """The body is above the size cap; it was not parsed."""

    status = 413
    code = "body_too_large"


class MalformedJson(InvalidRequest):
    """The body is not strict JSON in UTF-8."""

    code = "malformed_json"


class InvalidField(InvalidRequest):
    """A field is unknown, missing, of the wrong type or out of range."""

    code = "invalid_field"


class InvalidToken(InvalidRequest):
    """The visitor token was not signed by us for this purpose."""

    status = 401
    code = "invalid_token"


class UnknownDecision(InvalidRequest):
    """There is no record of this decision, or none yet."""

    status = 404
    code = "unknown_decision"


class DependencyFailed(VitrineError):
    """A dependency did not answer, or answered nonsense. `dependency` names it."""

    def __init__(self, dependency: str, reason: str) -> None:
        super().__init__(f"{dependency}: {reason}")
        self.dependency = dependency
        self.reason = reason


class DeadlineExceeded(DependencyFailed):
    """A dependency did not answer in the time that was left."""


class DamagedRow(DependencyFailed):
    """What the table holds of somebody cannot be read; to ask again does not help."""


class LeftAlone(DependencyFailed):
    """A dependency failed again and again, or is behind; it was not asked this time, so nobody waited for it."""


class ProfileConflict(VitrineError):
    """A profile was written by somebody else at every attempt; the caller may try again."""


class InvalidStore(VitrineError):
    """A file under store/ is wrong. The message names file, place and remedy."""


class InvalidRelease(VitrineError):
    """A release or one of its parts fails its checks and must not be served."""


class InvalidModel(InvalidRelease):
    """A ranker fails its checks and must not be loaded."""


class RefreshNeeded(InvalidRelease):
    """Store files cannot be published with the lists that there are; a refresh publishes them with new ones."""


class InvalidSource(VitrineError):
    """Data to import or refresh from is missing or of the wrong form."""


class TooLittleData(InvalidSource):
    """The data holds too short a past to train a ranker on; a later run may find enough."""


class InvalidRecord(VitrineError):
    """What was recorded of a decision is damaged, or of a form that this code does not know."""


class BuildFailed(VitrineError):
    """A function cannot be assembled as Lambda would see it. The message is one line that says what to do."""


class LocalStackError(VitrineError):
    """The laptop's stack cannot start or go on. The message is one line that says what to do."""
