# SPDX-License-Identifier: Apache-2.0
"""Converts a convolutional network that reads digits from PyTorch to ONNX.

Writes digits.onnx and its golden examples to a folder.

pip install -r requirements-pytorch.txt && python pytorch.py models
"""

import sys
from pathlib import Path

import torch
from golden import Tensors, write_golden
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)


class Digits(nn.Module):
    """Accepts pixels from 0 to 16 and scales them itself, so that clients do not have to."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(1, 16, kernel_size=3, padding=1),
            nn.BatchNorm2d(16),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Dropout(0.2),
            nn.Linear(16 * 4 * 4, 10),
        )

    def forward(self, image: Tensor) -> Tensor:
        return self.layers(image / 16)


# Train.
torch.manual_seed(0)
pixels, digits = load_digits(return_X_y=True)
train_images, held_out, train_digits, held_out_digits = (
    torch.from_numpy(part)
    for part in train_test_split(
        pixels.astype("float32").reshape(-1, 1, 8, 8), digits, test_size=0.3, stratify=digits, random_state=0
    )
)
model = Digits()
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
for _ in range(10):
    for batch in torch.randperm(len(train_images)).split(64):
        optimizer.zero_grad()
        cross_entropy(model(train_images[batch]), train_digits[batch]).backward()
        optimizer.step()

# Convert. Switch dropout and batch normalization to inference mode.
model.eval()
names = {"input_names": ["image"], "output_names": ["logits"]}
two_rows = (torch.zeros(2, 1, 8, 8),)
path = folder / "digits.onnx"
if hasattr(torch, "export"):
    dynamic_shapes = {"image": {0: torch.export.Dim("batch")}}
    program = torch.onnx.export(model, two_rows, dynamo=True, dynamic_shapes=dynamic_shapes, verbose=False, **names)
    # Remove source paths, which differ from machine to machine and would change the sha256.
    for node in program.model.graph.all_nodes():
        node.metadata_props.clear()
    program.save(path, external_data=False)
else:
    # PyTorch 1, as in Debian 12, has only this exporter.
    torch.onnx.export(model, two_rows, path, dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}}, **names)


# Record PyTorch's own answers.
@torch.no_grad()
def example(images: Tensor) -> tuple[Tensors, Tensors]:
    return {"image": images.numpy()}, {"logits": model(images).numpy()}


# Adding float32 values in a different order changes these logits, which are at most 21, by about 1e-5.
tolerance = {"absolute": 1e-4, "relative": 1e-5}
golden = {"one digit": example(held_out[:1]), "twenty digits": example(held_out[1:21])}
write_golden(folder / "digits.golden.json", golden, **tolerance)
# More examples, for trying out the served model.
write_golden(folder / "digits.held-out.json", {"the others": example(held_out[21:])}, **tolerance)
with torch.no_grad():
    accuracy = (model(held_out).argmax(1) == held_out_digits).float().mean()
print(f"accuracy {accuracy:.1%} of {len(held_out)} held-out digits")
