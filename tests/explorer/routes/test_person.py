"""Who asks, by the real application: a cookie that comes with the page, or else the address."""

from starlette.requests import HTTPConnection
from starlette.testclient import TestClient

from explorer.routes.person import COOKIE, person
from tests.explorer.routes.conftest import HERE


def connection(cookie=None, address="10.0.0.1"):
    headers = [(b"cookie", f"other=1; {COOKIE}={cookie}".encode())] if cookie else []
    return HTTPConnection({"type": "http", "headers": headers, "client": (address, 4000)})


def test_a_page_comes_with_a_cookie_once(page):
    browser = TestClient(page, base_url=HERE)
    first = browser.get("/").headers["Set-Cookie"]
    assert first.split("; ")[1:] == ["HttpOnly", "Path=/", "SameSite=Lax"]
    cookie = browser.cookies[COOKIE]
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
        cookies.append(browser.cookies[COOKIE])
    one, other = (person(connection(cookie)) for cookie in cookies)
    assert one is not other
    assert person(connection(cookies[0], "10.0.0.2")) is one


def test_who_has_no_cookie_of_ours_counts_by_the_address():
    stranger = person(connection())
    assert person(connection("0" * 32)) is stranger, "a cookie made up is nobody's"
    assert person(connection(address="10.0.0.2")) is not stranger


def test_a_page_that_was_told_its_person_by_a_server_before_gets_a_new_cookie(page):
    browser = TestClient(page, base_url=HERE, cookies={COOKIE: "0" * 32})
    assert COOKIE in browser.get("/").headers["Set-Cookie"]
