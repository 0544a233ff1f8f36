/** What the kernels of the reference executor share: values, options, and one node on its way to be run. */
import { LabError } from "../errors.js";
import { DTYPES, type DType } from "../graph/dtype.js";
import { tensorNumbers } from "../graph/elements.js";
import type { Node } from "../graph/node.js";
import type { StaticShape } from "../graph/shape.js";
import type { Tensor } from "../graph/tensor.js";
import { type Rounding, roundAway, type Scale, scaling } from "./fixed-point.js";

/** Stored elements. 64-bit integers are held as float64, exact up to 2⁵³. */
export type Values =
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Float32Array
  | Float64Array;

export interface ReferenceTensor {
  readonly dtype: DType;
  readonly shape: StaticShape;
  readonly values: Values;
}

/**
 * How accumulators of a layer become stored values: by fixed-point products; "exact" multiplies by the real
 * factor in float64 and rounds halves away from zero; "float" in float32, halves to even, as XNNPACK does.
 */
export type LayerRounding = Rounding | "float";

/** Where runtimes differ though each follows the operator's definition. */
export interface Numerics {
  /** How fixed-point products round; LiteRT's reference kernels round twice. Default "double". */
  readonly rounding?: Rounding;
  /** The same for convolutions. Default `rounding`. */
  readonly convolutions?: LayerRounding;
  /** The same for dense layers, where LiteRT's reference kernel has a rule of its own. Default "exact". */
  readonly dense?: LayerRounding;
  /** Softmax by fixed-point arithmetic (reference) or by a table of floats (optimised). Default "fixed-point". */
  readonly softmax?: "fixed-point" | "table";
}

/** Computes a node's outputs; constants come as inputs too. */
export type Compute = (inputs: readonly (Values | null)[]) => Values[];

/** Does what can be done before the first run. Throws a LabError for what the node asks and is not handled. */
export type Kernel = (call: KernelCall) => Compute;
export type Kernels = Readonly<Record<string, Kernel>>;

type Maker = (count: number) => Values;

const ARRAYS: Partial<Record<DType, Maker>> = {
  int8: (count) => new Int8Array(count),
  uint8: (count) => new Uint8Array(count),
  bool: (count) => new Uint8Array(count),
  int16: (count) => new Int16Array(count),
  uint16: (count) => new Uint16Array(count),
  int32: (count) => new Int32Array(count),
  uint32: (count) => new Float64Array(count),
  int64: (count) => new Float64Array(count),
  float32: (count) => new Float32Array(count),
};

/** Returns an array of zeros for elements of a type; throws a LabError for types that are not handled. */
export function emptyValues(dtype: DType, count: number): Values {
  const make = ARRAYS[dtype];
  if (make) return make(count);
  throw new LabError({
    code: "DTYPE",
    message: `Cannot hold elements of type ${dtype}: expected one of ${Object.keys(ARRAYS).join(", ")}`,
  });
}

/** The range of stored values that a result is cut to. */
export interface Range {
  readonly low: number;
  readonly high: number;
}

/** Scale and zero point of a tensor that has one of each. */
export interface Step {
  readonly scale: number;
  readonly zero: number;
}

/** Real bounds of fused activations. */
const ACTIVATIONS: Readonly<Record<string, Range>> = {
  none: { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY },
  relu: { low: 0, high: Number.POSITIVE_INFINITY },
  relu6: { low: 0, high: 6 },
  relun1to1: { low: -1, high: 1 },
};

export class KernelCall {
  readonly node: Node;
  readonly numerics: Numerics;

  constructor(node: Node, numerics: Numerics) {
    this.node = node;
    this.numerics = numerics;
  }

  get scale(): Scale {
    return scaling(this.numerics.rounding ?? "double");
  }

  /** Returns the error for something that is not handled; `why` goes on after "Cannot run …: ". */
  refuse(why: string): LabError {
    return new LabError({
      code: "UNSUPPORTED",
      message: `Cannot run ${this.node.describeWithShapes()}: ${why}`,
      at: this.node.name,
      hint: "the reference executor covers 8-bit operators of TFLite; run the network with ONNX Runtime instead",
    });
  }

  /** Returns whether an input or output is stored in 8 bits with one scale. */
  isByte(tensor: Tensor): boolean {
    return (tensor.dtype === "int8" || tensor.dtype === "uint8") && tensor.quantization?.scale.length === 1;
  }

  /** Returns the scale of an 8-bit tensor. */
  step(tensor: Tensor): Step {
    if (!this.isByte(tensor)) {
      throw this.refuse(`'${tensor.name}' is ${tensor.dtype}, expected int8 or uint8 with one scale`);
    }
    return this.anyStep(tensor);
  }

  /** Returns the scale of a tensor of any type. */
  anyStep(tensor: Tensor): Step {
    const { quantization } = tensor;
    if (quantization?.scale.length !== 1) {
      throw this.refuse(`'${tensor.name}' has ${quantization?.scale.length ?? "no"} scales, expected one`);
    }
    return { scale: quantization.scale[0]!, zero: quantization.zeroPoint[0]! };
  }

  /** Returns the values of a constant input. */
  constant(index: number): Float64Array {
    const tensor = this.node.input(index);
    if (!tensor.isConstant) throw this.refuse(`input ${index} is computed, expected a constant`);
    return tensorNumbers(tensor);
  }

  /** Returns the range of the output's type, cut by the fused activation or by given real bounds. */
  range(bounds = this.#fused()): Range {
    const output = this.node.output();
    const { low, high } = typeRange(output.dtype);
    const { scale, zero } = this.anyStep(output);
    const stored = (real: number) => zero + roundAway(Math.fround(real / scale));
    return {
      low: Number.isFinite(bounds.low) ? Math.max(low, stored(bounds.low)) : low,
      high: Number.isFinite(bounds.high) ? Math.min(high, stored(bounds.high)) : high,
    };
  }

  #fused(): Range {
    const name = String(this.node.attributes.activation ?? "none");
    const bounds = ACTIVATIONS[name];
    if (!bounds) throw this.refuse(`its activation is ${name}, expected one of ${Object.keys(ACTIVATIONS)}`);
    return bounds;
  }

  /** Returns an array for output `index`. */
  empty(index = 0): Values {
    const output = this.node.output(index);
    return emptyValues(output.dtype, output.size);
  }
}

/** Returns what an integer type holds. */
export function typeRange(dtype: DType): Range {
  const { bits, kind } = DTYPES[dtype];
  return kind === "int"
    ? { low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 }
    : { low: 0, high: 2 ** bits - 1 };
}
