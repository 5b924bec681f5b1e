"""Starts models on free ports with `model-serving serve`."""

import json
import subprocess
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[3]
DIGITS = ROOT / "examples" / "digits"


@contextmanager
def serving(model, *flags):
    """Starts a server, and yields its URL and ports once it is ready."""
    ports = [word for name in ("port", "grpc-port", "metrics-port") for word in (f"--{name}", "0")]
    command = ["node", "--import", "tsx", "lib/cli/main.ts", "serve", str(model), *ports, *flags]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        entries = map(json.loads, server.stdout)
        found = next(entry for entry in entries if entry["msg"] == "listening")
        next(entry for entry in entries if entry["msg"] == "ready")
        yield found
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0


@pytest.fixture(scope="session")
def serve():
    """Function that starts a model: `with serve(path) as listening`."""
    return serving


@pytest.fixture(scope="session")
def listening():
    with serving(DIGITS / "digits.onnx") as found:
        yield found


@pytest.fixture(scope="session")
def url(listening):
    return listening["url"]


@pytest.fixture(scope="session")
def grpc_target(listening):
    return f"127.0.0.1:{listening['grpcPort']}"


@pytest.fixture(scope="session")
def images():
    """Ten held-out digits, float32 [10, 3, 32, 32]."""
    samples = json.loads((DIGITS / "digits.samples.json").read_text())
    data = [sample["request"]["inputs"][0]["data"] for sample in samples]
    return np.array(data, dtype=np.float32).reshape(10, 3, 32, 32)


@pytest.fixture(scope="session")
def labels():
    samples = json.loads((DIGITS / "digits.samples.json").read_text())
    return [sample["label"] for sample in samples]
