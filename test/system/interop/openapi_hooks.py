"""Applies rules that JSON Schema cannot express to requests that schemathesis generates as valid: data has as many
elements as the shape specifies, dimensions with one name have one size, and binary data follows its JSON. Requests
that are generated as invalid are not changed."""

import itertools
import json
import math
import struct
from pathlib import Path

import schemathesis
from hypothesis import strategies as st

JSON_LENGTH = "Inference-Header-Content-Length"
ELEMENT = {"BOOL": False, "BYTES": "text"}
PACKED = {"FP32": "<f", "FP64": "<d", "INT64": "<q", "BOOL": "<?"}
MOST_ROWS = 3
# This timeout is long enough for a run to start in time even on a busy machine. With a shorter one, the server could
# answer 504, as documented.
LONG_TIMEOUT = 60_000_000

# Properties in the schema of each input, by the input's name.
inputs = {}


@schemathesis.hook
def after_load_schema(ctx, schema):
    items = schema.raw_schema["components"]["schemas"]["InferRequest"]["properties"]["inputs"]["items"]
    inputs.update({each["properties"]["name"]["const"]: each["properties"] for each in items.get("anyOf", [items])})


@schemathesis.hook
def before_call(ctx, case, kwargs):
    if case.method != "POST" or not case.path.endswith(("/infer", "/classify")) or case.meta is None:
        return
    is_valid = case.meta.generation.mode.is_positive
    header = case.meta.components.get(schemathesis.core.parameters.ParameterLocation.HEADER)
    if header is None or header.mode.is_positive:
        # This header determines how a body is read, so a generated value would change the request.
        for name in [name for name in case.headers if name.lower() == JSON_LENGTH.lower()]:
            del case.headers[name]
    if not is_valid:
        return
    # classify accepts only one row.
    is_class = case.path.endswith("/classify")
    if case.media_type == "application/octet-stream":
        if is_class:
            case.body = binary_request(case.body[-1:], fewest=1, most_rows=1)
        _, length = json.JSONDecoder().raw_decode(case.body.decode("latin-1"))
        case.headers[JSON_LENGTH] = str(length)
    elif isinstance(case.body, dict):
        fill(case.body, most_rows=1 if is_class else MOST_ROWS)


def fill(request, most_rows):
    sizes = {}
    for tensor in request["inputs"]:
        schema = inputs[tensor["name"]]
        given = list(flatten(tensor["data"]))
        # If elements were generated, the shape must have room for at least one of them.
        tensor["shape"] = shape_of(schema, tensor["shape"], sizes, fewest=1 if given or most_rows == 1 else 0, most_rows=most_rows)
        given = given or [ELEMENT.get(tensor["datatype"], 0)]
        flat = list(itertools.islice(itertools.cycle(given), math.prod(tensor["shape"])))
        is_nested = any(isinstance(part, list) for part in tensor["data"])
        tensor["data"] = nest(flat, tensor["shape"]) if is_nested else flat
    parameters = request.get("parameters") or {}
    if parameters.get("timeout"):
        parameters["timeout"] += LONG_TIMEOUT


def shape_of(schema, wanted, sizes, fewest=0, most_rows=MOST_ROWS):
    dimensions = schema["shape"].get("prefixItems", [])
    return [
        dimension["const"]
        if "const" in dimension
        else sizes.setdefault(dimension.get("title", axis), max(fewest, size % (most_rows + 1)))
        for axis, (dimension, size) in enumerate(zip(dimensions, map(int, wanted)))
    ]


def flatten(data):
    for part in data:
        if isinstance(part, list):
            yield from flatten(part)
        else:
            yield part


def nest(flat, shape):
    if len(shape) < 2:
        return flat
    step = math.prod(shape[1:])
    return [nest(flat[at * step : (at + 1) * step], shape[1:]) for at in range(shape[0])]


def binary_request(seed, **rows):
    sizes, tensors, blobs = {}, [], b""
    for name, schema in inputs.items():
        datatype = schema["datatype"]["const"]
        shape = shape_of(schema, [len(seed)] * len(schema["shape"].get("prefixItems", [])), sizes, **rows)
        blob = b"".join(packed(datatype, seed) for _ in range(math.prod(shape)))
        tensors.append(
            {"name": name, "datatype": datatype, "shape": shape, "parameters": {"binary_data_size": len(blob)}}
        )
        blobs += blob
    request = {"inputs": tensors, "parameters": {"binary_data_output": len(seed) % 2 == 1}}
    return json.dumps(request).encode() + blobs


def packed(datatype, seed):
    if datatype == "BYTES":
        text = seed.hex().encode()
        return struct.pack("<I", len(text)) + text
    return struct.pack(PACKED[datatype], len(seed) % 2)


schemathesis.openapi.media_type("application/octet-stream", st.binary(max_size=16).map(binary_request))

PICTURES = Path(__file__).resolve().parents[3] / "examples" / "digits" / "pictures"
for media_type, ending in (("image/png", "png"), ("image/jpeg", "jpg")):
    files = sorted(PICTURES.glob(f"*.{ending}"))
    schemathesis.openapi.media_type(media_type, st.sampled_from([file.read_bytes() for file in files]))
