/**
 * What a network keeps from one run to the next. TFLite holds it in variable tensors, which ONNX has not: either
 * it becomes an input and an output, `NAME` and `NAME/next`, behind those that the file records, and whoever
 * runs the network hands the one on as the other; or every run starts anew.
 */
import { constantFrom } from "../../../graph/elements.js";
import type { Graph } from "../../../graph/graph.js";
import type { Tensor } from "../../../graph/tensor.js";
import type { State } from "./rewrite.js";

/** "ports": an input and an output for each state; "reset": each run starts as the first one. */
export type StateHandling = "ports" | "reset";

/**
 * Returns the value of all elements before the first run: what stands for 0 in 8 bits, else 0.
 * Source: tensorflow/lite/kernels/kernel_util.cc and core/subgraph.cc, ResetVariableTensor.
 */
export function initialValue({ dtype, quantization }: Tensor): number {
  return dtype === "int8" ? (quantization?.zeroPoint[0] ?? 0) : 0;
}

/** Gives a graph the states of its nodes as ports, or makes them constants. */
export function placeStates(graph: Graph, states: readonly State[], handling: StateHandling): void {
  for (const { from, to } of states) {
    from.isVariable = false;
    if (handling === "reset") {
      from.data = constantFrom(from.dtype, new Array<number>(from.size).fill(initialValue(from)));
      continue;
    }
    graph.inputs.push(from);
    graph.outputs.push(to);
  }
}
