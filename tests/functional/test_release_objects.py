"""How a release is loaded: one object from the bucket, none where the bundle holds it, its parts where it is older."""

from collections import Counter
from pathlib import Path

import orjson
import pytest

from tests.unit.rankers import make_network, make_ranker_files
from vitrine import keys
from vitrine.adapters.memory import MemoryObjects, MemoryTable
from vitrine.adapters.release_objects import BUNDLE_ID, RELEASE_FOLDER, ReleaseObjects, bundled_release, read_bundle
from vitrine.api.store_folder import compile_store
from vitrine.cli.build_release import own_release, published_release, write_release
from vitrine.cli.demo_bundle import keep_release, make_bundle
from vitrine.decisions.release import BESTSELLERS, MANIFEST, MODEL, RANKER, STORE, Manifest, Part, Pointer
from vitrine.decisions.serving_object import SERVING, pack_serving
from vitrine.errors import InvalidRelease

ROOT = Path(__file__).parents[2]
STORE_FILES = compile_store(ROOT / "tests" / "fixtures" / "store", range(0))
CARD = {
    "title": "Milk",
    "url": "/p",
    "image": "/i",
    "price": 1,
    "regular_price": 1,
    "currency": "USD",
    "category": "a/b/c",
}


class Counted:
    """A bucket that counts what is asked of it."""

    def __init__(self, objects: MemoryObjects) -> None:
        self.objects = objects
        self.gets: Counter[str] = Counter()

    def get(self, name: str) -> bytes | None:
        """See ports.ObjectReader."""
        self.gets[name] += 1
        return self.objects.get(name)


def release_in(objects: MemoryObjects, release: str = "r1", seed: int = 1) -> Pointer:
    """A release in the bucket, with everything."""
    model, ranker = make_ranker_files(*make_network(seed))
    best = orjson.dumps({"north": [{"item": "milk", **CARD}]})
    parts = {STORE: STORE_FILES, MODEL: model, RANKER: ranker, BESTSELLERS: best}
    manifest = Manifest(release, 1, 2, 3, {name: Part.of(data) for name, data in parts.items()}).to_bytes()
    for name, data in {**parts, MANIFEST: manifest, SERVING: pack_serving(manifest, parts)}.items():
        objects.put(f"{release}/{name}", data)
    return Pointer(release, Part.of(manifest).sha256, None, 1)


@pytest.fixture
def bucket() -> Counted:
    """An empty bucket."""
    return Counted(MemoryObjects())


def test_one_object_is_all_that_is_fetched(bucket: Counted, tmp_path: Path) -> None:
    """A cold environment's only question, whether or not it has a bundle of some other release."""
    pointer = release_in(bucket.objects)
    write_release(tmp_path / RELEASE_FOLDER, own_release(ROOT))
    for bundle in (None, tmp_path, tmp_path / "nowhere"):
        bucket.gets.clear()
        release = ReleaseObjects(bucket, bundle).load(pointer)
        assert bucket.gets == {"r1/serving": 1}
        assert (release.id, release.as_of_ms, release.lists) == ("r1", 2, "r1")
        assert release.bestsellers["north"][0][0] == "milk"


def test_nothing_is_fetched_that_the_bundle_holds(bucket: Counted, tmp_path: Path) -> None:
    """The bundle's release is the one that the pointer names, by the digest of its manifest."""
    pointer = release_in(bucket.objects)
    write_release(tmp_path / RELEASE_FOLDER, bucket.objects.get("r1/serving") or b"")
    assert ReleaseObjects(bucket, tmp_path).load(pointer).id == "r1"
    assert not bucket.gets
    other = release_in(bucket.objects, "r2", seed=2)
    assert ReleaseObjects(bucket, tmp_path).load(other).id == "r2"
    assert bucket.gets == {"r2/serving": 1}


def test_a_release_from_before_is_read_part_by_part(bucket: Counted) -> None:
    """Code that knew no serving object published it."""
    pointer = release_in(bucket.objects)
    bucket.objects.delete(["r1/serving"])
    assert ReleaseObjects(bucket).load(pointer).id == "r1"
    assert set(bucket.gets) == {f"r1/{name}" for name in (SERVING, MANIFEST, STORE, MODEL, RANKER, BESTSELLERS)}


def test_of_a_damaged_object_nothing_is_believed(bucket: Counted) -> None:
    """Flipped, cut, or of another release: the parts beside it are read; where they are damaged, too, it is over."""
    pointer = release_in(bucket.objects)
    release_in(bucket.objects, "r2", seed=2)
    good = bucket.objects.get("r1/serving") or b""
    flipped = good[:900] + bytes([good[900] ^ 1]) + good[901:]
    for wrong in (flipped, good[:-1], good + b"x", b"", bucket.objects.get("r2/serving") or b""):
        bucket.objects.put("r1/serving", wrong)
        n_read = bucket.gets.total()
        assert ReleaseObjects(bucket).load(pointer).id == "r1"
        assert bucket.gets.total() - n_read > 1
    part = f"r1/{STORE}"
    bucket.objects.put(part, (bucket.objects.get(part) or b"") + b" ")
    with pytest.raises(InvalidRelease):
        ReleaseObjects(bucket).load(pointer)
    bucket.objects.put("r1/serving", good)
    assert ReleaseObjects(bucket).load(pointer).id == "r1"


def test_a_damaged_bundle_is_as_good_as_none(bucket: Counted, tmp_path: Path) -> None:
    """The bucket is asked then; and without the bucket the folder's own files serve."""
    pointer = release_in(bucket.objects)
    for name in ("store", "models"):
        (tmp_path / name).symlink_to(ROOT / name)
    write_release(tmp_path / RELEASE_FOLDER, b"half of it")
    assert read_bundle(tmp_path) is None
    assert ReleaseObjects(bucket, tmp_path).load(pointer).id == "r1"
    assert bundled_release(tmp_path).id == BUNDLE_ID


def test_the_folders_own_release_is_a_release_without_lists(tmp_path: Path) -> None:
    """Store and model of the repository, ready to serve."""
    write_release(tmp_path / RELEASE_FOLDER, own_release(ROOT))
    release = bundled_release(tmp_path)
    assert (release.id, release.bestsellers) == (BUNDLE_ID, {})
    assert release.ranker is not None
    assert release.store.campaigns


def test_a_bundle_takes_the_current_release_of_a_stack(tmp_path: Path) -> None:
    """With what sells best; also one that older code published."""
    objects, table = MemoryObjects(), MemoryTable()
    assert published_release(table, objects) is None
    table.rows[keys.RELEASE_POINTER] = release_in(objects).to_row()
    found = published_release(table, objects)
    assert found == ("r1", objects.get("r1/serving"))
    objects.delete(["r1/serving"])
    assert published_release(table, objects) == found


def test_the_demo_keeps_its_release_for_the_next_start(tmp_path: Path) -> None:
    """At first the folder's own; after the set-up what is published; and the next start leaves that alone."""
    objects, table = MemoryObjects(), MemoryTable()
    assert bundled_release(make_bundle(tmp_path, ROOT)).id == BUNDLE_ID
    keep_release(tmp_path, table, objects)
    assert bundled_release(make_bundle(tmp_path, ROOT)).id == BUNDLE_ID
    table.rows[keys.RELEASE_POINTER] = release_in(objects).to_row()
    keep_release(tmp_path, table, objects)
    bundle = make_bundle(tmp_path, ROOT)
    assert bundled_release(bundle).id == "r1"
    assert (bundle / "store" / "store.yaml").is_file()
