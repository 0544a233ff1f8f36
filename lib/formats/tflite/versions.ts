/**
 * Versions of operator definitions, for nodes that come from no file. Source:
 * tensorflow/lite/tools/versioning/op_version.cc, GetBuiltinOperatorVersion; types that it tells apart and this
 * lab does not write are left out.
 */
import type { DType } from "../../graph/dtype.js";
import type { Tensor } from "../../graph/tensor.js";
import type { Options } from "./options.js";

/** Versions by the type of the first input, where nothing else matters; 1 otherwise. */
const BY_TYPE: Readonly<Record<string, Partial<Record<DType, number>>>> = {
  ABS: { int8: 2, uint8: 2, int32: 5 },
  ADD: { int8: 2, int16: 3, int64: 4 },
  ARG_MAX: { int8: 2, bool: 3 },
  ARG_MIN: { int8: 2, bool: 3 },
  AVERAGE_POOL_2D: { int8: 2, int16: 3 },
  BATCH_MATMUL: { int8: 2, int16: 3 },
  BATCH_TO_SPACE_ND: { int8: 2, int16: 4 },
  CONCATENATION: { int8: 2, int16: 3, uint32: 4 },
  DEPTH_TO_SPACE: { int8: 2 },
  DEQUANTIZE: { int8: 2, int16: 3, float16: 3, int4: 6 },
  EQUAL: { int8: 2, string: 3, int16: 4 },
  FLOOR_DIV: { float32: 2, int8: 3, int16: 3 },
  FLOOR_MOD: { int8: 2, int16: 2 },
  GATHER: { int8: 2, bool: 3, int16: 4, int4: 7 },
  GREATER: { int8: 2 },
  GREATER_EQUAL: { int8: 2, int16: 3 },
  L2_NORMALIZATION: { int8: 2 },
  LEAKY_RELU: { int16: 2 },
  LESS: { int8: 2, int16: 3 },
  LESS_EQUAL: { int8: 2 },
  LOGISTIC: { int8: 2, int16: 3 },
  LOG_SOFTMAX: { int8: 2 },
  MAXIMUM: { int8: 2, int16: 4 },
  MAX_POOL_2D: { int8: 2, int16: 3 },
  MEAN: { int8: 2, int16: 3 },
  MINIMUM: { int8: 2, int16: 4 },
  MIRROR_PAD: { int8: 2, int16: 3 },
  MUL: { int8: 2, int16: 4, int64: 5 },
  NOT_EQUAL: { int8: 2, string: 3 },
  PACK: { int8: 2, int16: 3, uint32: 4 },
  PAD: { int8: 2, int16: 3 },
  PADV2: { int8: 2, int16: 3 },
  REDUCE_MAX: { int8: 2, int16: 3 },
  REDUCE_MIN: { int8: 2, int16: 3 },
  RELU: { int8: 2, uint8: 2, int16: 3 },
  RELU6: { int8: 2, int16: 3 },
  RESIZE_BILINEAR: { int8: 2, int16: 4 },
  RESIZE_NEAREST_NEIGHBOR: { int8: 2, int16: 4 },
  REVERSE_V2: { bool: 2, int8: 3 },
  RSQRT: { int8: 2, int16: 3 },
  SELECT: { int8: 2 },
  SLICE: { int8: 2, string: 3, int16: 4 },
  SOFTMAX: { int8: 2, int16: 3 },
  SPACE_TO_BATCH_ND: { int8: 2, int16: 4 },
  SPACE_TO_DEPTH: { int8: 2 },
  SPLIT_V: { int8: 2 },
  SQUEEZE: { string: 2 },
  STRIDED_SLICE: { int8: 2, bool: 3, string: 5 },
  SUB: { int8: 2, int64: 4, int16: 5 },
  SUM: { int8: 2 },
  TANH: { int8: 2, int16: 3 },
  TILE: { string: 2, int8: 3 },
  TOPK_V2: { int8: 2 },
  TRANSPOSE: { int8: 2, bool: 3, int16: 5 },
  UNPACK: { int8: 2, uint8: 2, bool: 3, int16: 4 },
};

export interface VersionedCall {
  readonly builtin: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly options: Options;
}

function convolutionVersion({ builtin, inputs, options }: VersionedCall): number {
  const [x, weights] = inputs;
  const depthwise = builtin === "DEPTHWISE_CONV_2D";
  const channels = weights?.shape?.at(-1);
  if (!depthwise && x?.shape?.at(-1) !== channels) return 6; // groups
  if (x?.dtype === "int16") return depthwise ? 5 : 4;
  if (x?.dtype === "int8") return weights?.dtype === "int4" ? 7 : 3;
  if (x?.dtype === "float32" && weights?.dtype === "int8") {
    const perChannel = (weights.quantization?.scale.length ?? 0) > 1;
    if (depthwise) return perChannel ? 6 : 4;
    return perChannel ? 5 : 2;
  }
  return depthwise && (options.dilationWFactor !== 1 || options.dilationHFactor !== 1) ? 2 : 1;
}

function denseVersion({ inputs, options }: VersionedCall): number {
  const [x, weights] = inputs;
  const hybrid = x?.dtype === "float32" && weights?.dtype === "int8";
  if (hybrid && (weights.quantization?.scale.length ?? 0) > 1) return 12;
  if (weights?.recorded?.sparsity) return 8;
  if (x?.dtype === "int16") return 7;
  if (inputs.length === 2) return 6;
  if (options.keepNumDims) return 5;
  if (x?.dtype === "int8") return weights?.dtype === "int4" ? 10 : 4;
  if (hybrid) return options.asymmetricQuantizeInputs ? 9 : 3;
  return 1;
}

/** Returns the lowest version of an operator's definition that covers the call. */
export function builtinVersion(call: VersionedCall): number {
  const { builtin, inputs, outputs, options } = call;
  const type = inputs[0]?.dtype ?? "float32";
  const rank = inputs[0]?.shape?.length ?? 0;
  switch (builtin) {
    case "CONV_2D":
    case "DEPTHWISE_CONV_2D":
      return convolutionVersion(call);
    case "FULLY_CONNECTED":
      return denseVersion(call);
    case "TRANSPOSE_CONV":
      if (options.activation !== "none") return 4;
      return inputs.length === 4 && inputs[3] ? 3 : inputs[1]?.dtype === "int8" ? 2 : 1;
    case "QUANTIZE":
      if ((outputs[0]?.quantization?.scale.length ?? 0) > 1) return 3;
      return outputs[0]?.dtype === "int16" ? 2 : 1;
    case "SPLIT":
      return ({ int8: 2, int32: 3, int16: 4 } as Record<string, number>)[inputs[1]?.dtype ?? ""] ?? 1;
    case "RESIZE_BILINEAR":
    case "RESIZE_NEAREST_NEIGHBOR": {
      const centred =
        options.halfPixelCenters || (builtin === "RESIZE_NEAREST_NEIGHBOR" && options.alignCorners);
      if (centred && type !== "int16") return 3;
      break;
    }
    case "PAD":
    case "PADV2":
    case "TRANSPOSE":
      if (rank > 4) return 4;
      break;
    case "SLICE":
      if (rank > 4) return 5;
      break;
    case "STRIDED_SLICE":
      if (options.offset) return 8;
      if (options.ellipsisMask || options.newAxisMask) return 6;
      if (rank > 4) return 4;
      break;
    default:
      break;
  }
  return (Object.hasOwn(BY_TYPE, builtin) ? BY_TYPE[builtin]![type] : undefined) ?? 1;
}
