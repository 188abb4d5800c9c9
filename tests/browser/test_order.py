"""Late frames in any order, over a connection that breaks: no stale one is shown, and the last wish wins."""

import json
import random
from itertools import groupby

import pytest
from explorer_page import picture

from explorer.measures import psnr

# Answers come 0 to 300 ms late, so that they overtake each other; `sever` breaks the connection, and what was
# on its way is lost. Slices of the path come late, too, and one in eight not at all; one of more than `most`
# frames is never answered. With `slow` the page takes the model for a slow one, and shows the nearest frames.
BAD_NETWORK = """([seed, most, slow]) => {
  let state = seed;
  const random = () => {  // a linear congruential generator modulo 2 ** 32
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const late = () => new Promise((resolve) => setTimeout(resolve, 300 * random()));
  const network = (window.network = { arrivals: [], connections: 0, sever() {} });

  const { set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", { set(handler) {
    network.connections += 1;
    network.sever = () => this.close();
    set.call(this, async (event) => {
      await late();
      if (this.readyState !== WebSocket.OPEN) return;
      if (event.data instanceof ArrayBuffer) {
        const header = new DataView(event.data);
        network.arrivals.push(header.getUint32(0, true));
        if (slow) header.setFloat32(4, 400, true);
      }
      handler(event);
    });
  } });

  const { fetch } = window;
  window.fetch = async (...request) => {
    const answer = await fetch(...request);
    if (!String(request[0]).endsWith("sprite")) return answer;
    await late();
    if (random() < 1 / 8) throw new TypeError("the connection was lost");
    if (JSON.parse(request[1].body).alphas.length > most) return new Promise(() => {});
    const headers = { "X-Milliseconds-Per-Frame": 400 };
    return slow ? new Response(await answer.blob(), { headers }) : answer;
  };
}"""

# Every wish as the page's store has it, and what is on screen at each animation frame, where that is new.
RECORDER = """async () => {
  const state = document.querySelector("link[rel=modulepreload][href$='state.js']");
  const { store } = await import(state.href);
  const canvas = document.querySelector(".result canvas");
  const record = (window.record = { wishes: [], frames: [] });
  store.watch(["a", "alpha"], ({ a, alpha }) => record.wishes.push([a, alpha]));
  const look = () => {
    const { sequence, a, b, alpha, wished } = canvas.dataset;
    const last = record.frames.at(-1);
    if (last?.sequence !== Number(sequence) || last.alpha !== alpha) {
      const png = canvas.toDataURL("image/png");
      record.frames.push({ sequence: Number(sequence), a, b, alpha, wished, png });
    }
    requestAnimationFrame(look);
  };
  look();
}"""

# Breaks the connection, and returns the number of what is on screen in that moment: from the path the last
# wish may be there already.
SEVER = """() => {
  network.sever();
  return Number(document.querySelector(".result canvas").dataset.sequence);
}"""

DRAGS = 8  # at most: after two it goes on only where few frames were shown, or by chance all came in order


def drag_badly(explorer, rng, moves):
    """Move alpha about, fast or with rests, while the connection breaks twice and A and B are swapped."""
    breaks, swap = set(rng.sample(range(moves), 2)), rng.randrange(moves)
    for move in range(moves):
        explorer.page.mouse.move(*explorer.slider_at(rng.random()))
        if move in breaks:
            explorer.page.evaluate("network.sever()")
        if move == swap:
            explorer.page.keyboard.press("s")
            explorer.page.wait_for_timeout(50)  # so that a frame of the path before would be seen
        explorer.page.wait_for_timeout(rng.choice([0, 0, 20, 150]))


def end_badly(explorer):
    """Break the connection, and with it the answer to the last wish; returns where it is, once shown."""
    explorer.page.mouse.move(*explorer.slider_at(0.343))
    was = explorer.page.evaluate(SEVER)
    explorer.page.mouse.up()
    last = float(explorer.slider.input_value())
    explorer.wait(
        """([was, last]) => {
          const { sequence, alpha, wished } = document.querySelector(".result canvas").dataset;
          return Number(sequence) > was && [alpha, wished].every((shown) => shown === String(last));
        }""",
        [was, last],
    )
    return last


def is_subsequence(part, whole):
    rest = iter(whole)
    return all(entry in rest for entry in part)


def is_disordered(numbers):
    return numbers != sorted(numbers)


@pytest.mark.parametrize(
    ("network", "enough"),
    [([1, 0, False], 0), ([2, 0, False], 0), ([3, 32, False], 129), ([4, 8, True], 9)],
    ids=["channel", "channel again", "then the path", "then the nearest of the path"],
)
def test_no_stale_frame_is_shown_and_the_last_position_wins(new_page, app, frame_of, network, enough):
    rng = random.Random(network[0])
    explorer = new_page(app)
    explorer.page.add_init_script(f"({BAD_NETWORK})({json.dumps(network)})")
    explorer.open("?a=17&b=23&steer=smile:1.5", map_too=False)
    explorer.page.evaluate(RECORDER)
    explorer.page.mouse.move(*explorer.slider_at(0.5))
    explorer.page.mouse.down()
    for drags in range(DRAGS):
        drag_badly(explorer, rng, 20)
        explorer.wait("count => document.querySelector('.film').dataset.decoded >= count", enough)
        frames, arrivals = explorer.page.evaluate("[record.frames.length, network.arrivals]")
        if drags and frames > 10 and (enough or is_disordered(arrivals)):
            break  # a decoded path asks for few
    last = end_badly(explorer)
    explorer.page.wait_for_timeout(500)  # whatever is late has come

    happened, record = explorer.page.evaluate("[network, record]")
    frames = record["frames"]
    assert happened["connections"] >= 3  # the page's first, and after a break; a second one may come too soon
    assert enough or is_disordered(happened["arrivals"])
    assert len(frames) > 10
    sequences = [frame["sequence"] for frame in frames]
    assert sequences == sorted(sequences)
    shown = [[frame["a"], float(frame["wished"])] for frame in frames]
    assert is_subsequence([key for key, _ in groupby(shown)], record["wishes"])
    assert (float(frames[-1]["alpha"]), float(frames[-1]["wished"])) == (last, last)
    for frame in frames:
        assert psnr(picture(frame["png"]), frame_of(frame, strength=1.5)) >= 38
