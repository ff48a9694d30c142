"""The one object that serving reads: what is damaged, cut or of another release is refused."""

from hashlib import sha256

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitrine.decisions.release import BESTSELLERS, MODEL, NEXT_MODEL, NEXT_RANKER, RANKER, STORE, Manifest, Part
from vitrine.decisions.serving_object import pack_serving, parse_serving
from vitrine.errors import InvalidRelease

PARTS = {name: name.encode() * 20 for name in (STORE, MODEL, RANKER, BESTSELLERS, "facts.json")}


def manifest_of(parts: dict[str, bytes], release: str = "r1") -> bytes:
    """The encoded manifest of a release of these parts."""
    return Manifest(release, 1, 2, 3, {name: Part.of(data) for name, data in parts.items()}).to_bytes()


MANIFEST = manifest_of(PARTS)
DIGEST = sha256(MANIFEST).hexdigest()
PACKED = pack_serving(MANIFEST, PARTS)


def test_what_serving_needs_comes_back() -> None:
    """The parts that decisions use, and no others; the digest says whose they are."""
    found = parse_serving(PACKED, DIGEST)
    assert found.parts == {name: PARTS[name] for name in (STORE, MODEL, RANKER, BESTSELLERS)}
    assert (found.manifest.release, found.manifest_sha256) == ("r1", DIGEST)
    assert parse_serving(PACKED) == found


def test_a_release_that_ranks_next_items_has_its_ranker_with_it() -> None:
    """It is a part like the others where there is one."""
    parts = PARTS | {NEXT_MODEL: b"m", NEXT_RANKER: b"{}"}
    assert parse_serving(pack_serving(manifest_of(parts), parts)).parts[NEXT_MODEL] == b"m"


@given(at=st.integers(0, len(PACKED) - 1), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused(at: int, bit: int) -> None:
    """Wherever it is: in the manifest, in a part, or in what holds them together."""
    damaged = bytearray(PACKED)
    damaged[at] ^= 1 << bit
    with pytest.raises(InvalidRelease):
        parse_serving(bytes(damaged), DIGEST)


@given(length=st.integers(0, len(PACKED) - 1))
def test_a_cut_object_is_refused(length: int) -> None:
    """However much of it is left."""
    with pytest.raises(InvalidRelease):
        parse_serving(PACKED[:length], DIGEST)


def test_another_releases_object_is_refused() -> None:
    """It is sound in itself; only the pointer's digest tells."""
    foreign = pack_serving(manifest_of(PARTS, "r2"), PARTS)
    assert parse_serving(foreign).manifest.release == "r2"
    with pytest.raises(InvalidRelease, match="not the one that the pointer names"):
        parse_serving(foreign, DIGEST)


@pytest.mark.parametrize(
    "plain",
    [
        None,
        [],
        {"manifest": MANIFEST},
        [MANIFEST],
        [MANIFEST, {}],
        [MANIFEST, {**PARTS, MODEL: 7}],
        [MANIFEST, {**PARTS, MODEL: b"other"}],
        [MANIFEST.decode(), PARTS],
        [b"{}", PARTS],
    ],
)
def test_what_is_no_such_object_is_refused(plain: object) -> None:
    """Another shape, a part that lacks or differs, a manifest that is none."""
    with pytest.raises(InvalidRelease):
        parse_serving(msgpack.packb(plain))


@given(st.binary(max_size=300))
def test_any_bytes_are_refused_in_one_way(data: bytes) -> None:
    """No other exception, whatever comes."""
    with pytest.raises(InvalidRelease):
        parse_serving(data)
