"""The code of storefront/INTEGRATE.md, as somebody would paste it."""

import re
from pathlib import Path
from typing import Final

GUIDE: Final = Path(__file__).parents[2] / "storefront" / "INTEGRATE.md"
API: Final = "https://api.shop.example"
"""The address that the reader is asked to replace."""

FENCE: Final = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
ROW: Final = re.compile(r"`(\{.*?\})` \|", re.MULTILINE)


def section(heading: str) -> str:
    """The text below the heading that begins so, up to the next one."""
    _, found, rest = GUIDE.read_text("utf-8").partition(f"\n## {heading}")
    assert found, f"the guide has no section {heading}"
    return rest.partition("\n## ")[0]


def block(heading: str, language: str, index: int = 0, api: str = API) -> str:
    """A block of code of a section, with the reader's own API in it."""
    return [text for kind, text in FENCE.findall(section(heading)) if kind == language][index].replace(API, api)


def page_blocks() -> list[str]:
    """What stands in the block of each kind of page, with nothing where the guide has dots."""
    return [row.replace(", ...", "").replace("[...]", "[]") for row in ROW.findall(section("A."))]
