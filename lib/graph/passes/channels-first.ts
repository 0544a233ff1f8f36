/**
 * Networks of channels-last files with channels first inside, as ONNX wants them. Images turn at the edges
 * alone:
 *
 *     x NHWC ─▶ Conv ─▶ Add ─▶ Mean ─▶ Gemm      becomes      x ─▶ Transpose ─▶ Conv ─▶ Add ─▶ Mean ─▶ Gemm
 *
 * The pass walks the nodes in running order and keeps, for a tensor of four axes, its turned form beside the
 * recorded one. Convolutions, pools and resizing take and give turned forms. Operators that do not care
 * (Add, Concat, Pad, …) follow their inputs, with their axes renamed. Any other operator reads the recorded
 * form, which is turned back when the first one asks. Turning is a Reshape where it moves no element.
 */
import { capturedTensors } from "../captured.js";
import { constantFrom } from "../elements.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node, stringAttribute } from "../node.js";
import { Tensor } from "../tensor.js";
import { followLayout } from "./channels-first-follow.js";
import { TO_FIRST, TO_LAST, turnInput } from "./channels-first-operands.js";
import type { Pass } from "./pass.js";
import { keepsOrder, permutedConstant, permutedShape } from "./permute-constant.js";

/** Weights in ONNX's order. Sources of the names: geometry.ts. */
const WEIGHT_PERMS: Readonly<Record<string, readonly number[]>> = {
  "Conv OHWI": [0, 3, 1, 2],
  "Conv 1HWO": [3, 0, 1, 2],
  "ConvTranspose OHWI": [3, 0, 1, 2],
};
const WEIGHT_LAYOUTS: Readonly<Record<string, string>> = { Conv: "OIHW", ConvTranspose: "IOHW" };

/** The forms of a graph's tensors, and the nodes that are made for them. */
export class Layouts {
  readonly nodes: Node[] = [];
  readonly #graph: Graph;
  readonly #first = new Map<Tensor, Tensor>();
  /** Tensors whose recorded form nobody computes yet. */
  readonly #missing = new Set<Tensor>();

  constructor(graph: Graph) {
    this.#graph = graph;
  }

  /** Returns whether a tensor is at hand with channels first. */
  isTurned(tensor: Tensor): boolean {
    return !tensor.isConstant && this.#first.has(tensor);
  }

  /** Returns the form with channels first; turns the recorded one when there is none yet. */
  first(tensor: Tensor, node: Node): Tensor {
    const known = this.#first.get(tensor);
    if (known) return known;
    const turned = tensor.isConstant
      ? permutedConstant(tensor, TO_FIRST)
      : turnedForm(tensor, `${tensor.name}/nchw`);
    this.#first.set(tensor, turned);
    if (!tensor.isConstant) this.#turn(tensor, turned, TO_FIRST, node);
    return turned;
  }

  /** Returns the recorded form; turns the other one back when it is all there is. */
  recorded(tensor: Tensor, node: Node): Tensor {
    const turned = this.#first.get(tensor);
    if (!turned || !this.#missing.delete(tensor)) return tensor;
    // The name belongs to the form that people know.
    if (turned.name === tensor.name) turned.name = `${tensor.name}/nchw`;
    this.#turn(turned, tensor, TO_LAST, node);
    return tensor;
  }

  /** Returns the form in which a node gives an output with channels first. */
  giveFirst(tensor: Tensor): Tensor {
    const turned = turnedForm(tensor, tensor.name);
    this.#first.set(tensor, turned);
    this.#missing.add(tensor);
    return turned;
  }

  /** Notes that a tensor, as recorded, is another one turned to channels last. */
  giveAlias(tensor: Tensor, first: Tensor): void {
    this.#first.set(tensor, first);
    this.#missing.add(tensor);
  }

  /** Appends a node with inputs, outputs and attributes in place of its own. */
  push(
    node: Node,
    inputs: readonly (Tensor | null)[],
    outputs: readonly Tensor[],
    attributes: Attributes = node.attributes,
  ): void {
    const { name, op, source } = node;
    this.nodes.push(new Node({ name, op, inputs, outputs, attributes, source }));
  }

  /** Turns what the graph gives out back into the form that was recorded. */
  finish(): void {
    const last = this.nodes.at(-1);
    if (last) for (const output of this.#graph.outputs) this.recorded(output, last);
    this.#graph.setNodes(this.nodes);
  }

  #turn(from: Tensor, to: Tensor, perm: readonly number[], { source }: Node): void {
    const free = keepsOrder(from.staticShape(), perm);
    const shape = to.staticShape();
    const name = `${to.name}/turn`;
    const target = new Tensor({
      name: `${name}/shape`,
      dtype: "int64",
      shape: [shape.length],
      data: constantFrom("int64", shape),
    });
    this.nodes.push(
      free
        ? new Node({ name, op: "Reshape", inputs: [from, target], outputs: [to], source })
        : new Node({ name, op: "Transpose", inputs: [from], outputs: [to], attributes: { perm }, source }),
    );
  }
}

function turnedForm({ dtype, shape, quantization }: Tensor, name: string): Tensor {
  return new Tensor({ name, dtype, shape: permutedShape(shape as number[], TO_FIRST), quantization });
}

/** Convolutions, pools, resizing: whatever says that its images are NHWC. */
function turnImageNode(node: Node, layouts: Layouts): void {
  const { op } = node;
  const attributes: Record<string, Attributes[string]> = { ...node.attributes, layout: "NCHW" };
  const inputs = node.inputs.map((input, index) => {
    if (!input) return null;
    if (index === 0) return layouts.first(input, node);
    if (op === "Resize") return turnInput(input, "values");
    return layouts.recorded(input, node);
  });
  if (WEIGHT_LAYOUTS[op]) {
    const layout = stringAttribute(node, "weightLayout", WEIGHT_LAYOUTS[op]);
    inputs[1] = turnWeights(node, inputs[1]!, layout, layouts);
    attributes.weightLayout = WEIGHT_LAYOUTS[op]!;
  }
  layouts.push(
    node,
    inputs,
    node.outputs.map((output) => layouts.giveFirst(output)),
    attributes,
  );
}

function turnWeights(node: Node, weights: Tensor, layout: string, layouts: Layouts): Tensor {
  const perm = WEIGHT_PERMS[`${node.op} ${layout}`];
  if (!perm) return weights;
  if (weights.isConstant) return permutedConstant(weights, perm);
  const turned = new Tensor({
    name: `${weights.name}/turned`,
    dtype: weights.dtype,
    shape: permutedShape(weights.staticShape(), perm),
    quantization: weights.quantization,
  });
  const name = `${turned.name}/turn`;
  layouts.nodes.push(
    new Node({
      name,
      op: "Transpose",
      inputs: [weights],
      outputs: [turned],
      attributes: { perm },
      source: node.source,
    }),
  );
  return turned;
}

function turnImages(graph: Graph): number {
  const layouts = new Layouts(graph);
  const captured = capturedTensors(graph);
  let turned = 0;
  for (const node of graph.nodes) {
    if (node.attributes.layout === "NHWC") {
      turnImageNode(node, layouts);
      turned += 1;
    } else if (!followLayout(node, layouts)) {
      layouts.push(
        node,
        node.inputs.map((input) => input && layouts.recorded(input, node)),
        node.outputs,
      );
    }
    for (const output of node.outputs) if (captured.has(output)) layouts.recorded(output, node);
  }
  layouts.finish();
  return turned;
}

export const channelsFirst: Pass = {
  name: "channels-first",
  sentence: "Gives images their channels before height and width, weights the order that goes with it",
  requires: "shapes are static; pads are explicit",
  ensures: "every image operator has the layout NCHW; inputs and outputs of the graph are as before",
  run: turnImages,
};
