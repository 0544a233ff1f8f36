/**
 * ONNX Runtime as the judge of shapes and types: models in which every tensor between nodes is an output, run
 * on zeros or on given values. Models are made and edited with onnx-proto, so nothing of ours is in between.
 */
import onnxProto from "onnx-proto";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { DType } from "../../lib/graph/dtype.js";
import { decodeElements } from "../../lib/graph/elements.js";

const { onnx } = onnxProto;

/** TensorProto.DataType of onnx.proto3. */
export const ONNX_TYPES = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
} as const;

export type OracleType = keyof typeof ONNX_TYPES;

const BYTES: Readonly<Record<OracleType, number>> = {
  ...{ float32: 4, uint8: 1, int8: 1, uint16: 2, int16: 2, int32: 4, int64: 8 },
  ...{ bool: 1, float16: 2, float64: 8, uint32: 4, uint64: 8 },
};

/** What ONNX Runtime says of a tensor after a run. */
export interface Observed {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly values: () => readonly number[];
}

/** Returns a tensor of zeros. */
export function zeroTensor(dtype: OracleType, shape: readonly number[]): OrtTensor {
  const count = shape.reduce((product, size) => product * size, 1);
  return tensorFromBytes(dtype, new Uint8Array(count * BYTES[dtype]), shape);
}

const ARRAYS = {
  ...{ float32: Float32Array, uint8: Uint8Array, int8: Int8Array, uint16: Uint16Array, int16: Int16Array },
  ...{ int32: Int32Array, int64: BigInt64Array, bool: Uint8Array, float16: Uint16Array },
  ...{ float64: Float64Array, uint32: Uint32Array, uint64: BigUint64Array },
} as const;

export function tensorFromBytes(dtype: OracleType, bytes: Uint8Array, shape: readonly number[]): OrtTensor {
  const data = new ARRAYS[dtype](bytes.slice().buffer as ArrayBuffer);
  return new OrtTensor(dtype as "float32", data as Float32Array, shape);
}

/** Returns the model with every result of its main graph among its outputs. */
export function exposeAll(bytes: Uint8Array): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const named = new Set(graph.output!.map(({ name }) => name));
  for (const node of graph.node!) {
    for (const name of node.output!) if (name && !named.has(name)) graph.output!.push({ name });
  }
  return onnx.ModelProto.encode(model).finish();
}

/** Returns what every output of a model is after one run. */
export async function runOnnx(
  bytes: Uint8Array,
  feeds: Readonly<Record<string, OrtTensor>>,
): Promise<Map<string, Observed>> {
  const session = await InferenceSession.create(bytes, {
    graphOptimizationLevel: "disabled",
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const results = await session.run(feeds);
    return new Map(Object.entries(results).map(([name, tensor]) => [name, observe(tensor as OrtTensor)]));
  } finally {
    await session.release();
  }
}

function observe(tensor: OrtTensor): Observed {
  return {
    dtype: tensor.type,
    shape: tensor.dims,
    values: () => {
      const { buffer, byteOffset, byteLength } = tensor.data as Uint8Array;
      const raw = new Uint8Array(buffer, byteOffset, byteLength);
      return [...decodeElements(tensor.type as DType, raw, tensor.size)];
    },
  };
}
