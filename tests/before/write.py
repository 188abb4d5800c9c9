"""Writes the files beside it by the version before, 604e6c6: run it there as `python write.py FOLDER`.

Kept for whoever wants to know what they hold; today's code only reads them.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from PIL import Image
from starlette.testclient import TestClient

from explorer.panels import application
from explorer.settings import Settings
from explorer.workspace import Workspace

PLUS, MINUS = [1, 3, 5, 8, 9, 12], [2, 4, 6, 7, 10, 11]


def main(folder: Path) -> None:
    """A directions' file, links, and what the named endpoints take and return."""
    settings = Settings(device="cpu", cache_dir=Path(tempfile.mkdtemp()))
    with Workspace(settings) as workspace, TestClient(application(workspace)) as client:
        calls = called(client)
        upload = calls["encode"]["returned"]
        names = ["model", "a", "b", "method", "alpha", "steer"]  # in the order of its share.js
        shown = ["face-vae", "17", "23", "slerp", "0.25"]
        said = {
            "plain": shown,
            "steered": [*shown, "smile:1.5,yaw:-2h,glasses:round:0.75"],
            "upload": ["face-vae", upload, "23", "lerp", "0.5"],
        }
        links = {
            name: "?" + urlencode(list(zip(names, values, strict=False))) for name, values in said.items()
        }
        keys = [calls[name]["returned"]["id"] for name in ("find_direction", "find_direction of groups")]
        query = {"model": "face-vae", "ids": ",".join(keys)}
        file = client.get("/explorer/directions.safetensors", params=query)
        assert file.status_code == 200, file.text
        (folder / "directions.safetensors").write_bytes(file.content)
        told = {"links": links, "endpoints": described(client, calls)}
        (folder / "before.json").write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n")


def called(client: TestClient) -> dict[str, dict[str, Any]]:
    """Every endpoint with arguments in its own order, and what it returned."""
    buffer = io.BytesIO()
    Image.new("RGB", (128, 128), "teal").save(buffer, "PNG")
    [path] = client.post("/gradio_api/upload", files={"files": ("x.png", buffer.getvalue())}).json()
    picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
    by_label = ["mean-difference", "glasses", "round", None, None, None, "round", "face-vae"]
    by_groups = ["ridge", None, None, PLUS, MINUS, None, "groups", "face-vae"]
    wishes: dict[str, list[Any]] = {
        "decode": [17, "face-vae"],
        "models": [],
        "points": ["face-vae", 10, 2],
        "encode": [picture, "face-vae"],
        "interpolate": [17, "23", 0.25, "slerp", "face-vae"],
        "directions": ["face-vae"],
        "find_direction": by_label,
        "find_direction of groups": by_groups,
        "apply_direction": [17, "smile", 1.5, ["age"], "face-vae"],
        "traverse": [17, "smile", None, [-2, 0, 2], "face-vae"],
        "arithmetic": [[17, "23"], [0.5, 0.5], "face-vae"],
    }
    calls = {}
    for name, data in wishes.items():
        answer = client.post(f"/gradio_api/run/{name.split()[0]}", json={"data": data})
        assert answer.status_code == 200, (name, answer.text)
        calls[name] = {"data": data, "returned": answer.json()["data"][0]}
    calls["encode"]["data"][0] = "a picture"  # its path is of this run
    return calls


def described(client: TestClient, calls: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Of every call its parameters' names, its arguments, and the keys of what came back."""
    named = client.get("/gradio_api/info").json()["named_endpoints"]
    told = {}
    for name, call in calls.items():
        parameters = [p["parameter_name"] for p in named[f"/{name.split()[0]}"]["parameters"]]
        told[name] = {"parameters": parameters, "data": call["data"], "keys": keys_of(call["returned"])}
    return told


def keys_of(returned: Any) -> Any:
    """The keys of a dictionary, or of the first of a list; of files those that lead to them."""
    if isinstance(returned, list):
        return [keys_of(returned[0])]
    if isinstance(returned, dict):
        return ["path", "url"] if "path" in returned else sorted(returned)
    return type(returned).__name__


if __name__ == "__main__":
    main(Path(sys.argv[1]))
