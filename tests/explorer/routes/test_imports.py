"""Data sets that people bring: each told to their owner alone, and no bad file or name does any harm."""

import zipfile
from io import BytesIO

import pytest
from cachetools import LRUCache
from starlette.testclient import TestClient

from explorer.data import Store
from explorer.panels import application
from explorer.routes import arriving
from explorer.routes import person as persons
from explorer.settings import Settings
from explorer.workspace import Workspace
from tests.explorer.data.store.conftest import draw
from tests.explorer.routes.conftest import HERE
from tests.explorer.waiting import wait, wait_for

COOKIE_HERE = f"{persons.COOKIE}-80"


@pytest.fixture
def roots(tmp_path):
    for number in range(6):
        draw(tmp_path / "root" / "own" / f"{number}.png", number)
    draw(tmp_path / "secret" / "0.png", 0)
    (tmp_path / "root" / "link").symlink_to(tmp_path / "secret")
    return tmp_path / "root"


@pytest.fixture
def begin(tmp_path, toy_dataset, roots):
    """Starts the app, also again, with the same store."""
    running = []

    def begin(**more):
        for workspace in running:
            workspace.close()
        given = {
            "cache_dir": tmp_path / "cache",
            "data_dir": tmp_path / "data",
            "import_root": [roots],
            **more,
        }
        workspace = Workspace(Settings(model="toy", device="cpu", **given), {"portraits": toy_dataset})
        running.append(workspace)
        wait(workspace, "toy")
        return workspace, _page(workspace)

    yield begin
    for workspace in running:
        workspace.close()


def _page(workspace):
    import asyncio

    async def build():
        return application(workspace)

    return asyncio.run(build())


def person(page, cookie=None):
    """A browser, with the cookie that it got, or had."""
    browser = TestClient(page, base_url=HERE)
    if cookie:
        browser.cookies.update(cookie)
    browser.get("/")
    return browser


def archive(tmp_path, count=5):
    file = BytesIO()
    with zipfile.ZipFile(file, "w") as made:
        for number in range(count):
            made.write(draw(tmp_path / "z" / f"{number}.png", number), f"top/{number % 2}/{number}.png")
    return file.getvalue()


def send(browser, content, name="Zoo.zip", **query):
    return browser.post("/explorer/imports/send", params={"file": name, **query}, content=content)


def sets(browser):
    return browser.get("/explorer/imports").json()["sets"]


def is_whole(browser, name):
    return lambda: any(entry["name"] == name and entry["state"] == "whole" for entry in sets(browser))


def named(browser):
    """The data sets that the status tells of."""
    status = browser.get("/explorer/status").json()
    told = {kind["name"] for kind in status["datasets"].values()}
    assert {name for model in status["models"] for name in model["datasets"]} <= told
    return told


def test_a_zip_becomes_a_data_set_that_its_owner_alone_is_told_of(begin, tmp_path):
    workspace, page = begin()
    one, other = person(page), person(page)
    answer = send(one, archive(tmp_path)).json()
    name = answer["name"]
    assert (answer["title"], answer["is_mine"]) == ("Zoo", True)
    assert not any(cookie in str((answer, sets(one))) for cookie in dict(one.cookies).values())
    wait_for(is_whole(one, name))
    assert [entry["read"] for entry in sets(one)] == [5]
    assert name in named(one)
    assert sets(other) == []
    assert name not in named(other)
    assert other.post("/explorer/imports/delete", params={"dataset": name}).status_code == 400
    refused = other.post("/explorer/prepare", params={"model": "toy", "dataset": "zoo-0"}).json()["error"]
    assert name not in refused, "whoever guesses is told no name"
    one.post("/explorer/prepare", params={"model": "toy", "dataset": name})
    wait(workspace, "toy", name)
    place = {"model": "toy", "dataset": name}
    assert one.get("/explorer/map", params=place).status_code == 200
    label = one.get("/explorer/label", params={**place, "name": "folder"})
    assert b'"classes": ["0", "1"]' in label.content
    for kind in ("thumbnail", "item"):
        picture = one.get(f"/explorer/{kind}/{name}/3.webp")
        assert picture.headers["Cache-Control"].startswith("private")
        assert picture.headers["Content-Type"] == "image/webp"


def test_who_has_no_cookie_that_is_known_brings_nothing(begin, tmp_path, roots):
    """An address is many people's, and was taken for a cookie."""
    workspace, page = begin()
    for cookie in (None, {COOKIE_HERE: "testclient"}, {COOKIE_HERE: "0" * 32}):
        stranger = TestClient(page, base_url=HERE, cookies=cookie)
        told = [
            send(stranger, archive(tmp_path)),
            stranger.post("/explorer/imports/folder", params={"path": str(roots / "own")}),
        ]
        assert {answer.status_code for answer in told} == {400}
        assert "reload the page" in told[0].json()["error"]
    assert workspace.imports.store.names() == []


def test_nobody_is_shown_anothers_data_set_where_they_name_none(begin, tmp_path):
    """The first that was open in a model was taken, whosever it was."""
    workspace, page = begin()
    one, other = person(page), person(page)
    name = send(one, archive(tmp_path)).json()["name"]
    wait_for(is_whole(one, name))
    one.post("/explorer/prepare", params={"model": "toy-spatial", "dataset": name})
    wait(workspace, "toy-spatial", name)
    model = {"model": "toy-spatial"}
    answers = [
        other.get("/explorer/map", params=model),
        other.get("/explorer/label", params={**model, "name": "folder"}),
        other.get("/explorer/status", params=model),
        other.post("/explorer/upload", params=model, content=(tmp_path / "z" / "0.png").read_bytes()),
        other.post(
            "/explorer/arithmetic", json={**model, "terms": [{"point": "0", "weight": 1}]}, params=model
        ),
    ]
    assert [answer.status_code for answer in answers[:2]] == [409, 409]
    assert not any(name in answer.text for answer in answers)


def test_it_is_there_after_a_restart_and_still_its_owners(begin, tmp_path, monkeypatch):
    _, page = begin()
    one = person(page)
    name = send(one, archive(tmp_path)).json()["name"]
    wait_for(is_whole(one, name))
    cookie = dict(one.cookies)
    assert not any(
        value in path.read_text() for value in cookie.values() for path in tmp_path.rglob("about.json")
    )
    monkeypatch.setattr(persons, "_persons", LRUCache(persons.MOST))  # as a new process has them
    monkeypatch.setattr(persons, "_lasting", set())
    _, page = begin()
    again, other = person(page, cookie), person(page)
    assert dict(again.cookies) == cookie, "no new one was given out"
    assert [entry["name"] for entry in sets(again)] == [name]
    assert name in named(again)
    assert sets(other) == []
    assert again.post("/explorer/imports/delete", params={"dataset": name}).json() == {}
    assert sets(again) == []
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".arriving"]


def test_one_that_is_being_encoded_can_be_deleted(begin, tmp_path):
    _, page = begin()
    one = person(page)
    name = send(one, archive(tmp_path)).json()["name"]
    wait_for(is_whole(one, name))
    one.post("/explorer/prepare", params={"model": "toy", "dataset": name})
    assert one.post("/explorer/imports/delete", params={"dataset": name}).json() == {}
    assert one.get("/explorer/map", params={"model": "toy", "dataset": name}).status_code == 400
    assert name not in named(one)
    assert [path.name for path in (tmp_path / "data").iterdir()] == [".arriving"]


def test_the_list_has_ones_own_first_and_each_the_newest_first(begin, roots):
    workspace, page = begin()
    one, store = person(page), workspace.imports.store
    me = persons.seal(dict(one.cookies).popitem()[1])
    for title, owner in (
        ("all", None),
        ("older", me),
        ("old", me),
        ("another's", "somebody"),
        ("all, too", None),
        ("new", me),
    ):
        store.begin(roots / "own", owner, title)
    assert [entry["title"] for entry in sets(one)] == ["new", "old", "older", "all, too", "all"]


def test_a_folder_is_taken_from_the_roots_only(begin, roots):
    _, page = begin()
    one = person(page)
    taken = one.post("/explorer/imports/folder", params={"path": str(roots / "own")}).json()
    wait_for(is_whole(one, taken["name"]))
    strange = ("/etc", "own", "", "~nobody-here", "a\0b", "x" * 5000)
    for path in (roots / "link", roots / ".." / "secret", roots.parent, *strange):
        answer = one.post("/explorer/imports/folder", params={"path": str(path)})
        assert answer.status_code == 400
        assert "folder: expected one in" in answer.json()["error"]
    absent = one.post("/explorer/imports/folder", params={"path": str(roots / "absent")}).json()
    assert "there is no" in absent["error"]


def test_without_roots_no_folder_is_taken(begin, roots):
    _, page = begin(import_root=[])
    answer = person(page).post("/explorer/imports/folder", params={"path": str(roots)}).json()
    assert "--import-root" in answer["error"]


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("µ 🐈.zip", b"Dear diary", "µ 🐈.zip is no ZIP"),
        ("a" * 300 + ".zip", b"PK half", "ZIP"),
        ("a.zip", b"", "no ZIP"),
        ("a.parquet", b"PAR1 but no more", "Parquet"),
        ("a.csv", b"x,y\n1,2\n", "expected a file that ends in"),
        ("a.exe", b"MZ", "expected a file that ends in"),
        ("../../a.zip", b"PK\x03\x04 half", "ZIP"),
    ],
)
def test_what_is_no_data_set_is_a_sentence_and_leaves_nothing(begin, tmp_path, name, content, told):
    _, page = begin()
    one = person(page)
    answer = send(one, content, name)
    assert answer.status_code == 400
    assert told in answer.json()["error"]
    assert sets(one) == []
    assert [*(tmp_path / "data").rglob("*.*")] in ([], [tmp_path / "data" / ".arriving"])


def test_a_person_brings_so_much_and_no_more(begin, tmp_path):
    content = archive(tmp_path, 40)
    _, page = begin(import_gb=len(content) / 1e9 - 1e-6)
    one = person(page)
    assert "This is too large: there is room for" in send(one, content).json()["error"]
    small = send(one, archive(tmp_path, 5)).json()
    wait_for(is_whole(one, small["name"]))
    assert "This is too large" in send(one, archive(tmp_path, 38)).json()["error"]
    assert "name" in send(person(page), archive(tmp_path, 5)).json(), "another has room of their own"


def test_a_full_disk_is_a_sentence(begin, tmp_path, monkeypatch):
    _, page = begin()
    one, content = person(page), archive(tmp_path)

    def full(content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(arriving, "keep", lambda write, content: real(full, content))
        real = _real_write
        assert "No space left on device" in send(one, content).json()["error"]
    with monkeypatch.context() as patched:
        patched.setattr(arriving, "SPARE", 2**60)
        assert "The disk of the server is full" in send(one, content).json()["error"]
    assert Store(tmp_path / "data").names() == []
    assert "name" in send(one, content).json()


_real_write = arriving.keep


def test_what_was_cut_short_is_told_and_taken_as_it_is(begin, tmp_path, roots):
    workspace, page = begin()
    one = person(page)
    me = persons.seal(dict(one.cookies).popitem()[1])
    stored = workspace.imports.store.begin(roots / "own", me)
    [entry] = sets(one)
    assert (entry["state"], entry["read"]) == ("stopped", 0)
    finish = one.post("/explorer/imports/finish", params={"dataset": stored.name})
    assert "No picture of own has been read yet" in finish.json()["error"]
    one.post("/explorer/imports/start", params={"dataset": stored.name})
    wait_for(is_whole(one, stored.name))
