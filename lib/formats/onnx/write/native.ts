/**
 * The graph's vocabulary back into ONNX's own words, at a given opset: the mirror of canonical.ts. A node
 * that is no ONNX (channels last, a fused activation, a TFLite operator) is refused by name; convertToOnnx
 * rewrites those first.
 */
import { LabError } from "../../../errors.js";
import { tensorNumbers } from "../../../graph/elements.js";
import type { Attributes, Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { dataTypeCode, dataTypeOf } from "../data-types.js";

/** A node as the file has it. */
export interface NativeCall {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Attributes;
}

/** Opset in which an operator got a list of numbers as an input, and the attribute that it was before. */
interface MovedInput {
  readonly attribute: string;
  readonly input: number;
  readonly since: number;
}

const AXES_SINCE_13: MovedInput = { attribute: "axes", input: 1, since: 13 };
const AXES_SINCE_18: MovedInput = { attribute: "axes", input: 1, since: 18 };

/** Source: onnx/docs/Changelog.md. Moves before opset 11 do not occur: nothing older is written. */
const MOVED: Readonly<Record<string, MovedInput>> = {
  ReduceL1: AXES_SINCE_18,
  ReduceL2: AXES_SINCE_18,
  ReduceLogSum: AXES_SINCE_18,
  ReduceLogSumExp: AXES_SINCE_18,
  ReduceMax: AXES_SINCE_18,
  ReduceMean: AXES_SINCE_18,
  ReduceMin: AXES_SINCE_18,
  ReduceProd: AXES_SINCE_18,
  ReduceSum: AXES_SINCE_13,
  ReduceSumSquare: AXES_SINCE_18,
  Split: { attribute: "split", input: 1, since: 13 },
  Squeeze: AXES_SINCE_13,
  Unsqueeze: AXES_SINCE_13,
};

/** Operators of the vocabulary that ONNX has not. */
const NO_ONNX: ReadonlySet<string> = new Set([
  "Atan2",
  "BatchToSpaceND",
  "FloorDiv",
  "Relu6",
  "Reverse",
  "Rsqrt",
  "SpaceToBatchND",
  "Square",
  "SquaredDifference",
  "Stack",
  "StridedSlice",
  "Unstack",
]);

/** ONNX operators that look like names of TFLite: all in upper case. */
const UPPER_CASE: ReadonlySet<string> = new Set(["DFT", "GRU", "LRN", "LSTM", "RNN", "STFT"]);

/** Words of the graph, and what old opsets said that today is a matter of course. */
const DROPPED: ReadonlySet<string> = new Set([
  "layout",
  "weightLayout",
  "flattenFrom",
  "consumedInputs",
  "isTest",
]);

const CONVERT = "rewrite the network with convertToOnnx first";

function refuse(node: Node, why: string, hint = CONVERT): LabError {
  return new LabError({
    code: "NO_ONNX",
    message: `Cannot write ${node.describe()} as ONNX: ${why}`,
    hint,
    at: node.name,
  });
}

function domainAndName(node: Node): readonly [domain: string, op: string] {
  const parted = node.op.lastIndexOf(":");
  return parted < 0 ? ["", node.op] : [node.op.slice(0, parted), node.op.slice(parted + 1)];
}

/** Refuses what only the graph can say. */
function checkWords(node: Node): void {
  const { op, attributes } = node;
  const isTflite =
    op.startsWith("CUSTOM:") || (/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(op) && !UPPER_CASE.has(op));
  if (NO_ONNX.has(op) || isTflite) throw refuse(node, "ONNX has no such operator");
  for (const [name, wanted] of [
    ["layout", "NCHW"],
    ["weightLayout", node.op === "ConvTranspose" ? "IOHW" : "OIHW"],
  ] as const) {
    const found = attributes[name];
    if (found !== undefined && found !== wanted)
      throw refuse(node, `its ${name} is ${String(found)}, expected ${wanted}`);
  }
  if (attributes.activation !== undefined) {
    throw refuse(
      node,
      `it has the activation ${String(attributes.activation)} fused into it, expected one of its own`,
    );
  }
  if (attributes.keepDims !== undefined && op === "Gemm")
    throw refuse(node, "it keeps leading dimensions, expected two");
  if ((op === "QuantizeLinear" || op === "DequantizeLinear") && node.inputs.length < 2) {
    throw refuse(node, "its scale is on the tensor, expected it as an input");
  }
}

/** Returns the node in ONNX's words; throws a LabError that names the node where it has none. */
export function nativeCall(node: Node, opset: number): NativeCall {
  const [domain, op] = domainAndName(node);
  if (domain !== "" && domain !== "CUSTOM")
    return { op, domain, inputs: node.inputs, attributes: node.attributes };
  checkWords(node);
  const call = beforeMove(node, opset);
  const kept = Object.entries(call.attributes).filter(([name]) => !DROPPED.has(name));
  return { op, domain, inputs: call.inputs, attributes: respell(node, Object.fromEntries(kept), opset) };
}

/** Returns inputs and attributes as they were before a list of numbers became an input. */
function beforeMove(node: Node, opset: number): Pick<NativeCall, "inputs" | "attributes"> {
  const { op, inputs, attributes } = node;
  const moved = Object.hasOwn(MOVED, op) ? MOVED[op]! : null;
  const list = moved && inputs[moved.input];
  if (!moved || !list || opset >= moved.since) return { inputs, attributes };
  if (!list.isConstant) {
    throw refuse(
      node,
      `its ${moved.attribute} are computed, which opset ${opset} cannot say`,
      `write opset ${moved.since} or later`,
    );
  }
  return {
    inputs: inputs.slice(0, moved.input),
    attributes: { ...attributes, [moved.attribute]: [...tensorNumbers(list)] },
  };
}

/** Attributes that the graph spells in its own way, or that an opset no longer has. */
function respell(node: Node, attributes: Attributes, opset: number): Attributes {
  switch (node.op) {
    case "Cast": {
      const dtype = dataTypeOf(attributes.to) ?? attributes.to;
      return { ...attributes, to: dataTypeCode(dtype as Parameters<typeof dataTypeCode>[0]) };
    }
    case "BatchNormalization":
      if (attributes.spatial === 0)
        throw refuse(node, "it normalises each position on its own, which opset 9 gave up");
      return without(attributes, "spatial");
    case "Dropout":
      // Since opset 12 the ratio is an input; at inference nothing reads it.
      return opset >= 12 ? without(attributes, "ratio") : attributes;
    case "Gemm":
      // Before opset 7 the bias broadcast only when told so.
      return without(attributes, "broadcast");
    case "Hardmax":
    case "LogSoftmax":
    case "Softmax":
      return normalisation(node, attributes, opset);
    default:
      return attributes;
  }
}

function without(attributes: Attributes, name: string): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([own]) => own !== name));
}

/** Up to opset 12 all axes from `axis` on are one; later, `axis` alone. Both are the same for the last one. */
function normalisation(node: Node, attributes: Attributes, opset: number): Attributes {
  const { flattenFrom, beta } = node.attributes;
  if (beta !== undefined) throw refuse(node, `it has a beta of ${String(beta)}, expected none`);
  const rank = node.input(0).shape?.length;
  const axis = Number(attributes.axis ?? -1);
  const isLast = axis === -1 || (rank !== undefined && axis === rank - 1);
  const isOld = flattenFrom !== undefined;
  if (isLast || isOld === opset < 13) return attributes;
  throw refuse(
    node,
    isOld
      ? `it normalises all axes from ${axis} on at once, which opset ${opset} cannot say`
      : `it normalises axis ${axis} alone, which opset ${opset} cannot say`,
    isOld ? "write opset 12 or earlier" : "write opset 13 or later",
  );
}
