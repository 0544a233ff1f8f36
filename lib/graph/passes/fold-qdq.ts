/**
 * ONNX marks a quantised operator by what stands around it; the graph's vocabulary has quantisation on the
 * tensors. One layer as a file has it, and as it is afterwards:
 *
 *     x:i8 ─▶ DQ ─▶ Conv ─▶ Relu ─▶ Q ─▶ y:i8          x:i8 ─▶ Conv ─▶ c:i8 ─▶ Relu ─▶ y:i8
 *     w:i8 ─▶ DQ ─────┤                       becomes       w:i8 ──┤
 *     b:i32 ─▶ DQ ────┘                                     b:i32 ─┘
 *
 * An operator is quantised when each float input comes out of a DequantizeLinear and each float output that
 * is read goes into QuantizeLinear alone. Any other operator stays in float between the DequantizeLinear
 * before it and the QuantizeLinear behind it: a float island, which costs time on the CPU and must be seen.
 */
import { capturedTensors } from "../captured.js";
import { isFloat } from "../dtype.js";
import { Graph } from "../graph.js";
import type { Node } from "../node.js";
import { nodeQuantization, sameQuantization } from "../quantization.js";
import type { Tensor } from "../tensor.js";
import { claimQuantization } from "./claim-quantization.js";
import { foldNode } from "./fold-constants.js";
import type { Pass } from "./pass.js";
import { biasInput, quantizeBias } from "./quantize-bias.js";
import { sinkDequantizes } from "./sink-dequantize.js";
import { sinkPads } from "./sink-pad.js";

/**
 * Activations that exporters leave between a layer and its QuantizeLinear. They clamp, and clamping commutes
 * with a monotone quantisation: the tensor between takes the quantisation of the activation's output.
 */
const CLAMPS = new Set(["Relu", "Relu6", "Clip"]);

/** Float inputs that are settings rather than data: they stay float constants beside quantised data. */
const SETTINGS: Readonly<Record<string, readonly number[]>> = { Clip: [1, 2], Resize: [1, 2], Pad: [2] };

/** Operators whose result is positions: the same for stored and for real values, as scales are positive. */
const POSITIONS = new Set(["ArgMax", "ArgMin"]);

const isQuantize = (node: Node) => node.op === "QuantizeLinear";
const isDequantize = (node: Node) => node.op === "DequantizeLinear";

/** Tensors that others know: outputs of the graph, and what subgraphs read. They stay as they are. */
type Fixed = ReadonlySet<Tensor>;

/** How the float tensors around quantised operators are stored. */
interface Plan {
  /** Behind the output of a DequantizeLinear: the tensor it reads. */
  readonly stored: ReadonlyMap<Tensor, Tensor>;
  /** Before a QuantizeLinear that is the only reader: the tensor it gives. */
  readonly target: ReadonlyMap<Tensor, Tensor>;
  /** Between a layer and a clamp: the tensor whose quantisation it takes. */
  readonly between: Map<Tensor, Tensor>;
  readonly fixed: Fixed;
}

/** Returns the Q and DQ nodes with constant scales; the scales move onto the stored tensors. */
function takeMarks(graph: Graph): Node[] {
  const marks = graph.nodes.filter(
    (node) => (isQuantize(node) || isDequantize(node)) && node.inputs[1]?.isConstant === true,
  );
  for (const node of marks) {
    const quantization = nodeQuantization(node)!;
    const tensor = isQuantize(node) ? node.output() : node.input(0);
    const claimed = claimQuantization({ node, tensor, quantization });
    if (claimed !== tensor) graph.setInput(node, 0, claimed);
    node.inputs = [node.input(0)];
    node.attributes = {};
  }
  graph.setNodes(graph.nodes);
  return marks;
}

/** Float weights that are quantised in the graph (quantisation-aware training) become stored constants. */
function foldQuantizedConstants(graph: Graph, marks: readonly Node[]): void {
  const folded = marks.filter((node) => isQuantize(node) && foldNode(graph, node));
  graph.removeNodes(new Set(folded));
}

/** Exporters write one QuantizeLinear per reader; equal ones become one. */
function mergeQuantizes(graph: Graph, marks: readonly Node[], fixed: Fixed): void {
  const firsts = new Map<Tensor, Node[]>();
  const merged = new Set<Node>();
  for (const node of marks.filter(isQuantize)) {
    const output = node.output();
    const siblings = firsts.get(node.input(0)) ?? [];
    const twin = siblings.find((other) => sameStorage(other.output(), output));
    if (twin && !fixed.has(output)) {
      graph.replaceUses(output, twin.output());
      merged.add(node);
    } else firsts.set(node.input(0), [...siblings, node]);
  }
  graph.removeNodes(merged);
}

function sameStorage(a: Tensor, b: Tensor): boolean {
  return a.dtype === b.dtype && sameQuantization(a.quantization, b.quantization);
}

function planFolding(graph: Graph, marks: readonly Node[], fixed: Fixed): Plan {
  const stored = new Map<Tensor, Tensor>();
  const target = new Map<Tensor, Tensor>();
  for (const node of marks) {
    if (isDequantize(node)) stored.set(node.output(), node.input(0));
    else if (soleReader(graph, node.input(0), fixed) === node) target.set(node.input(0), node.output());
  }
  return { stored, target, between: new Map(), fixed };
}

/** Returns the only node that reads a tensor; undefined where there are more, or others know it. */
function soleReader(graph: Graph, tensor: Tensor, fixed: Fixed): Node | undefined {
  const readers = graph.consumers(tensor);
  return readers.length === 1 && !fixed.has(tensor) ? readers[0] : undefined;
}

/** Decides one node; the nodes before it are decided. Notes the tensor before a clamp in `plan.between`. */
function isQuantised(graph: Graph, node: Node, plan: Plan): boolean {
  if (isQuantize(node) || isDequantize(node)) return false;
  if (Object.values(node.attributes).some((value) => value instanceof Graph)) return false;
  const isStored = (input: Tensor | null, index: number) =>
    !input || !isFloat(input.dtype) || isStoredFloat(input, index);
  const isStoredFloat = (input: Tensor, index: number) =>
    plan.stored.has(input) ||
    plan.between.has(input) ||
    (input.isConstant && (SETTINGS[node.op] ?? []).includes(index)) ||
    biasInput(node, index, plan.stored) !== null;
  const someStored = node.inputs.some(
    (input) => input && (plan.stored.has(input) || plan.between.has(input)),
  );
  if (!someStored || !node.inputs.every(isStored)) return false;

  const read = node.outputs.filter((out) => graph.consumers(out).length > 0 || plan.fixed.has(out));
  const floats = read.filter(({ dtype }) => isFloat(dtype));
  if (floats.length === 0) return POSITIONS.has(node.op) && read.length > 0;
  const clamped = floats.map((output) => clampTarget(graph, output, plan));
  if (!floats.every((output, index) => plan.target.has(output) || clamped[index])) return false;
  for (const [index, output] of floats.entries()) {
    const after = clamped[index];
    if (after) plan.between.set(output, after);
  }
  return true;
}

/** Returns what a clamp behind a tensor is stored as; null without such a clamp. */
function clampTarget(graph: Graph, tensor: Tensor, plan: Plan): Tensor | null {
  const clamp = soleReader(graph, tensor, plan.fixed);
  if (!clamp || !CLAMPS.has(clamp.op) || clamp.input(0) !== tensor) return null;
  const settings = clamp.inputs.slice(1).every((input) => !input || input.isConstant);
  return settings ? (plan.target.get(clamp.output()) ?? null) : null;
}

/** Makes a quantised node read and give the stored tensors. */
function rewire(graph: Graph, node: Node, { stored, target, between }: Plan): void {
  const inputs = node.inputs.map((input, index) => {
    const bias = biasInput(node, index, stored);
    return bias ? quantizeBias(bias) : input && (stored.get(input) ?? input);
  });
  node.inputs = inputs;
  for (const output of node.outputs) {
    const after = between.get(output);
    if (!after) continue;
    output.dtype = after.dtype;
    output.quantization = after.quantization;
  }
  node.outputs = node.outputs.map((output) => target.get(output) ?? output);
  graph.setNodes(graph.nodes);
}

/** A DequantizeLinear into a QuantizeLinear is nothing, or a change of scale: one node, stored to stored. */
function joinPairs(graph: Graph, marks: readonly Node[], { stored, fixed }: Plan): void {
  for (const node of marks.filter(isQuantize)) {
    const before = stored.get(node.input(0));
    if (!before) continue;
    graph.setInput(node, 0, before);
    if (sameStorage(before, node.output()) && !fixed.has(node.output())) {
      graph.replaceUses(node.output(), before);
    }
  }
}

/** Removes the marks that nobody reads any more, or whose output the quantised operator itself gives. */
function dropMarks(graph: Graph, marks: readonly Node[], replaced: ReadonlySet<Tensor>, fixed: Fixed): void {
  const dead = marks.filter((node) => {
    const output = node.output();
    if (isQuantize(node) && replaced.has(output)) return true;
    return graph.consumers(output).length === 0 && !fixed.has(output);
  });
  graph.removeNodes(new Set(dead));
}

function foldPairs(graph: Graph): number {
  const marks = takeMarks(graph);
  if (marks.length === 0) return 0;
  const fixed = new Set([...graph.outputs, ...capturedTensors(graph)]);
  foldQuantizedConstants(graph, marks);
  mergeQuantizes(graph, marks, fixed);
  sinkDequantizes(graph, marks.filter(isDequantize), fixed);
  const behindPads = sinkPads(graph, marks.filter(isDequantize));
  const live = new Set(graph.nodes);
  const current = [...marks, ...behindPads].filter((node) => live.has(node));
  const plan = planFolding(graph, current, fixed);
  // All decisions are made on the graph as it was, then it changes.
  const quantised = graph.nodes.filter((node) => isQuantised(graph, node, plan));
  for (const node of quantised) rewire(graph, node, plan);
  joinPairs(graph, current, plan);
  dropMarks(graph, current, new Set(quantised.flatMap((node) => node.outputs)), fixed);
  return marks.length + quantised.length;
}

export const foldQdq: Pass = {
  name: "fold-qdq",
  sentence: "Puts the quantisation that pairs of QuantizeLinear and DequantizeLinear mark onto the tensors",
  requires: "lowerQLinear ran; shapes and types are inferred; constants are folded",
  ensures: "QuantizeLinear and DequantizeLinear have one input and stand where stored and float values meet",
  run: foldPairs,
};
