import json

import numpy as np
import pytest
from pydantic import ValidationError

from explorer.data.latent_table import UnknownPointError
from explorer.routes.answers import error_response, sentence, values_response
from explorer.steering.morph import Morph
from explorer.workspace import NotReadyError


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
        (ValueError("alpha: expected …"), 400),
        (NotReadyError("still encoding"), 409),
    ],
)
def test_an_expected_error_is_its_own_sentence(error, status):
    response = error_response(error)
    assert (response.status_code, json.loads(bytes(response.body))) == (status, {"error": str(error)})


def test_an_unexpected_error_is_logged_and_keeps_its_insides(caplog):
    response = error_response(KeyError("secret"))
    assert response.status_code == 500
    assert b"secret" not in bytes(response.body)
    assert "secret" in caplog.text


def test_a_validation_error_names_field_and_value():
    with pytest.raises(ValidationError) as error:
        Morph(model="face-vae", a="1", b="2", alpha=1.5)
    assert sentence(error.value).startswith("alpha: ")
    assert "1.5" in sentence(error.value)
