"""BentoML, with its adaptive batching if MAX_BATCH is more than 1. Start it with: bentoml serve service:OnnxService"""

import os

import bentoml
import numpy as np
import onnxruntime as ort

MAX_BATCH = int(os.environ["MAX_BATCH"])
BATCHING = {"batchable": True, "max_batch_size": MAX_BATCH, "max_latency_ms": 1000} if MAX_BATCH > 1 else {}


@bentoml.service(workers=1, threads=1, traffic={"timeout": 60}, metrics={"enabled": False}, logging={"access": {"enabled": False}})
class OnnxService:
    def __init__(self):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])

    @bentoml.api(**BATCHING)
    def predict(self, input: np.ndarray) -> np.ndarray:
        return self.session.run(None, {"input": input.astype(np.float32)})[0]
