/**
 * Control flow: the types of the results come out of the bodies. A body reads tensors of the graph around by
 * identity, so only its own inputs must be told.
 */
import { Graph } from "../graph.js";
import { type Node, numberAttribute, numbersAttribute } from "../node.js";
import { type StaticShape, sameShape } from "../shape.js";
import type { Tensor } from "../tensor.js";
import type { InferenceCall, InferenceRule, InferenceRules, PartialType, TensorType } from "./rule.js";

function bodyOf(call: InferenceCall, name: string): Graph {
  const body = call.node.attributes[name];
  if (body instanceof Graph) return body;
  throw call.refuse(`attribute '${name}' is no graph`);
}

/** Returns the branch of an If for a condition. */
export function branchOf(node: Node, condition: number): Graph | null {
  const body = node.attributes[condition === 0 ? "elseBranch" : "thenBranch"];
  return body instanceof Graph ? body : null;
}

/** Returns what two runs have in common: sizes that differ are unknown. */
function common(a: TensorType, b: TensorType): PartialType {
  if (a.shape.length !== b.shape.length) return { dtype: a.dtype, shape: null };
  return { dtype: a.dtype, shape: a.shape.map((size, axis) => (size === b.shape[axis] ? size : null)) };
}

/** The branch that a known condition takes, or what both branches agree on. */
const branch: InferenceRule = (call) => {
  const condition = call.numbers(0);
  if (condition) return call.body(bodyOf(call, condition[0] === 0 ? "elseBranch" : "thenBranch"), []);
  const [yes, no] = [call.body(bodyOf(call, "thenBranch"), []), call.body(bodyOf(call, "elseBranch"), [])];
  if (yes.every(({ shape }, index) => sameShape(shape, no[index]?.shape ?? null))) return yes;
  throw call.dependsOnData(
    "its branches give different shapes, and its condition is computed from the network's inputs",
    yes.flatMap((type, index) => (no[index] ? [common(type, no[index])] : [])),
  );
};

/** Returns whether a tensor of a body is its input handed on. */
function handedOn(body: Graph, tensor: Tensor, input: Tensor): boolean {
  let own = tensor;
  for (let node = body.producer(own); node?.op === "Identity"; node = body.producer(own)) own = node.input(0);
  return own === input;
}

/** Returns how often a Loop runs, or null where the data decide. */
function trips(call: InferenceCall, body: Graph): number | null {
  const most = call.has(0) ? call.numbers(0)?.[0] : undefined;
  if (most === undefined) return null;
  const start = call.has(1) ? call.numbers(1)?.[0] : 1;
  if (start === 0) return 0;
  const [goOn, condition] = [body.outputs[0], body.inputs[1]];
  const always =
    goOn !== undefined &&
    (call.valuesOf(goOn)?.[0] === 1 || (condition !== undefined && handedOn(body, goOn, condition)));
  return start === 1 && always ? Math.max(0, most) : null;
}

/**
 * Inputs: most trips, condition, carried values. Body: (trip, condition, carried…) to (condition, carried…,
 * slices…). Carried values must keep their shape; slices of all trips are stacked.
 */
const loop: InferenceRule = (call) => {
  const body = bodyOf(call, "body");
  const carried = call.node.inputs.slice(2).map((_, index) => call.like(index + 2));
  // Some exporters write the trip and the condition as lists of one.
  const scalar = (index: number): StaticShape => (body.inputs[index]?.shape?.length === 1 ? [1] : []);
  const results = call.body(body, [
    { dtype: "int64", shape: scalar(0) },
    { dtype: "bool", shape: scalar(1) },
    ...carried,
  ]);
  const after = results.slice(1, 1 + carried.length);
  const slices = results.slice(1 + carried.length);
  const count = trips(call, body);
  const grown = after.some((type, index) => !sameShape(type.shape, carried[index]!.shape));
  const stacked = slices.map(({ dtype, shape }) => ({ dtype, shape: [count ?? "trips", ...shape] }));
  if (!grown && (count !== null || slices.length === 0)) {
    return [...carried, ...slices.map(({ dtype, shape }) => ({ dtype, shape: [count!, ...shape] }))];
  }
  throw call.dependsOnData(
    grown
      ? "a value that it carries changes its shape from trip to trip"
      : "its condition is computed from the network's inputs, and it stacks a slice per trip",
    [...after.map((type, index) => common(type, carried[index]!)), ...stacked],
  );
};

/** Inputs: states, then sequences; body: (states…, elements…) to (states…, elements…). */
const scan: InferenceRule = (call) => {
  const body = bodyOf(call, "body");
  const { node } = call;
  const sequences = numberAttribute(node, "numScanInputs");
  if (body.inputs.length !== node.inputs.length) {
    throw call.refuse("it is of opset 8, whose Scan has batches", "convert the model to opset 9 or later");
  }
  const states = node.inputs.length - sequences;
  const zeros = (count: number) => new Array<number>(count).fill(0);
  const axes = numbersAttribute(node, "scanInputAxes", zeros(sequences));
  let length = 0;
  const inputs = node.inputs.map((_, index): TensorType => {
    const type = call.like(index);
    if (index < states) return type;
    const axis = call.axis(axes[index - states]!, type.shape.length);
    length = type.shape[axis]!;
    return { dtype: type.dtype, shape: type.shape.filter((_size, own) => own !== axis) };
  });
  const results = call.body(body, inputs);
  const outputAxes = numbersAttribute(node, "scanOutputAxes", zeros(results.length - states));
  return results.map(({ dtype, shape }, index) => {
    if (index < states) return { dtype, shape };
    const axis = call.axis(outputAxes[index - states]!, shape.length + 1);
    return { dtype, shape: [...shape.slice(0, axis), length, ...shape.slice(axis)] };
  });
};

export const CONTROL_RULES: InferenceRules = { If: branch, Loop: loop, Scan: scan };
