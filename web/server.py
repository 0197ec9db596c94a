"""The process in front: it listens, hands tasks to the workers, and ends with all of them."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Iterator, Sequence

import uvicorn

from picograph.ontology.errors import StoreError, UsageError
from picograph.web.app import Settings, application
from picograph.web.log import log
from picograph.web.pool import FailedError, Limits, Pool

_GRACE = 3  # seconds that answers have to end when the server is told to stop


class _Server(uvicorn.Server):
    """Uvicorn's server; who runs it handles the signals, so that it ends with exit code 0."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def listen(host: str, port: int) -> socket.socket:
    """Take the address.

    :raises UsageError: if somebody else has it, or it is none of this machine
    """
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=512)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"the server cannot listen there: {getattr(error, 'strerror', None) or error}",
            where=f"{host}:{port}",
            remedy="give another --port, or --port 0 for a free one",
        ) from None


def run(host: str, port: int, limits: Limits, settings: Settings, hosts: Sequence[str]) -> None:
    """Serve until a signal says to stop.

    :raises UsageError: if the address cannot be had
    :raises StoreError: if the workers do not start
    """
    with listen(host, port) as listener:
        asyncio.run(_serve(listener, limits, settings, list(hosts)))


async def _serve(listener: socket.socket, limits: Limits, settings: Settings, hosts: list[str]) -> None:
    pool = Pool(settings.store.location, limits, hosts, log)
    config = uvicorn.Config(
        application(pool, settings, log),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)

    def stop() -> None:
        server.force_exit = server.should_exit  # told twice, it waits for nobody
        server.should_exit = True

    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop)
    try:
        await pool.open()
        host, port = listener.getsockname()[:2]
        url = f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
        log("ready", url=url, store=settings.store.location, workers=limits.workers, writable=settings.writable or None)
        await server.serve(sockets=[listener])
    except (FailedError, TimeoutError) as error:
        raise StoreError(
            f"the processes that answer do not start: {error}",
            where=settings.store.location,
            remedy="see the lines above; more --memory may be needed",
        ) from None
    finally:
        await pool.close()
        log("stopped")
