/** The nodes of a file's main graph as numbers, one row per node, until someone asks for more. */
import type { NodeRows, NodeSource } from "../../graph/node.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Texts } from "../../graph/texts.js";
import type { Scope } from "./scope.js";

/** Numbers of a row: names' number, operator, place in the file, where its edges begin, how many are inputs and outputs. */
const COLUMNS = 5;
const [NAME, INDEX, EDGES, INPUTS, OUTPUTS] = [0, 1, 2, 3, 4];

/** Number of the empty name: an input that is left out. */
const NO_NAME = 0;

export class FileRows implements NodeRows {
  readonly #scope: Scope;
  readonly #texts: Texts;
  readonly #operators: string[] = [];
  #rows = new Int32Array(COLUMNS * 64);
  /** Numbers of the names of values: inputs of a node, then its outputs. */
  #edges = new Int32Array(256);
  #ends = 0;

  /** Rows of nodes whose values are named in `scope` and whose own names are in `texts`. */
  constructor({ scope, texts }: { readonly scope: Scope; readonly texts: Texts }) {
    this.#scope = scope;
    this.#texts = texts;
  }

  /** Returns the number of a new row. */
  add({
    name,
    op,
    index,
    inputs,
    outputs,
  }: {
    readonly name: number;
    readonly op: string;
    readonly index: number;
    readonly inputs: readonly number[];
    readonly outputs: readonly number[];
  }): number {
    const row = this.#operators.length;
    this.#operators.push(op);
    const at = COLUMNS * row;
    if (at === this.#rows.length) this.#rows = grown(this.#rows, at + COLUMNS);
    this.#rows[at + NAME] = name;
    this.#rows[at + INDEX] = index;
    this.#rows[at + EDGES] = this.#ends;
    this.#rows[at + INPUTS] = inputs.length;
    this.#rows[at + OUTPUTS] = outputs.length;
    const ends = this.#ends + inputs.length + outputs.length;
    if (ends > this.#edges.length) this.#edges = grown(this.#edges, ends);
    for (let place = 0; place < inputs.length; place++) this.#edges[this.#ends++] = inputs[place]!;
    for (let place = 0; place < outputs.length; place++) this.#edges[this.#ends++] = outputs[place]!;
    return row;
  }

  name(row: number): string {
    return this.#texts.text(this.#rows[COLUMNS * row + NAME]!);
  }

  // A loop each: a view on the row and Array.from take four times as long.
  inputs(row: number): (Tensor | null)[] {
    const at = COLUMNS * row;
    const first = this.#rows[at + EDGES]!;
    const tensors = new Array<Tensor | null>(this.#rows[at + INPUTS]!);
    for (let place = 0; place < tensors.length; place++) {
      const edge = this.#edges[first + place]!;
      tensors[place] = edge === NO_NAME ? null : this.#scope.named(edge);
    }
    return tensors;
  }

  outputs(row: number): Tensor[] {
    const at = COLUMNS * row;
    const first = this.#rows[at + EDGES]! + this.#rows[at + INPUTS]!;
    const tensors = new Array<Tensor>(this.#rows[at + OUTPUTS]!);
    for (let place = 0; place < tensors.length; place++) {
      tensors[place] = this.#scope.named(this.#edges[first + place]!);
    }
    return tensors;
  }

  source(row: number): NodeSource {
    return { format: "onnx", op: this.#operators[row]!, index: this.#rows[COLUMNS * row + INDEX]! };
  }
}

function grown(array: Int32Array<ArrayBuffer>, needed: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(needed, 2 * array.length));
  larger.set(array);
  return larger;
}
