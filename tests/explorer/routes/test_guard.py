"""Foreign pages and unknown names are refused by every route; the rest is answered as without the guard."""

from __future__ import annotations

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from explorer.routes.guard import Guard

ADDRESS = "127.0.0.1:7860"


async def answer(_):
    return PlainTextResponse("done")


async def live(websocket):
    await websocket.accept()
    await websocket.send_text("frame")


def client(*names):
    routes = [
        Route("/", answer, methods=["GET", "POST", "DELETE", "OPTIONS"]),
        WebSocketRoute("/live", live),
    ]
    return TestClient(Guard(Starlette(routes=routes), names=names))


def ask(method="POST", host=ADDRESS, origin=None, names=()):
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    return client(*names).request(method, "/", headers=headers)


FOREIGN = [
    "http://evil.example",
    "null",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    "http://localhost:7860",
    "",
]


@pytest.mark.parametrize("origin", FOREIGN)
@pytest.mark.parametrize("method", ["POST", "DELETE", "OPTIONS", "GET"])
def test_what_a_foreign_page_asks_is_refused(method, origin):
    refused = ask(method, origin=origin)
    assert refused.status_code == 403
    assert refused.json() == {
        "error": f"Pages of {origin} may not ask this server; --allow-host gives it another name."
    }


@pytest.mark.parametrize("origin", [None, f"http://{ADDRESS}", f"https://{ADDRESS}"])
def test_the_page_itself_and_programs_are_answered(origin):
    assert ask(origin=origin).text == "done"


@pytest.mark.parametrize(
    ("host", "origin"), [("Localhost:1", "http://localhost:1"), ("[::1]:7860", "http://[::1]:7860")]
)
def test_an_origin_is_compared_as_browsers_write_it(host, origin):
    assert ask(host=host, origin=origin).text == "done"


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:7860", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1"],
)
@pytest.mark.parametrize("same_origin", [False, True])
def test_an_unknown_name_is_refused(host, same_origin):
    refused = ask("GET", host, f"http://{host}" if same_origin else None)
    assert refused.status_code == 400
    assert "does not go by the name" in refused.json()["error"]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:7860", "127.0.0.1", "192.168.1.7:7860", "[::1]", "[fe80::1]:7860"]
)
def test_localhost_and_addresses_are_answered(host):
    assert ask("GET", host).text == "done"


def test_a_name_is_answered_that_it_is_served_under():
    names = ["Explorer.example"]
    assert ask(host="explorer.example", origin="https://explorer.example", names=names).text == "done"
    assert ask(origin="https://explorer.example", names=names).text == "done"  # a proxy has changed the host
    assert ask(host="other.example", names=names).status_code == 400
    assert ask(host="explorer.example", origin="https://other.example", names=names).status_code == 403


def test_a_space_is_answered_under_its_names_and_shown_on_its_site(monkeypatch):
    monkeypatch.setenv("SPACE_ID", "me/explorer")
    monkeypatch.setenv("SPACE_HOST", "me-explorer.hf.space,explorer.example")
    for host in ("me-explorer.hf.space", "explorer.example"):
        answered = ask(host=host, origin=f"https://{host}")
        assert answered.text == "done"
        policy = answered.headers["Content-Security-Policy"]
        assert policy.endswith("frame-ancestors 'self' https://huggingface.co https://*.hf.space")
    assert ask(host="other.hf.space").status_code == 400


@pytest.mark.parametrize(("host", "origin"), [(ADDRESS, "http://evil.example"), ("evil.example", None)])
def test_a_foreign_page_gets_no_websocket(host, origin):
    headers = {"Host": host} | ({} if origin is None else {"Origin": origin})
    with pytest.raises(WebSocketDisconnect), client().websocket_connect("/live", headers=headers):
        pytest.fail("accepted")


@pytest.mark.parametrize("origin", [{}, {"Origin": f"http://{ADDRESS}"}])
def test_the_page_itself_and_programs_get_their_websocket(origin):
    with client().websocket_connect("/live", headers={"Host": ADDRESS} | origin) as channel:
        assert channel.receive_text() == "frame"


@pytest.mark.parametrize("origin", [None, "http://evil.example"])
def test_every_answer_says_what_its_page_may_do(origin):
    headers = ask(origin=origin).headers
    assert "frame-ancestors 'self'" in headers["Content-Security-Policy"].split("; ")
    assert (headers["X-Content-Type-Options"], headers["Referrer-Policy"]) == ("nosniff", "same-origin")
