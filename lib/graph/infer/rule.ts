import { LabError } from "../../errors.js";
import type { DType } from "../dtype.js";
import type { Numbers } from "../elements.js";
import type { Graph } from "../graph.js";
import { type Attributes, Node } from "../node.js";
import { formatShape, isStatic, type Shape, type StaticShape } from "../shape.js";
import { Tensor } from "../tensor.js";

/** What inference says of an output. */
export interface TensorType {
  readonly dtype: DType;
  readonly shape: StaticShape;
}

/** What is known of an output whose size the data decides: `≤200x3`. */
export interface PartialType {
  readonly dtype: DType;
  readonly shape: Shape | null;
}

/** Returns the types of a node's outputs; may return more of them than the node has. */
export type InferenceRule = (call: InferenceCall) => readonly TensorType[];

/** Operators and their rules; the keys are those of operators.ts. */
export type InferenceRules = Readonly<Record<string, InferenceRule>>;

/** Codes of errors that say "not known before running", in contrast to "wrong". */
const UNKNOWN = new Set(["VALUE_UNKNOWN", "SHAPE_UNKNOWN"]);

/** Returns whether an error says that something is not known before the network runs. */
export function isUnknown(error: unknown): error is LabError {
  return error instanceof LabError && UNKNOWN.has(error.code);
}

/** A shape that only a run can tell; `types` is what is known before. */
export class DataDependent extends LabError {
  readonly why: string;
  readonly types: readonly PartialType[];

  constructor({
    node,
    why,
    types,
  }: {
    readonly node: Node;
    readonly why: string;
    readonly types: readonly PartialType[];
  }) {
    super({
      code: "SHAPE_UNKNOWN",
      message: `Cannot infer the shapes of ${node.describe()}: ${why}`,
      at: node.name,
    });
    this.why = why;
    this.types = types;
  }
}

/** Returns known values of a tensor, or null where they depend on the run. */
export type ValuesOf = (tensor: Tensor) => Numbers | null;

/** Infers a subgraph whose inputs have the given types, and returns the types of its outputs. */
export type InferBody = (body: Graph, inputs: readonly TensorType[]) => readonly TensorType[];

/** One node with what is known of its inputs: what rules and evaluators read. */
export class InferenceCall {
  readonly node: Node;
  readonly #valuesOf: ValuesOf;
  readonly #inferBody: InferBody | null;

  constructor(node: Node, valuesOf: ValuesOf, inferBody: InferBody | null = null) {
    this.node = node;
    this.#valuesOf = valuesOf;
    this.#inferBody = inferBody;
  }

  /** Returns the call of another operator on some of the inputs: QLinearConv is Conv on inputs 0 and 3. */
  as(op: string, inputs: readonly number[], attributes: Attributes = {}): InferenceCall {
    const { name, outputs, source } = this.node;
    const node = new Node({
      name,
      op,
      inputs: inputs.map((index) => this.node.inputs[index] ?? null),
      outputs,
      attributes: { ...this.node.attributes, ...attributes },
      source,
    });
    return new InferenceCall(node, this.#valuesOf, this.#inferBody);
  }

  /** Returns the types of a subgraph's outputs, given those of its inputs. */
  body(graph: Graph, inputs: readonly TensorType[]): readonly TensorType[] {
    if (this.#inferBody) return this.#inferBody(graph, inputs);
    throw this.refuse("its subgraph is read outside of inference");
  }

  /** Returns the error for a shape that the data decides. */
  dependsOnData(why: string, types: readonly PartialType[]): DataDependent {
    return new DataDependent({ node: this.node, why, types });
  }

  has(index: number): boolean {
    return this.node.inputs[index] != null;
  }

  /** Returns the shape of an input; throws SHAPE_UNKNOWN when a dimension is free. */
  shape(index: number): StaticShape {
    const tensor = this.node.input(index);
    if (isStatic(tensor.shape)) return tensor.shape;
    throw new LabError({
      code: "SHAPE_UNKNOWN",
      message: `Cannot infer the shapes of ${this.node.describe()}: its input '${tensor.name}' is ${formatShape(tensor.shape)}, expected every dimension to be known`,
    });
  }

  dtype(index: number): DType {
    return this.node.input(index).dtype;
  }

  /** Returns the values of an input; throws VALUE_UNKNOWN when they are computed from the network's inputs. */
  values(index: number): readonly number[] {
    const tensor = this.node.input(index);
    const values = this.#valuesOf(tensor);
    if (values) return Array.from(values);
    throw new LabError({
      code: "VALUE_UNKNOWN",
      message: `Cannot infer the shapes of ${this.node.describe()}: the values of its input '${tensor.name}' are not known before running, expected a constant`,
    });
  }

  /** Returns the only value of an input; throws like `values`. */
  value(index: number): number {
    const [value, ...others] = this.values(index);
    if (value !== undefined && others.length === 0) return value;
    throw this.refuse(
      `input ${index} has ${others.length + (value === undefined ? 0 : 1)} values, expected 1`,
    );
  }

  /** Returns the type of an input with its shape: an output that is like it. */
  like(index: number): TensorType {
    return { dtype: this.dtype(index), shape: this.shape(index) };
  }

  /** Returns the values of any tensor, such as one of a subgraph, or null. */
  valuesOf(tensor: Tensor): Numbers | null {
    return this.#valuesOf(tensor);
  }

  /** Returns the values without a copy, or null; for evaluators. */
  numbers(index: number): Numbers | null {
    const tensor = this.node.inputs[index];
    return tensor ? this.#valuesOf(tensor) : null;
  }

  /** Returns a tensor among the node's attributes, such as the fill of ConstantOfShape; null without. */
  tensorAttribute(name: string): { readonly tensor: Tensor; readonly values: Numbers } | null {
    const tensor = this.node.attributes[name];
    if (!(tensor instanceof Tensor)) return null;
    const values = this.#valuesOf(tensor);
    return values ? { tensor, values } : null;
  }

  /** Returns an axis counted from the front; throws when a tensor of that rank has no such axis. */
  axis(axis: number, rank: number): number {
    const positive = axis < 0 ? axis + rank : axis;
    if (Number.isInteger(positive) && positive >= 0 && positive < rank) return positive;
    throw this.refuse(`axis ${axis} lies outside a tensor of rank ${rank}`);
  }

  /** Returns the error for inputs that do not fit together. */
  refuse(why: string, hint?: string): LabError {
    return new LabError({
      code: "SHAPE_MISMATCH",
      message: `Cannot infer the shapes of ${this.node.describeWithShapes()}: ${why}`,
      at: this.node.name,
      ...(hint === undefined ? {} : { hint }),
    });
  }
}
