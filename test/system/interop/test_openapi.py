"""Sends valid and invalid requests that schemathesis generates from /openapi.json, and checks the answers."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


@pytest.fixture
def digits():
    return ROOT / "examples" / "digits" / "digits.onnx"


@pytest.fixture
def mixed(tmp_path):
    path = tmp_path / "mixed.onnx"
    subprocess.run(["node", "--import", "tsx", "test/system/interop/openapi_model.ts", str(path)], cwd=ROOT, check=True)
    return path


@pytest.fixture
def preprocessing(tmp_path):
    path = tmp_path / "preprocessing.json"
    picture = {"color": "rgb", "mean": 0.5, "std": 0.5}
    path.write_text(json.dumps({"picture": picture, "classes": [str(digit) for digit in range(10)]}))
    return path


@pytest.mark.parametrize(
    ("model", "takes_pictures", "operations"), [("digits", False, 17), ("digits", True, 19), ("mixed", False, 17)]
)
def test_the_server_matches_its_document(serve, model, takes_pictures, operations, request, preprocessing, tmp_path):
    flags = ["--preprocessing", str(preprocessing)] if takes_pictures else []
    with serve(request.getfixturevalue(model), *flags) as listening:
        run = subprocess.run(
            [
                *[os.environ["SCHEMATHESIS"], "--no-color", "--config-file", str(HERE / "schemathesis.toml")],
                *["run", f"{listening['url']}/openapi.json", "--phases", "examples,coverage,fuzzing"],
                *["--mode", "all", "--max-examples", "100", "--seed", "7", "--generation-database", "none"],
            ],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(HERE), "SCHEMATHESIS_HOOKS": "openapi_hooks"},
            capture_output=True,
            text=True,
        )
    assert run.returncode == 0, run.stdout + run.stderr
    assert re.search(rf"Operations: +{operations} selected / {operations} total", run.stdout)
    generated, passed = re.search(r"(\d+) generated, (\d+) passed", run.stdout).groups()
    assert generated == passed
    assert int(generated) > 500
