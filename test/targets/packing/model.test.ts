import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { layerGeometry } from "../../../lib/graph/geometry.js";
import { Node } from "../../../lib/graph/node.js";
import { constantOf, Tensor } from "../../../lib/graph/tensor.js";
import { RULES } from "../../../lib/targets/neural-art/facts-packing.js";
import { usesDeepMode } from "../../../lib/targets/neural-art/packing/deep-mode.js";
import { imageSize, placeBuffers } from "../../../lib/targets/neural-art/packing/image.js";
import { inflation } from "../../../lib/targets/neural-art/packing/inflation.js";
import { weightedLayer } from "../../../lib/targets/neural-art/packing/layer.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import { allSettings } from "../../../lib/targets/neural-art/packing/reported.js";
import { bytes, sum } from "../../../lib/units.js";
import { type ConvFields, conv, graphOf } from "./conv-graph.js";

const layerFrom = (fields: Omit<ConvFields, "name">) => {
  const node = conv({ name: "layer", ...fields });
  return weightedLayer(node, layerGeometry(node)!, false);
};
const old = { tool: "2.1", epochController: true, profile: "O3" } as const;

describe("placeBuffers()", () => {
  it("reproduces its worked example", () => {
    const placed = placeBuffers([6, 27, 1, 12].map((size) => ({ bytes: bytes(size) })));
    expect(placed.map(({ buffer, offset, gap }) => [buffer.bytes, offset, gap])).toEqual([
      [27, 0, 5],
      [12, 32, 4],
      [6, 48, 10],
      [1, 64, 0],
    ]);
    expect(imageSize(placed)).toBe(65);
  });

  it("gives nothing for nothing", () => expect(imageSize(placeBuffers([]))).toBe(0));
});

describe("inflation()", () => {
  const group = (channels: number, side: number, stride: 1 | 2, profile: "O3" | "default" = "O3") =>
    inflation(layerFrom({ kernel: 3, inputs: channels, outputs: channels, depthwise: true, side, stride }), {
      tool: "3.0",
      profile,
    }).group;

  it("reproduces its worked examples", () => {
    expect(group(128, 15, 1)).toBe(2);
    expect(group(576, 11, 1)).toBe(1);
    expect(group(576, 11, 2)).toBe(2);
  });
  it("never widens stride 1 in the default profile", () => {
    expect(group(64, 64, 1, "default")).toBe(1);
    expect(group(64, 64, 2, "default")).toBe(2);
  });
  it("needs a multiple of 8 channels in 2.x", () => {
    const of = (channels: number) =>
      inflation(layerFrom({ kernel: 3, inputs: channels, outputs: channels, depthwise: true }), old).group;
    expect([of(28), of(32), of(36)]).toEqual([1, 8, 1]);
  });
});

describe("usesDeepMode()", () => {
  const deep = (tool: "2.1" | "2.2", inputs: number, outputs: number, side: number, zeroPoint = -128) =>
    usesDeepMode(layerFrom({ kernel: 1, inputs, outputs, side, zeroPoint }), { tool });

  it("reproduces its worked examples", () => {
    expect(deep("2.1", 64, 64, 15)).toBe(true);
    expect(deep("2.2", 64, 64, 15)).toBe(false);
    expect(deep("2.2", 192, 32, 32)).toBe(true);
  });
  it("takes only the zero points -128 and 0", () => {
    expect(deep("2.2", 192, 32, 32, 0)).toBe(true);
    expect(deep("2.2", 192, 32, 32, 3)).toBe(false);
  });
});

describe("packModel()", () => {
  const layer = fc.record({
    kernel: fc.constantFrom(1, 3, 5, 7),
    inputs: fc.integer({ min: 1, max: 160 }),
    outputs: fc.integer({ min: 1, max: 700 }),
    depthwise: fc.boolean(),
    stride: fc.constantFrom(1 as const, 2 as const),
    side: fc.integer({ min: 7, max: 40 }),
    zeroPoint: fc.constantFrom(-128, 0, 5),
    perChannel: fc.boolean(),
  });
  const settings = fc.constantFrom(...allSettings());

  it("accounts for every byte of the image", () => {
    fc.assert(
      fc.property(fc.array(layer, { maxLength: 6 }), settings, (layers, options) => {
        const nodes = layers.map((fields, index) => {
          const inputs = fields.depthwise ? fields.outputs : fields.inputs;
          return conv({ ...fields, inputs, name: `layer ${index}` });
        });
        const rom = packModel({ graph: graphOf(nodes), options });
        expect(sum(rom.ledger.map((entry) => entry.bytes))).toBe(rom.imageBytes);
        expect(rom.ledger.every((entry) => entry.bytes > 0)).toBe(true);
        const ids = Object.values(RULES).map((rule) => rule.id as string);
        expect(rom.buffers.every((buffer) => ids.includes(buffer.rule))).toBe(true);
        let end = 0;
        for (const buffer of rom.buffers) {
          expect(buffer.offset % 16).toBe(0);
          expect(buffer.offset).toBeGreaterThanOrEqual(end);
          expect(buffer.offset - end).toBeLessThan(16);
          end = buffer.offset + buffer.bytes;
        }
        expect(rom.imageBytes).toBe(end);
        const kernels = rom.ledger.filter((entry) => entry.cause === "kernel");
        const weights = nodes.map((node) => node.input(1).bytes);
        expect(sum(kernels.map((entry) => entry.bytes))).toBe(weights.reduce((a, b) => a + b, 0));
      }),
      { numRuns: 100 },
    );
  });

  it("says which rule sized a buffer, with the numbers", () => {
    const node = conv({ name: "dw", kernel: 3, inputs: 64, outputs: 64, depthwise: true });
    const [buffer] = packModel({ graph: graphOf([node]), options: old }).buffers;
    expect(buffer).toMatchObject({ rule: "N6-PACK-DW-2X", mode: "inflated", group: 8, bytes: 4608 });
    expect(buffer!.explanation).toBe(
      "3x3 depthwise, 64 channels: inflated to groups of 8, 4,608 B instead of 576 B",
    );
  });

  it("repeats vectors along the width above 512 channels", () => {
    const node = conv({ name: "wide", kernel: 1, inputs: 16, outputs: 520, side: 7 });
    const { ledger } = packModel({ graph: graphOf([node]), options: old });
    const bytesOf = (cause: string) =>
      sum(ledger.filter((entry) => entry.cause === cause).map((e) => e.bytes));
    expect([bytesOf("scale"), bytesOf("bias")]).toEqual([1040, 1040]);
    expect(bytesOf("widthBroadcast")).toBe(2 * 1040 * 6);
  });

  it("refuses weights that no compiled sample shows", () => {
    const node = conv({ name: "w4", kernel: 1, inputs: 8, outputs: 8 });
    const weights = new Tensor({
      name: "w4.weights",
      dtype: "int4",
      shape: [8, 1, 1, 8],
      data: constantOf(new Uint8Array(32)),
    });
    const narrow = new Node({
      name: node.name,
      op: node.op,
      inputs: [node.input(0), weights, node.input(2)],
      outputs: node.outputs,
      attributes: node.attributes,
      source: node.source,
    });
    expect(() => packModel({ graph: graphOf([narrow]), options: old })).toThrow(
      "Cannot size the weights of Conv 'w4' (CONV_2D, node 0): they are int4 without a scale, expected float or quantised 8-bit weights",
    );
  });

  it("refuses a plan made for other options", () => {
    const made = { ...old, tool: "3.0" } as const;
    const plan = {
      options: made,
      epochs: [],
      inputs: [],
      outputs: [],
      free: [],
      storage: new Map(),
      blobs: [],
    };
    expect(() => packModel({ graph: graphOf([]), options: old, plan })).toThrow("Cannot pack for tool 2.1");
  });
});
