"""Writes MLServer's two settings files and starts it."""

import json
import os
import sys
import tempfile

folder = tempfile.mkdtemp()
max_batch = int(os.environ["MAX_BATCH"])

settings = {
    "host": "127.0.0.1",
    "http_port": int(os.environ["PORT"]),
    "grpc_port": 0,
    "metrics_port": 0,
    "metrics_endpoint": None,
    "debug": False,
    # Runs in process, because the default, one worker process, adds a hop and needs another core.
    "parallel_workers": 0,
}
model = {"name": "m", "implementation": "runtime.OnnxRuntime", "parameters": {"uri": os.environ["MODEL"]}}
if max_batch > 1:
    model |= {"max_batch_size": max_batch, "max_batch_time": float(os.environ["BATCH_SECONDS"])}
for name, content in ("settings", settings), ("model-settings", model):
    with open(f"{folder}/{name}.json", "w") as file:
        json.dump(content, file)
os.environ["PYTHONPATH"] = os.path.dirname(os.path.abspath(__file__))
os.execv(f"{sys.prefix}/bin/mlserver", ["mlserver", "start", folder])
