"""Links in messages at work: to leave a channel, to see the message, its goods' pictures and their pages.

Every link carries its proof. Nobody is recognised by one: there are no cookies, and that a link was opened is not kept.
"""

import re
from typing import Final

from vitrine import keys
from vitrine.errors import DependencyFailed, InvalidRequest, ProfileConflict
from vitrine.outreach.handing import Words, decode
from vitrine.outreach.opened import MessageLinks, is_picture
from vitrine.outreach.person import parse_person, row_of
from vitrine.outreach.unsubscribe import Leaving, Opening, verify_leaving, verify_opening
from vitrine.ports import PageTable
from vitrine.types import Absent, ItemId, Row
from vitrine.values import dataclass
from vitrine.visitors.identity import KeySource, TokenKeys

READ_TIMEOUT_S: Final = 2.0
ATTEMPTS: Final = 8
MAX_PLACES: Final = 100
PLACE: Final = re.compile(r"[0-9]{1,2}", re.ASCII)
LEFT: Final = "unsubscribed"


class MessageGone(InvalidRequest):
    """The link is ours, but what it leads to is not kept any more."""

    status = 404
    code = "not_found"


@dataclass(frozen=True, slots=True)
class LinksService:
    """Follows links. Safe to use from several threads.

    All methods raise InvalidToken for a link that is not ours and DependencyFailed for a dependency that is down.
    """

    table: PageTable
    token_keys: KeySource

    def leaving(self, token: str) -> Leaving:
        """Who would leave which channel by this link; nothing is changed."""
        return verify_leaving(token, self._keys(token))

    def leave(self, token: str) -> Leaving:
        """Let the person be reached by the channel no more. Again it changes nothing.

        Raises:
            ProfileConflict: others wrote the person again and again.
        """
        leaving = self.leaving(token)
        key = keys.person(leaving.person)
        for _ in range(ATTEMPTS):
            person, rev = parse_person(self.table.read([key], READ_TIMEOUT_S, latest=True)[key], leaving.person)
            if person.suppressed.get(leaving.channel) == LEFT:
                return leaving
            row = row_of(person.without(leaving.channel, LEFT), rev)
            if self.table.replace(key, row, rev, READ_TIMEOUT_S):
                return leaving
        raise ProfileConflict(f"a person was written by others {ATTEMPTS} times in a row")

    def picture(self, token: str, place: str) -> str | None:
        """The address of the picture at a place of a message as of now; None where nothing is left to show.

        Raises:
            MessageGone: the message is not kept any more.
        """
        links = MessageLinks.parse(self._message(token))
        card = self._card_at(links, place)
        image = None if card is None else card.get("image")
        return image if isinstance(image, str) and is_picture(image) else None

    def page(self, token: str, place: str) -> str:
        """The address of the page of what is at a place of a message now; the shop's front page where nothing is left.

        Raises: as `picture`.
        """
        links = MessageLinks.parse(self._message(token))
        card = self._card_at(links, place)
        url = None if card is None else card.get("url")
        return links.page(url if isinstance(url, str) else "")

    def words(self, token: str) -> Words:
        """What the message said. Raises: as `picture`."""
        content = self._message(token).get("content")
        if isinstance(content, bytes):
            return decode(content)
        raise _gone()

    def _message(self, token: str) -> Row:
        opening: Opening = verify_opening(token, self._keys(token))
        key = keys.message(opening.person, opening.sending)
        row = self.table.read([key], READ_TIMEOUT_S)[key]
        if row is Absent.NOT_READ:
            raise DependencyFailed("table", "a message was not read")
        if row is Absent.MISSING:
            raise _gone()
        return row

    def _card_at(self, links: MessageLinks, place: str) -> Row | None:
        """The row of the card that a place shows; it is read as it stands, for cards' own module needs numpy."""
        if not PLACE.fullmatch(place):
            return None
        cards = self._cards(links)
        found = links.good_at(int(place), cards)
        return None if found is None else cards[found]

    def _cards(self, links: MessageLinks) -> dict[ItemId, Row]:
        """Cards of what can be bought."""
        wanted = {keys.card(item): item for item in links.items[:MAX_PLACES]}
        rows = self.table.read(list(wanted), READ_TIMEOUT_S) if wanted else {}
        found = {wanted[key]: row for key, row in rows.items() if not isinstance(row, Absent)}
        return {item: row for item, row in found.items() if _regions(row) >> links.region_bit & 1}

    def _keys(self, token: str) -> TokenKeys:
        """The keys of the moment; asked for anew if the link names another key, for it may be fresh."""
        found = self.token_keys(None)
        kid = token.split(".", 2)[1] if token.count(".") > 1 else ""
        if found is not None and kid and kid not in found.keys:
            found = self.token_keys(kid)
        if found is None:
            raise DependencyFailed("secret", "there are no token keys yet")
        return found


def _regions(row: Row) -> int:
    regions = row.get("regions")
    return regions if isinstance(regions, int) else 0


def _gone() -> MessageGone:
    return MessageGone("the message is not kept any more; what it said is in your mailbox", "token")
