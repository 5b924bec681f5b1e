import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture(scope="module")
def stub(grpc_target):
    with grpc.insecure_channel(grpc_target) as channel:
        yield health_pb2_grpc.HealthStub(channel)


@pytest.mark.parametrize("service", ["", "inference.GRPCInferenceService", "digits"])
def test_check(stub, service):
    assert stub.Check(health_pb2.HealthCheckRequest(service=service)).status == SERVING


def test_unknown_service(stub):
    with pytest.raises(grpc.RpcError) as error:
        stub.Check(health_pb2.HealthCheckRequest(service="letters"))
    assert error.value.code() == grpc.StatusCode.NOT_FOUND


def test_watch(stub):
    watch = stub.Watch(health_pb2.HealthCheckRequest(service=""))
    assert next(watch).status == SERVING
    watch.cancel()
