import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException


@pytest.fixture(scope="module")
def client(url):
    with triton.InferenceServerClient(url.removeprefix("http://")) as client:
        yield client


def image_input(images, binary):
    tensor = triton.InferInput("image", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images, binary_data=binary)
    return tensor


def test_health(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("digits")
    assert client.is_model_ready("digits", "1")
    assert not client.is_model_ready("letters")


def test_metadata(client):
    assert client.get_server_metadata()["name"] == "cdktf-model-serving"
    metadata = client.get_model_metadata("digits")
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 3, 32, 32]}]
    assert metadata["outputs"] == [{"name": "logits", "datatype": "FP32", "shape": [-1, 10]}]


@pytest.mark.parametrize("binary_input", [False, True])
@pytest.mark.parametrize("binary_output", [False, True])
def test_infer(client, images, labels, binary_input, binary_output):
    outputs = [triton.InferRequestedOutput("logits", binary_data=binary_output)]
    result = client.infer("digits", [image_input(images, binary_input)], outputs=outputs, request_id="seven")
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels
    response = result.get_response()
    assert (response["id"], response["model_name"], response["model_version"]) == ("seven", "digits", "1")


def test_the_clients_own_defaults(client, images, labels):
    result = client.infer("digits", [image_input(images, binary=True)])
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compression_both_ways(client, images, labels, algorithm):
    result = client.infer(
        "digits",
        [image_input(images, binary=False)],
        outputs=[triton.InferRequestedOutput("logits", binary_data=False)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


def test_json_and_binary_agree_to_the_bit(client, images):
    replies = [
        client.infer(
            "digits",
            [image_input(images, binary)],
            outputs=[triton.InferRequestedOutput("logits", binary_data=binary)],
        ).as_numpy("logits")
        for binary in (False, True)
    ]
    np.testing.assert_array_equal(*replies)


def test_errors_reach_the_caller(client, images):
    with pytest.raises(InferenceServerException, match="letters"):
        client.get_model_metadata("letters")
    with pytest.raises(InferenceServerException, match="potato"):
        client.infer("digits", [image_input(images, True)], outputs=[triton.InferRequestedOutput("potato")])
    wrong = triton.InferInput("image", [1, 3, 32, 31], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 3, 32, 31), dtype=np.float32))
    with pytest.raises(InferenceServerException, match="image"):
        client.infer("digits", [wrong])
