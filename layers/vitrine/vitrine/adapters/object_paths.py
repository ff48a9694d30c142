"""Where an object's copy lies in a folder."""

from pathlib import Path

from vitrine.errors import DependencyFailed


def target_path(folder: Path, name: str) -> Path:
    """The path of an object's copy, its parent folder made.

    Raises:
        DependencyFailed: the name would lead out of the folder.
    """
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise DependencyFailed("bucket", f"the object name {name[:100]!r} leads out of the folder")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
