"""The command that takes pictures can take them."""

import struct
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.demo import Demo
from tests.browser.pictures import Camera, Picture

PICTURES = (
    Picture("help", 1440, is_long=True),
    Picture("wheel", 360),
    Picture("compare", 360),
    Picture("mailbox", 360),
)


@pytest.fixture
def camera(chromium: Browser, demo: Demo, tmp_path: Path) -> Camera:
    """One for a folder of its own."""
    return Camera(demo, chromium, tmp_path)


def test_pictures_are_as_wide_as_asked_for(camera: Camera) -> None:
    """A page of the shop, an overlay on one, a page of the studio, a household's mail."""
    files = list(camera.take(PICTURES))
    assert [file.name for file in files] == ["help-1440.png", "wheel-360.png", "compare-360.png", "mailbox-360.png"]
    widths = [struct.unpack(">I", file.read_bytes()[16:20])[0] for file in files]  # of a PNG's first chunk
    assert widths == [1440, 360, 360, 360]
