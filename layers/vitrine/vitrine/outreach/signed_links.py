"""Links of one message: outreach.wording.Links to the shop, and to ourselves with a proof."""

from collections.abc import Sequence
from typing import Final

from vitrine.outreach.opened import MessageLinks, is_picture
from vitrine.outreach.person import PersonId
from vitrine.outreach.unsubscribe import Leaving, Opening, mint_leaving, mint_opening
from vitrine.values import dataclass
from vitrine.visitors.identity import TokenKeys

UNSUBSCRIBE: Final = "/v1/unsubscribe/"
PICTURE: Final = "/v1/open/"
GOOD: Final = "/v1/go/"
MESSAGE: Final = "/v1/message/"


@dataclass(frozen=True, slots=True)
class SignedLinks:
    """See outreach.wording.Links. `public_url` is our own address as people see it, without a slash at the end.

    `pages` and `pictures` are those of the goods' cards, by place. Without an address of our own links to goods lead
    straight to them, as they are now: that is enough for what an app shows at once.
    """

    public_url: str
    links: MessageLinks
    person: PersonId
    sending: str
    token_keys: TokenKeys
    pages: Sequence[str] = ()
    pictures: Sequence[str] = ()

    def page(self, path: str) -> str:
        """A page of the shop."""
        return self.links.page(path)

    def good(self, n: int) -> str:
        """The page of the good at a place, chosen when the link is followed."""
        if not self.public_url:
            return self.page(self.pages[n] if n < len(self.pages) else "")
        return f"{self.public_url}{GOOD}{self._opening()}/{n}"

    def picture(self, n: int) -> str:
        """The picture of the good at a place, chosen when it is loaded."""
        if not self.public_url:
            found = self.pictures[n] if n < len(self.pictures) else ""
            return found if is_picture(found) else ""
        return f"{self.public_url}{PICTURE}{self._opening()}/{n}"

    @property
    def unsubscribe(self) -> str:
        """Where the person leaves the message's channel."""
        leaving = Leaving(self.person, self.links.channel, self.sending)
        return f"{self.public_url}{UNSUBSCRIBE}{mint_leaving(leaving, self.token_keys)}"

    @property
    def unsubscribe_mail(self) -> str | None:
        """None: mail to us is read by nobody."""
        return None

    @property
    def message(self) -> str:
        """The message in the browser."""
        return f"{self.public_url}{MESSAGE}{self._opening()}"

    def _opening(self) -> str:
        return mint_opening(Opening(self.person, self.sending), self.token_keys)
