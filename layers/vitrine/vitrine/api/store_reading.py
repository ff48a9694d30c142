"""Read a store folder: every file to strict models, part by part, each fault with the line it stands in."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import TypeAdapter, ValidationError

from vitrine.api.store_actions import PlacementFile
from vitrine.api.store_build import StoreParts
from vitrine.api.store_campaigns import AudienceFile, CampaignFile, PersonaFile
from vitrine.api.store_crm import CRM_EXTRACTS, ExtractFile, check_extract
from vitrine.api.store_faults import Fault, Place, invalid_parts, suggest
from vitrine.api.store_feeds import FEEDS, CatalogueFile, check_feed
from vitrine.api.store_files import Name, StoreFile, StrictFile
from vitrine.api.store_messages import MessageFile, OutreachFile
from vitrine.api.store_offers import BundleFile
from vitrine.api.store_places import check_places
from vitrine.api.store_places_compiled import PlacesFile
from vitrine.api.store_rest import rest_of
from vitrine.api.store_rules import EmphasisFile, RuleFile
from vitrine.api.store_strangers import strangers
from vitrine.api.store_triggers import TRIGGERS, AnyTrigger, WinBackFile
from vitrine.api.store_yaml import Document, read_yaml

PartT = TypeVar("PartT", bound=StrictFile)

STORE: Final = "store.yaml"
PLACEMENTS: Final = "placements.yaml"
AUDIENCES: Final = "audiences.yaml"
PERSONAS: Final = "personas.yaml"
RULES: Final = "merchandising.yaml"
OFFERS: Final = "offers.yaml"
OUTREACH: Final = "outreach.yaml"
CAMPAIGNS: Final = "campaigns"
MESSAGES: Final = "messages"
PLACES: Final = "stores.geojson"

_NAME: Final = TypeAdapter[str](Name)
_FILES: Final[Mapping[str, str]] = {
    "store": STORE,
    "placements": PLACEMENTS,
    "audiences": AUDIENCES,
    "personas": PERSONAS,
    "rules": RULES,
    "seasons": RULES,
    "warehouses": RULES,
    "bundles": OFFERS,
    "catalogue": FEEDS,
    "extracts": CRM_EXTRACTS,
    "outreach": OUTREACH,
}


@dataclass(slots=True)
class Reading:
    """A folder while it is read. Places of faults start with the kind of part; `store` is the root of store.yaml."""

    folder: Path
    faults: list[Fault] = field(default_factory=list)
    _is_incomplete: bool = False
    _documents: dict[str, Document] = field(default_factory=dict)
    _files: dict[tuple[str, str], str] = field(default_factory=dict)
    """By folder and name of a part, the file that it is in."""

    def refuse(self, place: Place, message: str, hint: str) -> None:
        """Take note of a fault."""
        file = self._file_of(place)
        shown = place[1:] if place[:1] in (("store",), ("outreach",)) else place
        self._add(file, self._documents[file].line(shown) if file in self._documents else 1, shown, message, hint)

    def store(self) -> StoreFile | None:
        """store.yaml, None when it is wrong."""
        document = self._read(STORE, required=True)
        return None if document is None else self._part(StoreFile, document.plain, ("store",))

    def parts(self, store: StoreFile | None, years: range) -> StoreParts | None:
        """Everything, as far as it is right in itself; None where a file is not known whose parts others name.

        Holidays are those of the years.
        """
        for file, hint in strangers(self.folder, {PLACES, *_FILES.values()}, (CAMPAIGNS, MESSAGES)):
            self._add(file, 1, (), "is no file of a store, and nothing reads it", hint)
        named: dict[str, Any] = {
            "placements": self._named(PLACEMENTS, "placements", PlacementFile, required=True),
            "audiences": self._named(AUDIENCES, "audiences", AudienceFile),
            "personas": self._personas(),
            "campaigns": self._campaigns(),
            "rules": self._right(RULES, "rules", RuleFile),
            "emphasis": self._emphasis(),
            "bundles": self._right(OFFERS, "bundles", BundleFile),
            "outreach": self._outreach(),
            "messages": dict(self._messages()),
        }
        if store is None or self._is_incomplete:
            return None
        return StoreParts.model_construct(None, store=store, places=self._places(store, years), **named)

    def feed(self, store: StoreFile) -> CatalogueFile | None:
        """The catalogue's feed, None when there is no feeds.yaml, or when it is wrong."""
        plain = self._root(FEEDS, "catalogue", dict)
        file = None if plain is None else self._part(CatalogueFile, plain, ("catalogue",))
        if file is not None:
            check_feed(file, store, self.refuse)
        return file

    def extracts(self, store: StoreFile) -> dict[str, ExtractFile]:
        """Extracts of other systems by name, those that are right; none when there is no crm.yaml."""
        found = self._right(CRM_EXTRACTS, "extracts", ExtractFile)
        for name, file in found.items():
            check_extract(name, file, store, self.refuse)
        return found

    def _emphasis(self) -> EmphasisFile | None:
        document = self._read(RULES)
        plain = document.plain if document is not None and isinstance(document.plain, dict) else {}
        return self._part(EmphasisFile, {key: plain[key] for key in EmphasisFile.model_fields if key in plain}, ())

    def _campaigns(self) -> dict[str, CampaignFile]:
        found: dict[str, CampaignFile] = {}
        for name, plain in self._in_folder(CAMPAIGNS, "campaign"):
            campaign = self._entry(CampaignFile, name, plain, CAMPAIGNS)
            if campaign is None and isinstance(plain, dict):
                campaign = rest_of(plain)
            if campaign is not None:
                found[name] = campaign
        return found

    def _messages(self) -> Iterator[tuple[str, MessageFile | None]]:
        """Messages by name. With a stand-in for a trigger that is wrong, so that other faults are told with it."""
        for name, plain in self._in_folder(MESSAGES, "message"):
            if not isinstance(plain, dict) or not isinstance(plain.get("trigger"), dict):
                yield name, self._entry(MessageFile, name, plain, MESSAGES)
                continue
            trigger = self._trigger(plain["trigger"], (MESSAGES, name, "trigger"))
            whole = {**plain, "trigger": trigger or WinBackFile(kind="win_back", after="1d")}
            message = self._entry(MessageFile, name, whole, MESSAGES)
            yield name, None if trigger is None else message

    def _trigger(self, plain: Mapping[str, Any], at: Place) -> AnyTrigger | None:
        """A trigger by the model of its kind: a union of all would tell faults by another notation."""
        kind = plain.get("kind")
        for known, model in TRIGGERS.items():
            if known == kind:
                return self._part(model, plain, at)
        self.refuse((*at, "kind"), f"there is no kind of trigger {kind!r}", suggest(str(kind), TRIGGERS, "kinds"))
        return None

    def _in_folder(self, folder: str, what: str) -> Iterator[tuple[str, Any]]:
        """What the files of a folder hold under the key of the folder's name, each part once."""
        for path in sorted((self.folder / folder).glob("*.y*ml")):
            file = f"{folder}/{path.name}"
            for name, plain in self._mapping(file, folder).items():
                line = self._documents[file].line((folder, name))
                if (folder, name) in self._files:
                    other = self._files[folder, name]
                    at = f"{other}:{self._documents[other].line((folder, name))}"
                    self._add(file, line, (folder, name), f"{at} has a {what} of this name", "rename one")
                    continue
                self._files[folder, name] = file
                yield name, plain

    def _outreach(self) -> OutreachFile | None:
        document = self._read(OUTREACH)
        if document is None:
            return OutreachFile()
        return None if document.is_unreadable else self._part(OutreachFile, document.plain, ("outreach",))

    def _personas(self) -> list[PersonaFile | None]:
        plain = self._root(PERSONAS, "personas", list) or []
        found = [self._part(PersonaFile, part, ("personas", n)) for n, part in enumerate(plain)]
        names = [None if persona is None else persona.name for persona in found]
        for n, persona in enumerate(found):
            if persona is None:
                continue
            if persona.name in names[:n]:
                self.refuse(("personas", n, "name"), f"two personas are called {persona.name!r}", "rename one")
            if n < len(found) - 1 and persona.when is None:
                hint = "only the last one goes without 'when'"
                self.refuse(("personas", n), "has no condition, so that nobody gets to those after it", hint)
            if n == len(found) - 1 and persona.when is not None:
                hint = "end with a persona without 'when', so that every visitor has one"
                self.refuse(("personas", n), "is the last persona and has a condition", hint)
        return found

    def _places(self, store: StoreFile, years: range) -> PlacesFile:
        path = self.folder / PLACES
        if not path.exists():
            return PlacesFile(regions=[], shops=[])
        places, faults = check_places(path, [region.id for region in store.regions], store.locales, years)
        self.faults += faults
        return places

    def _named(self, file: str, root: str, model: type[PartT], required: bool = False) -> dict[str, PartT | None]:
        """Parts by name; None for one that is wrong."""
        plain = self._mapping(file, root, required)
        return {name: self._entry(model, name, part, root) for name, part in plain.items()}

    def _right(self, file: str, root: str, model: type[PartT]) -> dict[str, PartT]:
        """Those of them that are right in themselves, for parts that nothing else names."""
        return {name: part for name, part in self._named(file, root, model).items() if part is not None}

    def _mapping(self, file: str, root: str, required: bool = False) -> Mapping[str, Any]:
        return self._root(file, root, dict, required) or {}

    def _root(self, file: str, root: str, kind: type, required: bool = False) -> Any:  # noqa: ANN401 - any YAML
        """What stands under the one key that a file has, None where there is nothing to read."""
        document = self._read(file, required)
        if document is None or document.is_unreadable or (document.plain is None and not required):
            return None
        plain = document.plain
        found = plain.get(root) if isinstance(plain, dict) else None
        if not isinstance(found, kind) or (required and not found):
            what = "mapping by name" if kind is dict else "list"
            self._add(file, document.line((root,)), (), f"has no {what} under the key {root!r}", f"begin with {root}:")
        known = [root, *(EmphasisFile.model_fields if file == RULES else ())]
        for key in plain.keys() - set(known) if isinstance(plain, dict) else ():
            hint = suggest(key, known, "fields")
            self._add(file, document.line((key,)), (key,), f"there is no field {key!r} here", hint)
        return found if isinstance(found, kind) else None

    def _entry(self, model: type[PartT], name: str, plain: Any, root: str) -> PartT | None:  # noqa: ANN401 - any YAML
        try:
            _NAME.validate_python(name)
        except ValidationError:
            hint = "use up to 64 lower-case letters, digits, dots, dashes and underscores"
            self.refuse((root, name), f"{name!r} is no name", hint)
        return self._part(model, plain, (root, name))

    def _part(self, model: type[PartT], plain: Any, at: Place) -> PartT | None:  # noqa: ANN401 - any YAML
        try:
            return model.model_validate(plain)
        except ValidationError as error:
            for place, message, hint in invalid_parts(error, model):
                self.refuse((*at, *place), message, hint)
            return None

    def _read(self, file: str, required: bool = False) -> Document | None:
        if file in self._documents:
            return self._documents[file]
        try:
            document = read_yaml((self.folder / file).read_bytes())
        except FileNotFoundError:
            if required:
                self._is_incomplete = True
                self._add(file, 1, (), "is missing", "a store folder has at least store.yaml and placements.yaml")
            return None
        except OSError as error:
            self._is_incomplete = True
            self._add(file, 1, (), f"cannot be read: {error.strerror}", "")
            return None
        self._documents[file] = document
        self._is_incomplete |= document.is_unreadable
        for complaint in document.complaints:
            self._add(file, complaint.line, (), complaint.message, complaint.hint)
        return document

    def _file_of(self, place: Place) -> str:
        if place[0] in (CAMPAIGNS, MESSAGES):
            return self._files[str(place[0]), str(place[1])]
        return _FILES[str(place[0])]

    def _add(self, file: str, line: int, place: Place, message: str, hint: str) -> None:
        self.faults.append(Fault(str(self.folder / file), line, ".".join(map(str, place)), message, hint))
