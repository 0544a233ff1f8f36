/** Putting nodes in the place of one: what a lowering (lower.ts) gets and gives. */
import { LabError } from "../../../errors.js";
import type { DType } from "../../../graph/dtype.js";
import { constantFrom, tensorNumbers } from "../../../graph/elements.js";
import { type Attributes, Node } from "../../../graph/node.js";
import type { Shape } from "../../../graph/shape.js";
import { constantOf, type Quantization, Tensor } from "../../../graph/tensor.js";
import { int64Constant } from "../../shared/constant.js";

/** A value that the network keeps from one run to the next, and the tensor that computes the next one. */
export interface State {
  readonly from: Tensor;
  readonly to: Tensor;
}

/** The nodes that take the place of one, in running order. Names are the node's own with a role behind. */
export class Rewrite {
  readonly node: Node;
  readonly nodes: Node[] = [];
  readonly states: State[] = [];
  #count: number;

  /** The first node takes the name of the one that it stands for, unless it comes behind that one. */
  constructor(node: Node, { behind = false } = {}) {
    this.node = node;
    this.#count = behind ? 1 : 0;
  }

  /** Appends a node that gives `output`, and returns that. */
  give(output: Tensor, op: string, inputs: readonly (Tensor | null)[], attributes: Attributes = {}): Tensor {
    this.giveAll([output], op, inputs, attributes);
    return output;
  }

  giveAll(
    outputs: readonly Tensor[],
    op: string,
    inputs: readonly (Tensor | null)[],
    attributes: Attributes = {},
  ): void {
    const { name, source } = this.node;
    const own = this.#count === 0 ? name : `${name}/${op}_${this.#count}`;
    this.#count += 1;
    this.nodes.push(new Node({ name: own, op, inputs, outputs, attributes, source }));
  }

  /** Appends a node whose result is new: of the given type, or else of that of `like`. */
  make(
    op: string,
    inputs: readonly (Tensor | null)[],
    attributes: Attributes,
    type: {
      readonly dtype: DType;
      readonly shape: Shape | null;
      readonly quantization?: Quantization | null;
    },
  ): Tensor {
    return this.give(this.between(type), op, inputs, attributes);
  }

  /** Returns a new tensor between two nodes. */
  between({
    dtype,
    shape,
    quantization = null,
  }: {
    readonly dtype: DType;
    readonly shape: Shape | null;
    readonly quantization?: Quantization | null;
  }): Tensor {
    return new Tensor({ name: `${this.node.name}/${this.#count}`, dtype, shape, quantization });
  }

  /** Appends a node whose result is a float that nothing stores. */
  real(op: string, inputs: readonly (Tensor | null)[], shape: Shape, attributes: Attributes = {}): Tensor {
    return this.make(op, inputs, attributes, { dtype: "float32", shape });
  }

  /** Notes that `to` is what `from` will be in the next run. */
  keep(from: Tensor, to: Tensor): void {
    to.name = `${from.name}/next`;
    this.states.push({ from, to });
  }

  /** Returns a constant list of int64, as ONNX takes shapes and axes. */
  integers(role: string, values: readonly (number | bigint)[]): Tensor {
    return int64Constant(`${this.node.name}/${role}`, values);
  }

  /** Returns a constant scalar of a type. */
  scalar(role: string, dtype: DType, value: number): Tensor {
    return new Tensor({
      name: `${this.node.name}/${role}`,
      dtype,
      shape: [],
      data: constantFrom(dtype, [value]),
    });
  }

  /** Returns the tensor as int64: ONNX takes positions and sizes in no other type. */
  wide(input: Tensor): Tensor {
    if (input.dtype === "int64") return input;
    if (input.isConstant) return widened(input);
    return this.make("Cast", [input], { to: "int64" }, { dtype: "int64", shape: input.shape });
  }

  /** Returns an error that names the node. */
  refuse(why: string): LabError {
    return new LabError({
      code: "NO_ONNX",
      message: `Cannot say ${this.node.describe()} in ONNX: ${why}`,
      at: this.node.name,
    });
  }
}

function widened(tensor: Tensor): Tensor {
  const { name, shape } = tensor;
  return new Tensor({ name, dtype: "int64", shape, data: constantFrom("int64", tensorNumbers(tensor)) });
}

/** Returns the same elements in another shape, under the same name. */
export function reshapedConstant(tensor: Tensor, shape: Shape): Tensor {
  const { name, dtype, data, quantization } = tensor;
  return new Tensor({ name, dtype, shape, quantization, data: data ?? constantOf(new Uint8Array(0)) });
}
