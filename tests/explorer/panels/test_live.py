import pytest

MORPH = {"model": "toy", "a": 1, "b": 2}
FRAME = {"sequence": 7, "lane": "canvas", "morph": MORPH}


@pytest.mark.parametrize(
    ("changes", "sequence", "kind", "sentence"),
    [
        ({"lane": "sofa"}, 7, "error", "lane: "),
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
