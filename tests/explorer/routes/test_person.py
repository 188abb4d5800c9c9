"""Who asks, by the real application: a cookie that comes with the page, or else the address."""

import asyncio

from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from explorer.routes.person import COOKIE, Introduction, person
from tests.explorer.routes.conftest import HERE

SERVER = ("127.0.0.1", 80)
MINE = f"{COOKIE}-80"  # that of the app behind this port


def connection(cookie=None, address="10.0.0.1"):
    headers = [(b"cookie", f"other=1; {MINE}={cookie}".encode())] if cookie else []
    return HTTPConnection({"type": "http", "headers": headers, "client": (address, 4000), "server": SERVER})


def test_a_page_comes_with_a_cookie_once(page):
    browser = TestClient(page, base_url=HERE)
    first = browser.get("/").headers["Set-Cookie"]
    assert first.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Lax", "Max-Age=34560000"]
    cookie = browser.cookies[MINE]
    assert person(connection(cookie)).id == cookie
    assert "Set-Cookie" not in browser.get("/").headers
    assert TestClient(page, base_url=HERE).get("/").headers["Set-Cookie"] != first
    status = TestClient(page, base_url=HERE).get("/explorer/status")
    assert (status.status_code, "Set-Cookie" in status.headers) == (200, False), "only pages bring one"


def test_people_are_told_apart_by_their_cookies_also_behind_one_address(page):
    cookies = []
    for _ in range(2):
        browser = TestClient(page, base_url=HERE)
        browser.get("/")
        cookies.append(browser.cookies[MINE])
    one, other = (person(connection(cookie)) for cookie in cookies)
    assert one is not other
    assert person(connection(cookies[0], "10.0.0.2")) is one


def introduced(port, root_path, cookies=""):
    """What an app behind this port, under this path, answers to a browser that has these cookies."""

    async def page(scope, receive, send):
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]}
        )

    async def introduce():
        sent = []

        async def send(message):
            sent.append(dict(message["headers"]).get(b"set-cookie", b"").decode())

        headers = [(b"cookie", cookies.encode())]
        scope = {"type": "http", "headers": headers, "server": ("here", port), "root_path": root_path}
        await Introduction(page)(scope, None, send)
        return sent[0]

    return asyncio.run(introduce())


def test_apps_of_one_host_leave_each_others_cookies_alone():
    """By its one name the second app took the person of the first, whose pictures were gone at a reload."""
    first, second = introduced(7860, ""), introduced(7861, "")
    assert first.partition("=")[0] != second.partition("=")[0]
    both = "; ".join(cookie.partition(";")[0] for cookie in (first, second))
    assert (introduced(7860, "", both), introduced(7861, "", both)) == ("", "")
    assert "Path=/one;" in introduced(7860, "/one")
    assert "Path=/;" in first


def test_who_has_no_cookie_of_ours_counts_by_the_address():
    stranger = person(connection())
    assert person(connection("0" * 32)) is stranger, "a cookie made up is nobody's"
    assert person(connection(address="10.0.0.2")) is not stranger


def test_a_page_that_was_told_its_person_by_a_server_before_gets_a_new_cookie(page):
    browser = TestClient(page, base_url=HERE, cookies={MINE: "0" * 32})
    assert MINE in browser.get("/").headers["Set-Cookie"]
