/** The names of one graph: which tensor each stands for, and whether anything gives it a value. */
import type { DType } from "../../graph/dtype.js";
import { Tensor } from "../../graph/tensor.js";
import type { Texts } from "../../graph/texts.js";
import type { Budget } from "../shared/budget.js";
import { ENTRY_COST, TENSOR_COST } from "./costs.js";
import type { ConstantForm, LateValues } from "./late-values.js";
import { DenseTable, type NameTable } from "./name-table.js";
import type { ValueType } from "./value-type.js";
import type { WireFile } from "./wire.js";

/** What a value is taken for until something says its type. */
const UNKNOWN: DType = "float32";
/** What a value is that nothing says more of than its elements, by these. */
const UNTYPED = new Map<DType, ValueType>();

function untyped(dtype: DType): ValueType {
  let type = UNTYPED.get(dtype);
  if (type === undefined) {
    type = { dtype, shape: null, container: null, recorded: null };
    UNTYPED.set(dtype, type);
  }
  return type;
}

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
  /** Values that have no tensor yet. */
  readonly #late: LateValues | null;
  /** Names that stand for a tensor and still wait for their value. */
  readonly #waiting = new Map<number, "read" | "promised">();
  #outOfOrder = false;

  constructor({
    file,
    parent = null,
    prefix = "",
    late = null,
  }: {
    /** Has the texts of the names, which are numbers here, and the memory that their tensors may take. */
    readonly file: Pick<WireFile, "names" | "budget">;
    readonly parent?: Scope | null;
    /** Goes before the names of inlined functions, so that two calls do not share them. */
    readonly prefix?: string;
    /** Where values wait until someone looks; null: each has its tensor at once. */
    readonly late?: LateValues | null;
  }) {
    this.#texts = file.names.texts;
    this.#budget = file.budget;
    this.#parent = parent;
    this.#prefix = prefix;
    this.#late = late;
    this.#types = new Map();
    this.#tensors = late ? new DenseTable() : new Map();
  }

  /** Whether a name was read by an earlier node than the one that gives it its value. */
  get outOfOrder(): boolean {
    return this.#outOfOrder;
  }

  /** Returns names that were read or promised and never given a value. */
  get unresolved(): readonly string[] {
    return [...this.#waiting.keys()].map((name) => this.#texts.text(name));
  }

  /** Makes a name stand for a value where it is read. */
  read(name: number): void {
    if (this.#tensors.get(name) !== undefined || this.#late?.has(name) || this.#parent?.find(name)) return;
    this.#budget.spend(ENTRY_COST);
    this.#waiting.set(name, "read");
    this.#settle(name, UNKNOWN);
  }

  /** Returns the tensor that a name stands for where it is read. */
  use(name: number): Tensor {
    this.read(name);
    return this.find(name)!;
  }

  /** Returns the tensor that a name of this graph stands for; the name was read or defined before. */
  named(name: number): Tensor {
    const known = this.#tensors.get(name);
    if (known !== undefined) return known;
    const made = this.#late!.make(name);
    this.#tensors.set(name, made);
    return made;
  }

  /** Returns the element type of what a name stands for; undefined when nobody said. */
  dtype(name: number): DType | undefined {
    return (this.#tensors.get(name) ?? this.#late?.type(name) ?? this.#parent?.find(name))?.dtype;
  }

  /** Says what a name will be that stands for nothing yet. */
  declare(name: number, type: ValueType): void {
    if (this.#late) this.#late.declare(name, type);
    else this.#types.set(name, type);
  }

  /** Returns whether a name stands for a constant of this graph. */
  holdsConstant(name: number): boolean {
    return this.#tensors.get(name)?.isConstant ?? this.#late?.holdsConstant(name) ?? false;
  }

  /** Makes a name stand for a tensor that has its value elsewhere: a constant, a function's argument. */
  bind(name: number, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
  }

  /** Makes a name stand for a constant whose bytes begin at `at`; returns whether values may wait here. */
  hold(name: number, form: ConstantForm, at: number): boolean {
    if (this.#late === null || this.#tensors.get(name) !== undefined) return false;
    this.#late.hold(name, form, at);
    return true;
  }

  /** Makes a name stand for a tensor that a node to come will compute: a function's result. */
  promise(name: number, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
    this.#waiting.set(name, "promised");
  }

  /** Returns the tensor of a name that is computed now (see `compute`); null when the name has a value already. */
  define(name: number, implied: DType = UNKNOWN): Tensor | null {
    return this.compute(name, implied) ? this.named(name) : null;
  }

  /**
   * Gives a name its value, of the declared type or else of `implied` elements; returns false when the name has
   * one already.
   */
  compute(name: number, implied: DType): boolean {
    const known = this.#tensors.get(name);
    if (known === undefined && !this.#late?.has(name)) {
      this.#settle(name, implied);
      return true;
    }
    const waiting = this.#waiting.get(name);
    if (waiting === undefined) return false;
    this.#waiting.delete(name);
    if (waiting === "read") this.#outOfOrder = true;
    if (known === undefined) {
      this.#settle(name, implied);
    } else if (known.shape === null) {
      const declared = this.#declared(name);
      known.dtype = declared?.dtype ?? implied;
      known.shape = declared?.shape ?? null;
      known.container = declared?.container ?? null;
      known.recorded = declared?.recorded ?? null;
    }
    return true;
  }

  /** Returns the tensor that a name stands for here or in the graphs around; undefined when nobody said. */
  find(name: number): Tensor | undefined {
    const known = this.#tensors.get(name);
    if (known !== undefined) return known;
    return this.#late?.has(name) ? this.named(name) : this.#parent?.find(name);
  }

  #declared(name: number): ValueType | undefined {
    return this.#late ? this.#late.declared(name) : this.#types.get(name);
  }

  #settle(name: number, implied: DType): void {
    this.#budget.spend(TENSOR_COST);
    if (this.#late) {
      this.#late.settle(name, untyped(implied));
      return;
    }
    const { dtype, shape, container, recorded } = this.#types.get(name) ?? untyped(implied);
    const texts = this.#texts;
    const own = this.#prefix === "" ? name : this.#prefix + texts.text(name);
    this.#tensors.set(name, new Tensor({ name: own, texts, dtype, shape, container, recorded }));
  }
}
