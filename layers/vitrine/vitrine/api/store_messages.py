"""Messages as files say them, and the policy over all of them in outreach.yaml."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final, Literal, Self, TypeAlias

from pydantic import AfterValidator, Field, model_validator
from pydantic.json_schema import WithJsonSchema

from vitrine.api.store_actions import VariableFile, VariableName
from vitrine.api.store_campaigns import AudienceNames
from vitrine.api.store_files import About, ConditionPlain, Content, Name, StrictFile, Texts
from vitrine.api.store_times import Duration, TimeOfDay
from vitrine.api.store_triggers import TriggerFile
from vitrine.outreach.messages import Channel
from vitrine.outreach.state import MAX_SENDINGS

Form: TypeAlias = Literal["mail", "push", "sms", "webhook"]
FORM_OF: Final[Mapping[Channel, Form]] = {
    "mail": "mail",
    "push": "push",
    "web_push": "push",
    "app": "push",
    "sms": "sms",
    "webhook": "webhook",
}
"""The form of the words of each channel."""

MAX_GOODS: Final = 12
_SCHEMES: Final = ("https://", "http://127.0.0.1", "http://localhost")


def _path(plain: str) -> str:
    is_path = plain.startswith("/") and not plain.startswith("//") and plain.isprintable()
    if not is_path or " " in plain or "\\" in plain:
        raise ValueError(f"{plain!r} is no path of the shop; write what follows its address, such as /shop/cart")
    if "{{" in plain or "{%" in plain:
        raise ValueError("is a template, and a path is the same for everybody; write it out")
    return plain


def _address(plain: str) -> str:
    local, at, domain = plain.rpartition("@")
    if not at or not local or "." not in domain or not plain.isprintable() or set(plain) & set(' ,;<>"@') - {"@"}:
        raise ValueError(f"{plain!r} is no mail address; write it like news@shop.example.com")
    return plain


def _one_line(plain: str) -> str:
    if not plain.isprintable() or not plain.strip():
        raise ValueError("is no line of text; write it in one line")
    return plain


def _sender_id(plain: str) -> str:
    if not (plain.isascii() and plain.isalnum() and len(plain) <= 11) or plain.isdigit():
        raise ValueError(f"{plain!r} is no sender of SMS; use up to 11 letters and digits, one letter at least")
    return plain


def _link(plain: str) -> str:
    host = plain.partition("://")[2]
    if not plain.startswith(_SCHEMES) or not host or not plain.isprintable() or set(host) & set(" ?#\\@"):
        raise ValueError(f"{plain!r} is no address of a shop; write it like https://shop.example.com")
    return plain


ShopPath = Annotated[str, Field(max_length=500), AfterValidator(_path)]
"""A path of the shop, such as /shop/cart."""


class ButtonFile(StrictFile):
    """What the reader is to do."""

    text: Texts
    path: ShopPath


class MailFile(StrictFile):
    """A mail. Its texts are texts and no HTML; an empty line begins a new paragraph."""

    subject: Texts
    preheader: Texts | None = None
    """What an inbox shows behind the subject."""
    title: Texts
    text: Texts
    button: ButtonFile | None = None
    goods_title: Texts | None = None
    """Above the goods; left out where there are none."""
    postscript: Texts | None = None


class PushFile(StrictFile):
    """A notification: of the app, of the browser, or by the app itself."""

    title: Texts
    text: Texts
    path: ShopPath | None = None
    """Where a tap leads; without it to the first of the goods, else to the front page."""


class SmsFile(StrictFile):
    """A text message."""

    text: Texts
    path: ShopPath | None = None
    """Its address ends the text."""
    segments: int = Field(default=2, ge=1, le=6)
    """What is longer is cut at a word. One has 160 letters, 70 where one of them is not of the GSM alphabet."""


class ContentFile(StrictFile):
    """The words of a step, for each form that its channels need. push, web_push and app share `push`."""

    mail: MailFile | None = None
    push: PushFile | None = None
    sms: SmsFile | None = None
    webhook: Content | None = None
    """Any mapping; the receiver gets it as `content`."""

    def forms(self) -> list[str]:
        """Those that are there."""
        return [form for form in type(self).model_fields if getattr(self, form) is not None]

    def plain(self) -> dict[str, Any]:
        """All of it as the file has it."""
        return self.model_dump(exclude_none=True)


class StepFile(StrictFile):
    """One letter of a message."""

    channels: list[Channel] = Field(min_length=1, max_length=6)
    """The first that reaches the person is taken."""
    after: Duration | None = None
    """Since the step before was sent; who comes back to the shop meanwhile gets no further step."""
    goods: int = Field(default=0, ge=0, le=MAX_GOODS)
    """So many goods at most: what the message is about, or of the placement."""
    placement: str | None = None
    """Where the goods come from, chosen for the person when the message is sent."""
    content: ContentFile

    @model_validator(mode="after")
    def _fits(self) -> Self:
        for fault in self._faults():
            raise ValueError(fault)
        return self

    def _faults(self) -> Iterator[str]:
        twice = {name for name in self.channels if self.channels.count(name) > 1}
        if twice:
            yield f"names the channel {min(twice)} twice; name it once"
        needed = dict.fromkeys(FORM_OF[name] for name in self.channels)
        for form in needed:
            if form not in self.content.forms():
                yield f"has no words for the channel {self._first(form)}; write {form}: under content"
        for unused in (form for form in self.content.forms() if form not in needed):
            yield f"has words for {unused} and no channel that uses them; add one to channels, or remove {unused}"
        if self.placement is not None and not self.goods:
            yield "names a placement and shows no goods; write goods: 3, or remove placement"

    def _first(self, form: str) -> str:
        return next(name for name in self.channels if FORM_OF[name] == form)


class MessageCapFile(StrictFile):
    """At most so many of this message to one person."""

    messages: int = Field(ge=1, le=MAX_SENDINGS)
    per: Duration


class MessageFile(StrictFile):
    """A message in one or more steps."""

    about: About = ""
    trigger: TriggerFile
    audience: AudienceNames | None = None
    """One audience, or several: all of them have to hold, and `when` with them."""
    when: ConditionPlain | None = None
    """Looked at when the message is due."""
    priority: int = Field(default=0, ge=-1_000_000, le=1_000_000)
    """Of two that want to go the higher goes."""
    useful: Duration = "2d"
    """So long after it was due it is still worth sending."""
    cap: MessageCapFile | None = None
    enabled: bool = True
    offer: bool = False
    """It promises a price or an advantage, if only in words: protected attributes may not decide who gets it."""
    variables: dict[VariableName, VariableFile] = Field(default_factory=dict)
    steps: list[StepFile] = Field(min_length=1, max_length=6)

    @model_validator(mode="after")
    def _steps_follow(self) -> Self:
        if self.steps[0].after is not None:
            raise ValueError("its first step has 'after'; the trigger says when it is due: write it there")
        for n, step in enumerate(self.steps[1:], 2):
            if step.after is None:
                raise ValueError(f"step {n} does not say how long after the one before; write after: 1d")
        return self


class MessagesFile(StrictFile):
    """A file below messages/."""

    messages: dict[Name, MessageFile]


class QuietFile(StrictFile):
    """From when until when nothing is sent, by the person's clock. Equal times: there are no quiet hours."""

    begin: TimeOfDay = Field(alias="from")
    end: TimeOfDay = Field(alias="until")


class CapsFile(StrictFile):
    """At most so many messages to one person."""

    messages: int = Field(ge=1, le=MAX_SENDINGS)
    per: Duration
    channel: Channel | None = None
    """Of this channel; of all together without it."""


class SenderFile(StrictFile):
    """How the store calls itself."""

    mail: Annotated[str, Field(max_length=254), AfterValidator(_address)] | None = None
    name: Annotated[str, Field(max_length=100), AfterValidator(_one_line)] | None = None
    """The store's name without it."""
    sms: (
        Annotated[
            str,
            AfterValidator(_sender_id),
            WithJsonSchema({"type": "string", "pattern": "^[A-Za-z0-9]{1,11}$"}),
        ]
        | None
    ) = None
    """Where the country allows a name instead of a number."""


class OutreachFile(StrictFile):
    """outreach.yaml: what holds for all messages."""

    quiet: QuietFile = Field(default_factory=lambda: QuietFile.model_validate({"from": "21:00", "until": "09:00"}))
    window: Duration = "1d"
    """In so long a person gets one message."""
    gather: Duration = "1h"
    """A message waits so long for one of higher priority that is about to be due."""
    caps: list[CapsFile] = Field(default=[], max_length=20)
    per_minute: int = Field(default=600, ge=1, le=1_000_000)
    """Messages of the whole store."""
    paused: list[Channel] = Field(default_factory=list)
    """Channels that are not used for now."""
    sender: SenderFile = SenderFile()
    link: Annotated[str, Field(max_length=300), AfterValidator(_link)] | None = None
    """The shop's address, in front of all paths."""
