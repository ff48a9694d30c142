"""What the studio may use of the demo that it stands in, beside what every page may: keys, powers, files."""

import os
from collections.abc import Callable
from dataclasses import dataclass

from vitrine.local.studio_choices import Choices
from vitrine.visitors.identity import TokenKeys, mint, new_visitor


@dataclass(frozen=True, slots=True)
class Backstage:
    """`operator_token` and `keys` are asked for when they are needed; both may block and raise what they raise.

    `memory_mb` is that of the function that decides, for the estimate of what it costs.
    """

    choices: Choices
    operator_token: Callable[[], str]
    keys: Callable[[], TokenKeys]
    memory_mb: int

    def token(self, visitor: str) -> str:
        """The token of a visitor of the data.

        Raises:
            InvalidToken: this can be nobody's id.
        """
        return mint(visitor, self.keys())

    def newcomer(self) -> str:
        """The token of somebody whom nobody knows yet."""
        return mint(new_visitor(os.urandom), self.keys())
