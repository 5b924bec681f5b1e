"""Mistakes in converting models from PyTorch, each in a separate file."""

import sys
import warnings
from pathlib import Path

import torch
from golden import write_golden
from torch import nn

folder = Path(sys.argv[1])
names = {"input_names": ["image"], "output_names": ["logits"]}
images = torch.rand(4, 1, 8, 8, generator=torch.Generator().manual_seed(0))
new_exporter = hasattr(torch, "export")
if new_exporter:
    dynamic = {"dynamo": True, "verbose": False, "dynamic_shapes": ({0: torch.export.Dim("batch")},)}
    fixed = {"dynamo": True, "verbose": False}
else:
    dynamic = {"dynamic_axes": {"image": {0: "batch"}, "logits": {0: "batch"}}}
    fixed = {}


def network() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(), nn.Flatten(), nn.Linear(144, 10))


def export(name: str, model: nn.Module, options: dict) -> None:
    torch.onnx.export(model, (images,), folder / f"{name}.onnx", **names, **options)


export("fixed", network().eval(), fixed)

# The answers of a network in training mode are useless, and differ from the answers of the exported file.
model = network()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    export("training", model, dynamic)
(folder / "training.txt").write_text("\n".join(str(warning.message) for warning in caught))
with torch.no_grad():
    example = ({"image": images.numpy()}, {"logits": model(images).numpy()})
write_golden(folder / "training.golden.json", {"four digits": example}, absolute=1e-4, relative=1e-5)

if new_exporter:
    # The export does not use program.save, so the weights are written to external.onnx.data.
    model = network().eval()
    export("external", model, dynamic)
    with torch.no_grad():
        example = ({"image": images.numpy()}, {"logits": model(images).numpy()})
    write_golden(folder / "external.golden.json", {"four digits": example}, absolute=1e-4, relative=1e-5)
