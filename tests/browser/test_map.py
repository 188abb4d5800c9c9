"""The map: colours, legend, hover, slots, the path, and a view that stays where the person put it."""

RANGES = "plot => [...plot._fullLayout.xaxis.range, ...plot._fullLayout.yaxis.range]"


def colour_by(explorer, label):
    explorer.page.get_by_label("Colour by").select_option(label)
    explorer.wait("label => document.querySelector('.plot').dataset.label === label", label)


def test_every_portrait_is_a_point(explorer, dataset):
    points = explorer.plot.evaluate("plot => plot.data.flatMap(({customdata}) => Array.from(customdata))")
    assert sorted(points) == list(range(len(dataset)))


def test_colour_by_a_continuous_label(explorer, dataset):
    colour_by(explorer, "age")
    colours = explorer.plot.evaluate("plot => Array.from(plot.data[0].marker.color)")
    assert colours == dataset.labels["age"].to_numpy("float32").tolist()
    assert "years" in explorer.page.locator(".legend").inner_text()


def test_colour_by_a_class_and_hide_one(explorer, dataset):
    colour_by(explorer, "glasses")
    classes = sorted(dataset.labels["glasses"].unique())
    assert explorer.page.locator(".legend button").all_inner_texts() == classes
    explorer.page.locator(".legend button", has_text="sunglasses").click()
    index = classes.index("sunglasses")
    explorer.wait("index => document.querySelector('.plot').data[index].visible === false", index)
    assert explorer.plot.evaluate("plot => plot.data.filter(({visible}) => visible === false).length") == 1


def test_held_out_portraits_are_told_apart(explorer, dataset):
    colour_by(explorer, "split")
    sizes = explorer.plot.evaluate("plot => plot.data.map(({customdata}) => customdata.length)")
    assert sizes == [int((dataset.splits == split).sum()) for split in ("held-out", "train")]


def test_hover_shows_the_portrait(explorer, dataset):
    colour_by(explorer, "age")
    point, x, y = explorer.places()[0]
    explorer.page.mouse.move(x, y)
    explorer.page.locator(".hover.shown").wait_for()
    assert explorer.page.locator(".hover img").get_attribute("src").endswith(f"thumbnail/{point}.webp")
    assert (
        f"{point} · age {dataset.labels['age'][int(point)]:.0f} years"
        in explorer.page.locator(".hover").inner_text()
    )
    explorer.wait("() => document.querySelector('.hover img').naturalWidth === 64")


def test_shift_click_sets_the_other_slot(explorer):
    before = explorer.shown()
    point, x, y = explorer.places()[0]
    explorer.page.keyboard.down("Shift")
    explorer.page.mouse.click(x, y)
    explorer.page.keyboard.up("Shift")
    explorer.wait_shown(a=before["a"], b=point)


def test_pan_and_zoom_survive_every_update(explorer):
    whole = explorer.plot.evaluate(RANGES)
    box = explorer.plot.bounding_box()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explorer.page.mouse.wheel(0, -600)
    explorer.wait(f"whole => ({RANGES})(document.querySelector('.plot'))[0] > whole + 0.01", whole[0])
    explorer.page.wait_for_timeout(400)  # Plotly's wheel settles
    zoomed = explorer.plot.evaluate(RANGES)
    colour_by(explorer, "glasses")
    colour_by(explorer, "yaw")
    explorer.page.keyboard.press("r")
    explorer.page.keyboard.press("Shift+ArrowRight")
    explorer.wait_shown(alpha=0.6)
    assert explorer.plot.evaluate(RANGES) == zoomed
    explorer.page.locator("[data-fit]").click()
    explorer.wait(f"zoomed => ({RANGES})(document.querySelector('.plot'))[0] < zoomed - 0.01", zoomed[0])


def test_path_and_markers_lie_where_a_and_b_are(explorer):
    (a, *place_a), (b, *place_b) = explorer.places()[:2]
    explorer.page.mouse.click(*place_a)
    explorer.page.mouse.click(*place_b)
    explorer.wait_shown(a=a, b=b)
    marker = (
        "name => { const r = document.querySelector(`.overlay .${name} circle`).getBoundingClientRect();"
        " return [r.left + r.width / 2, r.top + r.height / 2] }"
    )
    for name, place in (("a", place_a), ("b", place_b)):
        explorer.wait(
            f"([name, x, y]) => {{ const [u, v] = ({marker})(name); return Math.hypot(u - x, v - y) < 2 }}",
            [name, *place],
        )
    points = explorer.page.locator(".overlay .path").get_attribute("points").split()
    assert len(points) == 33
    assert "distance" in explorer.page.locator("[data-placing]").inner_text()
