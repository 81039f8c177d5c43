"""A way to an API server that is longer: `python -m benchmarks.fleet.delay FILE --seconds 0.05`

What a client sends comes to the server that much later, byte for byte and in order, however much is
on its way; what the server sends comes back at once. So each request waits that long, and a watch
flows. Nothing is read of it, so TLS passes through. The new kubeconfig is FILE's name with
`.delayed` in front of its suffix.
"""

import argparse
import asyncio
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from sandbox.kubeconfig import read_access, write_kubeconfig

_CHUNK: Final = 2**16
_END: Final = b""


def delayed(kubeconfig: Path) -> Path:
    return kubeconfig.with_suffix(f".delayed{kubeconfig.suffix}")


class Delay:
    """Leads to `host:port`; use `serve` as the callback of `asyncio.start_server`."""

    def __init__(self, host: str, port: int, seconds: float) -> None:
        self._host, self._port, self._seconds = host, port, seconds

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream, out = await asyncio.open_connection(self._host, self._port)
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(self._later(reader, out))
                both.create_task(_at_once(upstream, writer))
        except* (ConnectionError, TimeoutError):
            pass
        finally:
            out.close()
            writer.close()

    async def _later(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Reading never waits for sending: all that is under way is late by the same time."""
        under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()

        async def send() -> None:
            loop = asyncio.get_running_loop()
            while True:
                due, data = await under_way.get()
                if (left_s := due - loop.time()) > 0:
                    await asyncio.sleep(left_s)
                if data == _END:
                    writer.write_eof() if writer.can_write_eof() else writer.close()
                    return
                writer.write(data)
                await writer.drain()

        sending = asyncio.create_task(send())
        loop, data = asyncio.get_running_loop(), b"?"
        while data != _END:
            data = await reader.read(_CHUNK)
            under_way.put_nowait((loop.time() + self._seconds, data))
        await sending


async def _at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        writer.write(data)
        await writer.drain()
    with suppress(OSError):
        writer.write_eof()


async def _run(kubeconfig: Path, seconds: float) -> None:
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ended.set)
    access = read_access(kubeconfig)
    url = urlsplit(access.url)
    assert url.hostname
    assert url.port
    delay = Delay(url.hostname, url.port, seconds)
    async with await asyncio.start_server(delay.serve, "127.0.0.1", 0, backlog=512) as server:
        port = server.sockets[0].getsockname()[1]
        address = f"{url.scheme}://127.0.0.1:{port}"
        write_kubeconfig(delayed(kubeconfig), address, token=access.token)
        await ended.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fleet.delay")
    parser.add_argument("kubeconfig", type=Path)
    parser.add_argument("--seconds", type=float, default=0.05)
    options = parser.parse_args()
    asyncio.run(_run(options.kubeconfig, options.seconds))


if __name__ == "__main__":
    main()
