/** The two forms of an image, with channels last as recorded and with channels first. */
import { constantFrom } from "../elements.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node } from "../node.js";
import { Tensor } from "../tensor.js";
import { TO_FIRST, TO_LAST } from "./channels-first-operands.js";
import { keepsOrder, permutedConstant, permutedShape } from "./permute-constant.js";

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
