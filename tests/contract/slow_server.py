"""A server of AWS's JSON protocol that answers, hangs or drips as a test says."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event

ANSWER = b'{"Responses":{"t":[]},"UnprocessedKeys":{}}'


class Server(ThreadingHTTPServer):
    """Answers every request with `answer` in the given manner: good, hang or drip.

    `asked` counts requests, `answered` whole answers (just before their last
    bytes leave), and `callers` holds the ports they came from.
    """

    daemon_threads = True
    manner = "good"
    answer = ANSWER
    asked = 0
    answered = 0

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.callers: set[int] = set()
        self.closing = Event()
        self.address = f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """Answers in the server's manner of the moment."""

    protocol_version = "HTTP/1.1"
    server: Server

    def do_POST(self) -> None:
        """Any call of the protocol."""
        self.server.asked += 1
        self.server.callers.add(self.client_address[1])
        manner = self.server.manner
        self.rfile.read(int(self.headers["Content-Length"]))
        if manner == "hang":
            self.server.closing.wait()
            self.close_connection = True
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        if manner == "drip":
            self._drip()
        else:
            # Counted before it is sent: who has read the whole answer finds it counted.
            self.server.answered += 1
            self.wfile.write(self.server.answer)

    def _drip(self) -> None:
        """Each byte resets a timeout that counts from one to the next."""
        for left, byte in zip(range(len(self.server.answer) - 1, -1, -1), self.server.answer, strict=True):
            if self.server.closing.wait(0.3):
                self.close_connection = True
                return
            self.server.answered += left == 0
            self.wfile.write(bytes([byte]))

    def log_message(self, *_: object) -> None:
        """Keep the test's output clean."""
