import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { basicBlock } from "./resnet-v1.js";
import { type Pair, pairOf } from "./window.js";

export interface ResNet18Config {
  /** Factor on the number of channels; 0.25 is the `wd4` of ST's model zoo. */
  readonly width: number;
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
}

/** Filters of the four stages, two blocks each. He et al., CVPR 2016, table 1, column 18-layer. */
const STAGES = [64, 128, 256, 512] as const;

/**
 * Returns ResNet-18: a 7x7 stem and a 3x3 max pool, both padded by PAD as keras.applications exports its
 * ResNets, then eight blocks of two 3x3 convolutions.
 *
 *   resNet18({ width: 1, resolution: 224, classes: 1000 })
 *   // 11,678,912 B of weights, 1,814,073,344 MACs
 */
export function resNet18({ width, resolution, classes }: ResNet18Config): Model {
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `resnet18_${width}_${height}`,
    seed: `resnet18_${width}`,
    ports: "uint8-float",
  });

  const image = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: -1, high: 1 } });
  const margin = (size: number) => ({ top: size, left: size, bottom: size, right: size });
  const padded = net.pad(image, { name: "conv1_pad", ...margin(3) });
  const stem = net.conv(padded, {
    name: "conv1",
    filters: Math.trunc(STAGES[0] * width),
    kernel: 7,
    stride: 2,
    padding: "valid",
    activation: "relu",
  });
  const framed = net.pad(stem, { name: "pool1_pad", ...margin(1) });
  let features = net.maxPool(framed, { name: "pool1", kernel: 3, stride: 2 });
  for (const [stage, filters] of STAGES.entries()) {
    for (let block = 0; block < 2; block++) {
      features = basicBlock(net, features, {
        name: `conv${stage + 2}_block${block + 1}`,
        filters: Math.trunc(filters * width),
        stride: stage > 0 && block === 0 ? 2 : 1,
      });
    }
  }
  const logits = net.dense(net.mean(features, { name: "mean" }), { name: "dense", units: classes });
  return net.build([net.softmax(logits, { name: "softmax" })]);
}
