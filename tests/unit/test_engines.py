"""Which engine computes, and a lake opened for a job."""

import sys
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest

from tests.fixtures.lake.builders import Good, Sale, write_lake
from tests.fixtures.lake.raw_lines import NOW, event, raw_objects
from vitrine.adapters.memory import MemoryObjects
from vitrine.errors import DependencyFailed
from vitrine.refresh.engine import Engine, Limits
from vitrine.refresh.engines import open_engine
from vitrine.refresh.lake_folder import FolderObjects
from vitrine.refresh.opened_lake import LakeSource, open_lake


def silent(stage, done, total):
    """Progress that nobody watches."""


class Unwritable(MemoryObjects):
    """A bucket that may be read only."""

    __slots__ = ()

    def put(self, name, data):
        """See ports.Objects."""
        raise DependencyFailed("bucket", "AccessDenied")


def test_duckdb_is_there_by_default():
    """It needs nothing but what a refresh needs anyway."""
    with open_engine("duckdb", Limits(threads=1)) as engine:
        assert isinstance(engine, Engine)


def test_spark_that_is_not_installed_says_what_to_do(monkeypatch):
    """The extra is named."""
    monkeypatch.setitem(sys.modules, "vitrine.refresh.spark_engine", None)
    with pytest.raises(DependencyFailed, match=r"pip install 'vitrine\[spark\]'"):
        open_engine("spark")


def bucket():
    """A lake of one compacted and one waiting event, with a catalogue."""
    with TemporaryDirectory() as folder:
        lake = write_lake(Path(folder), [Good("a")], [Sale("h1", "s1", 0, "a")])
        files = {name: FolderObjects(lake).get(name) for name in FolderObjects(lake).names("")}
    return MemoryObjects(files | raw_objects([event(id="e1"), b"{"]))


def test_a_bucket_is_compacted_and_loaded():
    """The account of what was new and of all that counts, for the report; the engine is closed afterwards."""
    objects = bucket()
    with open_lake(LakeSource(), objects, NOW, silent) as lake:
        assert lake.engine.account.rows == {"imported": 1, "collected": 1}
        assert [section.title for section in lake.sections()] == ["New events", "Events"]
        assert lake.compacted.left_out == {"not a JSON object": 1}
    assert list(objects.names("events/compacted/"))
    with pytest.raises(duckdb.Error):
        lake.engine.execute("select 1")


def test_a_folder_is_left_as_it_is(tmp_path):
    """A lake folder that somebody names is read, not changed, and the clock leaves out what lies ahead."""
    folder = FolderObjects(tmp_path)
    for name, data in bucket().objects.items():
        folder.put(name, data)
    before = list(folder.names(""))
    yesterday = NOW - timedelta(days=2)
    with open_lake(LakeSource(), MemoryObjects(), yesterday, silent, tmp_path) as lake:
        assert lake.engine.account.left_out == {"in the future": 1, "not a JSON object": 1}
        assert [section.title for section in lake.sections()] == ["Events"]
    assert list(folder.names("")) == before


def test_a_bucket_that_cannot_be_written_stops_the_job():
    """Loudly: else every object of the stream would be read again each night."""
    objects = Unwritable(bucket().objects)
    with pytest.raises(DependencyFailed), open_lake(LakeSource(), objects, NOW, silent):
        pass


def test_a_folder_of_objects_is_like_a_bucket(tmp_path):
    """Names are sorted and whole, downloads keep them, deleting twice is no error, and nothing leads out of it."""
    folder = FolderObjects(tmp_path / "lake")
    for name in ("events/raw/b", "events/raw/a", "catalog/x", "events-more/x"):
        folder.put(name, name.encode())
    folder.upload(tmp_path / "lake" / "catalog" / "x", "catalog/y")
    assert list(folder.names("")) == ["catalog/x", "catalog/y", "events-more/x", "events/raw/a", "events/raw/b"]
    assert list(folder.names("events/r")) == ["events/raw/a", "events/raw/b"]
    assert list(folder.names("nowhere/")) == []
    assert folder.download("events/", tmp_path / "copy") == 2
    assert (tmp_path / "copy" / "events" / "raw" / "a").read_bytes() == b"events/raw/a"
    assert folder.delete(["events/raw/a", "events/raw/a"]) == 2
    assert folder.get("events/raw/a") is None
    assert folder.get("catalog/y") == b"catalog/x"
    with pytest.raises(DependencyFailed, match="leads out"):
        folder.put("../evil", b"x")
