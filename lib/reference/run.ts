/**
 * The reference executor: runs quantised networks in TypeScript with the integer arithmetic that TFLite defines,
 * one node after the other, so that another runtime, or another graph of the same network, can be held against
 * it layer by layer. It is made to be right and to be read; a network of 20 million products takes 0.1 to 0.3 s.
 */
import { LabError } from "../errors.js";
import type { Numbers } from "../graph/elements.js";
import { tensorNumbers } from "../graph/elements.js";
import type { Graph, Model } from "../graph/graph.js";
import type { Node } from "../graph/node.js";
import { type NormalizeOptions, normalizeModel } from "../graph/passes/normalize.js";
import { formatShape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { ACTIVATION_KERNELS } from "./activations.js";
import { ELEMENTWISE_KERNELS } from "./elementwise.js";
import {
  type Compute,
  emptyValues,
  KernelCall,
  type Kernels,
  type Numerics,
  type ReferenceTensor,
  type Values,
} from "./kernel.js";
import { LAYER_KERNELS } from "./layers.js";
import { POOLING_KERNELS } from "./pooling.js";
import { RESIZE_KERNELS } from "./resize.js";
import { SOFTMAX_KERNELS } from "./softmax.js";
import { move, STORAGE_KERNELS } from "./storage.js";

const KERNELS: Kernels = {
  ...ACTIVATION_KERNELS,
  ...ELEMENTWISE_KERNELS,
  ...LAYER_KERNELS,
  ...POOLING_KERNELS,
  ...RESIZE_KERNELS,
  ...SOFTMAX_KERNELS,
  ...STORAGE_KERNELS,
};

export interface RunOptions {
  /** "outputs" (default) returns what the network gives; "all" every computed tensor besides. */
  readonly keep?: "outputs" | "all";
}

/** One node, ready to run on any values of its inputs. */
export interface ReferenceStep {
  readonly node: Node;
  /** Returns the node's outputs; `inputs` has one entry per input of the node, null where it is left out. */
  readonly compute: Compute;
}

export interface ReferenceProgram {
  readonly graph: Graph;
  readonly steps: readonly ReferenceStep[];
  /** Returns tensors by name. Throws a LabError when an input is missing or of another size. */
  run(inputs: ReadonlyMap<string, Numbers>, options?: RunOptions): Map<string, ReferenceTensor>;
}

/** Returns a node's kernel; integer arithmetic without scales runs as the graph itself evaluates it. */
function prepareStep(node: Node, numerics: Numerics): ReferenceStep {
  const call = new KernelCall(node, numerics);
  const kernel = Object.hasOwn(KERNELS, node.op) && !isPlain(node) ? KERNELS[node.op]! : move;
  return { node, compute: kernel(call) };
}

function isPlain(node: Node): boolean {
  const tensors = [...node.inputs, ...node.outputs];
  return node.op !== "ArgMax" && node.op !== "ArgMin" && tensors.every((tensor) => !tensor?.quantization);
}

/**
 * Returns a network that is ready to run: shapes inferred, quantisation on the tensors, constants in order.
 * Throws a LabError that names the first node which is not handled.
 *
 * @example
 * const program = prepareReference(load("network.tflite").model);
 * const outputs = program.run(new Map([["image", pixels]]), { keep: "all" });
 */
export function prepareReference(
  model: Model,
  options: Numerics & Pick<NormalizeOptions, "inputShapes"> = {},
): ReferenceProgram {
  const { inputShapes, ...numerics } = options;
  const { graph } = normalizeModel(model, inputShapes ? { inputShapes } : {});
  const steps = graph.nodes.map((node) => prepareStep(node, numerics));
  const constants = new Map(graph.constants().map((tensor) => [tensor, constantValues(tensor)]));
  return {
    graph,
    steps,
    run(inputs, { keep = "outputs" } = {}) {
      const values = new Map<Tensor, Values>(constants);
      for (const tensor of graph.inputs) values.set(tensor, inputValues(tensor, inputs.get(tensor.name)));
      for (const { node, compute } of steps) {
        const results = compute(node.inputs.map((input) => input && values.get(input)!));
        node.outputs.forEach((output, index) => {
          values.set(output, results[index]!);
        });
      }
      const kept = keep === "all" ? graph.nodes.flatMap(({ outputs }) => outputs) : graph.outputs;
      return named(new Set([...graph.outputs, ...kept]), values);
    },
  };
}

/** Returns what a network computes for one set of inputs; prepare it once to run it more often. */
export function runReference(
  model: Model,
  inputs: ReadonlyMap<string, Numbers>,
  options: Numerics & RunOptions = {},
): Map<string, ReferenceTensor> {
  const { keep, ...numerics } = options;
  return prepareReference(model, numerics).run(inputs, keep ? { keep } : {});
}

/** Float constants of settings are read where they are needed; types that cannot be held fail there. */
function constantValues(tensor: Tensor): Values {
  const values = emptyValues(tensor.dtype, tensor.size);
  values.set(tensorNumbers(tensor));
  return values;
}

function inputValues(tensor: Tensor, given: Numbers | undefined): Values {
  const wrong = (why: string) =>
    new LabError({ code: "INPUT", message: `Cannot run the network: input '${tensor.name}' ${why}` });
  if (!given) throw wrong("is missing");
  if (given.length !== tensor.size) {
    throw wrong(`has ${given.length} elements, expected ${tensor.size} (${formatShape(tensor.shape)})`);
  }
  const values = emptyValues(tensor.dtype, tensor.size);
  values.set(given as Float64Array);
  return values;
}

/** Names may repeat inside of a file: the second of a name is `name#2`. */
function named(tensors: Iterable<Tensor>, values: ReadonlyMap<Tensor, Values>): Map<string, ReferenceTensor> {
  const results = new Map<string, ReferenceTensor>();
  for (const tensor of tensors) {
    let name = tensor.name;
    for (let number = 2; results.has(name); number++) name = `${tensor.name}#${number}`;
    results.set(name, {
      dtype: tensor.dtype,
      shape: tensor.staticShape(),
      values: values.get(tensor)!,
    });
  }
  return results;
}
