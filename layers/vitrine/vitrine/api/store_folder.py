"""Read a store folder: YAML to strict models, one clear line per fault, compiled to what a release carries."""

from pathlib import Path
from typing import Any, TypeVar

import orjson
import yaml
from pydantic import ValidationError

from vitrine.api.store_files import CompiledStore, PlacementsFile, StoreFile, StrictFile, first_fault
from vitrine.errors import InvalidStore

FileT = TypeVar("FileT", bound=StrictFile)


def read_store_file(folder: Path) -> StoreFile:
    """store.yaml of a store folder.

    Raises:
        InvalidStore: a file is missing, not YAML, or says something that does not fit.
    """
    return _read(folder / "store.yaml", StoreFile)


def compile_store(folder: Path) -> bytes:
    """The store folder, checked and compiled to the bytes of a release's store.json.

    Raises:
        InvalidStore: names the file, the place in it and what is expected there.
    """
    store = read_store_file(folder)
    placements = _read(folder / "placements.yaml", PlacementsFile).placements
    for name, placement in placements.items():
        missing = [locale for locale in store.locales if locale not in placement.title]
        if missing:
            raise InvalidStore(f"{folder / 'placements.yaml'}: {name}.title lacks the locale {missing[0]!r}")
    compiled = CompiledStore(store=store, placements=placements)
    return orjson.dumps(compiled.model_dump(mode="json", by_alias=True))  # in file order: earlier placements pick first


def _read(path: Path, model: type[FileT]) -> FileT:
    try:
        plain: Any = yaml.safe_load(path.read_text("utf-8"))
        return model.model_validate(plain)
    except FileNotFoundError as error:
        raise InvalidStore(f"{path} is missing") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InvalidStore(f"{path} is not YAML: {error}") from error
    except ValidationError as error:
        raise InvalidStore(f"{path}: {first_fault(error)}") from error
