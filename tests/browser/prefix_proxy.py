"""A proxy that serves an app under a path, as nginx does: `location /latent/ { proxy_pass http://app/; }`."""

import asyncio
import threading


class PrefixProxy:
    """Forwards to `port` what is asked below `prefix`, without it; answers 404 to all else."""

    def __init__(self, port, prefix):
        self._port, self._prefix = port, prefix.encode()
        self.asked = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)

    def __enter__(self):
        self._thread.start()
        starting = asyncio.run_coroutine_threadsafe(
            asyncio.start_server(self._serve, "127.0.0.1", 0), self._loop
        )
        self._server = starting.result(10)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}{self._prefix.decode()}/"
        return self

    def __exit__(self, *error):
        asyncio.run_coroutine_threadsafe(self._stop(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _stop(self):
        self._server.close()
        connections = asyncio.all_tasks() - {asyncio.current_task()}
        for connection in connections:
            connection.cancel()
        await asyncio.gather(*connections, return_exceptions=True)

    async def _serve(self, reader, writer):
        """One request a connection: its head is changed, all after it is passed on, WebSockets too."""
        try:
            request, *headers = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[:-2]
            method, path, protocol = request.split(b" ")
            self.asked.append(path.decode())
            if not path.startswith(self._prefix + b"/"):
                writer.write(b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                return
            if not any(line.lower().startswith(b"upgrade:") for line in headers):
                headers = [line for line in headers if not line.lower().startswith(b"connection:")]
                headers.append(b"Connection: close")
            request = b" ".join([method, path.removeprefix(self._prefix), protocol])
            app_reader, app_writer = await asyncio.open_connection("127.0.0.1", self._port)
            app_writer.write(b"\r\n".join([request, *headers, b"", b""]))
            await asyncio.gather(_pass_on(reader, app_writer), _pass_on(app_reader, writer))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # a browser opens connections in advance
        finally:
            writer.close()


async def _pass_on(reader, writer):
    try:
        while part := await reader.read(65_536):
            writer.write(part)
            await writer.drain()
    finally:
        writer.close()
