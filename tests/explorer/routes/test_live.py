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


def test_a_frame_shown_before_is_sent_again_without_being_asked_for(client, workspace, monkeypatch):
    again = FRAME | {"sequence": 8, "morph": MORPH | {"alpha": 0.125}}
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_json(again | {"sequence": 7})
        first = channel.receive_bytes()
        monkeypatch.setattr(workspace, "frames", None)
        channel.send_json(again)
        second = channel.receive_bytes()
    assert (first[:4], second[:4]) == ((7).to_bytes(4, "little"), (8).to_bytes(4, "little"))
    assert first[8:] == second[8:]


def test_what_is_sent_again_counts_as_kept_and_its_model_as_used(client, workspace):
    def kept():
        lines = workspace.metrics().decode().splitlines()
        return next(float(line.split()[1]) for line in lines if 'pictures_total{kept="yes"}' in line)

    frame = FRAME | {"morph": MORPH | {"alpha": 0.375}}
    with client.websocket_connect("/explorer/live") as channel:
        channel.send_json(frame)
        channel.receive_bytes()
        before, used = kept(), workspace._residency._used["toy"]
        channel.send_json(frame)
        channel.receive_bytes()
    assert kept() == before + 1
    assert workspace._residency._used["toy"] > used
