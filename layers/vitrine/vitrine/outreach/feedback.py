"""What providers tell after a message was taken: delivered, bounced, complained about, left.

How they spell it is `vitrine.api.feedback`'s business; this is what it means for a person.
"""

from typing import Final, Literal, TypeAlias

from vitrine.outreach.person import Person
from vitrine.values import dataclass

FeedbackKind: TypeAlias = Literal["sent", "delivered", "bounced", "complained", "unsubscribed"]

TAG: Final = "vitrine"
"""The tag of a mail that names its sending."""

ID_HEADER: Final = "X-Vitrine-Id"
"""The header that does, for notifications that show headers and no tags."""


@dataclass(frozen=True, slots=True)
class Feedback:
    """One word about one message to one address.

    `sending_id` and `address` are None where the provider does not name them; `provider_id` is what `Taken` told.
    `is_lasting` says that the address must not be used any more: a permanent bounce, a complaint, an unsubscription.
    """

    kind: FeedbackKind
    sending_id: str | None = None
    address: str | None = None
    reason: str = ""
    is_lasting: bool = False
    provider_id: str = ""


def suppressed(person: Person, feedback: Feedback) -> Person:
    """The person after a feedback: without the channels of a lastingly bad address, else unchanged.

    Mail domains know no case, and providers write addresses as they like.
    """
    if not feedback.is_lasting or feedback.address is None:
        return person
    told, reason = feedback.address.casefold(), f"{feedback.kind}: {feedback.reason}".removesuffix(": ")
    for channel, address in person.addresses.items():
        if address.casefold() == told:
            person = person.without(channel, reason)
    return person
