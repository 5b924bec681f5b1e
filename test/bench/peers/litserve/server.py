"""LitServe, with its own batching if MAX_BATCH is more than 1."""

import os

import litserve
import numpy as np
import onnxruntime as ort


class OnnxApi(litserve.LitAPI):
    def setup(self, device):
        options = ort.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])

    def decode_request(self, request):
        return np.array(request["input"], dtype=np.float32)

    def batch(self, inputs):
        return np.concatenate(inputs)

    def predict(self, x):
        return self.session.run(None, {"input": x})[0]

    def unbatch(self, output):
        return [row[None] for row in output]

    def encode_response(self, output):
        return {"output": output.tolist()}


if __name__ == "__main__":
    batching = int(os.environ["MAX_BATCH"]) > 1
    options = {"max_batch_size": int(os.environ["MAX_BATCH"]), "batch_timeout": float(os.environ["BATCH_SECONDS"])}
    api = OnnxApi(**options if batching else {}, api_path="/predict")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1)
    server.run(host="127.0.0.1", port=int(os.environ["PORT"]), log_level="warning", generate_client_file=False)
