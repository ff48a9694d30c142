"""Mail by Amazon SES (v2), as MIME made here: the same words make the same bytes.

SES has no idempotency token, so a mail is handed over once. It is tagged with its sending, which the events of the
configuration set then name.
"""

import re
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from typing import Any, Final

from vitrine.adapters.aws import Client, MakeClient, client_maker
from vitrine.adapters.aws_once import ONCE, Meaning, OnceCaller
from vitrine.outreach.feedback import ID_HEADER, TAG
from vitrine.outreach.handing import Handover, MailText, Refused, Result

DEPENDENCY: Final = "mail"
LONGEST_LINE: Final = 998  # RFC 5322, 2.1.1
MAX_ADDRESS: Final = 320
HEADER_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,76}", re.ASCII)
ADDRESS: Final = re.compile(r"""[^\s@<>()\[\]\\,;:"]+@[^\s@<>()\[\]\\,;:"]+\.[^\s@<>()\[\]\\,;:"]+""")

MEANING: Final[Meaning] = {
    "BadRequestException": "drop",
    "MessageRejected: not verified": "retry",
    "MessageRejected": "drop",
}
"""Errors of SendEmail (Amazon SES API v2 reference). A sender that is not verified, a paused account, a configuration
set that is missing are the operator's to mend and mean what is not listed here: later."""


class _Unfolded(EmailPolicy):
    """Writes a header in ASCII as one line, and a subject in encoded words (RFC 2047). The library's newer folding
    turns a long address in List-Unsubscribe into such words, which no mail program reads there, and loses blanks."""

    def fold_binary(self, name: str, value: Any) -> bytes:  # noqa: ANN401 - as the library declares it
        """See email.policy.Policy."""
        line = f"{name}: {value}"
        if line.isascii() and len(line) <= LONGEST_LINE:
            return f"{line}\r\n".encode()
        if name == "Subject":
            words = Header(str(value), "utf-8", header_name=name).encode(linesep=self.linesep)
            return f"{name}: {words}{self.linesep}".encode()
        return super().fold_binary(name, value)


POLICY: Final = _Unfolded(linesep=SMTP.linesep, max_line_length=SMTP.max_line_length, cte_type="7bit")


class SesMail:
    """outreach.handing.Channel for mail."""

    is_idempotent = False

    def __init__(
        self,
        sender: str,
        name: str = "",
        configuration_set: str | None = None,
        make_client: MakeClient | None = None,
    ) -> None:
        """`sender` is a verified address of the shop and `name` how it calls itself."""
        self._from = Address(name, addr_spec=sender) if sender else None
        self._more = {} if configuration_set is None else {"ConfigurationSetName": configuration_set}
        self._caller = OnceCaller(DEPENDENCY, make_client or client_maker("sesv2", ONCE), MEANING)

    def hand_over(self, handover: Handover, timeout_s: float) -> Result:
        """See outreach.handing.Channel."""
        if self._from is None:
            return Refused("retry", "the shop has no sender's address: set from_mail in store/outreach.yaml")
        if not isinstance(handover.words, MailText):
            return Refused("drop", "these are not the words of a mail")
        to = ascii_address(handover.address)
        if to is None:
            return Refused("drop", "this is not a mail address")
        try:
            message = mime(self._from, to, handover.id, handover.words)
        except (MessageError, UnicodeError, ValueError) as error:
            return Refused("drop", f"no mail can be made of it ({error})")
        request = {
            "Destination": {"ToAddresses": [to]},
            "Content": {"Raw": {"Data": message}},
            "EmailTags": [{"Name": TAG, "Value": handover.id}],
            **self._more,
        }

        def send(client: Client) -> str:
            return str(client.send_email(**request)["MessageId"])

        return self._caller.attempt(send, timeout_s)


def mime(sender: Address, to: str, sending: str, words: MailText) -> bytes:
    """The mail as bytes, in ASCII: plain text and HTML as alternatives (RFC 2046).

    Raises:
        ValueError: a header holds a line break, comes twice, or cannot be written as one line.
        MessageError, UnicodeError: what the standard library cannot write.
    """
    message = EmailMessage(policy=POLICY)
    message["From"] = sender
    message["To"] = Address(addr_spec=to)
    message["Subject"] = words.subject
    message[ID_HEADER] = sending
    for name, value in words.headers.items():
        if not HEADER_NAME.fullmatch(name) or not value.isascii() or len(name) + len(value) > LONGEST_LINE - 2:
            raise ValueError(f"the header {name[:76]!r} is not ASCII, or too long")
        message[name] = value
    message.set_content(words.text)
    message.add_alternative(words.html, subtype="html")
    message.set_boundary(f"=_{sending}")  # else a random one
    return message.as_bytes()


def ascii_address(address: str) -> str | None:
    """The address as SES takes it, its domain in ASCII (RFC 5890); None when it is none."""
    local, _, domain = address.rpartition("@")
    try:
        plain = f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None
    is_one = len(plain) <= MAX_ADDRESS and plain.isascii() and plain.isprintable() and ADDRESS.fullmatch(plain)
    return plain if is_one else None
