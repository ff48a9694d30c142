"""A store whole: its files as one, and what decisions use, compiled from them.

A release carries the files' own words, not closures: a release of today can be read, compared and compiled tomorrow.
Beside them it carries what became of them under today's code (`store_ready`), which is all that serving reads.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Literal, NoReturn

import orjson
from pydantic import Field, ValidationError

from vitrine.api.regex import compile_regex, defer_regex
from vitrine.api.store_actions import PlacementFile
from vitrine.api.store_campaigns import AudienceFile, CampaignFile, PersonaFile
from vitrine.api.store_compile_campaigns import compile_campaign
from vitrine.api.store_compile_experiments import check_exclusive
from vitrine.api.store_compile_rows import compile_action, payloads_of
from vitrine.api.store_compile_rules import compile_bundle, compile_rule, compile_seasons, compile_warehouses
from vitrine.api.store_compiled import FORMAT
from vitrine.api.store_conditions import NEVER, Conditions
from vitrine.api.store_faults import Place, Refuse, invalid_parts, suggest
from vitrine.api.store_files import StoreFile, StrictFile
from vitrine.api.store_messages import MessageFile, OutreachFile
from vitrine.api.store_offers import BundleFile
from vitrine.api.store_places_compiled import PlacesFile
from vitrine.api.store_ready import Declarations, dump_ready
from vitrine.api.store_rules import EmphasisFile, RuleFile
from vitrine.api.store_scope import Scope
from vitrine.api.store_templates import check_templates, compile_variables
from vitrine.decisions.campaigns import Campaign, Holdout, Persona, index_campaigns
from vitrine.decisions.facts import CRM, PERSONA, Declared
from vitrine.decisions.placements import Placement, Store
from vitrine.errors import InvalidStore
from vitrine.rules.conditions import Attribute


class StoreParts(StrictFile):
    """All files of a store. None stands for a part that is known by name and wrong in itself: only a check has such."""

    store: StoreFile
    placements: dict[str, PlacementFile | None]
    audiences: dict[str, AudienceFile | None] = Field(default_factory=dict)
    personas: list[PersonaFile | None] = Field(default_factory=list)
    campaigns: dict[str, CampaignFile] = Field(default_factory=dict)
    rules: dict[str, RuleFile] = Field(default_factory=dict)
    emphasis: EmphasisFile | None = Field(default_factory=EmphasisFile)
    bundles: dict[str, BundleFile] = Field(default_factory=dict)
    places: PlacesFile = PlacesFile()
    outreach: OutreachFile | None = Field(default_factory=OutreachFile)
    messages: dict[str, MessageFile | None] = Field(default_factory=dict)


class CompiledStore(StoreParts):
    """What a release carries as store.json."""

    format: Literal[2] = FORMAT
    ready: str = ""
    """See store_compiled."""


def compile_words(data: bytes) -> Store:
    """The store in the bytes of a release's store.json, compiled anew from its words.

    Raises:
        InvalidStore: the bytes are not a compiled store of this version.
    """
    try:
        return build_store(CompiledStore.model_validate_json(data), _raise)
    except ValidationError as error:
        place, message, _ = next(invalid_parts(error, CompiledStore))
        raise InvalidStore(f"store.json: {'.'.join(map(str, place))}: {message}") from error


def dump_store(parts: StoreParts) -> bytes:
    """The bytes of a release's store.json: in file order, because earlier placements pick first."""
    plain = parts.model_dump(mode="json", by_alias=True, exclude_none=True)
    said = _declarations(parts)
    conditions = _conditions(parts, said, _raise)
    audiences = {name: plain["audiences"][name]["when"] for name in parts.audiences}
    ready = dump_ready(_build(parts, said, conditions, _raise), said, audiences, conditions.tell)
    return orjson.dumps({"format": FORMAT, **plain, "ready": b64encode(ready).decode()})


def build_store(parts: StoreParts, refuse: Refuse, checking: bool = False) -> Store:
    """The store as decisions use it. With `checking` everything is looked at that loading takes for granted."""
    said = _declarations(parts)
    return _build(parts, said, _conditions(parts, said, refuse, checking), refuse, checking)


def scope_of(parts: StoreParts, refuse: Refuse, checking: bool = False) -> Scope:
    """What the parts of a store that decisions do not use are compiled against."""
    said = _declarations(parts)
    conditions = _conditions(parts, said, refuse, checking)
    return _scope(parts, said, conditions, tuple(_personas(parts.personas, conditions)), refuse, checking)


def _declarations(parts: StoreParts) -> Declarations:
    crm = {name: Declared(file.type, file.about, tuple(file.values)) for name, file in parts.store.crm.items()}
    personas = [persona.name for persona in parts.personas if persona is not None]
    return Declarations(crm, personas, [region.id for region in parts.store.regions])


def _conditions(parts: StoreParts, said: Declarations, refuse: Refuse, checking: bool = False) -> Conditions:
    return Conditions(said.attributes(), parts.audiences, refuse, compile_regex if checking else defer_regex)


def _build(
    parts: StoreParts, said: Declarations, conditions: Conditions, refuse: Refuse, checking: bool = False
) -> Store:
    store = parts.store
    personas = tuple(_personas(parts.personas, conditions))
    scope = _scope(parts, said, conditions, personas, refuse, checking)
    campaigns = [compile_campaign(name, file, scope) for name, file in parts.campaigns.items()]
    if checking:
        _check_protected(store, scope.attributes, refuse)
        check_exclusive(campaigns, refuse)
    in_order = tuple(_in_order(campaigns))
    return Store(
        name=store.name,
        currency=store.currency,
        locales=tuple(store.locales),
        regions=tuple(region.id for region in store.regions),
        default_region=store.default_region,
        placements={name: _placement(name, file, scope) for name, file in parts.placements.items() if file is not None},
        places=parts.places.to_domain(),
        audiences=conditions.audiences(),
        personas=personas,
        campaigns=in_order,
        index=index_campaigns(in_order),
        rules=tuple(compile_rule(name, file, scope) for name, file in parts.rules.items()),
        seasons={} if parts.emphasis is None else compile_seasons(parts.emphasis, scope),
        warehouses=() if parts.emphasis is None else compile_warehouses(parts.emphasis, scope),
        holdout=None if store.holdout is None else Holdout(store.holdout.share, store.holdout.seed),
        hosts=frozenset(store.hosts),
        bundles=tuple(compile_bundle(name, file, scope) for name, file in parts.bundles.items()),
    )


def _scope(
    parts: StoreParts,
    said: Declarations,
    conditions: Conditions,
    personas: tuple[Persona, ...],
    refuse: Refuse,
    checking: bool,
) -> Scope:
    sensitive = _sensitive(parts.store, personas)
    return Scope(
        parts.store, said.attributes(), parts.placements, conditions, refuse, checking, sensitive, parts.emphasis
    )


def _raise(place: Place, message: str, hint: str) -> NoReturn:
    raise InvalidStore(f"store.json: {'.'.join(map(str, place))}: {message}")


def _personas(files: list[PersonaFile | None], conditions: Conditions) -> list[Persona]:
    return [
        Persona(file.name, None if file.when is None else conditions.of_many(file.when, ("personas", n, "when")))
        for n, file in enumerate(files)
        if file is not None
    ]


def _sensitive(store: StoreFile, personas: tuple[Persona, ...]) -> frozenset[str]:
    """The protected attributes, and the persona where one is made of them."""
    protected = frozenset(store.protected)
    told = any(protected & (persona.condition or NEVER).paths for persona in personas)
    return protected | {PERSONA} if told else protected


def _check_protected(store: StoreFile, attributes: Mapping[str, Attribute], refuse: Refuse) -> None:
    for n, path in enumerate(store.protected):
        if path not in attributes:
            hint = suggest(path, attributes, "attributes")
            refuse(("store", "protected", n), f"there is no attribute {path!r}", f"{hint} ({CRM}<name> declares 'crm')")


def _placement(name: str, file: PlacementFile, scope: Scope) -> Placement:
    at: Place = ("placements", name)
    variables = compile_variables(file.variables, scope, (*at, "variables"))
    if scope.checking:
        check_templates(payloads_of(file, at), variables, scope.refuse, (*at, "variables"))
    return Placement(name, frozenset(file.pages), compile_action(file, variables, scope, at))


def _in_order(campaigns: list[Campaign]) -> list[Campaign]:
    """By priority, then as the files have them."""
    return sorted(campaigns, key=lambda campaign: -campaign.priority)
