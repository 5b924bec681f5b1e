"""Tests the server's descriptions of its messages, from which clients can be generated."""

import json
import os
import subprocess

import grpc
import pytest
from google.protobuf.descriptor_pool import DescriptorPool
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
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
        pytest.skip(os.environ.get("GRPCURL_MISSING", "GRPCURL is not set to the path of grpcurl"))

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


@pytest.fixture(scope="module")
def reflection(grpc_target):
    with grpc.insecure_channel(grpc_target) as channel:
        yield ProtoReflectionDescriptorDatabase(channel)


# Our own fields, with numbers that the protocol does not use.
EXTENSIONS = {
    "inference.ModelMetadataResponse": {"properties"},
    "inference.ModelMetadataResponse.PropertiesEntry": {"key", "value"},
}


def fields(message):
    """Number and type of each field, by name; messages with the same fields are compatible."""
    ours = EXTENSIONS.get(message.full_name, ())
    return {f.name: (f.number, f.type, f.is_repeated) for f in message.fields if f.name not in ours}


def test_messages_match_those_of_other_clients(reflection):
    assert sorted(reflection.get_services()) == SERVICES
    # protobuf checks that the descriptions are complete and consistent.
    pool = DescriptorPool(reflection)
    compared = 0
    for theirs in (service_pb2, model_config_pb2, health_pb2, reflection_pb2):
        for name, message in theirs.DESCRIPTOR.message_types_by_name.items():
            try:
                ours = pool.FindMessageTypeByName(f"{theirs.DESCRIPTOR.package}.{name}")
            except KeyError:
                continue
            pairs = [(ours, message)]
            for mine, reference in pairs:
                assert fields(mine).items() <= fields(reference).items(), mine.full_name
                others = [nested for nested in mine.nested_types if nested.full_name not in EXTENSIONS]
                pairs += [(nested, reference.nested_types_by_name[nested.name]) for nested in others]
                compared += 1
    assert compared > 50


def test_an_unknown_symbol(reflection):
    with pytest.raises(KeyError):
        reflection.FindFileContainingSymbol("inference.Nothing")
