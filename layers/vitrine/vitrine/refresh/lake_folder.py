"""A lake folder as ports.Objects: names are paths below it, so what works on the bucket works on a laptop's lake."""

import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from vitrine.errors import DependencyFailed


class FolderObjects:
    """ports.Objects in a folder. A file appears whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()

    def get(self, name: str) -> bytes | None:
        """See ports.Objects."""
        try:
            return self._path(name).read_bytes()
        except FileNotFoundError:
            return None

    def put(self, name: str, data: bytes) -> None:
        """See ports.Objects."""
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.part")
        part.write_bytes(data)
        part.replace(path)

    def names(self, prefix: str) -> Iterator[str]:
        """See ports.Objects."""
        start = self._path(prefix.rpartition("/")[0])
        found = (Path(folder) / file for folder, _, files in os.walk(start) for file in files)
        names = (path.relative_to(self._folder).as_posix() for path in found if not path.name.endswith(".part"))
        yield from sorted(name for name in names if name.startswith(prefix))

    def delete(self, names: Iterable[str]) -> int:
        """See ports.Objects."""
        paths = [self._path(name) for name in names]
        for path in paths:
            path.unlink(missing_ok=True)
        return len(paths)

    def download(self, prefix: str, folder: Path) -> int:
        """See ports.Objects."""
        names = list(self.names(prefix))
        for name in names:
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(self._path(name), target)
        return len(names)

    def upload(self, path: Path, name: str) -> None:
        """See ports.Objects."""
        self.put(name, path.read_bytes())

    def _path(self, name: str) -> Path:
        path = (self._folder / name).resolve()
        if not path.is_relative_to(self._folder):
            raise DependencyFailed("lake folder", f"the name {name[:100]!r} leads out of the folder")
        return path
