#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Train a small image classifier on the CPU and export it to ONNX.

The network is the one from PyTorch's CIFAR-10 tutorial. By default it
learns the handwritten digits bundled with scikit-learn, which needs no
download; `--dataset cifar10` trains the same network on CIFAR-10.

The script writes these files to --out, where NAME is the data set's name:
  NAME.onnx          the model: image [batch,3,32,32] -> logits [batch,10]
  NAME.samples.json  one inference request per class, from held-out images
  NAME.golden.json   two requests with onnxruntime's responses
  NAME.metrics.json  settings, versions and accuracy of the model
"""

from __future__ import annotations

import argparse
import copy
import hashlib
import io
import json
import math
import time
import warnings
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Callable

import numpy as np
import onnx
import onnxruntime
import torch
from torch import Tensor, nn
from torch.nn import functional as F

OPSET = 17
DIGIT_LABELS = [str(digit) for digit in range(10)]
DIGIT_WORDS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
CIFAR10_LABELS = ["plane", "car", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
GOLDEN_CLASSES = (3, 7)
GOLDEN_TOLERANCE = {"absolute": 1e-4, "relative": 1e-4}
# Allowed difference between torch and onnxruntime; both the absolute and the relative
# tolerance.
EXPORT_TOLERANCE = 1e-5

Runner = Callable[[np.ndarray], np.ndarray]


class Net(nn.Module):
    """Two convolutions and three dense layers, 62,006 parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, image: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(image)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


@dataclass(frozen=True)
class Recipe:
    epochs: int
    batch_size: int
    learning_rate: float  # the maximum, with one_cycle
    one_cycle: bool = False  # ramp the learning rate up, then down to zero
    weight_decay: float = 0.0
    max_shift: int = 0  # shift each training batch by at most this many pixels


@dataclass(frozen=True)
class Split:
    images: Tensor  # float32 [N,3,32,32], normalized
    labels: Tensor  # int64 [N]


@dataclass(frozen=True)
class Data:
    name: str  # stem of the output files
    description: str
    labels: list[str]  # class names, by output index
    words: list[str]  # class names for use in sentences
    train: Split
    held_out: Split
    libraries: dict[str, str]  # versions of the libraries that supplied the images


RECIPES = {
    # Chosen by 5-fold cross-validation within the training split.
    "digits": Recipe(
        epochs=30, batch_size=32, learning_rate=0.02, one_cycle=True, weight_decay=5e-3, max_shift=2
    ),
    # The tutorial's own settings.
    "cifar10": Recipe(epochs=2, batch_size=4, learning_rate=0.001),
}


def load_digits(seed: int) -> Data:
    import sklearn
    from sklearn.datasets import load_digits as bundled_digits
    from sklearn.model_selection import train_test_split

    pixels, labels = bundled_digits(return_X_y=True)  # [N,64], whole numbers 0..16

    def split(rows: np.ndarray, classes: np.ndarray) -> Split:
        small = torch.from_numpy(rows.astype(np.float32) / 16).reshape(-1, 1, 8, 8)
        # With nearest-neighbour interpolation, every value is still a multiple of 1/8
        # after normalizing, so it is exact in float32 and short in JSON.
        large = F.interpolate(small, size=(32, 32), mode="nearest")
        image = ((large - 0.5) / 0.5).repeat(1, 3, 1, 1)
        return Split(image, torch.from_numpy(classes.astype(np.int64)))

    train_x, held_x, train_y, held_y = train_test_split(
        pixels, labels, test_size=0.2, stratify=labels, random_state=seed
    )
    return Data(
        name="digits",
        description="scikit-learn's bundled handwritten digits (load_digits)",
        labels=DIGIT_LABELS,
        words=DIGIT_WORDS,
        train=split(train_x, train_y),
        held_out=split(held_x, held_y),
        libraries={"scikit-learn": sklearn.__version__},
    )


def load_cifar10(data_dir: Path | None, generated: bool) -> Data:
    # Imported here because training on the digits does not need torchvision.
    import torchvision
    from torchvision import datasets, transforms

    transform = transforms.Compose(
        [transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))]
    )

    def split(dataset: Any) -> Split:
        # Indexed, because torchvision data sets define a length and __getitem__ but no
        # __iter__. CIFAR-10 takes about 740 MB as float32.
        images, labels = zip(*(dataset[i] for i in range(len(dataset))))
        return Split(torch.stack(images), torch.tensor(labels, dtype=torch.int64))

    if generated:
        shape, sizes = (3, 32, 32), (2000, 1000)
        train = datasets.FakeData(sizes[0], shape, 10, transform)
        # FakeData seeds image i with i plus this offset, so no image is in both splits.
        held_out = datasets.FakeData(sizes[1], shape, 10, transform, random_offset=sizes[0])
    else:
        train = datasets.CIFAR10(data_dir, train=True, transform=transform, download=True)
        held_out = datasets.CIFAR10(data_dir, train=False, transform=transform, download=True)
    return Data(
        # The name shows whether the files were made from noise or from CIFAR-10.
        name="cifar10-generated" if generated else "cifar10",
        description="random noise (torchvision FakeData)" if generated else "CIFAR-10 (torchvision)",
        labels=CIFAR10_LABELS,
        words=CIFAR10_LABELS,
        train=split(train),
        held_out=split(held_out),
        libraries={"torchvision": torchvision.__version__},
    )


def shifted(images: Tensor, limit: int) -> Tensor:
    """Shift all images by the same random step of at most `limit` pixels in each direction."""
    # After normalizing, -1 is black, which is the background of the digits.
    padded = F.pad(images, (limit, limit, limit, limit), value=-1.0)
    top, left = torch.randint(0, 2 * limit + 1, (2,)).tolist()
    return padded[:, :, top : top + 32, left : left + 32]


def train_model(data: Split, recipe: Recipe, seed: int) -> Net:
    torch.manual_seed(seed)
    model = Net()
    optimizer = torch.optim.SGD(
        model.parameters(),
        lr=recipe.learning_rate,
        momentum=0.9,
        weight_decay=recipe.weight_decay,
    )
    count = len(data.labels)
    schedule = None
    if recipe.one_cycle:
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer,
            max_lr=recipe.learning_rate,
            total_steps=recipe.epochs * math.ceil(count / recipe.batch_size),
            pct_start=0.1,
            cycle_momentum=False,
        )
    for epoch in range(1, recipe.epochs + 1):
        total = 0.0
        for rows in torch.randperm(count).split(recipe.batch_size):
            images = data.images[rows]
            if recipe.max_shift:
                # Shifting prevents overfitting to the 1,437 digits.
                images = shifted(images, recipe.max_shift)
            optimizer.zero_grad()
            loss = F.cross_entropy(model(images), data.labels[rows])
            loss.backward()
            optimizer.step()
            if schedule:
                schedule.step()
            total += loss.item() * len(rows)
        if epoch == 1 or epoch == recipe.epochs or epoch % 5 == 0:
            print(f"epoch {epoch:3d}/{recipe.epochs}  training loss {total / count:.4f}", flush=True)
    return model.eval()


@torch.no_grad()
def predict(model: Net, images: Tensor) -> Tensor:
    return torch.cat([model(chunk) for chunk in images.split(500)])


def export_onnx(model: Net) -> bytes:
    """Export the model as one self-contained ONNX file. The same weights give the same bytes."""
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # The TorchScript exporter warns that it is deprecated. It is used because it
        # needs no extra package and emits plain ai.onnx operators.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            copy.deepcopy(model),
            (torch.zeros(1, 3, 32, 32),),
            buffer,
            input_names=["image"],
            output_names=["logits"],
            dynamic_axes={"image": {0: "batch"}, "logits": {0: "batch"}},
            opset_version=OPSET,
            dynamo=False,
        )
    exported = onnx.load_model_from_string(buffer.getvalue())
    # Exporters may store source paths here, which are meaningless on other machines.
    exported.doc_string = exported.graph.doc_string = ""
    del exported.metadata_props[:]
    for node in exported.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    onnx.checker.check_model(exported, full_check=True)
    return exported.SerializeToString(deterministic=True)


def onnx_runner(model_bytes: bytes) -> Runner:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        model_bytes, options, providers=["CPUExecutionProvider"]
    )

    def run(images: np.ndarray) -> np.ndarray:
        return session.run(["logits"], {"image": images})[0]

    return run


def verify_export(run: Runner, images: Tensor, expected: Tensor) -> float:
    """Compare onnxruntime with torch, in batches and one by one; return the largest difference."""
    largest = 0.0
    # Only the first 100 images also run one by one, to test the batch axis.
    for size, count in ((500, len(images)), (1, min(100, len(images)))):
        for chunk, want in zip(images[:count].split(size), expected[:count].split(size)):
            got = run(chunk.numpy())
            np.testing.assert_allclose(
                got, want.numpy(), rtol=EXPORT_TOLERANCE, atol=EXPORT_TOLERANCE
            )
            largest = max(largest, float(np.abs(got - want.numpy()).max()))
    return largest


def json_numbers(values: np.ndarray) -> list[int | float]:
    """Return the shortest numbers that parse to the same float32, such as -1 instead of -1.0."""
    numbers = (float(str(value)) for value in values.astype(np.float32).ravel())
    return [int(number) if number.is_integer() else number for number in numbers]


def tensor_json(name: str, values: np.ndarray) -> dict[str, Any]:
    return {
        "name": name,
        "datatype": "FP32",
        "shape": list(values.shape),
        "data": json_numbers(values),
    }


def first_of_each_class(labels: Tensor) -> list[int]:
    """Return the index of the first held-out image of each class, regardless of the model's answer."""
    rows = []
    for label in range(10):
        found = torch.nonzero(labels == label)
        if len(found) == 0:
            raise SystemExit(f"no held-out image has class {label}")
        rows.append(int(found[0]))
    return rows


def write_json(path: Path, value: Any, indent: int | None = None) -> None:
    separators = (",", ":") if indent is None else None
    path.write_text(json.dumps(value, indent=indent, separators=separators) + "\n")


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--dataset", choices=sorted(RECIPES), default="digits",
                        help="data set to train on (default: digits)")
    parser.add_argument("--data", type=Path, metavar="DIR",
                        help="folder of CIFAR-10, downloaded if missing (only with cifar10)")
    parser.add_argument("--generated", action="store_true",
                        help="with cifar10: use noise instead of CIFAR-10, to try the script offline")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path(__file__).resolve().parent,
                        help="folder for the output files (default: the folder of this script)")
    parser.add_argument("--epochs", type=int, metavar="N",
                        help="passes over the training images (default: "
                        + ", ".join(f"{name} {r.epochs}" for name, r in RECIPES.items()) + ")")
    parser.add_argument("--seed", type=int, default=0, help="seed for the split and the training (default: 0)")
    parser.add_argument("--threads", type=int, default=1, metavar="N",
                        help="threads for torch (default: 1; other values may change the last bits)")
    args = parser.parse_args()
    if args.dataset == "cifar10":
        if (args.data is None) != args.generated:
            parser.error("--dataset cifar10 requires either --data DIR or --generated")
    elif args.data is not None or args.generated:
        parser.error("--data and --generated require --dataset cifar10")
    if args.epochs is not None and args.epochs < 1:
        parser.error("--epochs must be at least 1")
    if args.threads < 1:
        parser.error("--threads must be at least 1")
    return args


def main() -> None:
    args = parse_arguments()
    torch.set_num_threads(args.threads)
    torch.use_deterministic_algorithms(True)
    recipe = RECIPES[args.dataset]
    if args.epochs is not None:
        recipe = replace(recipe, epochs=args.epochs)

    if args.dataset == "digits":
        data = load_digits(args.seed)
    else:
        data = load_cifar10(args.data, args.generated)
    held_out = data.held_out
    print(f"{data.description}: {len(data.train.labels)} to train on, {len(held_out.labels)} held out")

    started = time.monotonic()
    model = train_model(data.train, recipe, args.seed)
    logits = predict(model, held_out.images)
    correct = int((logits.argmax(1) == held_out.labels).sum())
    accuracy = correct / len(held_out.labels)
    print(f"held-out accuracy {accuracy:.2%} ({correct} of {len(held_out.labels)}), "
          f"{time.monotonic() - started:.1f} s")

    # Complete all checks before writing any file.
    model_bytes = export_onnx(model)
    run = onnx_runner(model_bytes)
    difference = verify_export(run, held_out.images, logits)
    print(f"onnxruntime agrees with torch, largest difference {difference:.1e}")

    rows = first_of_each_class(held_out.labels)
    images = [held_out.images[row : row + 1].numpy() for row in rows]
    requests = [{"inputs": [tensor_json("image", image)]} for image in images]
    samples = [{"label": label, "request": request} for label, request in enumerate(requests)]
    golden = {
        "examples": [
            {
                "name": f"a held-out {data.words[label]}",
                "request": requests[label],
                "response": {"outputs": [tensor_json("logits", run(images[label]))]},
                "tolerance": GOLDEN_TOLERANCE,
            }
            for label in GOLDEN_CLASSES
        ]
    }
    metrics = {
        "dataset": data.description,
        "labels": data.labels,
        "train_images": len(data.train.labels),
        "held_out_images": len(held_out.labels),
        "held_out_correct": correct,
        "held_out_accuracy": round(accuracy, 4),
        **asdict(recipe),
        "seed": args.seed,
        "versions": {
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
            **data.libraries,
        },
        "onnx_sha256": hashlib.sha256(model_bytes).hexdigest(),
    }

    args.out.mkdir(parents=True, exist_ok=True)
    (args.out / f"{data.name}.onnx").write_bytes(model_bytes)
    write_json(args.out / f"{data.name}.samples.json", samples)
    write_json(args.out / f"{data.name}.golden.json", golden)
    write_json(args.out / f"{data.name}.metrics.json", metrics, indent=2)

    for label, image in enumerate(images):
        answer = int(run(image).argmax())
        if answer != label:
            print(f"sample {data.labels[label]}: the model answers {data.labels[answer]}")
    print(f"wrote {data.name}.onnx, .samples.json, .golden.json and .metrics.json to {args.out}")


if __name__ == "__main__":
    main()
