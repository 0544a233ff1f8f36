import { DTYPES } from "../../../graph/dtype.js";
import type { Node } from "../../../graph/node.js";
import type { Tensor } from "../../../graph/tensor.js";
import { RULES, SLOPES, VECTORS } from "../facts-packing.js";
import type { CompileOptions } from "../records.js";
import { type BufferDraft, simpleDraft } from "./draft.js";

/** Bytes of a float32 value. */
const FLOAT = 4;

/** Inputs that say a shape, an axis, a range or a scale: compiled into code, never stored. Others are data. */
const SHAPING_INPUTS: ReadonlyMap<string, readonly number[]> = new Map([
  ["Clip", [1, 2]],
  ["ConstantOfShape", [0]],
  ["CumSum", [1]],
  ["DequantizeLinear", [1, 2]],
  ["Expand", [1]],
  ["OneHot", [1, 2]],
  ["Pad", [1, 2, 3]],
  ["QuantizeLinear", [1, 2]],
  ["Range", [0, 1, 2]],
  ["Reshape", [1]],
  ["Resize", [1, 2, 3]],
  ["Slice", [1, 2, 3, 4]],
  ["Split", [1]],
  ["Squeeze", [1]],
  ["StridedSlice", [1, 2, 3]],
  ["Tile", [1]],
  ["TopK", [1]],
  ["Unsqueeze", [1]],
]);
const NO_INPUTS: readonly number[] = [];
const REDUCED_AXES: readonly number[] = [1];

/** Returns the constants that a node reads as data. Kernels and biases of weighted layers are among them. */
export function dataConstants(node: Node): readonly Tensor[] {
  const shaping = SHAPING_INPUTS.get(node.op) ?? (node.op.startsWith("Reduce") ? REDUCED_AXES : NO_INPUTS);
  const found: Tensor[] = [];
  node.inputs.forEach((tensor, index) => {
    if (tensor?.isConstant && !shaping.includes(index) && DTYPES[tensor.dtype].bits > 0) found.push(tensor);
  });
  return found;
}

/**
 * Returns those of them that may get a buffer of their own. A batch normalisation runs as a product and a sum:
 * two constants of its four are left.
 */
export function storedConstants(node: Node, data = dataConstants(node)): readonly Tensor[] {
  if (node.op !== "BatchNormalization") return data;
  return [node.input(1), node.input(2)].filter((tensor) => tensor.isConstant);
}

/** Whether the compiler computes a conversion to float by itself: anchors of a detector that are an output. */
function leavesAsFloat(node: Node, tensor: Tensor, { tool }: CompileOptions): boolean {
  return node.op === "DequantizeLinear" && tensor.quantization !== null && tool < "3.0";
}

/** What every buffer of a constant says of itself. */
const ofConstant = (node: Node, { name }: Tensor) =>
  ({ tensor: name, node, role: "constant", mode: "constant", cause: "constant" }) as const;

function slopesDraft(node: Node, tensor: Tensor): BufferDraft {
  return simpleDraft({
    ...ofConstant(node, tensor),
    bytes: (tensor.size + SLOPES.more.value) * FLOAT,
    rule: RULES.slopes,
    explanation: `${tensor.size} slopes read on the CPU in float32, and ${SLOPES.more.value} value more`,
    source: { from: "nowhere", why: "no image shows where the additional value lies, nor what it is" },
  });
}

/** Returns the buffer of a constant that is no kernel and no bias of a weighted layer; null when it has none. */
export function constantDraft(
  node: Node,
  tensor: Tensor,
  { onCpu, options }: { readonly onCpu: boolean; readonly options: CompileOptions },
): BufferDraft | null {
  const { size } = tensor;
  if (leavesAsFloat(node, tensor, options)) {
    return simpleDraft({
      ...ofConstant(node, tensor),
      bytes: size * FLOAT,
      rule: RULES.constantOutput,
      explanation: `${size} values handed out as they are, widened from ${tensor.dtype} to float32`,
      source: { from: "tensor", tensor, as: "float32" },
    });
  }
  const immediate = options.epochController && size <= VECTORS.broadcastAbove.value;
  if (!onCpu && immediate) return null;
  if (onCpu && node.op === "PRelu" && tensor === node.input(1)) return slopesDraft(node, tensor);
  const widened = onCpu && tensor.quantization !== null;
  return simpleDraft({
    ...ofConstant(node, tensor),
    bytes: widened ? size * FLOAT : tensor.bytes,
    rule: RULES.constant,
    explanation: widened
      ? `${size} values read on the CPU, widened from ${tensor.dtype} to float32`
      : `${size} values of ${tensor.dtype}`,
    source: { from: "tensor", tensor, as: widened ? "float32" : "stored" },
  });
}
