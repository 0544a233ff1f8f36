/** Any network as one that ONNX can say: from TFLite, built in code, or read from ONNX and normalised. */
import { LabError } from "../../../errors.js";
import type { DType } from "../../../graph/dtype.js";
import type { Graph, Model } from "../../../graph/graph.js";
import { channelsFirst } from "../../../graph/passes/channels-first.js";
import { expandQdq } from "../../../graph/passes/expand-qdq.js";
import { type NormalizeOptions, normalizeModel } from "../../../graph/passes/normalize.js";
import { runPasses } from "../../../graph/passes/pass.js";
import { hasLowering, lowerToOnnx } from "./lower.js";
import { nativeCall } from "./native.js";
import type { StateHandling } from "./state.js";

export interface ConvertOptions extends NormalizeOptions {
  /** What becomes of values that the network keeps from run to run; default is "ports". */
  readonly state?: StateHandling;
}

/**
 * What networks are written as, and what those with 16-bit or 4-bit marks need. ONNX Runtime 1.30 refuses some
 * 8-bit networks of opset 21: where it moves a Transpose over marks it makes new ones with an output_dtype,
 * an attribute of that opset, and contradicts it when it turns int8 into uint8.
 */
const PLAIN = { opset: 20, ir: 9 };
const NARROW_AND_WIDE = { opset: 21, ir: 10 };
/** Source: QuantizeLinear and DequantizeLinear, versions 19 and 21. */
const SINCE_21: ReadonlySet<DType> = new Set(["int16", "uint16", "int4", "uint4"]);

/**
 * Returns the model as ONNX marks quantised networks, with QuantizeLinear and DequantizeLinear around float
 * operators: shapes static, channels first inside, inputs and outputs as recorded (an NHWC image stays NHWC).
 * Values that a TFLite network keeps from run to run become inputs and outputs behind those (state.ts). The
 * given model stays as it is. Throws a LabError that names the first operator ONNX does not have.
 *
 * @example
 * const session = await openSession(onnxBytes(convertToOnnx(load("network.tflite"))));
 */
export function convertToOnnx(model: Model, options: ConvertOptions = {}): Model {
  refuseOthers(model.graph);
  const { graph } = normalizeModel(model, options);
  runPasses(graph, [lowerToOnnx({ state: options.state ?? "ports" }), channelsFirst, expandQdq]);
  const { opset, ir } = hasMarksOf(graph, SINCE_21) ? NARROW_AND_WIDE : PLAIN;
  for (const node of graph.nodes) nativeCall(node, opset);
  const { name, producer, metadata, recorded } = model;
  const domains = model.format === "onnx" ? model.version.replace(/^IR \d+, opset \d+/, "") : "";
  return {
    name,
    format: "onnx",
    graph,
    version: `IR ${ir}, opset ${opset}${domains}`,
    producer,
    metadata,
    ...(recorded && { recorded }),
  };
}

function hasMarksOf(graph: Graph, types: ReadonlySet<DType>): boolean {
  const marks = graph.nodes.filter(({ op }) => op === "QuantizeLinear" || op === "DequantizeLinear");
  return marks.some((node) => [node.input(0), node.output()].some(({ dtype }) => types.has(dtype)));
}

/** What keeps a name of its own has no counterpart; said at once, before shapes and constants are worked on. */
function refuseOthers(graph: Graph): void {
  const foreign = graph.nodes.filter(
    ({ op, source }) => source.format === "tflite" && op === source.op && !hasLowering(op),
  );
  const [first] = foreign;
  if (!first) return;
  const names = [...new Set(foreign.map(({ op }) => op))].sort();
  throw new LabError({
    code: "NO_ONNX",
    message: `Cannot say ${first.describe()} in ONNX: it has no counterpart (in this network: ${names.join(", ")})`,
    at: first.name,
  });
}
