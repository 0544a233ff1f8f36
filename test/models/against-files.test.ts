import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { expect, it } from "vitest";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import type { Model } from "../../lib/graph/graph.js";
import type { Node } from "../../lib/graph/node.js";
import { formatShape } from "../../lib/graph/shape.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { autoencoder } from "../../lib/models/autoencoder.js";
import { findPreset } from "../../lib/models/catalog.js";
import { dsCnn } from "../../lib/models/ds-cnn.js";
import { fdMobileNet } from "../../lib/models/fd-mobilenet.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { mobileNetV2 } from "../../lib/models/mobilenet-v2.js";
import { resNetV1 } from "../../lib/models/resnet-v1.js";
import { yoloLc } from "../../lib/models/yolo-lc.js";
import { yoloX } from "../../lib/models/yolo-x.js";
import { bufferSource } from "../../lib/source.js";
import { describeShared, requireShared } from "../shared.js";

/** Real files and the config that rebuilds each. */
const TWINS: readonly (readonly [file: string, build: () => Model])[] = [
  ["mlperf_tiny/vww_96_int8.tflite", findPreset("vww_96").build],
  ["mlperf_tiny/pretrainedResnet_quant.tflite", findPreset("resnet8_32").build],
  [
    "mlperf_tiny/pretrainedResnet_large_int8.tflite",
    () => resNetV1({ depth: 8, resolution: 32, classes: 10, filters: 40, ports: "int8" }),
  ],
  ["mlperf_tiny/kws_ref_model.tflite", () => dsCnn({ frames: 49, coefficients: 10, classes: 12 })],
  ["mlperf_tiny/ad01_int8.tflite", () => autoencoder({ features: 640 })],
  ["mobilenetv1/flowers_mobilenet_v1_0.25_96_fft_int8.tflite", findPreset("mobilenet_v1_0.25_96").build],
  [
    "mobilenetv1/flowers_mobilenet_v1_0.25_96_grayscale_tfs_int8.tflite",
    () => mobileNetV1({ width: 0.25, resolution: 96, classes: 5, inputChannels: 1, variant: "keras" }),
  ],
  ["mobilenetv1/food-101_mobilenet_v1_0.25_224_fft_int8.tflite", findPreset("mobilenet_v1_0.25_224").build],
  ["mobilenetv1/food-101_mobilenet_v1_0.5_224_fft_int8.tflite", findPreset("mobilenet_v1_0.5_224").build],
  ["mobilenetv2/flowers_mobilenet_v2_0.35_128_fft_int8.tflite", findPreset("mobilenet_v2_0.35_128").build],
  [
    "mobilenetv2/food-101_mobilenet_v2_0.35_224_fft_int8.tflite",
    () => mobileNetV2({ width: 0.35, resolution: 224, classes: 101 }),
  ],
  ["mobilenetv2/mobilenet_v2_1.0_224_int8.tflite", findPreset("mobilenet_v2_1.0_224").build],
  ["fdmobilenet/food-101_fdmobilenet_0.25_128_tfs_int8.tflite", findPreset("fdmobilenet_0.25_128").build],
  [
    "fdmobilenet/flowers_fdmobilenet_0.25_224_tfs_int8.tflite",
    () => fdMobileNet({ width: 0.25, resolution: 224, classes: 5 }),
  ],
  [
    "resnetv1/cifar10_resnet_v1_8_32_tfs_int8.tflite",
    () => resNetV1({ depth: 8, resolution: 32, classes: 10, ports: "uint8-float" }),
  ],
  ["resnetv1/cifar100_resnet_v1_32_32_tfs_int8.tflite", findPreset("resnet32_32").build],
  ["st_yolo_lc_v1/st_yolo_lc_v1_192_int8.tflite", () => yoloLc({ resolution: 192, classes: 1 })],
];

/** Operators by which FD-MobileNet's export computes the shape of a RESHAPE; a constant in ours. */
const SHAPE_ARITHMETIC = new Set(["SHAPE", "STRIDED_SLICE", "PACK"]);

/** Its input was calibrated on images in [−1, 0]; all other Keras MobileNets of the zoo have [−1, 1]. */
const ODD_INPUT = "fdmobilenet/flowers_fdmobilenet_0.25_224_tfs_int8.tflite";

function describeTensor(tensor: Tensor | null): string {
  if (tensor === null) return "-";
  const { scale, axis } = tensor.quantization ?? { scale: [], axis: null };
  const scales = `${scale.length} scales along ${axis}`;
  return `${tensor.dtype} ${formatShape(tensor.shape)}, ${scales}, ${tensor.data?.byteLength ?? "no"} B`;
}

/** Axes, shapes and pads: what they say is in the shapes that follow from them. */
function isSetting(tensor: Tensor | null): boolean {
  return tensor !== null && tensor.quantization === null && tensor.dtype !== "float32";
}

/** A 1x1 window of stride 1 pads nothing; exports of one network write SAME or VALID. */
function padding(node: Node): Node["attributes"] {
  const [, height, width] = node.op === "Conv" ? node.input(1).staticShape() : [];
  const strides = node.attributes.strides;
  const free = height === 1 && width === 1 && String(strides) === "1,1";
  return free ? { autoPad: "either" } : {};
}

/** Everything about a node but names and values. */
function describeNode(node: Node) {
  return {
    op: node.op,
    source: node.source.op,
    attributes: { ...node.attributes, ...padding(node) },
    inputs: node.inputs.filter((input) => !isSetting(input)).map(describeTensor),
    outputs: node.outputs.map(describeTensor),
  };
}

function describeModel({ graph }: Model) {
  return {
    inputs: graph.inputs.map(describeTensor),
    nodes: graph.nodes.filter((node) => !SHAPE_ARITHMETIC.has(node.source.op)).map(describeNode),
    outputs: graph.outputs.map(describeTensor),
  };
}

/** The wiring, by positions: which output of which node each node reads. */
function wiring({ graph }: Model): number[][] {
  const nodes = graph.nodes.filter((node) => !SHAPE_ARITHMETIC.has(node.source.op));
  return nodes.map((node) =>
    node.inputs.flatMap((input) => {
      const producer = input && graph.producer(input);
      return producer && !SHAPE_ARITHMETIC.has(producer.source.op) ? [nodes.indexOf(producer)] : [];
    }),
  );
}

describeShared("families against the files they rebuild", () => {
  for (const [file, build] of TWINS) {
    it(`has every node, attribute, shape and type of ${basename(file)}`, () => {
      const bytes = readFileSync(requireShared(`models/${file}`));
      const real = decodeTflite(bufferSource(file, bytes));
      const built = build();
      expect(describeModel(built)).toEqual(describeModel(real));
      expect(wiring(built)).toEqual(wiring(real));
      if (file === ODD_INPUT) return;
      for (const [index, input] of built.graph.inputs.entries()) {
        const recorded = real.graph.inputs[index]!.quantization!;
        expect(input.quantization!.zeroPoint).toEqual(recorded.zeroPoint);
        expect(input.quantization!.scale[0]! / recorded.scale[0]!).toBeCloseTo(1, 4);
      }
    });
  }

  it("yoloX() has the nodes of st_yolo_x_nano_480, which writes its three outputs as soon as they are there", () => {
    const file = "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite";
    const real = decodeTflite(bufferSource(file, readFileSync(requireShared(`models/${file}`))));
    const built = yoloX({ resolution: 480, depth: 1, width: 0.25, classes: 1, anchors: 3 });
    const bare = ({ graph }: Model) =>
      graph.nodes
        .map((node) => {
          const { op, inputs, outputs } = describeNode(node);
          return JSON.stringify({ op, inputs, outputs, strides: node.attributes.strides ?? null });
        })
        .sort();
    expect(bare(built)).toEqual(bare(real));
  });
});
