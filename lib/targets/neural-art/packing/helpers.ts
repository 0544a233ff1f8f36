/** Operands that no file holds and the compiler adds: ones for padding and pooling, scales of CPU steps. */
import { isInteger } from "../../../graph/dtype.js";
import { tensorNumbers } from "../../../graph/elements.js";
import { imageSize, layoutOf } from "../../../graph/geometry.js";
import { type Node, numbersAttribute } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { type PackingRule, RULES, VECTORS } from "../facts-packing.js";
import type { CompileOptions, Epoch } from "../records.js";
import { type BufferDraft, simpleDraft } from "./draft.js";
import { signedZeroPoint } from "./layer.js";

function helper(
  node: Node,
  tensor: string,
  size: number,
  rule: PackingRule,
  explanation: string,
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
      }),
    ];
  }
  return [];
}

const isQuantised = (tensor: Tensor): boolean => tensor.quantization !== null && isInteger(tensor.dtype);

function quantizePair(node: Node, name: string): readonly BufferDraft[] {
  return [
    helper(node, `${name}.scale`, 4, RULES.quantizePair, "float32 scale of a step on the CPU"),
    helper(node, `${name}.zeroPoint`, 1, RULES.quantizePair, "zero point of a step on the CPU"),
  ];
}

/** Operators whose integer kernels on the CPU take scale and zero point of both ends as operands. */
const INTEGER_KERNELS = new Set(["Softmax", "Resize"]);

/** Returns the operands that an epoch on the CPU brings. `anchor` stands for steps that no node stands for. */
export function softwareHelpers(epoch: Epoch, anchor: Node): readonly BufferDraft[] {
  const drafts: BufferDraft[] = [];
  const edges = epoch.ops.filter((op) => op === "QuantizeLinear" || op === "DequantizeLinear");
  edges.forEach((op, index) => {
    const node = epoch.nodes.find((candidate) => candidate.op === op) ?? epoch.nodes[0] ?? anchor;
    drafts.push(...quantizePair(node, `epoch ${epoch.index}.${op}${index === 0 ? "" : `.${index}`}`));
  });
  for (const node of epoch.nodes) {
    if (!INTEGER_KERNELS.has(node.op)) continue;
    for (const tensor of [node.input(0), node.output()]) {
      if (isQuantised(tensor)) drafts.push(...quantizePair(node, `${node.name}.${tensor.name}`));
    }
    if (node.op === "Resize") {
      const rank = node.output().staticShape().length;
      const brings = (what: string, size: number) =>
        helper(node, `${node.name}.${what}`, size, RULES.resizeShape, `${what} of a Resize on the CPU`);
      drafts.push(brings("region", 8 * rank), brings("sizes", 8 * rank), brings("factors", 4 * rank));
    }
  }
  return drafts;
}
