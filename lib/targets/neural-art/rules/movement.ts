/** Rules on operators that move data: what the stream engines do alone, and what the CPU must drive. */
import { tensorNumbers } from "../../../graph/elements.js";
import { imageSize, layoutOf } from "../../../graph/geometry.js";
import {
  type Layout,
  type Node,
  numberAttribute,
  numbersAttribute,
  stringAttribute,
} from "../../../graph/node.js";
import type { Fact } from "../../rule.js";
import { channelAxis, knownShape, type Site, type SupportRule } from "./site.js";

/** Channels of a concatenation that the 2.x compilers place without the CPU come in multiples of this. */
export const CONCAT_GRANULE: Fact = {
  value: 8,
  evidence: "inferred",
  source:
    "st_yolo_x nano (2.1): 12 + 3 + 3 channels hybrid 3/3, multiples of 16 on the NPU 13/13; 3.0: none hybrid",
};

function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/** Returns whether only axes of size 1 change places: the bytes stay where they are. */
export function keepsBytes(node: Node): boolean {
  const shape = knownShape(node.inputs[0]);
  if (!shape) return false;
  const moved = permutationOf(node).filter((axis) => shape[axis] !== 1);
  return moved.every((axis, index) => index === 0 || axis > moved[index - 1]!);
}

function permutationOf(node: Node): readonly number[] {
  const rank = node.input(0).shape?.length ?? 0;
  const reversed = Array.from({ length: rank }, (_, index) => rank - 1 - index);
  const operand = node.inputs[1];
  if (operand?.isConstant) return [...tensorNumbers(operand)];
  return numbersAttribute(node, "perm", reversed);
}

/** Channels first to channels last, or back, the rest in order: the stream engines write in either order. */
function swapsLayout(permutation: readonly number[]): boolean {
  const rank = permutation.length;
  const toLast = [0, ...Array.from({ length: rank - 2 }, (_, i) => i + 2), 1];
  const toFirst = [0, rank - 1, ...Array.from({ length: rank - 2 }, (_, i) => i + 1)];
  return [toLast, toFirst].some((order) => order.every((axis, index) => axis === permutation[index]));
}

/** Integer factors of a Resize, [height, width]; null when they are not whole. */
export function resizeFactors(node: Node): readonly [number, number] | null {
  if (!knownShape(node.inputs[0]) || !knownShape(node.outputs[0])) return null;
  const layout = layoutOf(node);
  const [from, to] = [imageSize(node.input(0), layout), imageSize(node.output(), layout)];
  const factors = [to.height / from.height, to.width / from.width] as const;
  return factors.every((factor) => Number.isInteger(factor)) ? factors : null;
}

export interface PadAmounts {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/** Returns the amounts of a Pad per axis; null when they are computed at run time. */
export function padAmounts(node: Node): PadAmounts | null {
  const pads = node.inputs[1];
  const rank = node.input(0).shape?.length ?? 0;
  if (!pads?.isConstant) return null;
  const amounts = [...tensorNumbers(pads)];
  const axes = node.inputs[3];
  const named = axes?.isConstant ? [...tensorNumbers(axes)].map((axis) => positiveAxis(axis, rank)) : null;
  const order = named ?? Array.from({ length: rank }, (_, axis) => axis);
  const before = new Array<number>(rank).fill(0);
  const after = new Array<number>(rank).fill(0);
  order.forEach((axis, index) => {
    before[axis] = amounts[index] ?? 0;
    after[axis] = amounts[index + order.length] ?? 0;
  });
  return { before, after };
}

/** Returns whether a Pad widens rows and columns alone: the convolution unit pads as it reads. */
export function padsMapOnly(node: Node, layout: Layout): boolean {
  const amounts = padAmounts(node);
  const rank = node.input(0).shape?.length ?? 0;
  if (!amounts || rank < 3) return false;
  const channels = channelAxis(rank, layout);
  return [0, channels].every((axis) => amounts.before[axis] === 0 && amounts.after[axis] === 0);
}

export const MOVEMENT_RULES: readonly SupportRule[] = [
  {
    id: "N6-RESIZE-01",
    sentence: "Resize is nearest neighbour; interpolation is computed by the CPU in integers.",
    ops: ["Resize"],
    outcome: "integer",
    facts: {},
    evidence: "observed",
    source:
      "MoveNet 3/3, palm detection 2/2, DeepLab 2/2; the vendor's table says SW_FLOAT for RESIZE_BILINEAR",
    check({ node }) {
      const mode = stringAttribute(node, "mode", "nearest");
      if (mode === "nearest") return null;
      return { why: `mode '${mode}', expected nearest`, fix: "use nearest, or a transpose convolution" };
    },
  },
  {
    id: "N6-RESIZE-02",
    sentence:
      "Nearest resize by a whole factor is a Concat of copies and a DepthToSpace that the CPU drives.",
    ops: ["Resize"],
    outcome: "hybrid",
    facts: {},
    evidence: "observed",
    source: "YOLO networks, 2.1 to 3.0: 2 of 2 each",
    check({ node }) {
      const factors = resizeFactors(node);
      if (!factors) return null;
      return { why: `nearest by ${factors.join("×")}`, fix: "use a transpose convolution" };
    },
  },
  {
    id: "N6-RESIZE-03",
    sentence: "Nearest resize by a broken factor is computed by the CPU in integers.",
    ops: ["Resize"],
    outcome: "integer",
    facts: {},
    evidence: "inferred",
    source: "stneuralart_operator_support.html r1.1: HW only when asymmetric and floor",
    check({ node }) {
      if (resizeFactors(node)) return null;
      return { why: "the factor is not a whole number", fix: "resize by 2" };
    },
  },
  {
    id: "N6-CONCAT-01",
    sentence: `Compilers before 3.0 concatenate channels on the NPU when their sum is a multiple of ${CONCAT_GRANULE.value}.`,
    ops: ["Concat"],
    outcome: "hybrid",
    facts: { granule: CONCAT_GRANULE },
    evidence: "inferred",
    source: CONCAT_GRANULE.source,
    check({ node, options, layout }) {
      const shape = knownShape(node.outputs[0]);
      if (!shape || options.tool >= "3.0") return null;
      const axis = positiveAxis(numberAttribute(node, "axis", 0), shape.length);
      const channels = shape[axis] ?? 1;
      if (axis !== channelAxis(shape.length, layout) || channels % CONCAT_GRANULE.value === 0) return null;
      return {
        why: `${channels} channels, expected a multiple of ${CONCAT_GRANULE.value}`,
        fix: "drop the Concat: give each head an output of its own",
      };
    },
  },
  {
    id: "N6-CONCAT-02",
    sentence: "A list of points with more than one channel is concatenated by the CPU's DMA.",
    ops: ["Concat"],
    outcome: "hybrid",
    facts: {},
    evidence: "observed",
    source: "palm detection (2.1): 18 channels hybrid, 1 channel not; YOLO (2.2): 8 rows hybrid",
    check({ node, layout }) {
      const shape = knownShape(node.outputs[0]);
      if (!shape || shape.length > 3) return null;
      const axis = positiveAxis(numberAttribute(node, "axis", 0), shape.length);
      const channels = shape[channelAxis(shape.length, layout)] ?? 1;
      if (axis === channelAxis(shape.length, layout) || channels <= 1) return null;
      return {
        why: `${channels} channels joined along axis ${axis}`,
        fix: "give each head an output of its own",
      };
    },
  },
  {
    id: "N6-SPLIT-01",
    sentence: "Split along the channels is done by the stream engines; along other axes the CPU drives it.",
    ops: ["Split", "Unstack"],
    outcome: "hybrid",
    facts: {},
    evidence: "inferred",
    source:
      "TinyBERT-like network (2.2): 6 hybrid Splits per head; YOLO (2.2): Slices of channels on the NPU",
    check({ node, layout }) {
      const rank = node.input(0).shape?.length ?? 0;
      const axis = positiveAxis(numberAttribute(node, "axis", 0), rank);
      if (axis === channelAxis(rank, layout)) return null;
      return {
        why: `axis ${axis} of ${rank}`,
        fix: "split channels, or export the parts as separate branches",
      };
    },
  },
  {
    id: "N6-TRANSPOSE-01",
    sentence:
      "Between channels first and channels last the NPU transposes as it writes; other orders are hybrid.",
    ops: ["Transpose"],
    outcome: "hybrid",
    facts: {},
    evidence: "observed",
    source: "YamNet (2.2) and a TinyBERT-like network (2.2): hybrid; YOLO (2.2): on the NPU",
    check({ node }) {
      const permutation = permutationOf(node);
      if (keepsBytes(node) || swapsLayout(permutation)) return null;
      return {
        why: `permutation [${permutation.join(", ")}]`,
        fix: "reorder the layers so that none is needed",
      };
    },
  },
  {
    id: "N6-PAD-01",
    sentence:
      "Rows and columns are padded by the unit that reads them; channels between two hybrid Transposes.",
    ops: ["Pad"],
    outcome: "extra",
    facts: {},
    evidence: "inferred",
    source:
      "BlazeFace (2.2, 4.0): 11 Pads of channels, 22 hybrid Transposes; palm detection (2.1): 3 Pads, 4 Transposes",
    check({ node, layout }) {
      const amounts = padAmounts(node);
      if (!amounts || padsMapOnly(node, layout)) return null;
      const channels = channelAxis(amounts.before.length, layout);
      const added = (amounts.before[channels] ?? 0) + (amounts.after[channels] ?? 0);
      if (added === 0) return null;
      return { why: `${added} channels added`, fix: "use a 1×1 convolution in the shortcut" };
    },
  },
  {
    id: "N6-S2D-01",
    sentence: "SpaceToDepth and DepthToSpace are moved by DMA that the CPU drives.",
    ops: ["SpaceToDepth", "DepthToSpace", "SpaceToBatchND", "BatchToSpaceND"],
    outcome: "hybrid",
    facts: {},
    evidence: "observed",
    source: "YOLO networks and DeepLab, 2.1 to 3.0; the vendor's table says SW (ONNX) and HW (TFLite)",
    check({ node }: Site) {
      return { why: `operator ${node.op}`, fix: "use a strided or a transpose convolution" };
    },
  },
];
