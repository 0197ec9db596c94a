"""A server on loopback that does with each request what a test wants."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple


class Far(NamedTuple):
    """A server that would be asked, and how often it was."""

    port: int
    asked: list[str]


@contextlib.contextmanager
def serving(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[int]:
    """A server on loopback that does with each request what a test wants; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with contextlib.suppress(OSError):
                answer(self)

        do_GET = do_PUT = do_POST  # noqa: N815

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


def send(
    to: BaseHTTPRequestHandler, body: bytes, media_type: str, status: int = 200, length: int | None = None
) -> None:
    to.send_response(status)
    to.send_header("Content-Type", media_type)
    to.send_header("Content-Length", str(len(body) if length is None else length))
    to.end_headers()
    to.wfile.write(body)


@contextlib.contextmanager
def far_away() -> Iterator[Far]:
    """Run a server that would be asked."""
    asked: list[str] = []

    def answer(request: BaseHTTPRequestHandler) -> None:
        asked.append(request.path)
        send(request, b'{"head":{"vars":["s"]},"results":{"bindings":[]}}', "application/sparql-results+json")

    with serving(answer) as port:
        yield Far(port, asked)
