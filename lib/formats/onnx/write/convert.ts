/** Any network as one that ONNX can say: from TFLite, built in code, or read from ONNX and normalised. */
import { LabError } from "../../../errors.js";
import type { Graph, Model } from "../../../graph/graph.js";
import { channelsFirst } from "../../../graph/passes/channels-first.js";
import { expandQdq } from "../../../graph/passes/expand-qdq.js";
import { type NormalizeOptions, normalizeModel } from "../../../graph/passes/normalize.js";
import { runPasses } from "../../../graph/passes/pass.js";
import { lowerToOnnx } from "./lower.js";
import { nativeCall } from "./native.js";

/** 16-bit QuantizeLinear came with opset 21, which came with version 10 of the format. */
const OPSET = 21;
const IR = 10;

/**
 * Returns the model as ONNX marks quantised networks, with QuantizeLinear and DequantizeLinear around float
 * operators: shapes static, channels first inside, inputs and outputs as recorded (an NHWC image stays NHWC).
 * The given model stays as it is. Throws a LabError that names the first operator ONNX does not have.
 *
 * @example
 * const session = await openSession(onnxBytes(convertToOnnx(load("network.tflite"))));
 */
export function convertToOnnx(model: Model, options: NormalizeOptions = {}): Model {
  refuseOthers(model.graph);
  const { graph } = normalizeModel(model, options);
  runPasses(graph, [lowerToOnnx, channelsFirst, expandQdq]);
  for (const node of graph.nodes) nativeCall(node, OPSET);
  const { name, producer, metadata } = model;
  const domains = model.format === "onnx" ? model.version.replace(/^IR \d+, opset \d+/, "") : "";
  return {
    name,
    format: "onnx",
    graph,
    version: `IR ${IR}, opset ${OPSET}${domains}`,
    producer,
    metadata,
  };
}

/** What keeps a name of its own has no counterpart; said at once, before shapes and constants are worked on. */
function refuseOthers(graph: Graph): void {
  const foreign = graph.nodes.filter(({ op, source }) => source.format === "tflite" && op === source.op);
  const [first] = foreign;
  if (!first) return;
  const names = [...new Set(foreign.map(({ op }) => op))].sort();
  throw new LabError({
    code: "NO_ONNX",
    message: `Cannot say ${first.describe()} in ONNX: it has no counterpart (in this network: ${names.join(", ")})`,
    at: first.name,
  });
}
