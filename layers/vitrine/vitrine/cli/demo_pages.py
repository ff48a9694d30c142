"""The demo's pages beside its API: shop, studio and mailbox, mounted from the start and opened when all is set up."""

import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from vitrine.adapters.aws_account import AwsAccount
from vitrine.adapters.dynamodb import DynamoTable
from vitrine.adapters.secrets_manager import Secret
from vitrine.errors import LocalStackError
from vitrine.local.children import Log
from vitrine.local.households import read_households
from vitrine.local.mailbox import mailbox_site
from vitrine.local.mailbox_rooms import Mailroom
from vitrine.local.operator import make_token
from vitrine.local.shop import open_shop
from vitrine.local.shop_site import ShopSite
from vitrine.local.sites import Site
from vitrine.local.stack import LocalStack
from vitrine.local.studio import studio_site
from vitrine.local.studio_backstage import Backstage
from vitrine.local.studio_choices import Choices
from vitrine.local.template import FUNCTION, Template
from vitrine.settings import Settings
from vitrine.visitors.identity import TokenKeys, mint, parse_keys

STOREFRONT: Final = "storefront"
STORE: Final = "store"
LAKE: Final = "lake"
DECIDES: Final = "DecideFunction"
SENDS: Final = "OutreachSendFunction"
NOT_YET: Final = "the demo is still being set up; try again in a moment"


class DemoPages:
    """The sites of a demo: of the folder that holds its template, over the data in its state."""

    def __init__(self, template: Path, state: Path, log: Log) -> None:
        self._folder = template.resolve().parent
        self._state = state
        self._keys: TokenKeys | None = None
        self._shop = ShopSite(self._folder / STOREFRONT, log)
        choices = Choices(self._folder / STORE, state / LAKE)
        memory_mb = memory_of(template)
        backstage = Backstage(choices, partial(make_token, state), self.keys, memory_mb)
        self._studio = studio_site(self._folder / STOREFRONT / "studio", backstage)
        self._make_room: Callable[[], Mailroom] | None = None
        self._room: Mailroom | None = None
        self._making = threading.Lock()

    @property
    def sites(self) -> Sequence[Site]:
        """For the gateway. Until `open` is called, the pages of the shop say that they are about to open."""
        return [self._shop.mount, self._studio, mailbox_site(self._folder / STOREFRONT / "mailbox", self.room)]

    def keys(self) -> TokenKeys:
        """The keys of visitor tokens.

        Raises:
            LocalStackError: the demo is not set up yet.
        """
        if self._keys is None:
            raise LocalStackError(NOT_YET)
        return self._keys

    def room(self) -> Mailroom:
        """What the mailbox shows; made when it is first asked for, which takes a second.

        Raises:
            LocalStackError: the demo is not set up yet.
        """
        with self._making:
            if self._make_room is None:
                raise LocalStackError(NOT_YET)
            if self._room is None:
                self._room = self._make_room()
            return self._room

    def open(self, running: LocalStack) -> None:
        """Open the pages; the shop takes some seconds to put the goods of a new import on its shelves.

        The environment has to name the emulator by now, which the set-up sees to.
        """
        variables = running.environment(DECIDES)
        keys = self._keys = parse_keys(Secret(variables["VITRINE_TOKEN_SECRET"], AwsAccount(os.environ)).read())
        self._make_room = partial(open_room, Settings.from_env(running.environment(SENDS)), self._state / LAKE)
        self._shop.open(
            partial(
                open_shop,
                self._folder / STOREFRONT / "shop",
                self._folder / STORE,
                self._state / LAKE,
                self._state,
                DynamoTable(variables["VITRINE_TABLE"]),
                lambda visitor: mint(visitor, keys),
            )
        )


def open_room(settings: Settings, lake: Path) -> Mailroom:
    """The mailboxes of a lake folder's households, over the service that the function has."""
    from vitrine.wiring.outreach import build_outreach_service  # the start of the demo does not wait for its libraries

    people = [household for household, _ in read_households(lake)]
    return Mailroom(build_outreach_service(settings), DynamoTable(settings.table), people)


def memory_of(template: Path) -> int:
    """Memory in MB of the function that decides.

    Raises:
        LocalStackError: the template cannot be read.
    """
    return int(Template.read(template, {}).of_type(FUNCTION)[DECIDES]["MemorySize"])
