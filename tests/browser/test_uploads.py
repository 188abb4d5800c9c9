"""Pictures of one's own: encoded, shown beside what the model makes of them, put on the map, or refused."""

import pytest
from pictures import BAD, GOOD, write
from skimage import data


def assert_placed(explorer, slot):
    explorer.page.locator(".picture").first.wait_for()
    point = f"document.querySelector('.result canvas').dataset.{slot}"
    shown = explorer.wait(f"() => {point}.startsWith('mine/')")
    explorer.page.locator(".overlay .uploads g").first.wait_for()
    return shown


def test_a_photograph_comes_back_with_its_measure_and_a_warning(explorer, astronaut):
    explorer.upload("b", astronaut)
    assert_placed(explorer, "b")
    entry = explorer.page.locator(".picture").first
    assert 5 < float(entry.locator("[data-psnr]").inner_text().removesuffix(" dB")) < 40
    assert "Far from" in entry.locator("[data-verdict]").inner_text()
    for image in ("original", "reconstruction"):
        explorer.wait(f"() => document.querySelector('[data-{image}]').naturalWidth === 128")


@pytest.mark.parametrize("way", ["drop", "paste"])
def test_a_picture_can_be_dropped_and_pasted(explorer, astronaut, way):
    if way == "drop":
        explorer.drop("figure[data-card=a]", astronaut)
    else:
        explorer.paste(astronaut)
    assert_placed(explorer, "a")


@pytest.mark.parametrize("kind", GOOD)
def test_unusual_pictures_are_read(explorer, tmp_path, kind):
    explorer.upload("a", write(tmp_path, kind, data.astronaut()[::4, ::4].copy()))
    assert_placed(explorer, "a")


def test_an_animation_says_that_its_first_frame_is_used(explorer, tmp_path):
    explorer.upload("a", write(tmp_path, "animated GIF", data.astronaut()[::4, ::4].copy()))
    assert_placed(explorer, "a")
    notes = explorer.page.locator(".picture").first.locator("[data-notes]")
    assert notes.inner_text() == "This GIF has several frames: the first is used."


@pytest.mark.parametrize("kind", BAD)
def test_bad_files_are_refused_with_a_sentence(explorer, tmp_path, expected_errors, kind):
    expected_errors += ["status of 400"]
    before = explorer.shown()
    explorer.upload("a", write(tmp_path, kind, data.astronaut()))
    assert BAD[kind] in explorer.notice(BAD[kind])
    explorer.page.keyboard.press("ArrowRight")
    assert explorer.wait_shown(alpha=0.51)["a"] == before["a"]


def test_an_upload_is_chosen_again_from_the_drawer_and_the_map(explorer, astronaut):
    explorer.upload("a", astronaut)
    assert_placed(explorer, "a")
    upload = explorer.shown()["a"]
    explorer.page.locator("[data-random]").click()
    explorer.wait("upload => document.querySelector('.result canvas').dataset.a !== upload", upload)
    explorer.page.locator(".picture").first.get_by_role("button", name="Use as B").click()
    explorer.wait_shown(b=upload)
