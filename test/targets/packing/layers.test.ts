import { expect, it } from "vitest";
import { inflation } from "../../../lib/targets/neural-art/packing/inflation.js";
import { packKernel } from "../../../lib/targets/neural-art/packing/kernel.js";
import { kernelParts, pointwiseBlock } from "../../../lib/targets/neural-art/packing/layout.js";
import { packVectors } from "../../../lib/targets/neural-art/packing/vectors.js";
import type { KernelMode } from "../../../lib/targets/neural-art/records.js";
import { describeShared } from "../../shared.js";
import { type CompiledNetwork, layerOf, MODELS, optionsOf, readRows, toolOf } from "./compiled.js";
import { countBy, difference, layersOf } from "./left-out.js";

const MODES: Readonly<Record<string, KernelMode>> = {
  plain: "plain",
  deep24: "deep",
  kernel_split: "rows",
  inflated: "inflated",
};

type Row = ReturnType<typeof readRows>[number];

/** Bytes of a kernel whose mode the row gives; depthwise groups of 2.x are predicted. */
function sizeOf(row: Row): number {
  const layer = layerOf(row);
  const options = optionsOf(row);
  if (layer.kind === "depthwise" && layer.kernelHeight <= 3) return packKernel(layer, options).bytes;
  const mode = layer.onCpu ? "float" : MODES[row.packing_mode!]!;
  const parts = kernelParts(layer, { mode, group: 1 }, options);
  return parts.reduce((total, part) => total + part.bytes, 0);
}

describeShared("packed layers of compiled networks", () => {
  const rows = readRows("layers");

  it("packKernel() sizes every row of 2.x", () => {
    const early = rows.filter((row) => toolOf(row).startsWith("2."));
    expect(early).toHaveLength(913);
    expect(early.filter((row) => sizeOf(row) !== Number(row.packed_w_bytes))).toEqual([]);
  });

  it("packKernel() sizes every row of 3.0 and 4.0 that is no 3x3 depthwise layer", () => {
    const late = rows.filter((row) => !toolOf(row).startsWith("2.") && row.op !== "DepthwiseConv");
    expect(late).toHaveLength(245);
    expect(late.filter((row) => sizeOf(row) !== Number(row.packed_w_bytes))).toEqual([]);
  });

  // Rows of equal layers in parallel branches may carry each other's plane size, so networks are compared as
  // multisets of layers whose plane sizes come from the model itself.
  const late = ["reid_network_dk", "reid_reid_nucleo", "fd_blazeface_dk"] as const;
  const observedGroups = (id: CompiledNetwork) =>
    countBy(
      rows.filter((row) => row.model === id && row.op === "DepthwiseConv"),
      (row) => `${row.cout} channels, group ${row.inflate_group || 1}`,
    );
  const depthwise = new Map(
    late.map((id) => [id, layersOf(id).filter((layer) => layer.kind === "depthwise")] as const),
  );
  const predictedGroups = (id: (typeof late)[number], cyclesPerByte?: number) => {
    const { tool, profile } = optionsOf(rows.find((row) => row.model === id)!);
    return countBy(
      depthwise.get(id)!,
      (layer) =>
        `${layer.outputChannels} channels, group ${inflation(layer, { tool, profile }, cyclesPerByte).group}`,
    );
  };

  it("inflation() gives the group of all depthwise layers of 3.0 and 4.0", () => {
    expect(late.reduce((total, id) => total + depthwise.get(id)!.length, 0)).toBe(87);
    for (const id of late) expect(predictedGroups(id)).toEqual(observedGroups(id));
  });

  it("inflation() gives them too when its constant is fitted without the network", () => {
    const candidates = Array.from({ length: 20 }, (_, index) => index + 1);
    const fits = (id: (typeof late)[number], value: number) =>
      difference(predictedGroups(id, value), observedGroups(id)) === 0;
    for (const left of late) {
      const others = late.filter((id) => id !== left);
      const smallest = candidates.find((value) => others.every((id) => fits(id, value)));
      expect(smallest).toBe(8);
      expect(fits(left, smallest!)).toBe(true);
    }
  });

  it("packKernel() chooses mode and size of every layer of the models at hand", () => {
    const key = (kind: string, height: number, inputs: number, outputs: number, mode: string, size: number) =>
      `${kind} ${height} ${inputs}>${outputs} ${mode} ${size}`;
    const distances = (Object.keys(MODELS) as CompiledNetwork[]).map((id) => {
      const own = rows.filter((row) => row.model === id);
      const options = optionsOf(own[0]!);
      const observed = countBy(own, (row) => {
        const { kind, kernelHeight, inputChannels, outputChannels } = layerOf(row);
        const mode = MODES[row.packing_mode!]!;
        return key(kind, kernelHeight, inputChannels, outputChannels, mode, Number(row.packed_w_bytes));
      });
      const predicted = countBy(layersOf(id), (layer) => {
        const { mode, bytes } = packKernel(layer, options);
        return key(layer.kind, layer.kernelHeight, layer.inputChannels, layer.outputChannels, mode, bytes);
      });
      return [id, difference(observed, predicted)] as const;
    });
    // One 64->64 layer of this copy of st_yolo_x is plain, in the other copy of the same build it is deep.
    const wrong = distances.filter(([, distance]) => distance > 0);
    expect(wrong).toEqual([["xc_people_styolox480", 2]]);
  });

  it("pointwiseBlock() gives the input block of every plain pointwise row", () => {
    const blocks = rows.flatMap((row) => {
      const { kernelHeight, kernelWidth, inputChannels, groups } = layerOf(row);
      const plain = row.packing_mode === "plain" && row.wtype === "DataType_INT8";
      if (!plain || kernelHeight * kernelWidth !== 1 || groups !== 1) return [];
      return [[pointwiseBlock(inputChannels), Number(row.batch)] as const];
    });
    expect(blocks).toHaveLength(458);
    expect(blocks.filter(([predicted, observed]) => predicted !== observed)).toEqual([]);
  });

  it("packVectors() sizes scale and bias of every row", () => {
    for (const row of rows) {
      if (row.wtype !== "DataType_INT8") continue;
      // Six dense layers of a per-tensor transformer and its output layer keep no vectors above 512 channels.
      if (row.model === "tito_transformer_dd2") continue;
      const vectors = packVectors(layerOf(row), optionsOf(row));
      const sizeOfRole = (role: string) => vectors.find((vector) => vector.role === role)?.bytes ?? 0;
      expect([row.model, row.conv_id, sizeOfRole("scale"), sizeOfRole("bias")]).toEqual([
        row.model,
        row.conv_id,
        Number(row.scale_bytes),
        Number(row.bias_bytes),
      ]);
    }
  });
});
