"""Writes models of onnx's backend tests, with free rows, and the results of trials (truth.json) to a folder.

    python truth.py OUT [--match TEXT]
"""

import argparse
import json
import multiprocessing
import os
from collections import Counter

import onnx

from trials import judge
from variants import backend_models, variants_of

SECONDS = 120


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", help="folder for the models and truth.json")
    parser.add_argument("--match", default="", help="only models whose name contains TEXT")
    options = parser.parse_args()
    os.makedirs(options.out, exist_ok=True)
    truths, skipped = {}, Counter()
    for name, folder in backend_models():
        if options.match not in name:
            continue
        for variant in variants_of(name, folder, skipped):
            onnx.save(variant.model, os.path.join(options.out, f"{variant.name}.onnx"))
            truths[variant.name] = {"axis": variant.axis, **judged(variant)}
    with open(os.path.join(options.out, "truth.json"), "w", encoding="utf-8") as file:
        json.dump(truths, file, indent=1)
    for what, count in (Counter(truth["truth"] for truth in truths.values()) + skipped).most_common():
        print(f"{count:6} {what}")


def judged(variant):
    """Runs the trials in a separate process, because a kernel may crash it."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.Process(target=lambda: sender.send(judge(variant)))
    process.start()
    sender.close()
    try:
        if receiver.poll(SECONDS):
            return receiver.recv()
        return {"truth": "undecided", "why": f"the trials did not end within {SECONDS} s"}
    except EOFError:
        return {"truth": "not run", "why": "the runtime crashed the process"}
    finally:
        process.kill()
        process.join()


if __name__ == "__main__":
    multiprocessing.set_start_method("fork")
    main()
