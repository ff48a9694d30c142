"""The Lambda Runtime API, as `awslambdaric` speaks it: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.

Every sandbox gets a port of its own, because the client sends nothing else by which to know it.
"""

import secrets
import socket
import time
from typing import Final

from aiohttp import web

from vitrine.local.sandbox import Outcome, Sandbox

LARGEST_RESPONSE: Final = 6 * 1024 * 1024 + 100  # Lambda's 6,291,556 bytes
ACCEPTED: Final = {"status": "OK"}


class RuntimeApi:
    """Serves all sandboxes on loopback."""

    def __init__(self) -> None:
        self._sandboxes: dict[int, Sandbox] = {}
        self._sites: dict[int, web.SockSite] = {}
        application = web.Application(client_max_size=2 * LARGEST_RESPONSE)
        runtime = "/2018-06-01/runtime"
        application.router.add_get(f"{runtime}/invocation/next", self.next)
        application.router.add_post(f"{runtime}/invocation/{{id}}/response", self.respond)
        application.router.add_post(f"{runtime}/invocation/{{id}}/error", self.fail)
        application.router.add_post(f"{runtime}/init/error", self.fail_init)
        application.router.add_get(f"{runtime}/restore/next", self.restore)
        application.router.add_post(f"{runtime}/restore/error", self.fail_init)
        self._runner = web.AppRunner(application, access_log=None, handler_cancellation=True, shutdown_timeout=0.1)

    async def start(self) -> None:
        """Get ready to admit sandboxes."""
        await self._runner.setup()

    async def stop(self) -> None:
        """Close all ports."""
        await self._runner.cleanup()

    async def admit(self, sandbox: Sandbox) -> str:
        """Open a port for a sandbox; the value of its AWS_LAMBDA_RUNTIME_API."""
        listener = socket.create_server(("127.0.0.1", 0))
        port = listener.getsockname()[1]
        self._sandboxes[port] = sandbox
        self._sites[port] = web.SockSite(self._runner, listener)
        await self._sites[port].start()
        return f"127.0.0.1:{port}"

    async def dismiss(self, address: str) -> None:
        """Close a sandbox's port."""
        port = int(address.rpartition(":")[2])
        del self._sandboxes[port]
        await self._sites.pop(port).stop()

    def caller(self, request: web.Request) -> Sandbox:
        """The sandbox on whose port the request came in."""
        if request.transport is None:
            raise web.HTTPGone
        port = request.transport.get_extra_info("sockname")[1]
        if port not in self._sandboxes:
            raise web.HTTPGone
        return self._sandboxes[port]

    async def next(self, request: web.Request) -> web.Response:
        """GET invocation/next: hold the line until there is work."""
        sandbox = self.caller(request)
        invocation = await sandbox.next()
        headers = {
            "Lambda-Runtime-Aws-Request-Id": invocation.id,
            "Lambda-Runtime-Deadline-Ms": str(invocation.deadline_ms),
            "Lambda-Runtime-Invoked-Function-Arn": sandbox.function.arn,
            "Lambda-Runtime-Trace-Id": f"Root=1-{int(time.time()):08x}-{secrets.token_hex(12)};Sampled=0",
        }
        return web.Response(body=invocation.event, content_type="application/json", headers=headers)

    async def respond(self, request: web.Request) -> web.Response:
        """POST invocation/{id}/response: the function's answer, up to Lambda's size limit."""
        payload = await request.read()
        if len(payload) > LARGEST_RESPONSE:
            self.caller(request).retire()
            size = f"Response payload size ({len(payload)} bytes) exceeded maximum allowed payload size"
            self.finish(request, Outcome.error("Function.ResponseSizeTooLarge", f"{size} ({LARGEST_RESPONSE} bytes)."))
            return web.json_response({"errorType": "RequestEntityTooLarge"}, status=413)
        return self.finish(request, Outcome(payload))

    async def fail(self, request: web.Request) -> web.Response:
        """POST invocation/{id}/error: the exception that the function raised."""
        return self.finish(request, Outcome(await request.read(), failed=True))

    def finish(self, request: web.Request, outcome: Outcome) -> web.Response:
        """Hand an outcome to the waiting invocation."""
        if self.caller(request).finish(request.match_info["id"], outcome):
            return web.json_response(ACCEPTED, status=202)
        return web.json_response({"errorType": "InvalidRequestID"}, status=400)

    async def fail_init(self, request: web.Request) -> web.Response:
        """POST init/error and restore/error: the function's module or its restore hook does not work."""
        self.caller(request).fail_init(Outcome(await request.read(), failed=True))
        return web.json_response(ACCEPTED, status=202)

    async def restore(self, request: web.Request) -> web.Response:
        """GET restore/next: a function with SnapStart runs its hooks; here the snapshot is restored at once."""
        self.caller(request)
        return web.Response()
