import { type Bytes, sum } from "../../../units.js";
import { type PackingRule, ROW_SPLIT, RULES } from "../facts-packing.js";
import type { CompileOptions, KernelPart, KernelShape } from "../records.js";
import { usesDeepMode } from "./deep-mode.js";
import { inflation } from "./inflation.js";
import { type WeightedLayer, weightCount } from "./layer.js";
import { flattened, type KernelChoice, kernelParts, kernelShape } from "./layout.js";

export interface PackedKernel extends KernelChoice {
  /** What the parts are cut from: the file's kernel, or the pointwise one that it is flattened to. */
  readonly shape: KernelShape;
  readonly parts: readonly KernelPart[];
  readonly bytes: Bytes;
  readonly rule: PackingRule;
  /** `3x3 depthwise, 64 channels: inflated to groups of 8, 4,608 B instead of 576 B`. */
  readonly explanation: string;
}

/** Returns how the compiler stores a kernel, and the rule that says so. */
export function chooseKernel(
  layer: WeightedLayer,
  options: CompileOptions,
): KernelChoice & { readonly rule: PackingRule } {
  if (layer.onCpu) return { mode: "float", group: 1, rule: RULES.float };
  if (layer.kernelHeight > ROW_SPLIT.rows.value) return { mode: "rows", group: 1, rule: RULES.rows };
  if (layer.kind === "depthwise" && layer.inputChannels === layer.outputChannels) {
    const { group, rule } = inflation(layer, options);
    return { mode: group > 1 ? "inflated" : "plain", group, rule };
  }
  if (layer.groups > 1) return { mode: "plain", group: 1, rule: RULES.grouped };
  if (usesDeepMode(layer, options)) return { mode: "deep", group: 1, rule: RULES.deep };
  return { mode: "plain", group: 1, rule: RULES.plain };
}

const { format } = new Intl.NumberFormat("en-US");

/** Returns `12,345,678`. The formatter takes longer than packing a kernel, so it only gets what is unusual. */
function count(value: number): string {
  if (!Number.isInteger(value) || value < 0 || value >= 1e9) return format(value);
  if (value < 1000) return `${value}`;
  const thousands = Math.floor(value / 1000);
  return `${count(thousands)},${`${value - thousands * 1000}`.padStart(3, "0")}`;
}

function describe(layer: WeightedLayer, { mode, group }: KernelChoice, total: number): string {
  const { kernelHeight, kernelWidth, inputChannels, outputChannels } = layer;
  const channels =
    layer.kind === "depthwise"
      ? `${outputChannels} channels`
      : `${inputChannels} to ${outputChannels} channels`;
  const what = `${kernelHeight}x${kernelWidth} ${layer.kind}, ${channels}`;
  const raw = weightCount(layer);
  const size = `${count(total)} B`;
  switch (mode) {
    case "inflated":
      return `${what}: inflated to groups of ${group}, ${size} instead of ${count(raw)} B`;
    case "deep":
      return total === raw
        ? `${what}: deep mode, ${size}`
        : `${what}: deep mode, ${size} instead of ${count(raw)} B, filled up to 24-bit words`;
    case "rows":
      return `${what}: cut into parts of ${ROW_SPLIT.rows.value} rows, ${size}`;
    case "float":
      return layer.weights === "float"
        ? `${what}: on the CPU, float32, ${size}`
        : `${what}: on the CPU, widened to float32, ${size} instead of ${count(raw)} B`;
    case "plain":
      return `${what}: stored as it is, ${size}`;
    default:
      return mode satisfies never;
  }
}

/** Returns the packed kernel of a layer: its parts, its bytes and why. */
export function packKernel(layer: WeightedLayer, options: CompileOptions): PackedKernel {
  const stored = layer.onCpu ? layer : flattened(layer);
  const choice = chooseKernel(stored, options);
  const parts = kernelParts(stored, choice, options);
  const bytes = sum(parts.map((part) => part.bytes));
  const explanation = describe(layer, choice, bytes);
  return {
    mode: choice.mode,
    group: choice.group,
    shape: kernelShape(stored),
    parts,
    bytes,
    rule: stored === layer ? choice.rule : RULES.flatten,
    explanation:
      stored === layer ? explanation : `${explanation}; it covers its input, so it is a dense layer`,
  };
}
