import asyncio

import pytest

from explorer.device import Priority
from explorer.routes.live import MAX_MESSAGE
from explorer.views import View

MORPH = {"model": "toy", "a": 1, "b": 2}
FRAME = {"sequence": 7, "lane": "canvas", "morph": MORPH}


@pytest.mark.parametrize(
    ("changes", "sequence", "kind", "sentence"),
    [
        ({"lane": "sofa"}, 7, "error", "lane: "),
        ({"lane": "canvas:1"}, 7, "error", "lane: "),
        ({"lane": "canvas:10"}, 7, "error", "lane: "),
        ({"morph": MORPH | {"steer": [{"direction": "smile"}] * 65}}, 7, "error", "morph.steer: "),
        ({"sequence": -1}, None, "error", "sequence: "),
        ({"morph": MORPH | {"steer": [{"direction": "nobody"}]}}, 7, "unknown-direction", "direction "),
        ({"morph": MORPH | {"model": "sd-vae"}}, 7, "not-ready", "Not loaded yet"),
    ],
)
def test_a_refusal_says_which_request_is_meant(client, changes, sequence, kind, sentence):
    """The page waits for every number that it has sent."""
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_json(FRAME | changes)
        answer = channel.receive_json()
    assert (answer["sequence"], answer["kind"]) == (sequence, kind)
    assert answer["error"].startswith(sentence)


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 10_000, "7"])
def test_what_is_no_request_is_refused_and_the_channel_goes_on(client, text):
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_text(text)
        assert channel.receive_json()["sequence"] is None
        channel.send_json(FRAME)
        assert channel.receive_bytes()[:4] == (7).to_bytes(4, "little")


@pytest.mark.parametrize(
    "message", [{"bytes": b"\x00" * 100}, {"text": "x" * (MAX_MESSAGE + 1)}], ids=["binary", "too long"]
)
def test_what_cannot_be_read_is_refused_in_words_and_the_channel_goes_on(client, message):
    with client.websocket_connect("/explorer/live") as channel:
        channel.send({"type": "websocket.receive", **message})
        answer = channel.receive_json()
        assert (answer["sequence"], answer["kind"]) == (None, "error")
        assert f"at most {MAX_MESSAGE:,} characters" in answer["error"]
        channel.send_json(FRAME)
        assert channel.receive_bytes()[:4] == (7).to_bytes(4, "little")


def test_a_sign_of_life_is_answered_in_the_order_of_coming(client):
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_text("ping")
        assert channel.receive_text() == "pong"
        channel.send_json(FRAME)
        assert channel.receive_bytes()[:4] == (7).to_bytes(4, "little")


def test_the_lanes_of_two_morphs_do_not_drop_each_other(client, monkeypatch):
    """In one lane the newer request makes the older one stale; in a lane of its own it does not."""
    slots = []

    async def frames(view, morph, alphas, slot, by):
        slots.append(slot)
        await asyncio.sleep(60)

    monkeypatch.setattr(View, "frames", frames)
    with client.websocket_connect("/explorer/live") as channel:
        for sequence, lane in enumerate(["canvas", "canvas:2", "canvas:2", "before:2"]):
            channel.send_json(
                FRAME | {"sequence": sequence, "lane": lane, "morph": MORPH | {"alpha": 0.0625}}
            )
        channel.send_text("ping")
        assert channel.receive_text() == "pong"  # all were taken in
        assert [slot.is_stale for slot in slots] == [False, True, False, False]
        assert [slot.priority for slot in slots] == [Priority.CANVAS] * 3 + [Priority.BESIDE]


def test_a_frame_shown_before_is_sent_again_without_being_asked_for(client, monkeypatch):
    again = FRAME | {"sequence": 8, "morph": MORPH | {"alpha": 0.125}}
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_json(again | {"sequence": 7})
        first = channel.receive_bytes()
        monkeypatch.setattr(View, "frames", None)
        channel.send_json(again)
        second = channel.receive_bytes()
    assert (first[:4], second[:4]) == ((7).to_bytes(4, "little"), (8).to_bytes(4, "little"))
    assert first[8:] == second[8:]


def test_what_is_sent_again_counts_as_kept_and_its_model_as_used(client, workspace):
    def kept():
        lines = workspace.shared.worker.telemetry.render().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if 'pictures_total{kept="yes"}' in line)

    frame = FRAME | {"morph": MORPH | {"alpha": 0.375}}
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_json(frame)
        channel.receive_bytes()
        before, used = kept(), workspace._shelf._used["toy"]
        channel.send_json(frame)
        channel.receive_bytes()
    assert kept() == before + 1
    assert workspace._shelf._used["toy"] > used
