import asyncio

import httpx
import numpy as np
import pytest
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig

PROTOCOL = "v2"


@pytest.fixture(scope="module")
def client():
    return InferenceRESTClient(RESTConfig(protocol=PROTOCOL, retries=0))


def request(images, binary, name="digits"):
    tensor = InferInput("image", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images, binary_data=binary)
    return InferRequest(name, [tensor], request_id="seven")


def test_health(client, url):
    async def ask():
        return [
            await client.is_server_live(url),
            await client.is_server_ready(url),
            await client.is_model_ready(url, "digits"),
        ]

    assert asyncio.run(ask()) == [True, True, True]


@pytest.mark.parametrize("binary", [False, True])
def test_infer(client, url, images, labels, binary):
    reply = asyncio.run(client.infer(url, request(images, binary), model_name="digits"))
    assert reply.model_name == "digits"
    assert reply.id == "seven"
    logits = reply.outputs[0].as_numpy()
    assert logits.shape == (10, 10)
    assert logits.argmax(axis=1).tolist() == labels


def test_errors_reach_the_caller(client, url, images):
    wrong = np.zeros((1, 3, 32, 31), dtype=np.float32)
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        asyncio.run(client.infer(url, request(wrong, False), model_name="digits"))
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        asyncio.run(client.infer(url, request(images, False, "letters"), model_name="letters"))
