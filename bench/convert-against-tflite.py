"""Converted networks against the TFLite runtime: end to end, and operator by operator.

    python bench/convert-against-tflite.py [--micro] network.tflite network.onnx [network.tflite network.onnx ...]

Needs ai-edge-litert, onnx, onnxruntime and numpy; with --micro tflite-micro in place of the first, which has the
audio front end and the tables of a microcontroller for Sigmoid and Tanh, and compares networks alone. Prints one JSON object per pair. "network" is what five seeded
inputs give at the outputs; small differences grow on their way there. "operators" feeds every operator of the
ONNX file with what the TFLite runtime computed before it, so that differences do not add up: that is the
conversion alone. The five runs follow each other: what a network keeps between runs is handed on. Shares count elements: equal, and at most one step of the quantisation apart.
"""
import json
import sys

import numpy as np
import onnx
import onnxruntime as ort
from ai_edge_litert.interpreter import Interpreter, OpResolverType

RUNS = 5
TO_FIRST = (0, 3, 1, 2)


def interpreter(path):
    """The reference kernels, with every tensor kept."""
    made = Interpreter(
        path,
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    made.allocate_tensors()
    return made


def session(model, optimize):
    options = ort.SessionOptions()
    options.log_severity_level = 4
    # Without it 8-bit products saturate on x86 without VNNI.
    options.add_session_config_entry("session.x64quantprecision", "1")
    level = ort.GraphOptimizationLevel
    options.graph_optimization_level = level.ORT_ENABLE_ALL if optimize else level.ORT_DISABLE_ALL
    return ort.InferenceSession(model.SerializeToString(), options)


def seeded(details, rng):
    if details["dtype"] == np.float32:
        return rng.uniform(-1, 1, details["shape"]).astype(np.float32)
    info = np.iinfo(details["dtype"])
    return rng.integers(info.min, info.max + 1, details["shape"]).astype(details["dtype"])


class MicroInterpreter:
    """tflite-micro, with the few calls of an Interpreter that are needed here."""

    def __init__(self, path):
        from tflite_micro import runtime

        self.runtime = runtime.Interpreter.from_file(path)

    def get_input_details(self):
        return self._details(self.runtime.get_input_details)

    def get_output_details(self):
        return self._details(self.runtime.get_output_details)

    def get_tensor_details(self):
        return []

    def set_tensor(self, index, value):
        self.runtime.set_input(value, index)

    def get_tensor(self, index):
        return self.runtime.get_output(index)

    def invoke(self):
        self.runtime.invoke()

    @staticmethod
    def _details(get):
        found = []
        while True:
            try:
                found.append({**get(len(found)), "index": len(found)})
            except (IndexError, RuntimeError, ValueError):
                return found


class Tally:
    def __init__(self):
        self.elements = self.equal = self.within = self.most = 0

    def add(self, expected, found, step=1):
        apart = np.abs(expected.astype(np.float64) - found.astype(np.float64)) / step
        self.elements += apart.size
        self.equal += int((apart < 1e-6).sum())
        self.within += int((apart < 1 + 1e-3).sum())
        self.most = max(self.most, round(float(apart.max(initial=0)), 3))

    def record(self):
        return {
            "elements": self.elements,
            "equal": round(self.equal / max(1, self.elements), 5),
            "withinOne": round(self.within / max(1, self.elements), 5),
            "most": self.most,
        }


def output_steps(model):
    """The step of each output: of the DequantizeLinear that gives it, else 1 (stored) or none (float)."""
    constants = {value.name: onnx.numpy_helper.to_array(value) for value in model.graph.initializer}
    made_by = {output: node for node in model.graph.node for output in node.output}
    steps = []
    for output in model.graph.output:
        node = made_by.get(output.name)
        while node is not None and node.op_type in ("Transpose", "Reshape"):
            node = made_by.get(node.input[0])
        marked = node is not None and node.op_type == "DequantizeLinear"
        steps.append(float(constants[node.input[1]]) if marked else None)
    return steps


def first_states(model):
    """Inputs that an output of the name with /next behind it feeds in the next run, as TFLite starts them."""
    constants = {value.name: onnx.numpy_helper.to_array(value) for value in model.graph.initializer}
    outputs = {value.name for value in model.graph.output}
    zeros = {node.input[0]: node.input[2] for node in model.graph.node if node.op_type == "DequantizeLinear" and len(node.input) > 2}
    states = {}
    for value in model.graph.input:
        if f"{value.name}/next" not in outputs:
            continue
        kind = value.type.tensor_type
        dtype = onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type)
        start = constants[zeros[value.name]] if dtype == np.int8 and value.name in zeros else 0
        states[value.name] = np.full([dim.dim_value for dim in kind.shape.dim], start, dtype)
    return states


def compare_network(make, model, optimize):
    tflite = make()
    runtime = session(model, optimize)
    states = first_states(model)
    steps = output_steps(model)
    rng = np.random.default_rng(1)
    tally = Tally()
    for _ in range(RUNS):
        feeds = {}
        for details, slot in zip(tflite.get_input_details(), runtime.get_inputs()):
            feeds[slot.name] = seeded(details, rng)
            tflite.set_tensor(details["index"], feeds[slot.name])
        tflite.invoke()
        results = runtime.run(None, {**feeds, **states})
        given = dict(zip([slot.name for slot in runtime.get_outputs()], results))
        states = {name: given[f"{name}/next"] for name in states}
        for details, found, step in zip(tflite.get_output_details(), results, steps):
            expected = tflite.get_tensor(details["index"])
            # Float networks have no step; their outputs are compared in 255ths of their range.
            if expected.dtype == np.float32 and step is None:
                step = max(float(np.ptp(expected)), 1e-9) / 255
            tally.add(expected, found, step if expected.dtype == np.float32 else 1)
    return tally.record()


def feed_once(tflite):
    rng = np.random.default_rng(1)
    for details in tflite.get_input_details():
        tflite.set_tensor(details["index"], seeded(details, rng))
    tflite.invoke()


def channels_last(model):
    """Names of images in the recorded layout: inputs, results of Reshape, and those that have a turned form too."""
    turned = {o.removesuffix("/nchw") for n in model.graph.node for o in n.output if o.endswith("/nchw")}
    made_by = {output: node for node in model.graph.node for output in node.output}
    reshaped = {
        node.output[0]
        for node in model.graph.node
        if node.op_type == "QuantizeLinear" and getattr(made_by.get(node.input[0]), "op_type", "") == "Reshape"
    }
    return turned | reshaped | {slot.name for slot in model.graph.input}


def value_of(tflite, indices, name, shape, last):
    """What the TFLite runtime computed under a name, in the layout of the ONNX file; None if it is not there."""
    index = indices.get(name.removesuffix("/nchw"))
    if index is None:
        return None
    value = tflite.get_tensor(index)
    turned = value.transpose(TO_FIRST) if value.ndim == 4 else value
    first, second = (value, turned) if name in last else (turned, value)
    return first if list(first.shape) == shape else second if list(second.shape) == shape else None


def compare_operators(tflite, model):
    fed = onnx.ModelProto()
    fed.CopyFrom(model)
    constants = {value.name for value in fed.graph.initializer}
    types = {value.name: value.type.tensor_type for value in [*fed.graph.value_info, *fed.graph.input, *fed.graph.output]}
    shapes = {name: [dim.dim_value for dim in kind.shape.dim] for name, kind in types.items()}
    counts = {}
    for details in tflite.get_tensor_details():
        counts[details["name"]] = counts.get(details["name"], 0) + 1
    indices = {d["name"]: d["index"] for d in tflite.get_tensor_details() if counts[d["name"]] == 1}
    feeds = {}
    last = channels_last(model)
    for details, slot in zip(tflite.get_input_details(), fed.graph.input):
        feeds[slot.name] = tflite.get_tensor(details["index"])
    for node in fed.graph.node:
        name = node.input[0] if node.op_type == "DequantizeLinear" else ""
        if not name or name in constants or name in feeds or name not in types:
            continue
        value = value_of(tflite, indices, name, shapes[name], last)
        if value is None:
            continue
        feeds[f"{name}@fed"] = value
        node.input[0] = f"{name}@fed"
        if f"{name}@fed" not in {slot.name for slot in fed.graph.input}:
            fed.graph.input.append(onnx.helper.make_tensor_value_info(f"{name}@fed", types[name].elem_type, shapes[name]))
    given = {output.name for output in fed.graph.output}
    asked = [node.output[0] for node in fed.graph.node if node.op_type == "QuantizeLinear" and node.output[0] in types]
    fed.graph.output.extend(
        onnx.helper.make_tensor_value_info(name, types[name].elem_type, shapes[name]) for name in asked if name not in given
    )
    results = session(fed, False).run(asked, feeds) if asked else []
    operators = {}
    makers = {node.output[0]: node for node in fed.graph.node}
    for name, found in zip(asked, results):
        expected = value_of(tflite, indices, name, shapes[name], last)
        if expected is None:
            continue
        maker = makers.get(makers[name].input[0])
        while maker is not None and maker.op_type in ("Relu", "Clip"):
            maker = makers.get(maker.input[0])
        operators.setdefault(maker.op_type if maker is not None else "QuantizeLinear", Tally()).add(expected, found)
    return {op: tally.record() for op, tally in sorted(operators.items())}


def main():
    micro = "--micro" in sys.argv
    arguments = [argument for argument in sys.argv[1:] if argument != "--micro"]
    for tflite_path, onnx_path in zip(arguments[::2], arguments[1::2]):
        make = lambda: MicroInterpreter(tflite_path) if micro else interpreter(tflite_path)
        model = onnx.load(onnx_path)
        record = {"file": "/".join(tflite_path.split("/")[-2:])}
        record["network"] = {
            "plain": compare_network(make, model, False),
            "optimised": compare_network(make, model, True),
        }
        # Operators are fed one by one, which leaves no room for states.
        if not micro and not first_states(model):
            tflite = make()
            feed_once(tflite)
            record["operators"] = compare_operators(tflite, model)
        print(json.dumps(record), flush=True)


if __name__ == "__main__":
    main()
