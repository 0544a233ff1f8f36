/** The names of one graph: which tensor each stands for, and whether anything gives it a value. */
import type { DType } from "../../graph/dtype.js";
import { Tensor } from "../../graph/tensor.js";
import type { Texts } from "../../graph/texts.js";
import type { Budget } from "../shared/budget.js";
import { ENTRY_COST, TENSOR_COST } from "./costs.js";
import { DenseTable, type NameTable } from "./name-table.js";
import type { ValueType } from "./value-type.js";
import type { WireFile } from "./wire.js";

/** What a value is taken for until something says its type. */
const UNKNOWN: DType = "float32";

/**
 * Names resolve here first, then in the graph around. A name may be read before it is given a value, since
 * files exist whose nodes are out of order; `unresolved` tells what never got one.
 */
export class Scope {
  readonly #parent: Scope | null;
  readonly #prefix: string;
  readonly #texts: Texts;
  readonly #budget: Budget;
  readonly #types: NameTable<ValueType>;
  readonly #tensors: NameTable<Tensor>;
  /** Names that stand for a tensor and still wait for their value. */
  readonly #waiting = new Map<number, "read" | "promised">();
  #outOfOrder = false;

  constructor({
    file,
    parent = null,
    prefix = "",
  }: {
    /** Has the texts of the names, which are numbers here, and the memory that their tensors may take. */
    readonly file: Pick<WireFile, "names" | "budget">;
    readonly parent?: Scope | null;
    /** Goes before the names of inlined functions, so that two calls do not share them. */
    readonly prefix?: string;
  }) {
    this.#texts = file.names.texts;
    this.#budget = file.budget;
    this.#parent = parent;
    this.#prefix = prefix;
    const isMain = parent === null && prefix === "";
    this.#types = isMain ? new DenseTable() : new Map();
    this.#tensors = isMain ? new DenseTable() : new Map();
  }

  /** Whether a name was read by an earlier node than the one that gives it its value. */
  get outOfOrder(): boolean {
    return this.#outOfOrder;
  }

  /** Returns names that were read or promised and never given a value. */
  get unresolved(): readonly string[] {
    return [...this.#waiting.keys()].map((name) => this.#texts.text(name));
  }

  /** Returns the tensor that a name stands for where it is read. */
  use(name: number): Tensor {
    const known = this.find(name);
    if (known) return known;
    this.#budget.spend(ENTRY_COST);
    this.#waiting.set(name, "read");
    return this.#create(name, this.#types.get(name), UNKNOWN);
  }

  /** Returns the tensor that a name of this graph stands for; the name was read or defined before. */
  named(name: number): Tensor {
    return this.#tensors.get(name)!;
  }

  /** Says what a name will be that stands for nothing yet. */
  declare(name: number, type: ValueType): void {
    this.#types.set(name, type);
  }

  /** Returns whether a name stands for a constant of this graph. */
  holdsConstant(name: number): boolean {
    return this.#tensors.get(name)?.isConstant ?? false;
  }

  /** Makes a name stand for a tensor that has its value elsewhere: a constant, a function's argument. */
  bind(name: number, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
  }

  /** Makes a name stand for a tensor that a node to come will compute: a function's result. */
  promise(name: number, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
    this.#waiting.set(name, "promised");
  }

  /**
   * Returns the tensor of a name that is computed now, of the declared type or else of `implied` elements;
   * null when the name has a value already.
   */
  define(name: number, implied: DType = UNKNOWN): Tensor | null {
    const known = this.#tensors.get(name);
    const declared = this.#types.get(name);
    if (known === undefined) return this.#create(name, declared, implied);
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return null;
    this.#waiting.delete(name);
    if (waiting === "read") this.#outOfOrder = true;
    if (known.shape === null) {
      known.dtype = declared?.dtype ?? implied;
      known.shape = declared?.shape ?? null;
      known.container = declared?.container ?? null;
      known.recorded = declared?.recorded ?? null;
    }
    return known;
  }

  /** Returns the tensor that a name stands for here or in the graphs around; undefined when nobody said. */
  find(name: number): Tensor | undefined {
    return this.#tensors.get(name) ?? this.#parent?.find(name);
  }

  #create(name: number, declared: ValueType | undefined, implied: DType): Tensor {
    this.#budget.spend(TENSOR_COST);
    const texts = this.#texts;
    const tensor = new Tensor({
      name: this.#prefix === "" ? name : this.#prefix + texts.text(name),
      texts,
      dtype: declared?.dtype ?? implied,
      shape: declared?.shape ?? null,
      container: declared?.container ?? null,
      recorded: declared?.recorded ?? null,
    });
    this.#tensors.set(name, tensor);
    return tensor;
  }
}
