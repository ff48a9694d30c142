"""A refresh and the cards that go with its release, while somebody else writes cards without saying so."""

from pathlib import Path

import pytest

from tests.functional.refresh_rig import CountedTable, lake_objects, looks, make_bundle, open_shop, sales
from vitrine import keys
from vitrine.catalog.card_stamp import parse_stamp
from vitrine.catalog.packed_cards import CARDS, unpack_cards
from vitrine.refresh.card_stamps import WRITTEN
from vitrine.refresh.jobs import refresh_recommendations
from vitrine.refresh.published import read_parts, read_pointer
from vitrine.types import Key, Row


@pytest.mark.parametrize("is_alone", [True, False])
def test_a_first_release_vouches_for_its_cards_unless_somebody_wrote_meanwhile(tmp_path: Path, is_alone: bool) -> None:
    """Who wrote between the packing and the flip found no stamp to say so in; the note that they left tells."""
    shop = open_shop(make_bundle(tmp_path)).stock(lake_objects(sold=sales(), lines=looks()))

    class Raced(CountedTable):
        def replace(self, key: Key, row: Row, expected_rev: int | None, timeout_s: float | None = None) -> bool:
            if key == keys.RELEASE_POINTER and expected_rev is None and not is_alone:
                shop.releases.put(WRITTEN, b'{"milk": "of another"}')
            return super().replace(key, row, expected_rev, timeout_s)

    raced = Raced({})
    shop.table = raced
    shop.__post_init__()
    refresh_recommendations(shop.workshop, lambda *_: None)
    pointer = read_pointer(raced)
    assert pointer is not None
    stamp = parse_stamp(pointer.cards)
    packed = unpack_cards(read_parts(shop.releases, pointer)[1][CARDS])
    assert stamp is not None
    assert len(packed) > 0
    assert (stamp.began_ms == packed.began_ms) is is_alone
