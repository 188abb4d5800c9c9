"""Data sets that a person brings: sent, read, shown with their labels, stopped, deleted, found again."""

import base64
import io
import zipfile

import numpy as np
import pytest
from explorer_page import MAP_MS
from PIL import Image
from running_app import RunningApp

COUNT = 16
MANY = 160
SIZE = 96  # pixels
SLOW = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
GONE = ["WebSocket connection", *(f"ERR_{name}" for name in ("CONNECTION_REFUSED", "CONNECTION_RESET"))]
GONE += ["ERR_EMPTY_RESPONSE", "ERR_INCOMPLETE_CHUNKED_ENCODING"]
STRANGE = "Ünï <b>x<b> & 🌷 " + "long" * 12
DROP = """([selector, name, base64]) => {
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], name));
  for (const type of ["dragover", "drop"]) {
    const event = new DragEvent(type, {dataTransfer, bubbles: true, cancelable: true});
    document.querySelector(selector).dispatchEvent(event);
  }
}"""
SENDING = """() => {
  const { value } = document.querySelector(".sending progress");
  return value > 0 && value < 1;
}"""
PLACED = """count => {
  const traces = document.querySelector(".plot").data ?? [];
  const places = traces.flatMap(({ x, y }) => Array.from(x, (value, i) => `${value} ${y[i]}`));
  return places.length === count && new Set(places).size === count;
}"""
FITS = """() => [document.documentElement, document.querySelector(".data-sets")]
  .every(({ scrollWidth, clientWidth }) => scrollWidth <= clientWidth)"""


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("server")
    save_picture(folder / "first.png", 1)
    save_picture(folder / "second.png", 2)
    running = RunningApp(tmp_path_factory.mktemp("app"), "--import-root", str(folder)).start()
    running.folder = folder
    yield running
    running.stop()


def save_picture(file, seed, size=SIZE):
    """A picture that looks as no other does."""
    noise = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(noise).resize((size, size), Image.Resampling.NEAREST).save(file, "PNG")


def picture(seed, size=SIZE):
    file = io.BytesIO()
    save_picture(file, seed, size)
    return file.getvalue()


def pack(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def flowers(tmp_path):
    """Pictures in two folders."""
    files = {f"{'red' if i % 2 else 'blue'}/{i:02}.png": picture(i) for i in range(COUNT)}
    return pack(tmp_path / "flowers.zip", files)


@pytest.fixture(scope="module")
def slow_to_read(tmp_path_factory):
    """The same large picture many times: reading it takes seconds."""
    content = picture(0, size=3000)
    files = {f"{i:03}.png": content for i in range(MANY)}
    return pack(tmp_path_factory.mktemp("many") / "many.zip", files)


def open_tool(explorer):
    explorer.page.locator(".tool-bar [data-opens=data_sets]").click()
    explorer.page.locator(".data-sets .area").wait_for()


def choose(explorer, path):
    with explorer.page.expect_file_chooser() as chooser:
        explorer.page.get_by_role("button", name="Choose a file").click()
    chooser.value.set_files(path)


def drop(explorer, selector, path):
    explorer.page.evaluate(DROP, [selector, path.name, base64.b64encode(path.read_bytes()).decode()])


def entry(explorer, title):
    return explorer.page.locator(".sets li").filter(has=explorer.page.get_by_text(title, exact=True))


def wait_text(explorer, title, text):
    explorer.page.locator(".sets li", has_text=text).filter(has=explorer.page.get_by_text(title)).wait_for()


def wait_map(explorer, count):
    """Until the map has so many points, which stand apart."""
    explorer.page.wait_for_function(PLACED, arg=count, timeout=MAP_MS)


def button(explorer, title, name):
    return entry(explorer, title).get_by_role("button", name=f"{name}: {title}")


def delete(explorer, title):
    button(explorer, title, "Delete").click()
    dialog = explorer.page.get_by_role("dialog", name="Delete a data set")
    dialog.get_by_role("button", name="Delete").click()
    entry(explorer, title).wait_for(state="detached")


def test_a_zip_becomes_the_map_with_its_points_and_labels(new_page, app, flowers):
    explorer = new_page(app).open()
    open_tool(explorer)
    explorer.page.get_by_text("Nothing has been brought yet.").wait_for()
    assert "Up to 4 GB." in explorer.page.locator(".bring").inner_text()
    choose(explorer, flowers)
    wait_text(explorer, "flowers", f"{COUNT} pictures, shown")
    wait_map(explorer, COUNT)
    assert "folder" in explorer.page.get_by_label("Colour by").inner_text()
    card = explorer.page.locator(".card[data-card=a]", has_text="picture 0")
    card.get_by_text("blue").wait_for()
    assert explorer.shown()["a"].endswith("/0")
    delete(explorer, "flowers")


def test_what_is_not_taken_as_it_is_is_told(new_page, app, tmp_path):
    files = {f"a/{i}.png": picture(i) for i in range(12)}
    files |= {"b/again.png": picture(3), "b/broken <i>.jpg": b"no picture", "a/.DS_Store": b"x", "none/": b""}
    explorer = new_page(app).open()
    open_tool(explorer)
    choose(explorer, pack(tmp_path / f"{STRANGE}.zip", files))
    told = explorer.page.locator(".sets li details")
    told.locator("summary").click()
    for text in ("1 cannot be read", "1 looks as an earlier one does", "1 passed over", "1 folder without"):
        told.locator("dt", has_text=text).wait_for()
    named = told.locator("dd").all_inner_texts()
    assert named[0].startswith("b/broken <i>.jpg: ")
    assert named[1:] == ["b/again.png looks as a/3.png", ".DS_Store: 1", "none"]
    assert explorer.page.locator(".sets b, .sets i").count() == 0
    for size in ((1280, 800), (390, 844)):
        explorer.page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))
        explorer.wait(FITS)
    delete(explorer, STRANGE)


def test_a_zip_dropped_anywhere_is_brought_and_nothing_on_the_tool_becomes_a_or_b(
    new_page, app, flowers, astronaut
):
    explorer = new_page(app).open()
    before = explorer.shown()
    drop(explorer, "figure[data-card=a]", flowers)
    explorer.page.locator(".data-sets").wait_for()
    wait_text(explorer, "flowers", f"{COUNT} pictures, shown")
    assert explorer.page.locator(".drop-here").count() == 0
    delete(explorer, "flowers")
    explorer.wait_shown(a=before["a"])
    drop(explorer, ".data-sets .brought", astronaut)
    assert "“astronaut.png” is no ZIP or Parquet file" in explorer.notice("no ZIP")
    assert explorer.page.locator(".picture").count() == 0


def test_sending_is_cancelled(new_page, app, tmp_path):
    noise = np.random.default_rng(0).bytes(400_000)
    explorer = new_page(app).open()
    open_tool(explorer)
    network = explorer.page.context.new_cdp_session(explorer.page)
    network.send("Network.emulateNetworkConditions", SLOW)
    choose(explorer, pack(tmp_path / "large.zip", {"a.png": noise}))
    sending = explorer.page.locator(".sending")
    sending.get_by_text("Sending: ").wait_for()
    explorer.wait(SENDING)
    explorer.page.get_by_role("button", name="Cancel").click()
    sending.wait_for(state="hidden")
    network.send("Network.emulateNetworkConditions", {**SLOW, "uploadThroughput": -1})
    assert explorer.page.evaluate("document.activeElement.hasAttribute('data-choose')")
    explorer.page.get_by_text("Nothing has been brought yet.").wait_for()
    assert explorer.page.locator(".notice").count() == 0


def test_reading_is_stopped_and_goes_on_and_what_is_there_is_used(new_page, app, slow_to_read):
    explorer = new_page(app).open()
    open_tool(explorer)
    choose(explorer, slow_to_read)
    wait_text(explorer, "many", f"of {MANY} files")
    stop = button(explorer, "many", "Stop")
    stop.focus()
    explorer.page.keyboard.press("Enter")
    wait_text(explorer, "many", "Stopped after")
    assert explorer.page.evaluate("document.activeElement.ariaLabel") == "Go on: many"
    explorer.page.keyboard.press("Enter")
    wait_text(explorer, "many", "Reading: ")
    button(explorer, "many", "Stop").click()
    wait_text(explorer, "many", "Stopped after")
    button(explorer, "many", "Use what is there").click()
    wait_text(explorer, "many", "pictures, shown")
    assert 0 < int(entry(explorer, "many").locator("[data-text]").inner_text().split()[0]) < MANY
    delete(explorer, "many")


def test_the_set_that_is_shown_is_deleted_after_a_question(new_page, app, flowers):
    explorer = new_page(app).open()
    bundled = explorer.shown()["a"]
    open_tool(explorer)
    choose(explorer, flowers)
    wait_text(explorer, "flowers", f"{COUNT} pictures, shown")
    asked = button(explorer, "flowers", "Delete")
    asked.focus()
    explorer.page.keyboard.press("Enter")
    dialog = explorer.page.get_by_role("dialog", name="Delete a data set")
    assert f"Delete “flowers” with {COUNT} pictures" in dialog.inner_text()
    explorer.page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    assert explorer.page.locator(".data-sets").is_visible()
    explorer.page.keyboard.press("Enter")  # the focus is back
    dialog.wait_for()
    explorer.page.keyboard.press("Tab")
    explorer.page.keyboard.press("Enter")
    entry(explorer, "flowers").wait_for(state="detached")
    assert explorer.page.evaluate("document.activeElement.hasAttribute('data-choose')")
    explorer.wait_shown(a=bundled)
    assert "flowers" not in explorer.page.get_by_label("Data set", exact=True).inner_text()
    explorer.wait("() => document.querySelector('.plot').data?.[0]?.customdata?.length > 100")


def test_another_person_does_not_see_it_and_it_is_there_after_a_restart(
    new_page, app, flowers, expected_errors
):
    expected_errors += GONE
    explorer, other = new_page(app).open(), new_page(app).open()
    open_tool(explorer)
    choose(explorer, flowers)
    wait_text(explorer, "flowers", f"{COUNT} pictures, shown")
    open_tool(other)
    other.page.get_by_text("Nothing has been brought yet.").wait_for()
    assert "flowers" not in other.page.get_by_label("Data set", exact=True).text_content()
    app.restart()
    explorer.open(map_too=False)
    wait_text(explorer, "flowers", f"{COUNT} pictures")
    button(explorer, "flowers", "Show").click()
    wait_text(explorer, "flowers", f"{COUNT} pictures, shown")
    delete(explorer, "flowers")


def test_a_reading_that_a_restart_cuts_off_is_there_to_go_on_with(
    new_page, app, slow_to_read, expected_errors
):
    expected_errors += GONE
    explorer = new_page(app).open()
    open_tool(explorer)
    choose(explorer, slow_to_read)
    wait_text(explorer, "many", "Reading: ")
    app.restart()
    wait_text(explorer, "many", "Stopped after")
    delete(explorer, "many")


@pytest.mark.parametrize("kind", ["damaged", "without pictures", "empty"])
def test_a_file_that_holds_no_data_set_is_refused_in_a_sentence(
    new_page, app, tmp_path, flowers, expected_errors, kind
):
    expected_errors.append("status of 400")
    path = tmp_path / "bad.zip"
    path.write_bytes({"damaged": flowers.read_bytes()[:500], "empty": b""}.get(kind, b""))
    if kind == "without pictures":
        pack(path, {"notes.txt": b"no picture"})
    explorer = new_page(app).open()
    open_tool(explorer)
    choose(explorer, path)
    if kind == "without pictures":
        wait_text(explorer, "bad", "no picture that can be read")
        assert not button(explorer, "bad", "Use what is there").is_visible()
        delete(explorer, "bad")
    else:
        explorer.page.locator(".notice.error", has_text="bad.zip").wait_for()
        explorer.page.get_by_text("Nothing has been brought yet.").wait_for()


def test_a_folder_of_the_server_is_brought_where_that_is_allowed(new_page, app, expected_errors):
    expected_errors.append("status of 400")
    explorer = new_page(app).open()
    open_tool(explorer)
    field = explorer.page.get_by_label("Folder on the server")
    assert field.input_value() == str(app.folder)
    field.fill("/etc")
    field.press("Enter")
    explorer.notice("expected one in")
    field.fill(str(app.folder))
    explorer.page.get_by_role("button", name="Import").click()
    wait_text(explorer, app.folder.name, "2 pictures")
    delete(explorer, app.folder.name)
    assert len(list(app.folder.iterdir())) == 2  # what lies elsewhere stays
    assert explorer.page.locator(".sets li").count() == 0


def test_a_model_that_cannot_encode_says_which_can(new_page, app, flowers):
    explorer = new_page(app).open()
    explorer.choose_model("toy-generator")
    explorer.wait_shown(model="toy-generator", preview=None)
    open_tool(explorer)
    choose(explorer, flowers)
    sentence = explorer.notice("cannot show “flowers”")
    assert "it does not encode pictures. Choose another model in the bar: Face VAE" in sentence
    delete(explorer, "flowers")


def test_nothing_is_asked_while_there_is_nothing_to_wait_for(new_page, app):
    explorer = new_page(app).open()
    asked = []
    explorer.page.on("request", lambda request: asked.append(request.url))
    open_tool(explorer)
    explorer.page.get_by_text("Nothing has been brought yet.").wait_for()
    explorer.page.wait_for_timeout(2500)
    assert len([url for url in asked if url.endswith("explorer/imports")]) == 1
