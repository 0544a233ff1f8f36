/** Every row of the table of compiled layers beside its predicted size. */
import { chooseKernel, packKernel } from "../../../lib/targets/neural-art/packing/kernel.js";
import type { WeightedLayer } from "../../../lib/targets/neural-art/packing/layer.js";
import { kernelParts, outputBlock } from "../../../lib/targets/neural-art/packing/layout.js";
import type { KernelMode, ToolVersion } from "../../../lib/targets/neural-art/records.js";
import type { CsvRow } from "../../csv.js";
import { type CompiledNetwork, layerOf, MODELS, optionsOf, readRows, toolOf } from "./compiled.js";
import { countBy, difference, layersOf } from "./left-out.js";

export const MODES: Readonly<Record<string, KernelMode>> = {
  plain: "plain",
  deep24: "deep",
  kernel_split: "rows",
  inflated: "inflated",
};

export interface RowOutcome {
  readonly row: CsvRow;
  readonly tool: ToolVersion;
  /** Whether the build is a copy of another one in the table. */
  readonly isCopy: boolean;
  readonly observed: number;
  /** Depthwise groups and row splits predicted; plain or deep as the row says, for it has no zero point. */
  readonly predicted: number;
}

/** Bytes of a kernel whose mode the row gives; depthwise groups are predicted. */
function sizeOf(row: CsvRow): number {
  const layer = layerOf(row);
  const options = optionsOf(row);
  if (layer.kind === "depthwise" && layer.kernelHeight <= 3) return packKernel(layer, options).bytes;
  const mode = layer.onCpu ? "float" : MODES[row.packing_mode!]!;
  const parts = kernelParts(layer, { mode, group: 1 }, options);
  return parts.reduce((total, part) => total + part.bytes, 0);
}

/** Returns all rows of the layer table with their predicted sizes. */
export function rowOutcomes(): readonly RowOutcome[] {
  const copies = new Set(readRows("networks").flatMap((row) => (row.duplicate_of === "" ? [] : [row.id!])));
  return readRows("layers").map((row) => ({
    row,
    tool: toolOf(row),
    isCopy: copies.has(row.model!),
    observed: Number(row.packed_w_bytes),
    predicted: sizeOf(row),
  }));
}

export interface ToolSummary {
  readonly tool: ToolVersion;
  readonly rows: number;
  readonly exact: number;
  /** Rows of builds that are no copy of another. */
  readonly own: number;
  readonly ownExact: number;
}

/** Returns how many rows of each tool version are sized to the byte. */
export function summarise(outcomes: readonly RowOutcome[]): readonly ToolSummary[] {
  const tools = [...new Set(outcomes.map(({ tool }) => tool))].sort();
  return tools.map((tool) => {
    const rows = outcomes.filter((outcome) => outcome.tool === tool);
    const own = rows.filter(({ isCopy }) => !isCopy);
    const exact = (list: readonly RowOutcome[]) =>
      list.filter(({ predicted, observed }) => predicted === observed).length;
    return { tool, rows: rows.length, exact: exact(rows), own: own.length, ownExact: exact(own) };
  });
}

/** Returns observed and predicted shape of the repeated vectors of every row that has them. */
export function vectorShapes(): readonly {
  readonly row: CsvRow;
  readonly observed: string;
  readonly predicted: string;
}[] {
  return readRows("layers").flatMap((row) => {
    const layer = layerOf(row);
    if (row.scale_shape === "" || layer.outputChannels <= 512) return [];
    const block = outputBlock(layer, chooseKernel(layer, optionsOf(row)));
    const columns = Number(row.scale_bytes) / (2 * layer.outputChannels);
    const shape = [layer.outputChannels / block, 1, columns, ...(block > 1 ? [block] : [])];
    return [{ row, observed: row.scale_shape!, predicted: shape.join("x") }];
  });
}

export interface ModelOutcome {
  readonly id: CompiledNetwork;
  readonly tool: ToolVersion;
  readonly layers: number;
  /** Layers whose mode or size differs from the row's. */
  readonly wrong: number;
}

/**
 * Returns, for the networks whose models are at hand, how many layers get the mode and size of the table. Rows of
 * equal layers in parallel branches may carry each other's map size, so networks are compared as multisets.
 */
export function modelOutcomes(): readonly ModelOutcome[] {
  const rows = readRows("layers");
  const key = (layer: WeightedLayer, mode: KernelMode, size: number) =>
    `${layer.kind} ${layer.kernelHeight} ${layer.inputChannels}>${layer.outputChannels} ${mode} ${size}`;
  return (Object.keys(MODELS) as CompiledNetwork[]).map((id) => {
    const own = rows.filter((row) => row.model === id);
    const options = optionsOf(own[0]!);
    const observed = countBy(own, (row) =>
      key(layerOf(row), MODES[row.packing_mode!]!, Number(row.packed_w_bytes)),
    );
    const layers = layersOf(id);
    const predicted = countBy(layers, (layer) => {
      const { mode, bytes } = packKernel(layer, options);
      return key(layer, mode, bytes);
    });
    return { id, tool: options.tool, layers: layers.length, wrong: difference(observed, predicted) / 2 };
  });
}
