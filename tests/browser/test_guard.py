"""The running app and its page against other sites, and the page under its own content security policy."""

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

EVIL = "http://evil.example"
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) =>
  window.violations.push(`${event.violatedDirective}: ${event.blockedURI}`));
"""


@pytest.mark.parametrize(
    "path",
    [
        *("explorer/prepare?model=toy", "explorer/sprite", "explorer/upload?model=toy", "no-such-route"),
        *("gradio_api/call/decode", "gradio_api/run/decode", "gradio_api/queue/join", "gradio_api/upload"),
    ],
)
def test_what_another_sites_page_posts_is_refused(app, path):
    for headers, status in (({"Origin": EVIL}, 403), ({"Host": "evil.example"}, 400)):
        refused = httpx.post(app.url + path, content=b'{"data": [0]}', headers=headers)
        assert refused.status_code == status
        assert "this server" in refused.json()["error"].lower()


@pytest.mark.parametrize("origin", [EVIL, "null"])
def test_another_sites_page_gets_no_live_channel(app, origin):
    url = app.url.replace("http", "ws") + "explorer/live"
    with pytest.raises(InvalidStatus) as refused, connect(url, origin=origin):
        pytest.fail("accepted")
    assert refused.value.response.status_code == 403
    with connect(url, origin=app.url.rstrip("/")) as channel:
        channel.send("{}")
        assert "sequence" in channel.recv()


def test_the_page_breaks_nothing_of_its_policy(new_page, app, astronaut, expected_errors):
    expected_errors.append("status of 404")  # Gradio asks whether there is an MCP server
    explorer = new_page(app)
    explorer.page.add_init_script(WATCH)
    explorer.open()
    explorer.drag("smile", 2)
    explorer.wait_steered(("smile", 2.0, False))
    explorer.upload("a", astronaut)
    explorer.page.wait_for_function("document.querySelector('[data-card=a]').innerText.includes('dB')")
    explorer.page.locator(".show-api").first.dispatch_event("click")
    explorer.page.wait_for_selector(".api-docs")
    assert explorer.page.evaluate("window.violations") == []


def test_the_page_is_not_shown_in_a_frame_of_another_site(new_page, app, expected_errors):
    expected_errors.append("frame-ancestors")
    page = new_page(app).page
    page.set_content(f'<iframe src="{app.url}"></iframe>')
    page.wait_for_function("frames.length === 1")
    page.frames[1].wait_for_url("chrome-error://**")
