/**
 * The graph's vocabulary back into TFLite operators: the mirror image of lower.ts. What a node's attributes say
 * holds; options that the vocabulary has no word for are as the file recorded them.
 */
import { type Node, numberAttribute, stringAttribute } from "../../graph/node.js";
import { TFLITE_OPERATORS } from "../../graph/operators.js";
import { BUILTIN_OPERATORS } from "./builtin-operators.js";
import { hasOption } from "./options.js";
import {
  blockwise,
  convolution,
  localResponse,
  pooling,
  resizing,
  transposeConvolution,
} from "./raise-image.js";
import {
  argument,
  concat,
  expandDims,
  fill,
  gather,
  oneHot,
  padding,
  reduction,
  reshape,
  slice,
  split,
  squeeze,
  stack,
  stridedSlice,
  transpose,
  unstack,
} from "./raise-shape.js";
import { type Raised, type Raising, refuse, requireAttribute } from "./raised.js";

const dense: Raising = (node) => {
  requireAttribute(node, "alpha", [1]);
  requireAttribute(node, "beta", [1]);
  requireAttribute(node, "transA", [0, false]);
  if (Number(node.attributes.transB ?? 0) !== 1) {
    throw refuse(node, "its weights are stored [Cin, Cout], expected [Cout, Cin]");
  }
  const keepNumDims = Boolean(node.attributes.keepDims ?? false);
  return {
    builtin: "FULLY_CONNECTED",
    inputs: node.inputs,
    options: { keepNumDims, weightsFormat: "default" },
  };
};

/** Returns the raising of an operator over the last axis alone. */
function lastAxis(builtin: string, options: Raised["options"] = {}): Raising {
  return (node) => {
    const axis = numberAttribute(node, "axis", -1);
    const rank = node.input(0).shape?.length;
    if (axis !== -1 && axis + 1 !== rank) throw refuse(node, `it runs along axis ${axis}, expected the last`);
    return { builtin, inputs: node.inputs, options };
  };
}

const softmax: Raising = (node) => lastAxis("SOFTMAX", { beta: numberAttribute(node, "beta", 1) })(node);

/** The types are those of the tensors; converters that repeat them as options get them back as they were. */
const cast: Raising = (node) => ({
  builtin: "CAST",
  inputs: node.inputs,
  options: node.source.recorded ? {} : { inDataType: node.input(0).dtype, outDataType: node.output().dtype },
});

/** TFLite has the types on the tensors; ONNX has scales as inputs. */
function typedByTensors(builtin: string): Raising {
  return (node) => {
    if (node.inputs.length !== 1) {
      throw refuse(
        node,
        "its scales are inputs, expected them on its tensors",
        "TFLite can be written of TFLite files and of networks built in code; an ONNX file keeps its own format",
      );
    }
    return { builtin, inputs: node.inputs, options: {} };
  };
}

const RAISINGS: Readonly<Record<string, Raising>> = {
  ArgMax: argument("ARG_MAX"),
  ArgMin: argument("ARG_MIN"),
  AveragePool: pooling("AVERAGE_POOL_2D"),
  Cast: cast,
  Concat: concat,
  ConstantOfShape: fill,
  Conv: convolution,
  ConvTranspose: transposeConvolution,
  CumSum: (node) => ({
    builtin: "CUMSUM",
    inputs: node.inputs,
    options: { exclusive: node.attributes.exclusive === 1, reverse: node.attributes.reverse === 1 },
  }),
  DepthToSpace: blockwise("DEPTH_TO_SPACE"),
  DequantizeLinear: typedByTensors("DEQUANTIZE"),
  Gather: gather,
  Gelu: (node) => ({
    builtin: "GELU",
    inputs: node.inputs,
    options: { approximate: stringAttribute(node, "approximate", "none") === "tanh" },
  }),
  Gemm: dense,
  LRN: localResponse,
  LeakyRelu: (node) => ({
    builtin: "LEAKY_RELU",
    inputs: node.inputs,
    options: { alpha: numberAttribute(node, "alpha", 0.01) },
  }),
  LogSoftmax: lastAxis("LOG_SOFTMAX"),
  LpNormalization: lastAxis("L2_NORMALIZATION"),
  LpPool: pooling("L2_POOL_2D"),
  MatMul: (node) => ({ builtin: "BATCH_MATMUL", inputs: node.inputs, options: { adjX: false, adjY: false } }),
  MaxPool: pooling("MAX_POOL_2D"),
  OneHot: oneHot,
  Pad: padding,
  QuantizeLinear: typedByTensors("QUANTIZE"),
  ReduceMax: reduction("REDUCE_MAX"),
  ReduceMean: reduction("MEAN"),
  ReduceMin: reduction("REDUCE_MIN"),
  ReduceProd: reduction("REDUCE_PROD"),
  ReduceSum: reduction("SUM"),
  Reshape: reshape,
  Resize: resizing,
  Shape: (node) => ({ builtin: "SHAPE", inputs: node.inputs, options: { outType: node.output().dtype } }),
  Slice: slice,
  Softmax: softmax,
  SpaceToDepth: blockwise("SPACE_TO_DEPTH"),
  Split: split,
  Squeeze: squeeze,
  Stack: stack,
  StridedSlice: stridedSlice,
  Transpose: transpose,
  Unsqueeze: expandDims,
  Unstack: unstack,
};

/** Builtins by the vocabulary's name, for operators that change their name alone; the later one is the newer. */
const RENAMED: ReadonlyMap<string, string> = new Map(
  Object.entries(TFLITE_OPERATORS).map(([builtin, op]) => [op, builtin]),
);

const CUSTOM = "CUSTOM:";

/** Returns the operator of TFLite that a node is; throws a LabError that names the node where there is none. */
export function raise(node: Node): Raised & { readonly customCode: string | null } {
  const raised = raiseBuiltin(node);
  const { op, recorded } = node.source;
  // Recorded options of another operator say nothing about this one.
  const kept = op === raised.builtin ? (recorded?.options ?? {}) : {};
  const fused = hasOption(raised.builtin, "activation")
    ? { activation: stringAttribute(node, "activation", "none") }
    : {};
  if (!("activation" in fused) && node.attributes.activation !== undefined) {
    throw refuse(node, `an activation is fused into it, and ${raised.builtin} takes none`);
  }
  const custom = raised.builtin === "CUSTOM";
  return {
    ...raised,
    options: { ...kept, ...raised.options, ...fused },
    customCode: custom ? node.op.slice(CUSTOM.length) : null,
  };
}

function raiseBuiltin(node: Node): Raised {
  const { op, inputs, attributes, source } = node;
  if (Object.hasOwn(RAISINGS, op)) return RAISINGS[op]!(node);
  if (op.startsWith(CUSTOM)) return { builtin: "CUSTOM", inputs, options: {} };
  // Operators without a counterpart keep their name and their options.
  if (BUILTIN_OPERATORS.includes(op)) return { builtin: op, inputs, options: attributes };
  const builtin = TFLITE_OPERATORS[source.op] === op ? source.op : RENAMED.get(op);
  if (builtin !== undefined) return { builtin, inputs, options: {} };
  throw refuse(node, "TFLite has no operator of this meaning");
}
