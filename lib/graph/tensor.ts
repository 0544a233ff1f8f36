import { LabError } from "../errors.js";
import type { Documentation } from "./documentation.js";
import { byteLength, type DType } from "./dtype.js";
import { elementCount, formatShape, isStatic, type Shape, type StaticShape } from "./shape.js";
import { NO_TEXTS, type Texts } from "./texts.js";

/** real = scale × (stored − zeroPoint). One scale: per tensor; several: one per index along `axis`. */
export interface Quantization {
  readonly scale: readonly number[];
  readonly zeroPoint: readonly number[];
  /** The axis that the scales run along; null when there is one scale for the tensor. */
  readonly axis: number | null;
}

/** One scale per block of elements, for sub-byte weights. The scales are a tensor of their own. */
export interface BlockQuantization {
  readonly scales: Tensor;
  /** null: every zero point is 0. */
  readonly zeroPoints: Tensor | null;
  /** Elements of a block, along the last axis; 0 where `blockShape` says it. */
  readonly blockSize: number;
  /** Sizes of a block along each axis; empty where `blockSize` says it. */
  readonly blockShape: readonly number[];
  readonly axis: number;
  /** The axes that blocks run along, where the file lists several; `axis` is then the first. */
  readonly axes?: readonly number[];
}

/** One dimension of a constant that is stored without its zeros. */
export interface SparseDimension {
  readonly format: "dense" | "csr";
  readonly denseSize: number;
  readonly segments: SparseList | null;
  readonly indices: SparseList | null;
}

/** A list of positions, with the width that the file stores it in. */
export interface SparseList {
  readonly width: "int32" | "uint16" | "uint8";
  readonly values: readonly number[];
}

/** How a constant is stored without its zeros; the graph itself holds it dense. */
export interface Sparsity {
  readonly traversalOrder: readonly number[];
  readonly blockMap: readonly number[];
  readonly dimensions: readonly SparseDimension[];
}

/** What a file says about a tensor beyond what analyses read: kept so that writing gives it back. */
export interface RecordedTensor {
  /** Sizes as the network was traced, −1 for free ones; the tensor's shape is what the runtime allocates. */
  readonly shapeSignature?: readonly number[];
  /** Range of real values seen in calibration. */
  readonly range?: { readonly min: readonly number[]; readonly max: readonly number[] };
  readonly sparsity?: Sparsity;
  /** Quantisation of a custom kind. */
  readonly customQuantization?: Constant;
  /** What a boxed value holds. */
  readonly variants?: readonly {
    readonly dtype: DType;
    readonly shape: readonly number[] | null;
    readonly hasRank: boolean;
  }[];
  readonly documentation?: Documentation;
  /** What the value is about, in the words of ONNX: `IMAGE`, `TEXT`. */
  readonly denotation?: string;
  /** What each dimension is: `DATA_BATCH`, `DATA_CHANNEL`; "" where the file does not say it. */
  readonly dimDenotations?: readonly string[];
  /** Shape of the tensors inside of a value that is no tensor. */
  readonly elementShape?: Shape;
}

/**
 * Bytes of a constant, read when asked for. `read` returns the elements packed and little-endian, a view
 * into the file where the file holds them so; never write into it.
 */
export interface Constant {
  readonly byteLength: number;
  read(): Uint8Array;
}

/** Wraps bytes that are already in memory. */
export function constantOf(data: Uint8Array): Constant {
  return { byteLength: data.byteLength, read: () => data };
}

export interface TensorFields {
  /** The name, or its number in `texts`. */
  readonly name: string | number;
  readonly texts?: Texts;
  readonly dtype: DType;
  readonly shape: Shape | null;
  readonly quantization?: Quantization | null;
  readonly data?: Constant | null;
  readonly blocks?: BlockQuantization | null;
  readonly isVariable?: boolean;
  readonly recorded?: RecordedTensor | null;
  readonly container?: string | null;
}

/** Fields that few tensors have: most share one record that says so. */
interface RareFields {
  readonly blocks: BlockQuantization | null;
  readonly isVariable: boolean;
  readonly recorded: RecordedTensor | null;
  readonly container: string | null;
}

const NOTHING_RARE: RareFields = { blocks: null, isVariable: false, recorded: null, container: null };

/** A value that flows along an edge of the graph, or a constant. Identity matters; names may repeat. */
export class Tensor {
  /** The name; its number in `#texts` until someone asks for it. */
  #name: string | number;
  readonly #texts: Texts;
  #rare: RareFields;
  dtype: DType;
  shape: Shape | null;
  quantization: Quantization | null;
  data: Constant | null;

  constructor({
    name,
    texts = NO_TEXTS,
    dtype,
    shape,
    quantization = null,
    data = null,
    blocks = null,
    isVariable = false,
    recorded = null,
    container = null,
  }: TensorFields) {
    this.#name = name;
    this.#texts = texts;
    this.#rare =
      blocks || isVariable || recorded || container !== null
        ? { blocks, isVariable, recorded, container }
        : NOTHING_RARE;
    this.dtype = dtype;
    this.shape = shape;
    this.quantization = quantization;
    this.data = data;
  }

  /** Scales per block; `quantization` is then null. */
  get blocks(): BlockQuantization | null {
    return this.#rare.blocks;
  }

  set blocks(blocks: BlockQuantization | null) {
    this.#rare = { ...this.#rare, blocks };
  }

  /** Keeps its value from one run to the next; neither constant nor computed before its first reader. */
  get isVariable(): boolean {
    return this.#rare.isVariable;
  }

  set isVariable(isVariable: boolean) {
    this.#rare = { ...this.#rare, isVariable };
  }

  get recorded(): RecordedTensor | null {
    return this.#rare.recorded;
  }

  set recorded(recorded: RecordedTensor | null) {
    if (recorded !== this.#rare.recorded) this.#rare = { ...this.#rare, recorded };
  }

  /**
   * What the value is where it is no tensor, in the words of ONNX: `seq(tensor(float))`, `map(int64,
   * tensor(float))`, `optional(…)`; null for tensors. `dtype` is then that of the elements, `shape` is null.
   */
  get container(): string | null {
    return this.#rare.container;
  }

  set container(container: string | null) {
    if (container !== this.#rare.container) this.#rare = { ...this.#rare, container };
  }

  get name(): string {
    if (typeof this.#name === "number") this.#name = this.#texts.text(this.#name);
    return this.#name;
  }

  set name(name: string) {
    this.#name = name;
  }

  get isConstant(): boolean {
    return this.data !== null;
  }

  /** Returns the shape when every size is known; throws a LabError that names the tensor otherwise. */
  staticShape(): StaticShape {
    if (isStatic(this.shape)) return this.shape;
    throw new LabError({
      code: "SHAPE_UNKNOWN",
      message: `Cannot size tensor '${this.name}': its shape is ${formatShape(this.shape)}, expected every dimension to be a number`,
      hint: "fix the free dimensions of the model's inputs, e.g. --input name=1x3x224x224",
    });
  }

  /** Returns the number of elements; throws like `staticShape`. */
  get size(): number {
    return elementCount(this.staticShape());
  }

  /** Returns the bytes that the elements take, packed; throws like `staticShape`. */
  get bytes(): number {
    return byteLength(this.dtype, this.size);
  }
}
