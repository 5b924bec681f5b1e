import asyncio

import grpc
import numpy as np
import pytest
from kserve import InferenceGRPCClient, InferInput, InferRequest


def call(grpc_target, use):
    """Awaits `use` with a new client, because a client belongs to one event loop."""

    async def run():
        async with InferenceGRPCClient(grpc_target, retries=0) as client:
            return await use(client)

    return asyncio.run(run())


def request(images, binary, name="digits"):
    tensor = InferInput("image", list(images.shape), "FP32")
    tensor.set_data_from_numpy(images, binary_data=binary)
    return InferRequest(name, [tensor], request_id="seven")


def test_health(grpc_target):
    assert call(grpc_target, lambda client: client.is_server_live())
    assert call(grpc_target, lambda client: client.is_server_ready())
    assert call(grpc_target, lambda client: client.is_model_ready("digits"))


@pytest.mark.parametrize("binary", [False, True], ids=["typed", "raw"])
def test_infer(grpc_target, images, labels, binary):
    reply = call(grpc_target, lambda client: client.infer(request(images, binary)))
    assert (reply.id, reply.model_name, reply.model_version) == ("seven", "digits", "1")
    logits = reply.outputs[0].as_numpy()
    assert logits.shape == (10, 10)
    assert logits.argmax(axis=1).tolist() == labels


def test_errors_reach_the_caller(grpc_target, images):
    wrong = np.zeros((1, 3, 32, 31), dtype=np.float32)
    for bad, code in [
        (request(wrong, True), grpc.StatusCode.INVALID_ARGUMENT),
        (request(images, True, "letters"), grpc.StatusCode.NOT_FOUND),
    ]:
        with pytest.raises(grpc.RpcError) as error:
            call(grpc_target, lambda client: client.infer(bad))
        assert error.value.code() == code
