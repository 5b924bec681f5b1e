"""The usual alternative: FastAPI as in its tutorial, with a route that calls the runtime. Serves any numeric model.

uvicorn fastapi_server:app
"""

import os

import numpy as np
import onnxruntime as ort
from fastapi import FastAPI
from pydantic import BaseModel

DTYPES = {"FP32": np.float32, "FP64": np.float64, "INT64": np.int64, "INT32": np.int32, "BOOL": np.bool_}
DATATYPES = {np.dtype(dtype): name for name, dtype in DTYPES.items()}

session = ort.InferenceSession(os.environ["MODEL"], providers=["CPUExecutionProvider"])
names = [output.name for output in session.get_outputs()]
app = FastAPI()


class Tensor(BaseModel):
    name: str
    datatype: str
    shape: list[int]
    data: list[float] | list[int] | list[bool]


class InferRequest(BaseModel):
    inputs: list[Tensor]


class InferResponse(BaseModel):
    model_name: str
    outputs: list[Tensor]


@app.post("/v2/models/m/infer")
async def infer(request: InferRequest) -> InferResponse:
    feeds = {t.name: np.array(t.data, dtype=DTYPES[t.datatype]).reshape(t.shape) for t in request.inputs}
    outputs = [
        Tensor(name=name, datatype=DATATYPES[value.dtype], shape=list(value.shape), data=value.ravel().tolist())
        for name, value in zip(names, session.run(names, feeds))
    ]
    return InferResponse(model_name="m", outputs=outputs)
