import json

import numpy as np
import pytest
from pydantic import ValidationError

from explorer.data import UnknownPointError
from explorer.routes.answers import error_response, explain, values_response
from explorer.steering import Morph, UnknownDirectionError
from explorer.views import NotReadyError
from models.errors import CannotEncodeError, InputError, ModelUnavailableError
from tests.explorer.routes.conftest import logged


@pytest.mark.parametrize("name", ["x", "xx", "xxx", "xxxx"])
def test_values_follow_the_header_at_a_multiple_of_four(name):
    values = np.array([1.5, -2.5], np.float32)
    body = bytes(values_response({"name": name}, values).body)
    length = int.from_bytes(body[:4], "little")
    assert json.loads(body[4 : 4 + length]) == {"name": name, "dtype": "float32"}
    start = -(-(4 + length) // 4) * 4
    assert np.frombuffer(body[start:], "<f4").tolist() == [1.5, -2.5]


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (UnknownPointError("no portrait 9"), 404),
        (UnknownDirectionError("direction 'x' is unknown"), 404),
        (InputError("alpha: expected …"), 400),
        (CannotEncodeError("toy has no encoder"), 400),
        (ModelUnavailableError("no weights"), 503),
        (NotReadyError("still encoding"), 409),
    ],
)
def test_an_expected_error_is_its_own_sentence(error, status):
    response = error_response(error)
    assert (response.status_code, json.loads(bytes(response.body))) == (status, {"error": str(error)})


@pytest.mark.parametrize("kind", [KeyError, ValueError, np.linalg.LinAlgError])
def test_an_unexpected_error_is_logged_and_keeps_its_insides(caplog, kind):
    """A plain ValueError too: it is ours, or NumPy's, and nobody's input."""
    response = error_response(kind("secret"))
    assert response.status_code == 500
    assert b"secret" not in bytes(response.body)
    assert "secret" in caplog.text


def test_a_validation_error_names_field_and_value():
    with pytest.raises(ValidationError) as error:
        Morph(model="face-vae", a="1", b="2", alpha=1.5)
    assert explain(error.value).startswith("alpha: ")
    assert "1.5" in explain(error.value)


def test_a_fault_inside_numpy_is_no_fault_of_the_callers(client, workspace, monkeypatch, caplog):
    """Of the data that a request meets; what is wrong with the request itself is told."""
    wish = {"model": "toy", "terms": [{"point": 1, "weight": 1}]}
    monkeypatch.setattr("explorer.views.recipes.verdict", lambda *_: np.zeros(2) + np.zeros(3))
    answer = client.post("/explorer/arithmetic", json=wish)
    assert answer.status_code == 500
    assert answer.json() == {"error": "Something went wrong on the server; its log says more."}
    assert "operands could not be broadcast" in caplog.text
    caplog.clear()
    far = wish | {"terms": [{"point": 1, "weight": 11}]}
    assert client.post("/explorer/arithmetic", json=far).status_code == 400
    assert not logged(caplog)
