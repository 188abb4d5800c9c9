"""A folder of one's own pictures: its map, its points, its labels; the bundled data set is a choice away."""

import numpy as np
import pytest
from PIL import Image
from running_app import RunningApp
from skimage import data

COUNT = 24


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    folder = tmp_path_factory.mktemp("holiday")
    for number in range(COUNT):
        photo, name = (data.astronaut(), "faces") if number % 2 else (data.coffee(), "cups")
        path = folder / name / f"{number}.jpg"
        path.parent.mkdir(exist_ok=True)
        exif = Image.Exif()
        exif[0x010E] = "at home"
        Image.fromarray(np.roll(photo, 20 * number, axis=1)).save(path, exif=exif)
    running = RunningApp(tmp_path_factory.mktemp("app"), "--pictures", str(folder)).start()
    yield running
    running.stop()


def test_own_pictures_have_the_map_and_portraits_are_a_choice_away(new_page, app):
    explorer = new_page(app).open()
    places = explorer.places()
    assert {row for row, _, _ in places} == {str(row) for row in range(COUNT)}
    row, x, y = places[0]
    explorer.page.mouse.click(x, y)
    explorer.wait_shown(a=f"pictures/{row}")
    explorer.page.locator(".card[data-card=a]", has_text=f"picture {row}").wait_for()
    answer = explorer.page.request.get(f"{app.url}explorer/item/pictures/5.webp")
    assert (answer.headers["content-type"], b"at home" in answer.body()) == ("image/webp", False)
    assert "folder" in explorer.page.get_by_label("Colour by").inner_text()
    explorer.page.get_by_label("Data set", exact=True).select_option("portraits")
    explorer.page.wait_for_function("document.querySelector('.plot').data?.[0]?.customdata?.length > 100")
    explorer.wait(
        "() => /^[0-9]+$/.test(document.querySelector('.result canvas').dataset.a)"
    )  # and its own pair


def test_a_bare_number_is_of_the_portraits(new_page, app):
    """As in links and programs of before there was a folder."""
    explorer = new_page(app).open("?a=17&b=23")
    explorer.wait_shown(a=17, b=23)
    assert explorer.page.get_by_label("Data set", exact=True).input_value() == "portraits"
    told = explorer.page.request.post(f"{app.url}gradio_api/run/decode", data={"data": [17, None]})
    assert told.status == 200
