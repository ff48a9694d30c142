"""The Python client over TLS: only who proves to be the host is spoken to, and the handshake keeps to the deadline."""

import ssl
from pathlib import Path

from tests.contract.rough_server import RoughServer, hang, says
from tests.contract.test_lean_tls import certificate  # noqa: F401 - a fixture
from tests.unit.client_calls import DECISION, HOME
from tests.unit.client_types import load_package

package = load_package()


def serve(certificate: Path) -> RoughServer:  # noqa: F811
    """A server that is localhost."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return RoughServer(says(DECISION), context=context)


def test_a_trusted_host_is_asked_over_one_connection(certificate: Path) -> None:  # noqa: F811
    """By its name; one that is trusted by somebody else is not asked."""
    with serve(certificate) as server:
        trusting = package.Vitrine(
            f"https://localhost:{server.port}", timeout_s=30, tls=ssl.create_default_context(cafile=certificate)
        )
        assert [trusting.decide(HOME).answer for _ in range(3)] == [DECISION] * 3
        trusting.close()
        assert server.accepted <= 2  # one of the two addresses of localhost may be another's
        assert len(server.requests) == 3
        strange = package.Vitrine(f"https://localhost:{server.port}", timeout_s=30).decide(HOME)
        assert strange.failure == "unreachable"
        assert "CERTIFICATE_VERIFY_FAILED" in strange.detail
        assert len(server.requests) == 3


def test_a_handshake_that_hangs_is_given_up() -> None:
    """A server that takes the connection and says nothing."""
    with RoughServer(hang) as server:
        assert package.Vitrine(f"https://127.0.0.1:{server.port}", timeout_s=0.2).decide(HOME).failure == "late"
