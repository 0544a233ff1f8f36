import { LabError } from "../errors.js";
import type { Documentation } from "./documentation.js";
import type { Graph } from "./graph.js";
import { formatShape } from "./shape.js";
import type { Tensor } from "./tensor.js";

export type AttributeValue =
  | number
  | string
  | boolean
  | readonly number[]
  | readonly string[]
  | Tensor
  | Graph
  | readonly Tensor[]
  | readonly Graph[];

export type Attributes = Readonly<Record<string, AttributeValue>>;

/** The layout of the image-like tensors of an operator. The graph never guesses: each such node says it. */
export type Layout = "NHWC" | "NCHW";

/** Where a node comes from, in the words of the file: the operator's own name and its place. */
export interface NodeSource {
  readonly format: "onnx" | "tflite" | "built";
  /** `CONV_2D`, `Conv`, … as the file names it. */
  readonly op: string;
  /** Position in the file's list of operators; stays when passes move nodes. */
  readonly index: number;
  readonly recorded?: RecordedCall;
  readonly documentation?: Documentation;
  /** Which of several functions of one name an ONNX node calls. */
  readonly overload?: string;
}

/** What a file says about an operator beyond what analyses read: kept so that writing gives it back. */
export interface RecordedCall {
  /** Version of the operator's definition. */
  readonly version: number;
  /** All options, under the names of the file's schema in camel case; attributes of the node overrule them. */
  readonly options: Attributes;
  /** Tensors inside of the operator (recurrent cells), mostly for their quantisation. */
  readonly intermediates?: readonly (Tensor | null)[];
  /** Which inputs the operator writes to. */
  readonly mutatingInputs?: readonly number[];
  /** Number of the operator's entry in the file's debug metadata. */
  readonly debugMetadata?: number;
}

export interface NodeFields {
  readonly name: string;
  /** Operator in the graph's own vocabulary (see operators.ts), or the recorded name where there is none. */
  readonly op: string;
  /** null marks an optional input that is left out. */
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly attributes?: Attributes;
  readonly source: NodeSource;
}

/**
 * What a file says of its nodes, by row, looked up when someone asks. A node that holds a row number instead of
 * two lists, a name and a source is one object where there were seven: a third of the time that a network of a
 * hundred thousand nodes took to open was V8 collecting garbage around these.
 */
export interface NodeRows {
  name(row: number): string;
  inputs(row: number): (Tensor | null)[];
  outputs(row: number): Tensor[];
  source(row: number): NodeSource;
}

export interface RowFields {
  readonly op: string;
  readonly attributes: Attributes;
  readonly rows: NodeRows;
  readonly row: number;
}

/** One operator. Inputs and outputs are set through the graph, which keeps the use lists. */
export class Node {
  readonly op: string;
  attributes: Attributes;
  /** Where the fields below are found that nobody asked for yet; null when they are all there. */
  readonly #rows: NodeRows | null;
  readonly #row: number;
  #name: string | null;
  #inputs: (Tensor | null)[] | null;
  #outputs: Tensor[] | null;
  #source: NodeSource | null;

  constructor(fields: NodeFields | RowFields) {
    this.op = fields.op;
    this.attributes = fields.attributes ?? {};
    if ("rows" in fields) {
      this.#rows = fields.rows;
      this.#row = fields.row;
      this.#name = null;
      this.#inputs = null;
      this.#outputs = null;
      this.#source = null;
    } else {
      this.#rows = null;
      this.#row = 0;
      this.#name = fields.name;
      this.#inputs = [...fields.inputs];
      this.#outputs = [...fields.outputs];
      this.#source = fields.source;
    }
  }

  get name(): string {
    this.#name ??= this.#rows!.name(this.#row);
    return this.#name;
  }

  get inputs(): (Tensor | null)[] {
    this.#inputs ??= this.#rows!.inputs(this.#row);
    return this.#inputs;
  }

  set inputs(inputs: (Tensor | null)[]) {
    this.#inputs = inputs;
  }

  get outputs(): Tensor[] {
    this.#outputs ??= this.#rows!.outputs(this.#row);
    return this.#outputs;
  }

  set outputs(outputs: Tensor[]) {
    this.#outputs = outputs;
  }

  get source(): NodeSource {
    this.#source ??= this.#rows!.source(this.#row);
    return this.#source;
  }

  /** Returns input `index`; throws a LabError that names the node when it is left out. */
  input(index: number): Tensor {
    const tensor = this.inputs[index];
    if (tensor) return tensor;
    throw new LabError({
      code: "INPUT_MISSING",
      message: `Cannot read input ${index} of ${this.describe()}: the node has ${this.inputs.length} inputs`,
    });
  }

  /** Returns output `index`; throws a LabError that names the node when there is none. */
  output(index = 0): Tensor {
    const tensor = this.outputs[index];
    if (tensor) return tensor;
    throw new LabError({
      code: "OUTPUT_MISSING",
      message: `Cannot read output ${index} of ${this.describe()}: the node has ${this.outputs.length} outputs`,
    });
  }

  /** Returns the node as errors name it: `Conv 'stem' (CONV_2D, node 3)`. */
  describe(): string {
    return `${this.op} '${this.name}' (${this.source.op}, node ${this.source.index})`;
  }

  /** Returns the node with the shapes of its inputs, for messages about shapes. */
  describeWithShapes(): string {
    const shapes = this.inputs.map((input) => (input ? formatShape(input.shape) : "-")).join(", ");
    return `${this.describe()} with inputs ${shapes}`;
  }
}

function wrongAttribute(node: Node, name: string, expected: string): LabError {
  const value = node.attributes[name];
  const found = value === undefined ? "missing" : JSON.stringify(value);
  return new LabError({
    code: "ATTRIBUTE",
    message: `Cannot read attribute '${name}' of ${node.describe()}: it is ${found}, expected ${expected}`,
  });
}

/** Returns an integer or float attribute, or `fallback`; throws when it has another type. */
export function numberAttribute(node: Node, name: string, fallback?: number): number {
  const value = node.attributes[name] ?? fallback;
  if (typeof value !== "number") throw wrongAttribute(node, name, "a number");
  return value;
}

/** Returns a list of numbers, or `fallback`; throws when it has another type. */
export function numbersAttribute(node: Node, name: string, fallback?: readonly number[]): readonly number[] {
  const value = node.attributes[name] ?? fallback;
  if (!Array.isArray(value) || value.some((item) => typeof item !== "number")) {
    throw wrongAttribute(node, name, "a list of numbers");
  }
  return value as readonly number[];
}

/** Returns a string attribute, or `fallback`; throws when it has another type. */
export function stringAttribute(node: Node, name: string, fallback?: string): string {
  const value = node.attributes[name] ?? fallback;
  if (typeof value !== "string") throw wrongAttribute(node, name, "a string");
  return value;
}

/** Returns a flag; ONNX's 0 and 1 count as flags. */
export function flagAttribute(node: Node, name: string, fallback = false): boolean {
  const value = node.attributes[name] ?? fallback;
  if (typeof value === "boolean") return value;
  if (value === 0 || value === 1) return value === 1;
  throw wrongAttribute(node, name, "true or false");
}
