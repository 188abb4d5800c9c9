"""A network that swallows what is sent and closes nothing: the page says so, and goes on by itself."""

import contextlib
import socket
import threading
from socketserver import BaseRequestHandler, ThreadingTCPServer

import pytest


class SwallowingProxy(ThreadingTCPServer):
    """Forwards every connection to a port, until it is told to swallow all bytes of all of them."""

    daemon_threads = True

    def __init__(self, port):
        super().__init__(("127.0.0.1", 0), _Connection)
        self.url = f"http://127.0.0.1:{self.server_address[1]}/"
        self.target, self.swallows = ("127.0.0.1", port), False


class _Connection(BaseRequestHandler):
    def handle(self):
        with socket.create_connection(self.server.target) as there:
            back = threading.Thread(target=self._pass_on, args=(there, self.request), daemon=True)
            back.start()
            self._pass_on(self.request, there)
            back.join()

    def _pass_on(self, source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if not self.server.swallows:
                    sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


@pytest.fixture
def proxy(app):
    with SwallowingProxy(app.port) as proxy:
        threading.Thread(target=proxy.serve_forever, daemon=True).start()
        yield proxy
        proxy.shutdown()


def test_a_dead_network_is_noticed_and_survived(new_page, proxy, expected_errors):
    expected_errors += ["WebSocket", "ERR_"]
    explorer = new_page(proxy).open("?a=17&b=23", map_too=False)
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 9")
    proxy.swallows = True
    explorer.page.locator("[data-random]").click()  # what the page has not decoded
    explorer.wait("() => document.querySelector('.waiting').textContent.includes('is decoding')")
    explorer.notice("connection was lost")
    assert "no connection" in explorer.page.locator("[data-device]").inner_text()
    assert explorer.page.locator(".waiting").inner_text() == ""  # nothing is decoding
    proxy.swallows = False
    explorer.notice("Connected again")
    a, b = explorer.page.evaluate(
        """async () => {
          const { href } = document.querySelector("link[rel=modulepreload][href$='state.js']");
          const { a, b } = (await import(href)).store.get();
          return [a, b];
        }"""
    )
    explorer.wait_shown(a=a, b=b)
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 9")


def test_a_quiet_page_stays_connected(new_page, app):
    explorer, talk = new_page(app), []
    explorer.page.on(
        "websocket",
        lambda socket: [
            socket.on(event, lambda text: talk.append(text)) for event in ("framesent", "framereceived")
        ],
    )
    explorer.open(map_too=False)
    explorer.wait("() => document.querySelector('.film').dataset.decoded >= 9")
    talk.clear()
    explorer.page.wait_for_timeout(14_000)
    assert "ping" in talk
    assert "pong" in talk
    assert explorer.page.locator(".notice").count() == 0
    assert "no connection" not in explorer.page.locator("[data-device]").inner_text()


def test_a_message_far_too_large_is_never_taken_in(explorer):
    code = explorer.page.evaluate(
        """() => new Promise((resolve) => {
          const socket = new WebSocket(new URL("explorer/live", document.baseURI).href.replace("http", "ws"));
          socket.onopen = () => socket.send("x".repeat(2 ** 24));
          socket.onclose = ({ code }) => resolve(code);
        })"""
    )
    # "Message too big"; or "closed abnormally", where the server hung up before the browser had sent it all.
    assert code in (1009, 1006)
    before = explorer.shown()["a"]  # and the page's own channel lives on
    explorer.page.locator("[data-random]").click()
    explorer.wait("before => document.querySelector('.result canvas').dataset.a !== before", before)
