"""FastAPI without validation; orjson parses and writes the bodies. Start it with: uvicorn unchecked:app"""

import os

import numpy as np
import onnxruntime as ort
import orjson
from fastapi import FastAPI, Request, Response

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
app = FastAPI()


@app.post("/v2/models/m/infer")
async def infer(request: Request) -> Response:
    (tensor,) = orjson.loads(await request.body())["inputs"]
    data = np.array(tensor["data"], dtype=np.float32).reshape(tensor["shape"])
    (y,) = session.run(None, {"input": data})
    output = {"name": "output", "datatype": "FP32", "shape": y.shape, "data": y.ravel()}
    body = orjson.dumps({"model_name": "m", "outputs": [output]}, option=orjson.OPT_SERIALIZE_NUMPY)
    return Response(body, media_type="application/json")
