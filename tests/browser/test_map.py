"""The map: colours, legend, hover, slots, the path, and a view that stays where the person put it."""

import pytest

FILLED = """plot => {
  const { xaxis, yaxis } = plot._fullLayout;
  const span = (values) => Math.max(...values) - Math.min(...values);
  const scales = [xaxis, yaxis].map(({ range, _length: length }) => length / (range[1] - range[0]));
  const spans = ["x", "y"].map((name) => span(plot.data.flatMap((trace) => [...trace[name]])));
  return [[spans[0] * scales[0] / xaxis._length, spans[1] * scales[1] / yaxis._length], scales];
}"""
THINNED = """async () => {
  const link = document.querySelector("link[rel=modulepreload][href$='figure.js']");
  const { createTraces, describeDrawing } = await import(link.href);
  const points = Array.from({ length: 25_000 }, (_, point) => point);
  const traces = createTraces([{ points, color: "red" }], new Float32Array(50_000));
  return [traces.map(({ type }) => type), traces[0].customdata, describeDrawing(25_000)];
}"""
ZOOMED = """plot => {
  plot.on("plotly_relayout", (changed) => { window.zoomed ||= "xaxis.range[0]" in changed; });
}"""
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
    source = explorer.page.locator(".hover img").get_attribute("src")
    assert source.endswith(f"thumbnail/portraits/{point}.webp?model=face-vae")
    assert (
        f"{point} · age {dataset.labels['age'][int(point)]:.0f} years"
        in explorer.page.locator(".hover").inner_text()
    )
    explorer.wait("() => document.querySelector('.hover img').naturalWidth === 64")


def test_shift_click_sets_the_other_slot(explorer):
    before = explorer.shown()
    point, x, y = explorer.places()[0]
    explorer.page.keyboard.down("Shift")
    explorer.click_point(point, x, y)
    explorer.page.keyboard.up("Shift")
    explorer.wait_shown(a=before["a"], b=point)


def test_pan_and_zoom_survive_every_update(explorer):
    whole = explorer.plot.evaluate(RANGES)
    explorer.plot.evaluate(ZOOMED)
    box = explorer.plot.bounding_box()
    explorer.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    explorer.page.mouse.wheel(0, -600)
    explorer.wait(f"whole => ({RANGES})(document.querySelector('.plot'))[0] > whole + 0.01", whole[0])
    explorer.wait("() => window.zoomed")  # Plotly's wheel has settled
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
    explorer.click_point(a, *place_a)
    explorer.click_point(b, *place_b)
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
    explorer.page.get_by_text("About the path").click()
    assert "distance" in explorer.page.locator("[data-placing]").inner_text()
    assert explorer.page.locator("[data-placing]").is_visible()


@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_the_map_fills_its_panel(new_page, app, width, height):
    """Up to a small margin in the direction that is scarce; with one scale for both axes."""
    explorer = new_page(app, viewport={"width": width, "height": height}).open()
    shares, scales = explorer.plot.evaluate(FILLED)
    assert 0.9 <= max(shares) <= 0.97
    assert scales[0] == pytest.approx(scales[1], rel=1e-3)
    panel, area = (explorer.page.locator(part).bounding_box() for part in ("#panel-map", ".map .area"))
    assert area["width"] == pytest.approx(panel["width"], abs=1)
    assert panel["height"] - area["height"] < 130  # two rows of tools and one of colours


def test_plotly_offers_no_way_out(explorer):
    assert explorer.page.locator(".modebar-btn").count() == 0
    assert explorer.plot.evaluate(
        "plot => [plot._context.showSendToCloud, plot._context.plotlyServerURL]"
    ) == [False, ""]


def without_webgl(explorer):
    explorer.page.add_init_script(
        "const get = HTMLCanvasElement.prototype.getContext;"
        "HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {"
        " return kind.includes('webgl') ? null : get.call(this, kind, ...rest); }"
    )
    return explorer


def test_without_webgl_the_map_is_drawn_and_says_so(new_page, app, dataset):
    explorer = without_webgl(new_page(app)).open()
    assert explorer.plot.evaluate("plot => plot.data.map(({type}) => type)") == ["scatter"]
    assert explorer.page.locator(".plot .point").count() == len(dataset)
    assert explorer.page.locator(".no-webgl").count() == 0  # Plotly's own box
    assert "no WebGL" in explorer.page.locator("[data-drawn]").inner_text()
    point, x, y = explorer.places()[0]
    explorer.click_point(point, x, y)
    explorer.wait_shown(a=point)


def test_with_webgl_nothing_is_said(explorer):
    assert explorer.plot.evaluate("plot => plot.data[0].type") == "scattergl"
    assert explorer.page.locator("[data-drawn]").is_hidden()


def test_without_webgl_a_large_map_is_thinned_and_says_so(new_page, app):
    explorer = without_webgl(new_page(app)).open()
    types, shown, told = explorer.page.evaluate(THINNED)
    assert (types, shown) == (["scatter"], list(range(0, 25_000, 3)))
    assert "one point in 3 is shown" in told
