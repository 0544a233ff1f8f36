import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { poolAndFlatten } from "./pool-and-flatten.js";
import { type Pair, pairOf } from "./window.js";

export interface MobileNetV1Config {
  /** Factor on the number of channels: 0.25, 0.5, 0.75, 1. */
  readonly width: number;
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
  /** 3 for colour (default), 1 for grey. */
  readonly inputChannels?: 1 | 3;
  /**
   * `keras`: keras.applications as ST's model zoo exports it: relu6, PAD before each depthwise layer of stride
   * 2, MEAN at the end, uint8 image in, float32 out. `mlperf-tiny`: the visual-wake-words reference: relu,
   * padding SAME, AVERAGE_POOL_2D and RESHAPE at the end, int8 in and out.
   */
  readonly variant: "keras" | "mlperf-tiny";
}

/** Filters and stride of each depthwise-separable block. Howard et al., "MobileNets", 2017, table 1. */
const BLOCKS = [
  [64, 1],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 2],
  [1024, 1],
] as const;

const STEM_FILTERS = 32;

/**
 * Returns MobileNetV1: a 3x3 stem and 13 blocks of a 3x3 depthwise and a 1x1 convolution.
 *
 *   mobileNetV1({ width: 0.25, resolution: 96, classes: 2, variant: "mlperf-tiny" })
 *   // 208,112 B of weights (11,160 B of them depthwise), 10,952 B of bias, 8 B for RESHAPE: 219,072 B
 */
export function mobileNetV1(config: MobileNetV1Config): Model {
  const { width, resolution, classes, inputChannels = 3, variant } = config;
  const keras = variant === "keras";
  const activation = keras ? "relu6" : "relu";
  const [height, columns] = pairOf(resolution);
  const filters = (count: number) => Math.trunc(count * width);
  const net = new NetworkBuilder({
    name: `mobilenet_v1_${width}_${height}`,
    seed: `mobilenet_v1_${width}`,
    ports: keras ? "uint8-float" : "int8",
  });

  const image = net.input({
    name: "image",
    shape: [1, height, columns, inputChannels],
    range: keras ? { low: -1, high: 1 } : { low: 0, high: 1 },
  });
  let features = net.conv(image, {
    name: "conv1",
    filters: filters(STEM_FILTERS),
    kernel: 3,
    stride: 2,
    activation,
  });
  for (const [index, [count, stride]] of BLOCKS.entries()) {
    const block = index + 1;
    const padded = keras && stride === 2;
    if (padded)
      features = net.pad(features, { name: `conv_pad_${block}`, top: 0, left: 0, bottom: 1, right: 1 });
    const padding = padded ? "valid" : "same";
    features = net.depthwise(features, { name: `conv_dw_${block}`, kernel: 3, stride, padding, activation });
    features = net.conv(features, {
      name: `conv_pw_${block}`,
      filters: filters(count),
      kernel: 1,
      activation,
    });
  }
  const pooled = keras ? net.mean(features, { name: "mean" }) : poolAndFlatten(net, features);
  const logits = net.dense(pooled, { name: "dense", units: classes });
  return net.build([net.softmax(logits, { name: "softmax" })]);
}
