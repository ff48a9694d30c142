"""Where the links of a message lead, for whoever words it."""

from typing import Protocol


class Links(Protocol):
    """Addresses of one sending, each whole: https, no white space."""

    def page(self, path: str) -> str:
        """Of a page of the shop by its path."""
        ...

    def good(self, n: int) -> str:
        """Where the n-th of the goods leads, which may be another one by the time it is opened."""
        ...

    def picture(self, n: int) -> str:
        """The picture of the n-th of the goods, likewise."""
        ...

    @property
    def unsubscribe(self) -> str:
        """Ends mails to the person: asked by POST at once, opened by a person with a question first."""
        ...

    @property
    def unsubscribe_mail(self) -> str | None:
        """A mail address that does the same, if there is one."""
        ...
