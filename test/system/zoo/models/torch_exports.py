"""Writes networks exported by PyTorch: an encoder with a mask, a convolutional network, an LSTM and a U-Net.

    python torch_exports.py FOLDER

Each network is exported by the exporter for TorchScript and, if this version of PyTorch has it, by that for
torch.export. If an exporter cannot write a network, its spec.json contains the reason under "skipped".
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn

VERSION = torch.__version__.split("+")[0]
TORCHSCRIPT, DYNAMO = "TorchScript", "torch.export"
OPSETS = {TORCHSCRIPT: 14, DYNAMO: 18}


class Encoder(nn.Module):
    """Two layers of attention over tokens; a padded token has 0 in the mask."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(100, 32)
        layer = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2)

    def forward(self, ids, mask):
        hidden = self.encoder(self.embedding(ids), src_key_padding_mask=mask == 0)
        weights = mask.unsqueeze(-1).to(hidden.dtype)
        return (hidden * weights).sum(1) / weights.sum(1)


class Convolutional(nn.Module):
    """Blocks of convolution, normalization and pooling, and a dense layer."""

    def __init__(self):
        super().__init__()
        block = lambda c, d: [nn.Conv2d(c, d, 3, padding=1), nn.BatchNorm2d(d), nn.ReLU(), nn.MaxPool2d(2)]  # noqa: E731
        self.features = nn.Sequential(*block(3, 8), *block(8, 16))
        self.classes = nn.Linear(16 * 8 * 8, 10)

    def forward(self, picture):
        features = self.features(picture)
        return self.classes(features.view(features.size(0), -1)).softmax(1)


class Recurrent(nn.Module):
    """A bidirectional LSTM with a dense layer for each step."""

    def __init__(self):
        super().__init__()
        self.lstm = nn.LSTM(8, 16, num_layers=2, batch_first=True, bidirectional=True)
        self.tags = nn.Linear(32, 5)

    def forward(self, sequence):
        hidden, (last, _) = self.lstm(sequence)
        return self.tags(hidden), last[-1]


class UNet(nn.Module):
    """One level down and up, with a skip connection."""

    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(1, 8, 3, padding=1)
        self.bottom = nn.Conv2d(8, 16, 3, padding=1)
        self.up = nn.ConvTranspose2d(16, 8, 2, stride=2)
        self.out = nn.Conv2d(24, 1, 3, padding=1)

    def forward(self, picture):
        down = self.down(picture).relu()
        bottom = self.bottom(nn.functional.max_pool2d(down, 2)).relu()
        larger = nn.functional.interpolate(bottom, size=down.shape[2:], mode="bilinear", align_corners=False)
        up = self.up(bottom)[:, :, : down.shape[2], : down.shape[3]]
        return self.out(torch.cat([down, up, larger[:, :8]], 1)).sigmoid()


def floats(*shape):
    return {"datatype": "FP32", "shape": list(shape), "uniform": [-1, 1]}


MODELS = {
    "encoder": (
        Encoder,
        {
            "ids": {"datatype": "INT64", "shape": ["N", "length"], "integers": [0, 100]},
            "mask": {"datatype": "INT64", "shape": ["N", "length"], "padding": True},
        },
        {"length": [12, 20]},
        ["sentence"],
    ),
    "convolutional": (Convolutional, {"picture": floats("N", 3, 32, 32)}, {}, ["probabilities"]),
    "lstm": (Recurrent, {"sequence": floats("N", "length", 8)}, {"length": [7, 11]}, ["tags", "last"]),
    "u_net": (UNet, {"picture": floats("N", 1, "height", "width")}, {"height": [32, 48], "width": [32, 40]}, ["mask"]),
}


def example(inputs, sizes):
    """Arguments of two rows."""
    known = {"N": 2, **{name: values[0] for name, values in sizes.items()}}
    for description in inputs.values():
        shape = [known.get(size, size) for size in description["shape"]]
        if "uniform" in description:
            yield torch.rand(shape)
        elif "integers" in description:
            yield torch.randint(*description["integers"], shape)
        else:
            yield torch.ones(shape, dtype=torch.int64)


def symbols(inputs):
    """Names of the free dimensions of each input."""
    return {
        name: {axis: "batch" if size == "N" else size for axis, size in enumerate(d["shape"]) if isinstance(size, str)}
        for name, d in inputs.items()
    }


def export(network, exporter, path, inputs, sizes, outputs):
    names = {"input_names": list(inputs), "output_names": outputs, "opset_version": OPSETS[exporter]}
    arguments, free = tuple(example(inputs, sizes)), symbols(inputs)
    if exporter == DYNAMO:
        dims = {symbol: torch.export.Dim(symbol) for axes in free.values() for symbol in axes.values()}
        shapes = tuple({axis: dims[symbol] for axis, symbol in axes.items()} for axes in free.values())
        torch.onnx.export(network, arguments, path, dynamo=True, dynamic_shapes=shapes, external_data=False, **names)
        return
    # PyTorch 1.13 has no other exporter, and no argument to choose one.
    choice = {"dynamo": False} if hasattr(torch, "export") else {}
    outputs_free = {name: {0: "batch"} for name in outputs}
    torch.onnx.export(network, arguments, str(path), dynamic_axes={**free, **outputs_free}, **choice, **names)


def main(root):
    for name, (make, inputs, sizes, outputs) in MODELS.items():
        for exporter in (TORCHSCRIPT, DYNAMO):
            release = ".".join(VERSION.split(".")[:2])
            folder = Path(root) / f"{name}, torch {release}, {exporter}"
            folder.mkdir(parents=True, exist_ok=True)
            spec = {"source": f"torch {VERSION}, {exporter}", "kind": make.__doc__.splitlines()[0], "inputs": inputs, "sizes": sizes}
            torch.manual_seed(7)
            try:
                if exporter == DYNAMO and not hasattr(torch, "export"):
                    raise RuntimeError(f"torch {VERSION} does not have this exporter")
                export(make().eval(), exporter, folder / "model.onnx", inputs, sizes, outputs)
            except Exception as error:  # The exporter does not support the network.
                spec["skipped"] = str(error).strip().splitlines()[0][:150]
            (folder / "spec.json").write_text(json.dumps(spec))


if __name__ == "__main__":
    main(sys.argv[1])
