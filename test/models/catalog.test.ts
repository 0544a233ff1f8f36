import { createHash } from "node:crypto";
import { describe, expect, it, vi } from "vitest";
import { layerGeometry } from "../../lib/graph/geometry.js";
import type { Model } from "../../lib/graph/graph.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { CATALOG, findPreset } from "../../lib/models/catalog.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { mobileNetV2, roundChannels } from "../../lib/models/mobilenet-v2.js";
import { RandomStream } from "../../lib/models/random-stream.js";
import { resNetV1 } from "../../lib/models/resnet-v1.js";
import { squeezeNet } from "../../lib/models/squeezenet.js";

function sizes({ graph }: Model) {
  let [macs, weights, depthwise, bias] = [0, 0, 0, 0];
  for (const node of graph.nodes) {
    const layer = layerGeometry(node);
    if (!layer) continue;
    macs += layer.macs;
    weights += layer.weights.bytes;
    bias += layer.bias!.bytes;
    if (layer.kind === "depthwise") depthwise += layer.weights.bytes;
  }
  return { macs, weights, depthwise, bias };
}

function digest({ graph }: Model): string {
  const hash = createHash("sha256");
  for (const constant of graph.constants()) {
    hash.update(JSON.stringify([constant.name, constant.shape, constant.quantization]));
    hash.update(constant.data!.read());
  }
  return hash.digest("hex");
}

/** Sizes of the exports that the presets rebuild; bytes of int8 weights, of those depthwise, of int32 bias. */
const SIZES: Readonly<
  Record<string, readonly [macs: number, weights: number, depthwise: number, bias: number]>
> = {
  vww_96: [7_489_664, 208_112, 11_160, 10_952],
  "mobilenet_v1_0.25_96": [7_490_432, 208_880, 11_160, 10_964],
  "mobilenet_v1_0.25_224": [40_800_128, 233_456, 11_160, 11_348],
  "mobilenet_v1_0.5_224": [149_036_800, 859_360, 22_320, 22_292],
  "mobilenet_v2_0.35_128": [18_947_072, 388_448, 23_472, 28_180],
  "mobilenet_v2_1.0_224": [300_774_272, 3_469_760, 64_224, 72_224],
  "fdmobilenet_0.25_128": [3_873_024, 148_080, 7_704, 8_276],
  resnet8_32: [12_501_632, 77_360, 0, 1_384],
  resnet32_32: [69_130_496, 470_192, 0, 5_328],
  yolo_lc_192: [61_526_016, 275_632, 6_912, 7_736],
  dscnn_kws: [2_656_768, 22_016, 2_304, 2_352],
  ad01: [264_192, 264_192, 0, 6_688],
  // No export at hand. torchvision's resnet18 has 11,689,512 parameters, 4,800 of them scales of batch
  // normalisation that folding removes: 11,684,712 = 11,678,912 + 23,200 / 4.
  resnet18_224: [1_814_073_344, 11_678_912, 0, 23_200],
  // keras.applications' ResNet50V2 has 25,613,800 parameters: these weights, 20,008 biases of convolutions and
  // the classifier, and 4 · 22,720 of batch normalisation, half of which folds into the other biases here.
  resnet50v2_224: [3_482_255_360, 25_502_912, 0, 110_240],
  // keras.applications' EfficientNetV2B1 has 8,212,124 parameters: these weights, 15,828 biases of gates and
  // 1,000 of the classifier, and 4 · 35,536 of batch normalisation: 8,053,152 + 16,828 + 142,144.
  efficientnetv2_b1_240: [1_196_819_360, 8_053_152, 136_512, 209_456],
  // The model zoo's images of both detectors are 0.01 % larger than predicted ones, 2.0 and 4.0.
  yolo_x_nano_256: [196_403_200, 881_668, 17_280, 30_904],
  tiny_yolo_v2_224: [773_864_448, 11_024_304, 0, 10_296],
  // torchvision's squeezenet1_1 has 1,235,496 parameters = 1,231,552 + 15,776 / 4.
  "squeezenet_v1.1_224": [349_151_936, 1_231_552, 0, 15_776],
  // keras.applications' MobileNet has 3,228,864 parameters without its classifier; folding takes 2 · 10,944
  // moving statistics and 10,944 scales: 3,185,088 + 10,944 + 101 · 1,024 weights, 4 bytes of bias per channel.
  "mobilenet_v1_1.0_224": [567_819_776, 3_288_512, 44_640, 44_180],
};

describe("CATALOG", () => {
  for (const preset of CATALOG) {
    it(`${preset.id} has the sizes of its export`, () => {
      const { macs, weights, depthwise, bias } = sizes(preset.build());
      expect([macs, weights, depthwise, bias]).toEqual(SIZES[preset.id]);
    });
  }

  it("announces the shapes that inference finds from the inputs alone", () => {
    for (const preset of CATALOG) {
      const { graph } = preset.build();
      const outputs = graph.nodes.map((node) => node.output());
      const announced = outputs.map((tensor) => tensor.shape);
      for (const tensor of outputs) tensor.shape = null;
      const { assumed } = inferShapes(graph);
      expect(assumed).toEqual([]);
      expect(outputs.map((tensor) => tensor.shape)).toEqual(announced);
    }
  });

  it("names each preset once and each model by its preset", () => {
    expect(new Set(CATALOG.map(({ id }) => id)).size).toBe(CATALOG.length);
    for (const preset of CATALOG) expect(preset.build().name).toBe(preset.id);
  });

  it("counts 219,072 B of constants in visual wake words", () => {
    const { graph } = findPreset("vww_96").build();
    const bytes = graph.constants().map((constant) => constant.bytes);
    // Weights, bias, and 8 B for the shape that RESHAPE reads.
    expect(bytes.reduce((total, size) => total + size)).toBe(219_072);
  });

  it("makes weights of the announced length, the same each time", () => {
    const first = findPreset("dscnn_kws").build();
    for (const constant of first.graph.constants()) {
      expect(constant.data!.read().byteLength).toBe(constant.bytes);
      expect(constant.data!.byteLength).toBe(constant.bytes);
    }
    expect(digest(first)).toBe(digest(findPreset("dscnn_kws").build()));
  });

  it("makes the same constants on every machine", () => {
    expect(digest(findPreset("vww_96").build())).toBe(
      "cef2c4770388ec47d97a08bddfc0bc0b011c8392d7806b85b180433fd880316b",
    );
  });

  it("opens without making weights", () => {
    const bell = vi.spyOn(RandomStream.prototype, "bell");
    const { graph } = findPreset("resnet8_32").build();
    expect(bell).not.toHaveBeenCalled();
    graph.constants()[0]!.data!.read();
    expect(bell).toHaveBeenCalled();
    bell.mockRestore();
  });

  it("findPreset() lists the ids when there is none of this name", () => {
    expect(() => findPreset("mobilenet")).toThrow(/expected one of vww_96, /);
  });
});

describe("families", () => {
  it("mobileNetV1() keeps its weights from one resolution to another", () => {
    const at = (resolution: number) =>
      mobileNetV1({ width: 0.25, resolution, classes: 2, variant: "mlperf-tiny" });
    const [small, large] = [at(96), at(224)].map(({ graph }) => graph.nodes[5]!.input(1).data!.read());
    expect(small).toEqual(large);
  });

  it("mobileNetV2() pads odd maps on both sides, and takes rectangles and no classifier", () => {
    const { graph } = mobileNetV2({ width: 1, resolution: [200, 100], classes: null });
    const pads = graph.nodes.filter((node) => node.op === "Pad").map((node) => node.output().shape);
    // 100x50 → 50x25 → 25x13 → … : +1 where even, +2 where odd.
    expect(pads).toEqual([
      [1, 101, 51, 96],
      [1, 51, 27, 144],
      [1, 27, 15, 192],
      [1, 15, 9, 576],
    ]);
    expect(graph.outputs[0]!.shape).toEqual([1, 1280]);
  });

  it("roundChannels() never loses more than a tenth", () => {
    expect([11.2, 5.6, 8.4, 33.6, 41.6, 1792].map(roundChannels)).toEqual([16, 8, 8, 32, 40, 1792]);
  });

  it("resNetV1() refuses depths that are not 6n + 2", () => {
    expect(() => resNetV1({ depth: 18, resolution: 32, classes: 10, ports: "int8" })).toThrow(
      /expected 6n \+ 2/,
    );
  });

  it("squeezeNet() 1.0 has torchvision's 1,248,424 parameters", () => {
    const { weights, bias } = sizes(squeezeNet({ version: "1.0", resolution: 224, classes: 1000 }));
    expect(weights + bias / 4).toBe(1_248_424);
  });
});
