/** Operands that no file holds and the compiler adds: ones for padding and pooling, scales of CPU steps. */
import { isInteger } from "../../../graph/dtype.js";
import { tensorNumbers } from "../../../graph/elements.js";
import { imageSize, layoutOf } from "../../../graph/geometry.js";
import type { Graph } from "../../../graph/graph.js";
import { type Node, numbersAttribute } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { type PackingRule, RULES, VECTOR_VALUES, VECTORS } from "../facts-packing.js";
import type { BufferSource, CompileOptions, Epoch } from "../records.js";
import { type BufferDraft, simpleDraft } from "./draft.js";
import { signedZeroPoint } from "./layer.js";

function helper(
  node: Node,
  tensor: string,
  size: number,
  rule: PackingRule,
  explanation: string,
  source: BufferSource = { from: "fill", value: 1 },
): BufferDraft {
  return simpleDraft({
    tensor,
    node,
    role: "constant",
    mode: "constant",
    cause: "helper",
    bytes: size,
    rule,
    explanation,
    source,
  });
}

/** Returns the columns of the image when a Pad widens its channels; null for any other padding. */
function channelPadColumns(node: Node): number | null {
  const pads = node.inputs[1];
  const shape = node.output().staticShape();
  if (!pads?.isConstant || shape.length !== 4) return null;
  const amounts = [...tensorNumbers(pads)];
  // A Pad does not say its layout; files in TFLite's manner keep channels last, ONNX second.
  const channelsFirst = node.source.format === "onnx";
  const axis = channelsFirst ? 1 : 3;
  const widens = (amounts[axis] ?? 0) > 0 || (amounts[axis + 4] ?? 0) > 0;
  return widens ? shape[channelsFirst ? 3 : 2]! : null;
}

/** Returns the operands that a node brings when it runs on the NPU. */
export function hardwareHelpers(node: Node, options: CompileOptions): readonly BufferDraft[] {
  if (node.op === "Pad") {
    const columns = channelPadColumns(node);
    if (columns === null) return [];
    return [helper(node, `${node.name}.ones`, columns, RULES.padOnes, `ones for ${columns} columns`)];
  }
  if (node.op === "MaxPool" && numbersAttribute(node, "strides", [1, 1]).every((stride) => stride === 1)) {
    const { channels } = imageSize(node.output(), layoutOf(node));
    return [helper(node, `${node.name}.ones`, channels, RULES.poolOnes, `ones for ${channels} channels`)];
  }
  if (node.op === "ReduceMean" && !options.epochController && node.input(0).shape?.length === 4) {
    if (signedZeroPoint(node.input(0)) !== VECTORS.zeroPoint.value) return [];
    return [
      simpleDraft({
        tensor: `${node.name}.zeroOffset`,
        node,
        role: "zeroOffset",
        mode: "vector",
        cause: "zeroOffset",
        bytes: 1,
        rule: RULES.zeroOffset,
        explanation: `input zero point ${VECTORS.zeroPoint.value} of a spatial mean`,
        source: { from: "fill", value: VECTOR_VALUES.zeroOffset.value },
      }),
    ];
  }
  return [];
}

const isQuantised = (tensor: Tensor): boolean => tensor.quantization !== null && isInteger(tensor.dtype);

const NO_TENSOR: BufferSource = {
  from: "nowhere",
  why: "no single quantised tensor of the graph stands for the step",
};

function scaleOf(node: Node, tensor: Tensor): BufferSource {
  const isSoftmax = node.op === "Softmax" && tensor === node.output();
  return isSoftmax
    ? { from: "numbers", as: "float32", values: [VECTOR_VALUES.softmaxScale.value] }
    : { from: "scaleOf", tensor };
}

function quantizePair(node: Node, name: string, tensor: Tensor | undefined): readonly BufferDraft[] {
  const [scale, zeroPoint] = ["float32 scale of a step on the CPU", "zero point of a step on the CPU"];
  return [
    helper(node, `${name}.scale`, 4, RULES.quantizePair, scale, tensor ? scaleOf(node, tensor) : NO_TENSOR),
    helper(
      node,
      `${name}.zeroPoint`,
      1,
      RULES.quantizePair,
      zeroPoint,
      tensor ? { from: "zeroPointOf", tensor } : NO_TENSOR,
    ),
  ];
}

/** Returns the quantised tensor at a conversion's integer end; undefined when there is not exactly one. */
function convertedTensor(epoch: Epoch, op: string, node: Node | undefined): Tensor | undefined {
  const quantizes = op === "QuantizeLinear";
  const ends = node ? [quantizes ? node.output() : node.input(0)] : quantizes ? epoch.writes : epoch.reads;
  const quantised = ends.filter(isQuantised);
  return quantised.length === 1 ? quantised[0] : undefined;
}

/**
 * Returns region, sizes and factors of a Resize on the CPU:
 *
 *   [1, 256, 6, 6] -> [1, 256, 12, 12]:  [0 0 0 0 1 256 6 6]  [1 256 12 12]  [1 1 2 2]
 */
function resizeOperands(node: Node): readonly BufferDraft[] {
  const layout = layoutOf(node);
  const rank = node.output().staticShape().length;
  const from = imageSize(node.input(0), layout);
  const to = imageSize(node.output(), layout);
  const brings = (what: string, as: "float32" | "int64", values: readonly number[]) => {
    const source: BufferSource =
      rank === 4
        ? { from: "numbers", as, values }
        : { from: "nowhere", why: `operands of a Resize of ${rank} dimensions were not seen` };
    const size = (as === "int64" ? 8 : 4) * (what === "region" ? 2 : 1) * rank;
    return helper(
      node,
      `${node.name}.${what}`,
      size,
      RULES.resizeShape,
      `${what} of a Resize on the CPU`,
      source,
    );
  };
  return [
    brings("region", "float32", [0, 0, 0, 0, from.batch, from.channels, from.height, from.width]),
    brings("sizes", "int64", [to.batch, to.channels, to.height, to.width]),
    brings("factors", "float32", [1, 1, to.height / from.height, to.width / from.width]),
  ];
}

/** Operators whose integer kernels on the CPU take scale and zero point of both ends as operands. */
const INTEGER_KERNELS = new Set(["Softmax", "Resize"]);

/** Returns the operands that an epoch on the CPU brings. `anchor` stands for steps that no node stands for. */
export function softwareHelpers(
  epoch: Epoch,
  anchor: Node,
  { graph, options }: { readonly graph: Graph; readonly options: CompileOptions },
): readonly BufferDraft[] {
  // Up to 2.2 a Softmax of dequantised values brings the operands too; the file does not say what they hold.
  const ofDequantised = (node: Node) =>
    node.op === "Softmax" && options.tool < "3.0" && graph.producer(node.input(0))?.op === "DequantizeLinear";
  const drafts: BufferDraft[] = [];
  const edges = epoch.ops.filter((op) => op === "QuantizeLinear" || op === "DequantizeLinear");
  edges.forEach((op, index) => {
    const converter = epoch.nodes.find((candidate) => candidate.op === op);
    const node = converter ?? epoch.nodes[0] ?? anchor;
    const name = `epoch ${epoch.index}.${op}${index === 0 ? "" : `.${index}`}`;
    drafts.push(...quantizePair(node, name, convertedTensor(epoch, op, converter)));
  });
  for (const node of epoch.nodes) {
    if (!INTEGER_KERNELS.has(node.op)) continue;
    for (const tensor of [node.input(0), node.output()]) {
      const quantised = isQuantised(tensor);
      if (quantised || ofDequantised(node))
        drafts.push(...quantizePair(node, `${node.name}.${tensor.name}`, quantised ? tensor : undefined));
    }
    if (node.op === "Resize") drafts.push(...resizeOperands(node));
  }
  return drafts;
}
