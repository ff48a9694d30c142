"""Messages of the files compiled: triggers, conditions, steps, and the policy over all of them.

Decisions use none of it, so it is no part of what a release has ready: who sends messages compiles it from the words.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final, NoReturn, TypeAlias

from pydantic import ValidationError

from vitrine.api.message_attributes import FENCE, MESSAGE_ATTRIBUTES, NamedFences
from vitrine.api.store_build import CompiledStore, StoreParts, scope_of
from vitrine.api.store_check_messages import check_message, check_policy
from vitrine.api.store_faults import Place, Refuse, invalid_parts
from vitrine.api.store_messages import CapsFile, MessageFile, OutreachFile, QuietFile, StepFile
from vitrine.api.store_scope import Scope
from vitrine.api.store_templates import compile_variables
from vitrine.api.store_times import minute_of, seconds
from vitrine.api.store_triggers import AnyTrigger
from vitrine.api.templates import Variable, compile_payload
from vitrine.decisions.actions import Content
from vitrine.decisions.facts import CRM
from vitrine.errors import InvalidStore
from vitrine.outreach.messages import Cap, Message, Outreach, Policy, QuietHours, Step, Trigger

_DURATIONS: Final = {"after": "after_s", "before": "before_s", "within": "within_s"}
FenceNames: TypeAlias = Mapping[str, Mapping[str, str]]
_AS_THEY_ARE: Final = ("category", "min_views", "min_drop")


def load_outreach(data: bytes) -> Outreach:
    """The messages in a release's store.json, whose digest the caller has verified; none where it has no such words.

    Raises:
        InvalidStore: the bytes are not a compiled store of this version.
    """
    try:
        return compile_outreach(CompiledStore.model_validate_json(data), _raise)
    except ValidationError as error:
        place, message, hint = next(invalid_parts(error, CompiledStore))
        _raise(place, message, hint)


def compile_outreach(parts: StoreParts, refuse: Refuse, checking: bool = False) -> Outreach:
    """All messages and the policy. With `checking` everything is looked at that loading takes for granted."""
    scope = scope_of(parts, refuse, checking)
    scope = replace(scope, attributes={**scope.attributes, **MESSAGE_ATTRIBUTES})
    messages = {name: file for name, file in parts.messages.items() if file is not None}
    zones = {region.id: region.timezone for region in parts.places.regions}
    zone_of_region = {region.id: zones.get(region.id, parts.store.timezone) for region in parts.store.regions}
    fences = {fence.id: fence.name for fence in parts.places.fences}
    compiled = {name: compile_message(name, file, scope, fences) for name, file in messages.items()}
    if checking:
        if parts.outreach is not None:
            check_policy(parts.outreach, messages, refuse)
        for name, file in messages.items():
            check_message(name, file, compiled[name], parts, scope)
    return Outreach(
        policy=compile_policy(parts.outreach or OutreachFile(), parts.store.name),
        messages=compiled,
        zones=tuple(dict.fromkeys(zone_of_region.values())),
        zone_of_region=zone_of_region,
    )


def compile_message(name: str, file: MessageFile, scope: Scope, fences: FenceNames) -> Message:
    """The message; `fences` are their names. What is wrong is refused and left as it can be."""
    at: Place = ("messages", name)
    variables = compile_variables(file.variables, scope, (*at, "variables"))
    return Message(
        name=name,
        trigger=compile_trigger(file.trigger),
        steps=tuple(_step(step, variables, scope, (*at, "steps", n), fences) for n, step in enumerate(file.steps)),
        priority=file.priority,
        useful_s=seconds(file.useful),
        when=scope.conditions.of_one(file.audience, file.when, at),
        cap=None if file.cap is None else (file.cap.messages, seconds(file.cap.per)),
        enabled=file.enabled,
    )


def compile_trigger(file: AnyTrigger) -> Trigger:
    """The trigger, its durations in seconds; what its kind does not have keeps the default."""
    return Trigger(kind=file.kind, **dict(_told(file)))


def compile_policy(file: OutreachFile, shop: str) -> Policy:
    """The policy; a sender without a name has the shop's."""
    return Policy(
        quiet=quiet_hours(file.quiet),
        window_s=seconds(file.window),
        gather_s=seconds(file.gather),
        caps=tuple(_cap(cap) for cap in file.caps),
        per_minute=file.per_minute,
        off=frozenset(file.paused),
        from_mail=file.sender.mail or "",
        from_name=file.sender.name or shop,
        sender_id=file.sender.sms or "",
        link=(file.link or "").rstrip("/"),
    )


def quiet_hours(file: QuietFile) -> QuietHours:
    """From which until which minute of the day."""
    return QuietHours(minute_of(file.begin), minute_of(file.end))


def _raise(place: Place, message: str, hint: str) -> NoReturn:
    raise InvalidStore(f"store.json: {'.'.join(map(str, place))}: {message}")


def _cap(file: CapsFile) -> Cap:
    return Cap(file.messages, seconds(file.per), file.channel)


def _told(file: AnyTrigger) -> Iterator[tuple[str, Any]]:
    for name in type(file).model_fields:
        value = getattr(file, name)
        if value is None:
            continue
        if name in _DURATIONS:
            yield _DURATIONS[name], seconds(value)
        elif name in _AS_THEY_ARE:
            yield name, value
        elif name == "attribute":
            yield name, value.removeprefix(CRM)
        elif name == "at":
            yield "at_minute", minute_of(value)
        elif name == "interests":
            yield name, tuple(value)
        elif name in ("fences", "actions"):
            yield name, frozenset(value)


def _step(file: StepFile, variables: Mapping[str, Variable], scope: Scope, at: Place, fences: FenceNames) -> Step:
    payload = compile_payload(file.content.plain(), scope.locales, variables, scope.refuse, (*at, "content"))
    used = {variable.path for variable in variables.values()}
    return Step(
        channels=tuple(file.channels),
        content=Content(NamedFences(payload, fences) if FENCE in used else payload),
        after_s=0 if file.after is None else seconds(file.after),
        n_items=file.goods,
        placement=file.placement,
    )
