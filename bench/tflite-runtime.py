"""Runs files and their re-encoded twins (tflite-reencode.mjs) in LiteRT on seeded inputs and compares bits.

    python3 -m venv venv && venv/bin/pip install ai-edge-litert numpy
    venv/bin/python bench/tflite-runtime.py FROM TO

Each file runs in a process of its own: custom operators and unloadable files end that process alone.
"""
import glob, hashlib, os, subprocess, sys

import numpy as np


def run(path, delegate):
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    resolver = OpResolverType.AUTO if delegate else OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES
    interpreter = Interpreter(model_path=path, num_threads=1, experimental_op_resolver_type=resolver)
    interpreter.allocate_tensors()
    random = np.random.default_rng(7)
    for item in interpreter.get_input_details():
        shape, dtype = item["shape"], np.dtype(item["dtype"])
        if dtype.kind in "iu":
            low, high = (0, 8) if dtype.itemsize > 2 else (np.iinfo(dtype).min, np.iinfo(dtype).max)
            value = random.integers(low, high, size=shape, endpoint=True).astype(dtype)
        elif dtype.kind == "b":
            value = random.integers(0, 2, size=shape).astype(dtype)
        else:
            value = random.standard_normal(shape).astype(dtype)
        interpreter.set_tensor(item["index"], value)
    interpreter.invoke()
    digest = hashlib.sha256()
    for item in interpreter.get_output_details():
        digest.update(np.ascontiguousarray(interpreter.get_tensor(item["index"])).tobytes())
    signatures = sorted(interpreter.get_signature_list())
    return digest.hexdigest() + " " + ",".join(map(str, signatures))


def outcome(path):
    done = subprocess.run([sys.executable, __file__, "--one", path], capture_output=True, text=True, timeout=300)
    lines = done.stdout.strip().splitlines()
    if done.returncode == 0 and lines:
        return "ran", lines[-1]
    return "failed", (done.stderr.strip().splitlines() or [str(done.returncode)])[-1]


def main(source, target):
    counts = {}
    twins = {}
    for path in sorted(glob.glob(os.path.join(source, "**", "*.tflite"), recursive=True)):
        twins[os.path.relpath(path, source).replace("/", "__")] = outcome(path)
    for place in ("inside", "behind"):
        for name, (state, result) in twins.items():
            again, other = outcome(os.path.join(target, place, name))
            if state == "failed":
                verdict = "original does not run" + (", nor its twin" if again == "failed" else ", its twin does")
            else:
                verdict = "equal" if other == result else "DIFFERENT"
            if verdict != "equal":
                print(place, name, verdict, result[:160], "|", other[:160])
            counts[place, verdict] = counts.get((place, verdict), 0) + 1
    for path in sorted(glob.glob(os.path.join(target, "presets", "*.tflite"))):
        state, result = outcome(path)
        print("preset", os.path.basename(path), state, result[:120])
        counts["preset", state] = counts.get(("preset", state), 0) + 1
    for (place, verdict), count in sorted(counts.items()):
        print(f"{place:8} {verdict:40} {count}")


if __name__ == "__main__":
    if sys.argv[1] == "--one":
        print(run(sys.argv[2], delegate=False))
    else:
        main(sys.argv[1], sys.argv[2])
