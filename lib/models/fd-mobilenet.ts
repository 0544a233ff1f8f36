import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { type Pair, pairOf } from "./window.js";

export interface FdMobileNetConfig {
  /** Factor on the number of channels. */
  readonly width: number;
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
}

/** Filters and stride of each block. Qin et al., "FD-MobileNet", ICIP 2018, table 1. */
const BLOCKS = [
  [64, 2],
  [128, 2],
  [128, 1],
  [256, 2],
  [256, 1],
  [512, 2],
  [512, 1],
  [512, 1],
  [512, 1],
  [512, 1],
  [1024, 1],
] as const;

const STEM_FILTERS = 32;

/**
 * Returns FD-MobileNet (fast downsampling) as ST's model zoo exports it: MobileNetV1 with its strides moved to
 * the front and no activation after depthwise layers; a 1x1 convolution classifies. Where the export computes
 * the shape of its two RESHAPEs at run time (SHAPE, STRIDED_SLICE, PACK), the shape is a constant here.
 *
 *   fdMobileNet({ width: 0.25, resolution: 128, classes: 101 })
 *   // 148,080 B of weights (7,704 B of them depthwise), 3,873,024 MACs
 */
export function fdMobileNet({ width, resolution, classes }: FdMobileNetConfig): Model {
  const [height, columns] = pairOf(resolution);
  const activation = "relu";
  const filters = (count: number) => Math.trunc(count * width);
  const net = new NetworkBuilder({
    name: `fdmobilenet_${width}_${height}`,
    seed: `fdmobilenet_${width}`,
    ports: "uint8-float",
  });

  const image = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: -1, high: 1 } });
  let features = net.conv(image, {
    name: "conv1",
    filters: filters(STEM_FILTERS),
    kernel: 3,
    stride: 2,
    activation,
  });
  for (const [index, [count, stride]] of BLOCKS.entries()) {
    const block = index + 1;
    features = net.depthwise(features, { name: `conv_dw_${block}`, kernel: 3, stride });
    features = net.conv(features, {
      name: `conv_pw_${block}`,
      filters: filters(count),
      kernel: 1,
      activation,
    });
  }
  const pooled = net.mean(features, { name: "mean" });
  const cell = net.reshape(pooled, {
    name: "reshape_1",
    shape: [1, 1, 1, pooled.tensor.staticShape().at(-1)!],
  });
  const logits = net.conv(cell, { name: "conv_preds", filters: classes, kernel: 1 });
  const probabilities = net.softmax(logits, { name: "softmax" });
  return net.build([net.reshape(probabilities, { name: "reshape_2", shape: [1, classes] })]);
}
