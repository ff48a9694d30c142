"""Every parser that meets foreign bytes."""

from typing import Final

from tests.abuse import parsers_files, parsers_outreach, parsers_rows, parsers_wire
from tests.abuse.fuzz import Parser

PARSERS: Final[tuple[Parser, ...]] = (
    *parsers_wire.PARSERS,
    *parsers_rows.PARSERS,
    *parsers_files.PARSERS,
    *parsers_outreach.PARSERS,
)
