"""The reference executor (lib/reference) against the TFLite runtime, tensor by tensor.

    npm run build && python bench/reference-against-tflite.py network.tflite [network.tflite ...]

Needs ai-edge-litert and numpy. Prints one JSON object per network. "reference" runs LiteRT's reference kernels
and the executor's defaults; "optimised" LiteRT's optimised kernels without a delegate, and the executor with the
named numerics beside them; "xnnpack" LiteRT as it comes. Each feeds three seeded inputs. "outputs" counts elements of the
network's outputs: equal, at most one step apart, all. "tensors" counts computed tensors that are equal throughout,
and names the first that is not, with the operator that makes it. A network that is not covered says why.
"""
import json
import os
import subprocess
import sys
import tempfile

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RUNS = 3
ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WAYS = {
    "reference": (OpResolverType.BUILTIN_REF, {}),
    "optimised": (
        OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        {"convolutions": "float", "dense": "float", "softmax": "table"},
    ),
    "xnnpack": (OpResolverType.AUTO, {"convolutions": "float", "dense": "float", "softmax": "table"}),
}
ARRAYS = {"int8": "i1", "uint8": "u1", "bool": "u1", "int16": "i2", "int32": "i4", "int64": "f8", "float32": "f4"}

RUNNER = """
import { readFileSync, writeFileSync } from "node:fs";
import { load } from "./dist/lib/mod.js";
import { decodeElements } from "./dist/lib/graph/elements.js";
import { prepareReference } from "./dist/lib/reference/run.js";
const [file, folder, numerics, runs] = process.argv.slice(1);
const said = {};
try {
  const program = prepareReference(load(file).model, JSON.parse(numerics));
  said.operators = [...program.steps].flatMap(({ node }) => node.outputs.map(({ name }) => [name, node.source.op]));
  said.tensors = [];
  let best = Infinity;
  for (let run = 0; run < Number(runs); run++) {
    const inputs = new Map(program.graph.inputs.map((tensor, index) => [
      tensor.name, decodeElements(tensor.dtype, readFileSync(`${folder}/in-${run}-${index}`), tensor.size),
    ]));
    const before = performance.now();
    const results = program.run(inputs, { keep: "all" });
    best = Math.min(best, performance.now() - before);
    let index = 0;
    for (const [name, { dtype, values }] of results) {
      if (run === 0) said.tensors.push([name, dtype]);
      writeFileSync(`${folder}/out-${run}-${index++}`, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    }
  }
  said.outputs = program.graph.outputs.map(({ name }) => name);
  said.milliseconds = Math.round(best * 10) / 10;
} catch (error) { said.refused = error.message; }
console.log(JSON.stringify(said));
"""


def seeded(details, rng):
    if details["dtype"] == np.float32:
        return rng.uniform(-1, 1, details["shape"]).astype(np.float32)
    info = np.iinfo(details["dtype"])
    return rng.integers(info.min, int(info.max) + 1, details["shape"]).astype(details["dtype"])


def ours(path, folder, numerics):
    command = ["node", "--input-type=module", "-e", RUNNER, path, folder, json.dumps(numerics), str(RUNS)]
    return json.loads(subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


def compare(path, resolver, numerics):
    keep = resolver != OpResolverType.AUTO
    try:
        interpreter = Interpreter(
            path,
            num_threads=1,
            experimental_op_resolver_type=resolver,
            experimental_preserve_all_tensors=keep,
        )
        interpreter.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        return {"refused": f"LiteRT: {error}"}
    rng = np.random.default_rng(7)
    with tempfile.TemporaryDirectory() as folder:
        theirs = []
        for run in range(RUNS):
            for index, details in enumerate(interpreter.get_input_details()):
                value = seeded(details, rng)
                interpreter.set_tensor(details["index"], value)
                value.tofile(f"{folder}/in-{run}-{index}")
            interpreter.invoke()
            chosen = interpreter.get_tensor_details() if keep else interpreter.get_output_details()
            found = {}
            for details in chosen:
                try:
                    found[details["name"]] = interpreter.get_tensor(details["index"]).copy()
                except ValueError:
                    pass
            theirs.append(found)
        said = ours(path, folder, numerics)
        if "refused" in said:
            return said
        operators = dict(said["operators"])
        equal = near = total = worst = 0
        wrong, checked = [], 0
        for index, (name, dtype) in enumerate(said["tensors"]):
            pairs = [
                (theirs[run][name], np.fromfile(f"{folder}/out-{run}-{index}", ARRAYS[dtype]))
                for run in range(RUNS)
                if name in theirs[run]
            ]
            if not pairs or any(a.size != b.size for a, b in pairs):
                continue
            checked += 1
            apart = [np.abs(a.ravel().astype(np.float64) - b.astype(np.float64)) for a, b in pairs]
            if dtype == "float32":
                step = [max(float(np.min(d[d > 0], initial=1)), 1e-9) for d in apart]
                apart = [d / s if d.any() else d for d, s in zip(apart, step)]
            if any(d.any() for d in apart):
                wrong.append([operators.get(name, "?"), name, int(max(d.max() for d in apart))])
            if name in said["outputs"]:
                equal += sum(int((d == 0).sum()) for d in apart)
                near += sum(int((d <= 1).sum()) for d in apart)
                total += sum(d.size for d in apart)
                worst = max(worst, *(float(d.max()) for d in apart))
    return {
        "outputs": [equal, near, total],
        "worst": worst,
        "tensors": [checked - len(wrong), checked],
        "first": wrong[:1],
        "milliseconds": said["milliseconds"],
    }


for path in sys.argv[1:]:
    result = {way: compare(os.path.abspath(path), *options) for way, options in WAYS.items()}
    print(json.dumps({"network": path, **result}), flush=True)
