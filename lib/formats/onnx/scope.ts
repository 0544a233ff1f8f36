/** The names of one graph: which tensor each stands for, and whether anything gives it a value. */
import { LabError } from "../../errors.js";
import { Tensor } from "../../graph/tensor.js";
import type { ValueType } from "./value-type.js";

/**
 * Names resolve here first, then in the graph around. A name may be read before it is given a value, since
 * files exist whose nodes are out of order; `unresolved` tells what never got one.
 */
export class Scope {
  readonly #parent: Scope | null;
  readonly #prefix: string;
  readonly #types: ReadonlyMap<string, ValueType>;
  readonly #tensors = new Map<string, Tensor>();
  /** Names that were read before they had a value. */
  readonly #open = new Set<string>();
  #outOfOrder = false;

  constructor({
    parent = null,
    prefix = "",
    types = new Map(),
  }: {
    readonly parent?: Scope | null;
    /** Goes before the names of inlined functions, so that two calls do not share them. */
    readonly prefix?: string;
    readonly types?: ReadonlyMap<string, ValueType>;
  } = {}) {
    this.#parent = parent;
    this.#prefix = prefix;
    this.#types = types;
  }

  /** Whether a name was read by an earlier node than the one that gives it its value. */
  get outOfOrder(): boolean {
    return this.#outOfOrder;
  }

  /** Returns names that were read and never given a value. */
  get unresolved(): readonly string[] {
    return [...this.#open];
  }

  declared(name: string): ValueType | undefined {
    return this.#types.get(name);
  }

  /** Gives a name its value: a constant, an input, or the actual argument of a function. */
  bind(name: string, tensor: Tensor): void {
    this.#tensors.set(name, tensor);
  }

  has(name: string): boolean {
    return this.#tensors.has(name) && !this.#open.has(name);
  }

  /** Returns the tensor of a name that is given its value now; throws a LabError when it has one already. */
  define(name: string, implied: ValueType): Tensor {
    const known = this.#tensors.get(name);
    if (known !== undefined && !this.#open.has(name)) {
      throw new LabError({
        code: "NAME_TWICE",
        message: `Cannot give '${name}' a value: it already has one, expected every value to be computed once`,
      });
    }
    const { dtype, shape } = this.#types.get(name) ?? implied;
    if (known === undefined) return this.#create(name, { dtype, shape });
    this.#open.delete(name);
    this.#outOfOrder = true;
    known.dtype = dtype;
    known.shape = shape;
    return known;
  }

  /** Returns the tensor that a name stands for where it is read. */
  use(name: string): Tensor {
    const known = this.find(name);
    if (known) return known;
    this.#open.add(name);
    return this.#create(name, this.#types.get(name) ?? { dtype: "float32", shape: null });
  }

  find(name: string): Tensor | undefined {
    return this.#tensors.get(name) ?? this.#parent?.find(name);
  }

  #create(name: string, type: ValueType): Tensor {
    const tensor = new Tensor({ name: this.#prefix + name, ...type });
    this.#tensors.set(name, tensor);
    return tensor;
  }
}
