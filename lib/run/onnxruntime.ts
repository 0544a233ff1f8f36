/**
 * Running an ONNX model with ONNX Runtime, where the package onnxruntime-node is installed. It runs in a
 * process of its own (host.ts), so that a long inference leaves this one free and can be abandoned.
 */
import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { LabError } from "../errors.js";
import { byteLength, type DType } from "../graph/dtype.js";
import { elementCount, formatShape, type Shape, type StaticShape } from "../graph/shape.js";
import { type Host, host } from "./host.js";
import type { HostReply, HostSlot, HostTensor } from "./host-messages.js";

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

/** Returns the answer, or throws the runtime's own words as a LabError. */
function checked(reply: HostReply, what: "load the model into" | "run the model in"): HostReply {
  if (reply.missing !== undefined) {
    throw new LabError({
      code: "NO_RUNTIME",
      message: "Cannot run the model: the package onnxruntime-node cannot be loaded",
      hint: `npm install onnxruntime-node (${reply.missing})`,
    });
  }
  if (reply.failure === undefined) return reply;
  throw new LabError({ code: "RUNTIME", message: `Cannot ${what} ONNX Runtime: ${reply.failure}` });
}

function slots(values: readonly HostSlot[] = []): RunSlot[] {
  return values.map(({ name, type, shape }) => {
    if (type === null) {
      throw new LabError({ code: "UNSUPPORTED", message: `Cannot run the model: '${name}' is no tensor` });
    }
    return { name, dtype: type, shape };
  });
}

let sessions = 0;

/**
 * Returns a session for a model, given as the bytes of an ONNX file or as the path of one (needed where its
 * weights lie in a data file). Throws a LabError with the runtime's own words when it refuses the model.
 *
 * A run whose process is ended, by an interrupt or a crash of the runtime, rejects; the next run opens the
 * model again in a fresh process.
 */
export async function openSession(
  model: Uint8Array | string,
  { optimize = "all", threads = 1 }: SessionOptions = {},
): Promise<RunSession> {
  const options: InferenceSession.SessionOptions = {
    graphOptimizationLevel: optimize === "none" ? "disabled" : "all",
    intraOpNumThreads: threads,
    logSeverityLevel: 3,
  };
  const session = ++sessions;
  let at: Host | undefined;

  async function opened(): Promise<HostReply> {
    const process = host();
    const reply = checked(await process.call({ op: "open", session, model, options }), "load the model into");
    at = process;
    return reply;
  }

  const metadata = await opened();
  const inputs = slots(metadata.inputs);
  return {
    inputs,
    outputs: slots(metadata.outputs),
    async run(given) {
      const feeds = inputs.map((slot) => feed(slot, given.get(slot.name)));
      if (at?.alive !== true) await opened();
      const reply = await (at as Host).call({ op: "run", session, feeds });
      const { results = [] } = checked(reply, "run the model in");
      return new Map(results.map((tensor) => [tensor.name, result(tensor)]));
    },
    async close() {
      if (at?.alive === true) await at.call({ op: "close", session });
    },
  };
}

function feed(slot: RunSlot, given: RunTensor | undefined): HostTensor {
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
  return { name: slot.name, type: given.dtype, shape: given.shape, data };
}

function result({ name, type, shape, data }: HostTensor): RunTensor {
  if (Array.isArray(data)) {
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot read output '${name}': it holds texts, expected numbers`,
    });
  }
  const array = data as Uint8Array;
  return {
    dtype: type as DType,
    shape,
    data: new Uint8Array(array.buffer, array.byteOffset, array.byteLength),
  };
}
