import asyncio

import httpx
import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig


def call(use):
    """Awaits `use` with a new client, because a client belongs to one event loop."""

    async def run():
        async with InferenceRESTClient(RESTConfig(protocol="v2", retries=0)) as client:
            return await use(client)

    return asyncio.run(run())


def request(images, binary, name="digits"):
    tensor = InferInput("image", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images, binary_data=binary)
    return InferRequest(name, [tensor], request_id="seven")


def test_health(url):
    assert call(lambda client: client.is_server_live(url))
    assert call(lambda client: client.is_server_ready(url))
    assert call(lambda client: client.is_model_ready(url, "digits"))


@pytest.mark.parametrize("binary", [False, True])
def test_infer(url, images, labels, binary):
    reply = call(lambda client: client.infer(url, request(images, binary), model_name="digits"))
    assert reply.model_name == "digits"
    assert reply.id == "seven"
    logits = reply.outputs[0].as_numpy()
    assert logits.shape == (10, 10)
    assert logits.argmax(axis=1).tolist() == labels


def test_errors_reach_the_caller(url, images):
    wrong = np.zeros((1, 3, 32, 31), dtype=np.float32)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        call(lambda client: client.infer(url, request(wrong, False), model_name="digits"))
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        call(lambda client: client.infer(url, request(images, False, "letters"), model_name="letters"))
