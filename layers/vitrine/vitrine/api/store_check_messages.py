"""Checks of messages when a store is published: what can never go, what only a page view knows, who is favoured."""

from collections.abc import Iterator, Mapping
from typing import Final

from vitrine.api.store_build import StoreParts
from vitrine.api.store_check_words import check_words
from vitrine.api.store_fairness import PRICED_TERMS, price_uses
from vitrine.api.store_faults import Place, Refuse, suggest
from vitrine.api.store_messages import MessageFile, OutreachFile, StepFile
from vitrine.api.store_possible import impossible
from vitrine.api.store_scope import Scope
from vitrine.api.store_times import minute_of, seconds
from vitrine.api.store_triggers import AnniversaryFile, GeofenceFile, ReplenishmentFile, WeatherFile
from vitrine.decisions.facts import CRM
from vitrine.outreach.messages import Message
from vitrine.places.calendar import DAY_MINUTES
from vitrine.rules.conditions import Condition

MAX_BEFORE_S: Final = 36 * 3_600
"""So far ahead it is known what runs out."""

PAGE_ONLY: Final = ("page.", "row.", "device.", "traffic.", "session.", "signals.", "visit.")
"""Attributes of a page view begin so: nobody knows them when a message is due."""

WHEREABOUTS: Final = ("place.city", "place.distance_km", "place.shop", "place.shop_open")
ABOUT_NO_GOODS: Final = ("win_back", "anniversary", "weather")


def check_policy(file: OutreachFile, messages: Mapping[str, MessageFile], refuse: Refuse) -> None:
    """Refuse a policy that the messages cannot go by."""
    steps = [step for message in messages.values() for step in message.steps]
    forms = {form for step in steps for form in step.content.forms()}
    if "mail" in forms and file.sender.mail is None:
        refuse(("outreach", "sender"), "names no address that mails come from", "sender: {mail: news@shop.example.com}")
    if forms - {"webhook"} and file.link is None:
        refuse(
            ("outreach",), "does not say where the shop is, and messages lead to it", "link: https://shop.example.com"
        )
    if 0 < (minute_of(file.quiet.begin) - minute_of(file.quiet.end)) % DAY_MINUTES < 60:
        hint = "leave an hour at least; equal times mean that there are no quiet hours"
        refuse(("outreach", "quiet"), f"leaves only {file.quiet.end} to {file.quiet.begin} for messages", hint)
    for n, cap in enumerate(file.caps):
        if cap.channel is None and seconds(cap.per) <= seconds(file.window):
            said = f"never comes to bear: in {file.window} (window) a person gets one message anyway"
            refuse(("outreach", "caps", n), said, "give a longer time, or remove it")


def check_message(name: str, file: MessageFile, message: Message, parts: StoreParts, scope: Scope) -> None:
    """Refuse a message that cannot be sent as it is meant."""
    at: Place = ("messages", name)
    _check_trigger(file, parts, scope, (*at, "trigger"))
    _check_condition(file, message.when, scope, at)
    _check_fairness(file, message.when, scope, at)
    for n, step in enumerate(file.steps):
        _check_step(step, file, parts, scope, (*at, "steps", n))
    if parts.outreach is not None:
        _check_times(file, parts.outreach, scope.refuse, at)
    check_words(file, message, scope, at, (parts.outreach and parts.outreach.link) or "")


def _check_trigger(file: MessageFile, parts: StoreParts, scope: Scope, at: Place) -> None:
    match file.trigger:
        case AnniversaryFile(attribute=attribute):
            _check_anniversary(attribute, scope, (*at, "attribute"))
        case ReplenishmentFile(before=str(before)) if seconds(before) > MAX_BEFORE_S:
            scope.refuse((*at, "before"), f"{before} ahead nobody knows what runs out", "give at most 36h")
        case GeofenceFile(fences=list(fences)):
            known = _fences(parts)
            for n, fence in enumerate(fences):
                if fence not in known:
                    said = f"there is no fence {fence!r} in stores.geojson"
                    scope.refuse((*at, "fences", n), said, suggest(fence, known, "fences"))


def _check_anniversary(path: str, scope: Scope, at: Place) -> None:
    attribute = scope.attributes.get(path) if path.startswith(CRM) else None
    if attribute is None:
        crm = [known for known in scope.attributes if known.startswith(CRM)]
        scope.refuse(at, f"there is no CRM attribute {path!r}", suggest(path, crm, "CRM attributes"))
    elif attribute.kind != "string" or attribute.values:
        hint = "use one that store.yaml declares as {type: string} without values"
        scope.refuse(at, f"{path} holds no dates", hint)


def _fences(parts: StoreParts) -> list[str]:
    return [fence.id for fence in parts.places.fences]


def _check_condition(file: MessageFile, condition: Condition | None, scope: Scope, at: Place) -> None:
    place = (*at, "when" if file.when is not None else "audience")
    paths: frozenset[str] = frozenset() if condition is None else condition.paths
    for path in sorted(filter(_is_unknown, paths)):
        hint = "choose by what is known of the person at any time"
        scope.refuse(place, f"looks at {path}, which only a page view tells", hint)
    for said, hint in () if condition is None else impossible(condition, ()):
        scope.refuse(place, said, hint)
    if isinstance(file.trigger, WeatherFile) and not any(path.startswith("weather.") for path in paths):
        said = "waits for weather and does not say for which"
        scope.refuse((*at, "trigger"), said, "when: {weather.temperature_c: {$gte: 27}}")
    for variable, told in file.variables.items():
        if _is_unknown(told.attribute):
            said = f"is from {told.attribute}, which only a page view tells"
            scope.refuse((*at, "variables", variable), said, "use what is known of the person, or message.goods")


def _is_unknown(path: str) -> bool:
    return path.startswith(PAGE_ONLY) or path in WHEREABOUTS


def _check_fairness(file: MessageFile, condition: Condition | None, scope: Scope, at: Place) -> None:
    """As store_fairness of campaigns: protected attributes decide neither an offer nor who sees which prices."""
    rule = "protected attributes (store.yaml) may not decide who gets an offer"
    chosen = sorted(scope.sensitive & (frozenset() if condition is None else condition.paths))
    worded = sorted(scope.sensitive & {variable.attribute for variable in file.variables.values()})
    if file.offer and (chosen or worded):
        hint = f"{rule}: choose others, or drop 'offer'"
        scope.refuse(at, f"is an offer, and it looks at {', '.join(chosen or worded)}", hint)
    for place, said in _priced(file, scope, at) if chosen and not file.offer else ():
        scope.refuse(place, f"{said} people chosen by {', '.join(chosen)}", f"{rule}: choose by others")


def _priced(file: MessageFile, scope: Scope, at: Place) -> Iterator[tuple[Place, str]]:
    if file.trigger.kind == "price_drop":
        yield (*at, "trigger"), "tells of lower prices to"
    for n, step in enumerate(file.steps):
        placement = scope.placements.get(step.placement or "")
        uses = () if placement is None else price_uses(placement, (*PRICED_TERMS, "season"), ())
        for use in uses:
            yield (*at, "steps", n, "placement"), use.said


def _check_step(step: StepFile, file: MessageFile, parts: StoreParts, scope: Scope, at: Place) -> None:
    if step.placement is None:
        if step.goods and file.trigger.kind in ABOUT_NO_GOODS:
            said = f"shows goods, and {file.trigger.kind} is about none"
            scope.refuse((*at, "goods"), said, "name a placement that they come from")
        return
    if step.placement not in scope.placements:
        said = f"there is no placement {step.placement!r}"
        scope.refuse((*at, "placement"), said, suggest(step.placement, scope.placements, "placements"))
        return
    with_goods = [name for name in scope.placements if _has_goods(name, parts)]
    if step.placement not in with_goods:
        scope.refuse((*at, "placement"), f"{step.placement} shows no goods", suggest("", with_goods, "placements"))


def _has_goods(name: str, parts: StoreParts) -> bool:
    """Whether a placement shows goods, by itself or by a campaign; one that is wrong in itself may."""
    placement = parts.placements[name]
    campaigns = [one for one in parts.campaigns.values() if name in one.placements]
    actions = [action for one in campaigns for action in one.actions().values()]
    return placement is None or bool(placement.rows()) or any(action.rows() for action in actions)


def _check_times(file: MessageFile, outreach: OutreachFile, refuse: Refuse, at: Place) -> None:
    for n, step in enumerate(file.steps):
        if step.after is not None and seconds(step.after) < seconds(outreach.window):
            said = f"comes {step.after} after the step before, and a person gets one message in {outreach.window}"
            refuse(
                (*at, "steps", n, "after"),
                said,
                f"give {outreach.window} or more, or a shorter window in outreach.yaml",
            )
    if isinstance(file.trigger, AnniversaryFile | WeatherFile):
        left = _quiet_minutes(minute_of(file.trigger.at), outreach)
        if seconds(file.useful) < left * 60:
            said = f"is due at {file.trigger.at} in quiet hours, and useless ({file.useful}) before they end"
            refuse((*at, "trigger", "at"), said, f"it can never be sent: give a time from {outreach.quiet.end} on")


def _quiet_minutes(minute: int, outreach: OutreachFile) -> int:
    """How long quiet hours last from a minute of the day on, 0 outside them."""
    begin, end = minute_of(outreach.quiet.begin), minute_of(outreach.quiet.end)
    is_quiet = (minute - begin) % DAY_MINUTES < (end - begin) % DAY_MINUTES
    return (end - minute) % DAY_MINUTES if is_quiet else 0
