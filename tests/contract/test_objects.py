"""The contract of ports.Objects, in memory and on S3."""

from pathlib import Path

import pytest

from tests.contract.local_stack import maker
from vitrine.adapters.memory import MemoryObjects
from vitrine.adapters.s3 import S3Objects
from vitrine.errors import DependencyFailed
from vitrine.ports import Objects


def test_an_object_comes_back_whole(objects: Objects) -> None:
    """Bytes are kept as they are, empty ones too."""
    objects.put("a/b.bin", b"\x00\xff")
    objects.put("empty", b"")
    assert objects.get("a/b.bin") == b"\x00\xff"
    assert objects.get("empty") == b""


def test_an_absent_object_is_none(objects: Objects) -> None:
    """Nothing there is no error."""
    assert objects.get("nothing") is None


def test_names_are_those_under_the_prefix_in_order(objects: Objects) -> None:
    """Sorted, and more than one page of them."""
    for name in ("b/2", "a/1", "b/10", "c"):
        objects.put(name, b"x")
    assert list(objects.names("b/")) == ["b/10", "b/2"]
    assert list(objects.names("")) == ["a/1", "b/10", "b/2", "c"]


def test_download_keeps_the_names(objects: Objects, tmp_path: Path) -> None:
    """A prefix is copied into a folder as it lies in the bucket."""
    for name in ("events/raw/2026/01/x", "events/raw/2026/02/y", "catalog/items"):
        objects.put(name, name.encode())
    assert objects.download("events/", tmp_path) == 2
    copied = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert copied == ["events/raw/2026/01/x", "events/raw/2026/02/y"]
    assert (tmp_path / "events/raw/2026/01/x").read_bytes() == b"events/raw/2026/01/x"


def test_deleted_objects_are_gone(objects: Objects) -> None:
    """Present or not, and nothing else goes with them."""
    for name in ("keys/1", "keys/2", "kept"):
        objects.put(name, b"x")
    assert objects.delete(["keys/1", "keys/2", "never"]) == 3
    assert objects.delete([]) == 0
    assert list(objects.names("")) == ["kept"]


def test_an_uploaded_file_is_an_object(objects: Objects, tmp_path: Path) -> None:
    """Files and bytes make the same object."""
    path = tmp_path / "file"
    path.write_bytes(b"content")
    objects.upload(path, "models/file")
    assert objects.get("models/file") == b"content"


def test_a_large_file_arrives_whole(objects: Objects, tmp_path: Path) -> None:
    """Several megabytes are streamed, not cut."""
    path = tmp_path / "large"
    path.write_bytes(bytes(range(256)) * (6 << 12))
    objects.upload(path, "large")
    assert objects.get("large") == path.read_bytes()


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    """Nobody writes beside the folder through an object's name."""
    objects = MemoryObjects({"a/../../evil": b"x"})
    folder = tmp_path / "folder"
    folder.mkdir()
    with pytest.raises(DependencyFailed):
        objects.download("a", folder)
    assert list(tmp_path.iterdir()) == [folder]


@pytest.mark.stack
def test_a_bucket_that_is_not_there_is_a_failed_dependency(stack: str) -> None:
    """Errors of the vendor's library do not pass the adapter."""
    absent = S3Objects("absent", make_client=maker("s3", stack))
    with pytest.raises(DependencyFailed, match="NoSuchBucket"):
        absent.get("x")
