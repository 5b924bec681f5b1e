"""Starts the digits model on a free port, as `model-serving serve` does for anyone."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ROOT / "examples" / "digits"


@pytest.fixture(scope="session")
def url():
    model = str(DIGITS / "digits.onnx")
    command = ["node", "--import", "tsx", "lib/cli/main.ts", "serve", model, "--port", "0", "--metrics-port", "0"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        yield next(entry["url"] for entry in map(json.loads, server.stdout) if entry["msg"] == "ready")
    finally:
        server.terminate()
        assert server.wait(timeout=30) == 0


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
