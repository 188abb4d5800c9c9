"""Every order of choices of a model ends where the last one points, however slow the answers are."""

import contextlib

import pytest
from playwright.sync_api import Error
from running_app import RunningApp


@pytest.fixture(scope="module")
def app(tmp_path_factory, tiny_folder):
    """Begins with a model whose portraits have to be encoded first, as on an empty cache."""
    flags = ("--model", "sd-vae-tiny-256", "--source", f"sd-vae-tiny-256={tiny_folder}")
    running = RunningApp(tmp_path_factory.mktemp("switch"), *flags).start()
    yield running
    running.stop()


def delay(explorer, path, milliseconds, model=""):
    """Answers of a route to this model, or to all, come late."""

    def late(route):
        with contextlib.suppress(Error):  # the page has been left meanwhile
            if model in route.request.url:
                explorer.page.wait_for_timeout(milliseconds)
            route.continue_()

    explorer.page.route(path, late)


# Whether this model is the one chosen, and no other is under way.
ARRIVED = """async name => {
  const { href } = document.querySelector("link[rel=modulepreload][href$='state.js']");
  const { model, pending } = (await import(href)).store.get();
  return model === name && pending === null;
}"""


def assert_ends_at(explorer, model):
    """Menu, picture and progress agree, and go on agreeing."""
    explorer.wait(ARRIVED, model)
    explorer.wait_shown(model=model)
    explorer.page.wait_for_timeout(1500)  # more than a poll, in which a late answer could turn it round
    explorer.wait_shown(model=model)
    assert explorer.page.evaluate(ARRIVED, model)
    assert explorer.page.locator(".notice.error").count() == 0


@pytest.mark.parametrize(
    "order",
    [
        ("face-vae", "sd-vae-tiny-256"),  # the second is still being prepared for the page itself
        ("face-vae", "toy", "face-vae"),
        ("toy", "face-vae", "toy", "sd-vae-tiny-256", "toy"),
    ],
    ids="-".join,
)
@pytest.mark.parametrize("slow", [None, "**/explorer/prepare?*", "**/explorer/status*"])
def test_the_last_choice_wins(new_page, app, order, slow):
    explorer = new_page(app)
    explorer.open(map_too=False)
    if slow:
        delay(explorer, slow, 400, model="face-vae" if "prepare" in slow else "")
    for model in order:
        explorer.choose_model(model)
        explorer.page.wait_for_timeout(150)
    assert_ends_at(explorer, order[-1])


def test_a_choice_wins_over_the_model_that_a_link_names(new_page, app):
    explorer = new_page(app)
    delay(explorer, "**/explorer/prepare?*", 1000, model="face-vae")
    explorer.open("?model=face-vae&a=17", map_too=False)
    explorer.choose_model("toy")
    assert_ends_at(explorer, "toy")


def test_a_connection_that_drops_on_the_way_changes_nothing_about_the_end(new_page, app, expected_errors):
    expected_errors += ["ERR_FAILED", "ERR_INTERNET_DISCONNECTED", "WebSocket"]
    explorer = new_page(app)
    explorer.page.add_init_script(
        "const { WebSocket } = window; window.WebSocket = class extends WebSocket {"
        " constructor(...all) { super(...all); window.live = this; } };"
    )
    explorer.open(map_too=False)
    refused = []

    def refuse(route):
        if len(refused) < 2:
            refused.append(route)
            route.abort()
        else:
            route.continue_()

    explorer.page.route("**/explorer/prepare?*", refuse)
    explorer.choose_model("toy")
    explorer.page.evaluate("live.close()")
    explorer.notice("Connected again")
    explorer.wait_shown(model="toy")
    assert len(refused) == 2


def test_a_preparation_that_fails_leaves_the_one_before(new_page, app):
    explorer = new_page(app).open(map_too=False)
    explorer.choose_model("toy", "sd-vae")  # whose weights cannot be had
    explorer.notice("cannot be used")
    explorer.wait("() => document.querySelector('select[aria-label=Model]').value !== 'sd-vae'")
    assert explorer.shown()["model"] == "sd-vae-tiny-256"
    explorer.choose_model("toy")
    explorer.wait_shown(model="toy")
