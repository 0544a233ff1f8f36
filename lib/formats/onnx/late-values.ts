/** The values of a file's main graph as numbers and shared records, by the numbers of their names, until someone looks. */
import { type Constant, Tensor } from "../../graph/tensor.js";
import type { Texts } from "../../graph/texts.js";
import type { ByteSource } from "../../source.js";
import { DenseTable } from "./name-table.js";
import type { ValueType } from "./value-type.js";

/** What constants of one shape and type share. */
export interface ConstantForm extends ValueType {
  readonly byteLength: number;
}

/** Bytes of the file itself. */
export class FileConstant implements Constant {
  readonly byteLength: number;
  readonly #source: ByteSource;
  readonly #at: number;

  constructor(source: ByteSource, at: number, length: number) {
    this.byteLength = length;
    this.#source = source;
    this.#at = at;
  }

  read(): Uint8Array {
    return this.#source.read(this.#at, this.byteLength);
  }
}

/** What is known of a name: nothing or its declared type; that type and that it has a value; a type that follows. */
const STATE = { declared: 0, settled: 1, implied: 2 } as const;
const FIRST_NAMES = 256;

/**
 * A tensor and the place of its bytes are 128 bytes that the garbage collector carries twice before it lets them
 * be; two of the three objects that a convolution had. Here a name has a pointer, eight bytes and one.
 */
export class LateValues {
  readonly #source: ByteSource;
  readonly #texts: Texts;
  readonly #types = new DenseTable<ValueType | ConstantForm>();
  /** Where the bytes of constants begin; 0 for other values. */
  #places = new Float64Array(FIRST_NAMES);
  #states = new Uint8Array(FIRST_NAMES);

  constructor({ source, texts }: { readonly source: ByteSource; readonly texts: Texts }) {
    this.#source = source;
    this.#texts = texts;
  }

  declare(name: number, type: ValueType): void {
    // What the file says of a constant's type is in the constant.
    if (!this.holdsConstant(name)) this.#types.set(name, type);
  }

  /** Returns the declared type of a name. */
  declared(name: number): ValueType | undefined {
    return this.#states[name] === STATE.implied ? undefined : this.#types.get(name);
  }

  /** Returns whether a name stands for a value. */
  has(name: number): boolean {
    const state = this.#states[name];
    return state !== undefined && state !== STATE.declared;
  }

  /** Returns the type of a value. */
  type(name: number): ValueType | undefined {
    return this.has(name) ? this.#types.get(name) : undefined;
  }

  holdsConstant(name: number): boolean {
    return (this.#places[name] ?? 0) > 0;
  }

  /** Makes a name stand for a value of its declared type, or else of `implied`. */
  settle(name: number, implied: ValueType): void {
    this.#reach(name);
    const isDeclared = this.declared(name) !== undefined;
    if (!isDeclared) this.#types.set(name, implied);
    this.#states[name] = isDeclared ? STATE.settled : STATE.implied;
  }

  /** Makes a name stand for a constant whose bytes begin at `at`. */
  hold(name: number, form: ConstantForm, at: number): void {
    this.#reach(name);
    this.#types.set(name, form);
    this.#places[name] = at;
    this.#states[name] = STATE.settled;
  }

  /** Returns the tensor of a value. */
  make(name: number): Tensor {
    const type = this.#types.get(name)!;
    const { dtype, shape, container, recorded } = type;
    const texts = this.#texts;
    const place = this.#places[name]!;
    if (place === 0 || !("byteLength" in type)) {
      return new Tensor({ name, texts, dtype, shape, container, recorded });
    }
    // V8 takes what a Float64Array gives for a float, and then all that is stored where this was; half the speed.
    const at = place < 2 ** 31 ? place | 0 : place;
    const data = new FileConstant(this.#source, at, type.byteLength);
    return new Tensor({ name, texts, dtype, shape, data });
  }

  #reach(name: number): void {
    if (name < this.#states.length) return;
    const length = Math.max(name + 1, 2 * this.#states.length);
    const [places, states] = [new Float64Array(length), new Uint8Array(length)];
    places.set(this.#places);
    states.set(this.#states);
    this.#places = places;
    this.#states = states;
  }
}
