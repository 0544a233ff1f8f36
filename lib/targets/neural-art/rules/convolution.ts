/** Rules on convolutions and dense layers (CONV_ACC). */
import type { Fact } from "../../rule.js";
import type { SupportRule } from "./site.js";

const PAGE = "stneuralart_operator_support.html r1.1 (ST Edge AI Core 2.1.0), CONV_ACC";
const documented = (value: number): Fact => ({ value, evidence: "documented", source: PAGE });

export const MAX_KERNEL_HEIGHT = documented(3);
/** Kernel width that one pass takes: stride 1, and stride 2 or more. */
export const MAX_KERNEL_WIDTH = documented(6);
export const MAX_STRIDED_KERNEL_WIDTH = documented(12);
/** Input width × channels that stay in the line buffer; more is read block by block of channels. */
export const LINE_BUFFER = documented(2048);

export const SMALL_MAP: Fact = {
  value: 24,
  evidence: "inferred",
  source:
    "YamNet (2.2): 6×4 and 3×2 copied 7/7, 12×8 and larger 0/6; MobileNetV2 (2.1): 4×4 copied 2/3, 8×8 0/9; MobileNetV2-224 (2.2): 7×7 0/3",
};
export const DEPTHWISE_BLOCK: Fact = {
  value: 8,
  evidence: "observed",
  source: "inflated depthwise kernels of 2.1 and 2.2: groups of 8, 227 of 227 layers",
};
const KERNEL_GROUP: Fact = {
  value: 24,
  evidence: "observed",
  source: "pointwise kernels of 2.x images: groups of the largest divisor of Cout up to 24",
};

/** Kernels that a pointwise layer computes at once: the channels that it writes side by side. */
function kernelGroup(channels: number): number {
  const largest = [...Array(KERNEL_GROUP.value).keys()].map((n) => KERNEL_GROUP.value - n);
  return largest.find((n) => channels % n === 0) ?? 1;
}

const WEIGHTED = ["Conv", "ConvTranspose", "Gemm", "MatMul"];

export interface KernelParts {
  readonly rows: readonly number[];
  readonly columns: readonly number[];
}

function cut(length: number, limit: number): readonly number[] {
  const parts: number[] = [];
  for (let rest = length; rest > 0; rest -= limit) parts.push(Math.min(rest, limit));
  return parts;
}

/**
 * Returns the heights and widths of the sub-kernels that a kernel is decomposed into: as many whole passes as
 * fit, then the rest. 5×5 is 3 + 2 rows of 5; 7×7 at stride 1 is 3 + 3 + 1 rows of 6 + 1 columns.
 */
export function kernelParts(kernel: { height: number; width: number; stride: number }): KernelParts {
  const width = kernel.stride >= 2 ? MAX_STRIDED_KERNEL_WIDTH.value : MAX_KERNEL_WIDTH.value;
  return { rows: cut(kernel.height, MAX_KERNEL_HEIGHT.value), columns: cut(kernel.width, width) };
}

export const CONVOLUTION_RULES: readonly SupportRule[] = [
  {
    id: "N6-MATMUL-01",
    sentence:
      "The second operand is constant; products of two activations are computed by the CPU, head by head.",
    ops: WEIGHTED,
    outcome: "integer",
    facts: {},
    evidence: "observed",
    source: "network_generate_report.txt of a TinyBERT-like network (2.2): 48 SW Conv epochs",
    check({ node }) {
      const operand = node.inputs[1];
      if (!operand || operand.isConstant) return null;
      return {
        why: `operand '${operand.name}' is computed at run time`,
        fix: "replace attention by convolutions, or keep it small: the CPU computes it in integers",
      };
    },
  },
  {
    id: "N6-CONV-04",
    sentence: "A 1×1 kernel on a 1×1 map needs at least 2 input channels.",
    ops: ["Conv"],
    outcome: "integer",
    facts: {
      channels: {
        value: 2,
        evidence: "observed",
        source: "OSNet: Cin 1 on the CPU 16/16, Cin 2 on the NPU 8/8",
      },
    },
    evidence: "observed",
    source: "OSNet compiled by 3.0: 16 of 16 such layers are conv_integer on the CPU",
    check(site) {
      const layer = site.layer();
      if (!layer) return null;
      const area = layer.kernelHeight * layer.kernelWidth * layer.inputHeight * layer.inputWidth;
      if (area !== 1 || layer.inputChannels !== 1) return null;
      return { why: "1×1 kernel on a 1×1 map of 1 channel", fix: "use 2 channels or more in the gate" };
    },
  },
  {
    id: "N6-CONV-05",
    sentence:
      "A dilated kernel runs between SpaceToDepth and DepthToSpace, which the CPU drives through DMA.",
    ops: ["Conv"],
    outcome: "extra",
    facts: {
      dilation: { value: 1, evidence: "observed", source: "DeepLab v3: 3 + 3 hybrid epochs for 3 branches" },
    },
    evidence: "observed",
    source: "DeepLab v3 compiled by 2.1; stneuralart_operator_support.html: avoid big dilations",
    check(site) {
      const layer = site.layer();
      if (!layer || Math.max(...layer.dilations) <= 1) return null;
      if (layer.kernelHeight * layer.kernelWidth === 1) return null;
      return {
        why: `dilation ${layer.dilations.join("×")}, at most 1×1`,
        fix: "use larger kernels or a deeper stack",
      };
    },
  },
  {
    id: "N6-CONV-02",
    sentence: `Kernels have at most ${MAX_KERNEL_HEIGHT.value} rows; higher ones are decomposed, partial sums added.`,
    ops: ["Conv"],
    outcome: "extra",
    facts: { rows: MAX_KERNEL_HEIGHT },
    evidence: "documented",
    source: PAGE,
    check(site) {
      const layer = site.layer();
      if (!layer || layer.kernelHeight <= MAX_KERNEL_HEIGHT.value) return null;
      return {
        why: `kernel height ${layer.kernelHeight}, at most ${MAX_KERNEL_HEIGHT.value}`,
        fix: "stack 3×3 kernels",
      };
    },
  },
  {
    id: "N6-CONV-03",
    sentence: `Kernels have at most ${MAX_KERNEL_WIDTH.value} columns at stride 1, ${MAX_STRIDED_KERNEL_WIDTH.value} at stride 2 and more; wider ones are decomposed.`,
    ops: ["Conv"],
    outcome: "extra",
    facts: { columns: MAX_KERNEL_WIDTH, stridedColumns: MAX_STRIDED_KERNEL_WIDTH },
    evidence: "documented",
    source: PAGE,
    check(site) {
      const layer = site.layer();
      if (!layer) return null;
      const limit = layer.strides[1] >= 2 ? MAX_STRIDED_KERNEL_WIDTH.value : MAX_KERNEL_WIDTH.value;
      if (layer.kernelWidth <= limit) return null;
      return {
        why: `kernel width ${layer.kernelWidth} at stride ${layer.strides[1]}, at most ${limit}`,
        fix: "use narrower kernels",
      };
    },
  },
  {
    id: "N6-CONV-06",
    sentence: "In a depthwise kernel wider than one pass, the columns left over run on the CPU in float.",
    ops: ["Conv"],
    outcome: "extra",
    facts: { columns: MAX_KERNEL_WIDTH },
    evidence: "observed",
    source: "MobileFaceNet compiled by 2.1: 7×7 depthwise on a 7×7 map, three 1-column parts on the CPU",
    check(site) {
      const layer = site.layer();
      if (layer?.kind !== "depthwise" || site.options.tool >= "3.0") return null;
      const { columns } = kernelParts({
        height: layer.kernelHeight,
        width: layer.kernelWidth,
        stride: layer.strides[1],
      });
      if (columns.length < 2 || columns.at(-1) !== 1) return null;
      return {
        why: `depthwise kernel width ${layer.kernelWidth} leaves 1 column beside ${columns[0]}`,
        fix: `use a global average pool, or a kernel of at most ${MAX_KERNEL_WIDTH.value} columns`,
      };
    },
  },
  {
    id: "N6-CONV-07",
    sentence: `A kernel larger than 1×1 reads blocks of channels of at most ${LINE_BUFFER.value} values a row; inputs that lie otherwise are copied first.`,
    ops: ["Conv"],
    outcome: "extra",
    facts: { values: LINE_BUFFER },
    evidence: "inferred",
    source: `${PAGE}: featureWidth × batchDepth ≤ 2048; 21 of 21 copies in a YOLO network (2.2)`,
    check(site) {
      const layer = site.layer();
      if (layer?.kind !== "conv" || site.options.tool >= "3.0") return null;
      if (layer.kernelHeight * layer.kernelWidth === 1) return null;
      const row = layer.inputWidth * layer.inputChannels;
      if (row <= LINE_BUFFER.value) return null;
      return {
        why: `a row of the input is ${layer.inputWidth} × ${layer.inputChannels} = ${row} values, at most ${LINE_BUFFER.value}`,
        fix: "fewer channels or a smaller map before this layer",
      };
    },
  },
  {
    id: "N6-CONV-08",
    sentence: `Compilers before 3.0 copy the input of a depthwise layer on a map of at most ${SMALL_MAP.value} positions into blocks of ${DEPTHWISE_BLOCK.value} channels.`,
    ops: ["Conv"],
    outcome: "extra",
    facts: { positions: SMALL_MAP, block: DEPTHWISE_BLOCK },
    evidence: "inferred",
    source: SMALL_MAP.source,
    check(site) {
      const layer = site.layer();
      if (layer?.kind !== "depthwise" || site.options.tool >= "3.0") return null;
      // What the producer writes: padding that a Pad of its own adds does not count.
      const height = Math.min(layer.inputHeight, layer.outputHeight * layer.strides[0]);
      const width = Math.min(layer.inputWidth, layer.outputWidth * layer.strides[1]);
      const positions = height * width;
      if (positions > SMALL_MAP.value || Math.max(...layer.dilations) > 1) return null;
      if (layer.inputChannels % DEPTHWISE_BLOCK.value !== 0 || layer.kernelHeight > MAX_KERNEL_HEIGHT.value) {
        return null;
      }
      if (kernelGroup(layer.inputChannels) === DEPTHWISE_BLOCK.value) return null;
      return {
        why: `a map of ${height}×${width} with ${layer.inputChannels} channels`,
        fix: "compile with 3.0 or later",
      };
    },
  },
  {
    id: "N6-CONVT-01",
    sentence:
      "A strided transpose convolution is zeros put between the inputs (Concat, DepthToSpace) and an ordinary one.",
    ops: ["ConvTranspose"],
    outcome: "extra",
    facts: {},
    evidence: "observed",
    source: "CenterFace compiled by 2.1: 3 of 3, c_info.json",
    check(site) {
      const layer = site.layer();
      if (!layer || Math.max(...layer.strides) <= 1) return null;
      return { why: `stride ${layer.strides.join("×")}`, fix: "nearest resize and a convolution" };
    },
  },
];
