"""Pages that stand beside the API on the local gateway: the demo shop, its studio, the snippet's files.

A site is whatever can add routes. It is mounted before the API's routes and so is asked first; whoever mounts it says
which paths are its own, most simply with `application.add_subapp("/prefix", its_own_application)`, whose middlewares
then see only its own requests.
"""

from collections.abc import Callable
from typing import TypeAlias

from aiohttp import web

Site: TypeAlias = Callable[[web.Application], None]
"""Adds its routes to the gateway's application. Called once, before the gateway serves; its handlers run on the
gateway's event loop, so what blocks belongs into `asyncio.to_thread`."""
