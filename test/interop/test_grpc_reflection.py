"""What the server says of its messages is what others' clients are made from."""

import json
import os
import subprocess

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from grpc_health.v1 import health_pb2
from tritonclient.grpc import model_config_pb2, service_pb2

SERVICES = [
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
    "inference.GRPCInferenceService",
]


@pytest.fixture(scope="module")
def grpcurl(grpc_target):
    tool = os.environ.get("GRPCURL")
    if not tool:
        pytest.skip(os.environ.get("GRPCURL_MISSING", "GRPCURL does not say where grpcurl is"))

    def run(*arguments, flags=()):
        command = [tool, "-plaintext", *flags, grpc_target, *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout

    return run


def test_list(grpcurl):
    assert grpcurl("list").split() == SERVICES


@pytest.mark.parametrize("service", SERVICES)
def test_describe(grpcurl, service):
    assert grpcurl("describe", service).startswith(f"{service} is a service:")


def test_describe_a_message(grpcurl):
    text = grpcurl("describe", "inference.ModelInferRequest")
    assert "map<string, .inference.InferParameter> parameters = 4;" in text
    assert "repeated bytes raw_input_contents = 7;" in text


def test_call(grpcurl):
    assert json.loads(grpcurl("inference.GRPCInferenceService/ServerReady")) == {"ready": True}
    data = ("-d", '{"name": "digits"}')
    reply = json.loads(grpcurl("inference.GRPCInferenceService/ModelMetadata", flags=data))
    assert reply["inputs"] == [{"name": "image", "datatype": "FP32", "shape": ["-1", "3", "32", "32"]}]


def files(grpc_target):
    """The packages of this server, by reflection with messages that are made of its own description."""
    import grpc

    channel = grpc.insecure_channel(grpc_target)
    call = channel.stream_stream("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo")
    for name in ("inference", "grpc/health/v1", "grpc/reflection/v1"):
        path = f"{name}.proto".encode()
        # ServerReflectionRequest { file_by_filename = 3 }
        reply = next(call(iter([b"\x1a" + bytes([len(path)]) + path])))
        yield name, reply


def fields(message):
    """What makes messages of one kind those of another: number, type and label of each field, by its name."""
    return {field.name: (field.number, field.type, field.label) for field in message.field}


def described(grpc_target):
    pool = descriptor_pool.DescriptorPool()
    reflection = dict(files(grpc_target))
    # ServerReflectionResponse { file_descriptor_response = 4 { file_descriptor_proto = 1 } }
    from google.protobuf.internal import decoder

    def embedded(data, number):
        at = 0
        while at < len(data):
            tag, at = decoder._DecodeVarint(data, at)
            size, at = decoder._DecodeVarint(data, at)
            if tag >> 3 == number:
                return data[at : at + size]
            at += size
        raise AssertionError(f"no field {number}")

    for reply in reflection.values():
        file = descriptor_pb2.FileDescriptorProto.FromString(embedded(embedded(reply, 4), 1))
        pool.Add(file)
        yield file
    # Complete and consistent, as protobuf itself judges.
    for name in ("inference.ModelInferRequest", "grpc.health.v1.HealthCheckResponse"):
        pool.FindMessageTypeByName(name)


def test_messages_are_those_of_others(grpc_target):
    theirs = {}
    for module in (service_pb2, model_config_pb2, health_pb2):
        file = descriptor_pb2.FileDescriptorProto()
        module.DESCRIPTOR.CopyToProto(file)
        theirs.update({(file.package, message.name): message for message in file.message_type})

    def compare(ours, reference):
        numbers = fields(reference)
        for name, field in fields(ours).items():
            assert numbers[name] == field, f"{ours.name}.{name}"
        nested = {message.name: message for message in reference.nested_type}
        for message in ours.nested_type:
            compare(message, nested[message.name])

    compared = 0
    for file in described(grpc_target):
        for message in file.message_type:
            if reference := theirs.get((file.package, message.name)):
                compare(message, reference)
                compared += 1
    assert compared > 30
