/** Running an ONNX model with ONNX Runtime, where the package onnxruntime-node is installed. */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { LabError } from "../errors.js";
import { byteLength, type DType } from "../graph/dtype.js";
import { elementCount, formatShape, type Shape, type StaticShape } from "../graph/shape.js";

/** A value of a run: packed little-endian elements. */
export interface RunTensor {
  readonly dtype: DType;
  readonly shape: StaticShape;
  readonly data: Uint8Array;
}

/** What a model takes or gives. */
export interface RunSlot {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: Shape;
}

export interface RunSession {
  readonly inputs: readonly RunSlot[];
  readonly outputs: readonly RunSlot[];
  /** Returns the outputs by name; throws a LabError when an input is missing or of another type. */
  run(inputs: ReadonlyMap<string, RunTensor>): Promise<Map<string, RunTensor>>;
  /** Frees what the runtime holds; the session must not be run any more. */
  close(): Promise<void>;
}

export interface SessionOptions {
  /**
   * How far the runtime may rewrite the network. "none" computes each node on its own: QuantizeLinear and
   * DequantizeLinear around float operators, as the file says. "all" (default) runs quantised kernels.
   */
  readonly optimize?: "none" | "all";
  readonly threads?: number;
}

type TypedArray = OrtTensor["data"];
type ArrayMaker = (buffer: ArrayBuffer, count: number) => TypedArray;

/** Element types that ONNX Runtime takes from JavaScript, and the arrays that hold them. */
const ARRAYS: Partial<Record<DType, ArrayMaker>> = {
  float32: (buffer, count) => new Float32Array(buffer, 0, count),
  float64: (buffer, count) => new Float64Array(buffer, 0, count),
  float16: (buffer, count) => new Uint16Array(buffer, 0, count),
  int8: (buffer, count) => new Int8Array(buffer, 0, count),
  uint8: (buffer, count) => new Uint8Array(buffer, 0, count),
  bool: (buffer, count) => new Uint8Array(buffer, 0, count),
  int16: (buffer, count) => new Int16Array(buffer, 0, count),
  uint16: (buffer, count) => new Uint16Array(buffer, 0, count),
  int32: (buffer, count) => new Int32Array(buffer, 0, count),
  uint32: (buffer, count) => new Uint32Array(buffer, 0, count),
  int64: (buffer, count) => new BigInt64Array(buffer, 0, count),
  uint64: (buffer, count) => new BigUint64Array(buffer, 0, count),
};

async function loadRuntime(): Promise<typeof import("onnxruntime-node")> {
  try {
    return await import("onnxruntime-node");
  } catch (cause) {
    throw new LabError({
      code: "NO_RUNTIME",
      message: "Cannot run the model: the package onnxruntime-node cannot be loaded",
      hint: "npm install onnxruntime-node",
      cause,
    });
  }
}

function slots(metadata: readonly InferenceSession.ValueMetadata[]): RunSlot[] {
  return metadata.map((value) => {
    if (!value.isTensor) {
      throw new LabError({
        code: "UNSUPPORTED",
        message: `Cannot run the model: '${value.name}' is no tensor`,
      });
    }
    return { name: value.name, dtype: value.type, shape: value.shape };
  });
}

/**
 * Returns a session for a model, given as the bytes of an ONNX file or as the path of one (needed where its
 * weights lie in a data file). Throws a LabError with the runtime's own words when it refuses the model.
 */
export async function openSession(
  model: Uint8Array | string,
  { optimize = "all", threads = 1 }: SessionOptions = {},
): Promise<RunSession> {
  const runtime = await loadRuntime();
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: optimize === "none" ? "disabled" : "all",
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  };
  let session: InferenceSession;
  try {
    session =
      typeof model === "string"
        ? await runtime.InferenceSession.create(model, options)
        : await runtime.InferenceSession.create(model, options);
  } catch (cause) {
    throw new LabError({
      code: "RUNTIME",
      message: `Cannot load the model into ONNX Runtime: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
  const inputs = slots(session.inputMetadata);
  return {
    inputs,
    outputs: slots(session.outputMetadata),
    async run(given) {
      const feeds: Record<string, OrtTensor> = {};
      for (const slot of inputs) feeds[slot.name] = feed(runtime, slot, given.get(slot.name));
      let results: InferenceSession.ReturnType;
      try {
        results = await session.run(feeds);
      } catch (cause) {
        throw new LabError({
          code: "RUNTIME",
          message: `Cannot run the model in ONNX Runtime: ${cause instanceof Error ? cause.message : String(cause)}`,
          cause,
        });
      }
      return new Map(Object.entries(results).map(([name, tensor]) => [name, result(name, tensor)]));
    },
    close: () => session.release(),
  };
}

function feed(
  runtime: typeof import("onnxruntime-node"),
  slot: RunSlot,
  given: RunTensor | undefined,
): OrtTensor {
  const wrong = (why: string) =>
    new LabError({ code: "INPUT", message: `Cannot run the model: input '${slot.name}' ${why}` });
  if (given === undefined) throw wrong("is missing");
  if (given.dtype !== slot.dtype) throw wrong(`is ${given.dtype}, expected ${slot.dtype}`);
  const make = ARRAYS[given.dtype];
  if (!make) throw wrong(`is ${given.dtype}, expected one of ${Object.keys(ARRAYS).join(", ")}`);
  const count = elementCount(given.shape);
  if (given.data.byteLength !== byteLength(given.dtype, count)) {
    throw wrong(`has ${given.data.byteLength} bytes for ${given.dtype} ${formatShape(given.shape)}`);
  }
  // A copy: the runtime wants whole, aligned arrays.
  const data = make(Uint8Array.from(given.data).buffer, count);
  return new runtime.Tensor(given.dtype as "float32", data as Float32Array, given.shape);
}

function result(name: string, tensor: OrtTensor): RunTensor {
  const { data } = tensor;
  if (Array.isArray(data)) {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot read output '${name}': it holds texts, expected numbers`,
    });
  }
  const array = data as Uint8Array;
  return {
    dtype: tensor.type,
    shape: tensor.dims,
    data: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  };
}
