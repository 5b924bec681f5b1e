import queue
from functools import partial

import numpy as np
import pytest
import tritonclient.grpc as triton
from tritonclient.utils import InferenceServerException


@pytest.fixture(scope="module")
def client(grpc_target):
    with triton.InferenceServerClient(grpc_target) as client:
        yield client


def image_input(images):
    tensor = triton.InferInput("image", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images)
    return tensor


def test_health(client):
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("digits")
    assert client.is_model_ready("digits", "1")


def test_metadata(client):
    assert client.get_server_metadata().name == "cdktf-model-serving"
    metadata = client.get_model_metadata("digits", as_json=True)
    assert metadata["versions"] == ["1"]
    assert metadata["inputs"] == [{"name": "image", "datatype": "FP32", "shape": ["-1", "3", "32", "32"]}]
    assert metadata["outputs"] == [{"name": "logits", "datatype": "FP32", "shape": ["-1", "10"]}]


def test_infer(client, images, labels):
    outputs = [triton.InferRequestedOutput("logits")]
    result = client.infer("digits", [image_input(images)], outputs=outputs, request_id="seven")
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels
    response = result.get_response()
    assert (response.id, response.model_name, response.model_version) == ("seven", "digits", "1")


def test_the_clients_own_options(client, images, labels):
    for options in ({}, {"timeout": 60_000_000, "priority": 1}, {"client_timeout": 60.0}, {"model_version": "1"}):
        result = client.infer("digits", [image_input(images)], **options)
        assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


@pytest.mark.parametrize("algorithm", ["gzip", "deflate"])
def test_compression(client, images, labels, algorithm):
    result = client.infer("digits", [image_input(images)], compression_algorithm=algorithm)
    assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


def test_async_infer(client, images, labels):
    replies = queue.Queue()
    for _ in range(10):
        client.async_infer("digits", [image_input(images)], lambda result, error: replies.put((result, error)))
    for _ in range(10):
        result, error = replies.get(timeout=30)
        assert error is None
        assert result.as_numpy("logits").argmax(axis=1).tolist() == labels


def test_stream(grpc_target, images, labels):
    replies = queue.Queue()
    with triton.InferenceServerClient(grpc_target) as client:
        client.start_stream(partial(lambda queue, result, error: queue.put((result, error)), replies))
        client.async_stream_infer("digits", [image_input(images)], request_id="first")
        client.async_stream_infer("letters", [image_input(images)], request_id="second")
        client.async_stream_infer("digits", [image_input(images)], request_id="third")
        for request_id in ("first", None, "third"):
            result, error = replies.get(timeout=30)
            if request_id is None:
                assert "letters" in error.message()
                continue
            assert error is None
            assert result.get_response().id == request_id
            assert result.as_numpy("logits").argmax(axis=1).tolist() == labels
        client.stop_stream()


def test_extensions(client, images):
    config = client.get_model_config("digits", as_json=True)["config"]
    assert config["name"] == "digits"
    assert config["backend"] == "onnxruntime"
    assert config["input"][0]["data_type"] == "TYPE_FP32"

    def count():
        stats = client.get_inference_statistics("digits", as_json=True)["model_stats"][0]
        return int(stats["inference_stats"]["success"]["count"])

    before = count()
    client.infer("digits", [image_input(images)])
    assert count() == before + 1
    index = client.get_model_repository_index(as_json=True)["models"]
    assert index == [{"name": "digits", "version": "1", "state": "READY"}]
    with pytest.raises(InferenceServerException, match="FAILED_PRECONDITION.*cannot load model"):
        client.load_model("digits")


def test_errors_reach_the_caller(client, images):
    with pytest.raises(InferenceServerException, match="NOT_FOUND.*letters"):
        client.get_model_metadata("letters")
    with pytest.raises(InferenceServerException, match="INVALID_ARGUMENT.*potato"):
        client.infer("digits", [image_input(images)], outputs=[triton.InferRequestedOutput("potato")])
    with pytest.raises(InferenceServerException, match="INVALID_ARGUMENT.*image"):
        client.infer("digits", [image_input(np.zeros((1, 3, 32, 31), dtype=np.float32))])
