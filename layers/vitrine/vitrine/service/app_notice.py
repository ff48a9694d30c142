"""A message shown by the app itself, at once: outreach's worker, for nothing but that.

Whoever answers an app has no other channel, and must not take a mail or a push from the worker that has. So it looks
first, and leaves a person alone for whom something else comes first or is under way. If that changes between the look
and the claim, the message is put back as one that could not be handed over for the moment.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from vitrine.outreach.arbitration import next_move
from vitrine.outreach.channels import CHANNELS, Channel
from vitrine.outreach.handing import Channel as ChannelPort
from vitrine.outreach.handing import Handover, PushText, Refused, Result
from vitrine.outreach.person import PersonId
from vitrine.service.geofence import Shown
from vitrine.service.outreach import OutreachService
from vitrine.values import dataclass

APP: Final[frozenset[Channel]] = frozenset(("app",))


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """A channel that another worker has."""

    is_idempotent: bool = False

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel: refused for the moment, so that the other worker hands it over later."""
        return Refused("retry", "it came up while the app was being answered")


@dataclass(frozen=True, slots=True)
class AppNotice:
    """service.geofence.Notify over outreach."""

    outreach: OutreachService

    def __call__(self, person: PersonId) -> Shown | None:
        """See service.geofence.Notify. The words are claimed, and closed as sent, before they are returned."""
        known = self.outreach.look(person, APP)
        sending = next_move(known.situation).sending
        if known.stored.state.open is not None or sending is None or sending.channel != "app":
            return None
        report = self._alone().work(person, APP)
        if report.sending is not None and isinstance(report.words, PushText):
            words = report.words
            return Shown(report.sending.id, words.title, words.text, words.url, words.image)
        return None

    def _alone(self) -> OutreachService:
        channels: Mapping[Channel, ChannelPort] = {name: Elsewhere() for name in CHANNELS if name != "app"}
        return replace(self.outreach, channels=channels)
