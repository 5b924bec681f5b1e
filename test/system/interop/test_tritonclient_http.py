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
def test_compression_in_both_directions(client, images, labels, algorithm):
    result = client.infer(
        "digits",
        [image_input(images, binary=False)],
        outputs=[triton.InferRequestedOutput("logits", binary_data=False)],
        request_compression_algorithm=algorithm,
        response_compression_algorithm=algorithm,
    )
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


def test_json_and_binary_are_bitwise_equal(client, images):
    replies = [
        client.infer(
            "digits",
            [image_input(images, binary)],
            outputs=[triton.InferRequestedOutput("logits", binary_data=binary)],
        ).as_numpy("logits")
        for binary in (False, True)
    ]
    np.testing.assert_array_equal(*replies)


def test_config(client):
    config = client.get_model_config("digits")
    assert (config["name"], config["platform"], config["backend"]) == ("digits", "onnxruntime_onnx", "onnxruntime")
    # If the server batches, dims omit the first dimension, which clients add.
    batched = config["max_batch_size"] > 0
    assert config["input"] == [
        {"name": "image", "data_type": "TYPE_FP32", "dims": [3, 32, 32] if batched else [-1, 3, 32, 32]}
    ]
    assert config["output"] == [{"name": "logits", "data_type": "TYPE_FP32", "dims": [10] if batched else [-1, 10]}]
    assert config["instance_group"] == [{"name": "digits", "kind": "KIND_CPU", "count": 1}]
    assert client.get_model_config("digits", "1") == config


def test_statistics(client, images):
    def stats(*which):
        (entry,) = client.get_inference_statistics(*which)["model_stats"]
        return entry

    before = stats("digits")
    for _ in range(3):
        client.infer("digits", [image_input(images[:1], binary=True)])
    after = stats("digits", "1")
    assert (after["name"], after["version"]) == ("digits", "1")
    assert after["execution_count"] - before["execution_count"] == 3
    assert after["last_inference"] >= max(1, before["last_inference"])
    for stage in ["success", "queue", "compute_input", "compute_infer", "compute_output"]:
        was, now = before["inference_stats"][stage], after["inference_stats"][stage]
        assert now["count"] - was["count"] == 3
        assert now["ns"] >= was["ns"]
    assert stats() == after


def test_repository(client):
    index = [{"name": "digits", "version": "1", "state": "READY", "reason": ""}]
    assert client.get_model_repository_index() == index
    for act in [client.load_model, client.unload_model]:
        with pytest.raises(InferenceServerException, match="deploy its image"):
            act("digits")
        with pytest.raises(InferenceServerException, match='unknown model "letters"'):
            act("letters")
    assert client.is_model_ready("digits")


def test_timeout_and_priority(client, images, labels):
    tensor = image_input(images, binary=True)
    result = client.infer("digits", [tensor], timeout=60_000_000, priority=1)
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels
    with pytest.raises(InferenceServerException, match="parameters.timeout is -1"):
        client.infer("digits", [tensor], timeout=-1)


def test_errors_reach_the_caller(client, images):
    with pytest.raises(InferenceServerException, match="letters"):
        client.get_model_metadata("letters")
    with pytest.raises(InferenceServerException, match="potato"):
        client.infer("digits", [image_input(images, True)], outputs=[triton.InferRequestedOutput("potato")])
    wrong = triton.InferInput("image", [1, 3, 32, 31], "FP32")
    wrong.set_data_from_numpy(np.zeros((1, 3, 32, 31), dtype=np.float32))
    with pytest.raises(InferenceServerException, match="image"):
        client.infer("digits", [wrong])
