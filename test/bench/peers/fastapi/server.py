"""FastAPI as in its tutorial: Pydantic models of the bodies, and the runtime in the route. Start it with: uvicorn server:app"""

import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

options = ort.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = ort.InferenceSession(os.environ["MODEL"], options, providers=["CPUExecutionProvider"])
app = FastAPI()


class Tensor(BaseModel):
    name: str
    datatype: str
    shape: list[int]
    data: list[float]


class InferRequest(BaseModel):
    id: str | None = None
    inputs: list[Tensor]


class InferResponse(BaseModel):
    model_name: str
    outputs: list[Tensor]


@app.post("/v2/models/m/infer")
async def infer(request: InferRequest) -> InferResponse:
    feeds = {t.name: np.array(t.data, dtype=np.float32).reshape(t.shape) for t in request.inputs}
    (y,) = session.run(None, feeds)
    output = Tensor(name="output", datatype="FP32", shape=list(y.shape), data=y.ravel().tolist())
    return InferResponse(model_name="m", outputs=[output])
