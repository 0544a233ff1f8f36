import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { leakyRelu } from "./pointwise.js";
import { type Pair, pairOf } from "./window.js";

export interface TinyYoloV2Config {
  /** Pixels, square or [height, width]; multiples of 32. */
  readonly resolution: number | Pair;
  readonly classes: number;
  readonly anchors?: number;
}

/** Filters of the 3x3 convolutions and the stride of the 2x2 pool behind each; Redmon's yolov2-tiny.cfg. */
const LAYERS = [
  [16, 2],
  [32, 2],
  [64, 2],
  [128, 2],
  [256, 2],
  [512, 1],
  [1024, null],
  [512, null],
] as const;

/** As files store it: float32. */
const SLOPE = Math.fround(0.1);

/**
 * Returns Tiny YOLO v2: eight 3x3 convolutions with leaky rectifiers, six pools, one 1x1 convolution. uint8
 * image in, float32 map out.
 *
 *   tinyYoloV2({ resolution: 224, classes: 1 })
 *   // 11,024,304 B of weights, 773,864,448 MACs, output 7x7x30
 */
export function tinyYoloV2({ resolution, classes, anchors = 5 }: TinyYoloV2Config): Model {
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `tiny_yolo_v2_${height}`,
    seed: "tiny_yolo_v2",
    ports: "uint8-float",
  });
  let features = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: 0, high: 1 } });
  for (const [index, [filters, pool]] of LAYERS.entries()) {
    const step = index + 1;
    features = net.conv(features, { name: `conv${step}`, filters, kernel: 3 });
    features = leakyRelu(net, features, { name: `leaky${step}`, alpha: SLOPE });
    if (pool !== null) {
      features = net.maxPool(features, { name: `pool${step}`, kernel: 2, stride: pool, padding: "same" });
    }
  }
  return net.build([net.conv(features, { name: "boxes", filters: anchors * (5 + classes), kernel: 1 })]);
}
