import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Ports, type Signal } from "./builder.js";
import { poolAndFlatten } from "./pool-and-flatten.js";
import { type Pair, pairOf } from "./window.js";

export interface ResNetV1Config {
  /** 6n + 2: 8, 20, 32, 44, 56. */
  readonly depth: number;
  /** Pixels, square or [height, width]; 32 for CIFAR. */
  readonly resolution: number | Pair;
  readonly classes: number;
  /** Channels of the first stage; 16 in the paper, doubled at each of the next two. */
  readonly filters?: number;
  /** `int8` as MLPerf Tiny's image classification, `uint8-float` as ST's model zoo. */
  readonly ports: Ports;
}

/**
 * Returns the CIFAR form of ResNet v1 (He et al., "Deep Residual Learning for Image Recognition", CVPR 2016,
 * §4.2) with 1x1 convolutions on the shortcuts that change shape, as MLPerf Tiny and keras.io build it: three
 * stages of n blocks.
 *
 *   resNetV1({ depth: 8, resolution: 32, classes: 10, ports: "int8" })
 *   // MLPerf Tiny image classification: 77,360 B of weights, 12,501,632 MACs
 */
export function resNetV1(config: ResNetV1Config): Model {
  const { depth, resolution, classes, filters: firstFilters = 16, ports } = config;
  const blocks = (depth - 2) / 6;
  if (!Number.isInteger(blocks) || blocks < 1) {
    throw new LabError({
      code: "MODEL_DEPTH",
      message: `Cannot build a ResNet v1 of depth ${depth}: expected 6n + 2 with n = 1, 2, …`,
      hint: "8, 20, 32, 44 and 56 are usual",
    });
  }
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `resnet_v1_${depth}_${height}`,
    seed: `resnet_v1_${depth}`,
    ports,
  });

  // The MLPerf Tiny reference feeds pixels as they are, 0 to 255; the model zoo scales them to 0 … 1.
  const range = { low: 0, high: ports === "int8" ? 255 : 1 };
  const image = net.input({ name: "image", shape: [1, height, columns, 3], range });
  let features = net.conv(image, { name: "conv1", filters: firstFilters, kernel: 3, activation: "relu" });
  for (let stage = 0; stage < 3; stage++) {
    for (let block = 0; block < blocks; block++) {
      features = basicBlock(net, features, {
        name: `stage_${stage + 1}_block_${block + 1}`,
        filters: firstFilters * 2 ** stage,
        stride: stage > 0 && block === 0 ? 2 : 1,
      });
    }
  }
  const logits = net.dense(poolAndFlatten(net, features), { name: "dense", units: classes });
  return net.build([net.softmax(logits, { name: "softmax" })]);
}

/** Returns the output of two 3x3 convolutions added to their input, which a 1x1 brings to their shape if need be. */
export function basicBlock(
  net: NetworkBuilder,
  input: Signal,
  { name, filters, stride }: { readonly name: string; readonly filters: number; readonly stride: 1 | 2 },
): Signal {
  const first = net.conv(input, { name: `${name}_conv1`, filters, kernel: 3, stride, activation: "relu" });
  const second = net.conv(first, { name: `${name}_conv2`, filters, kernel: 3 });
  const sameShape = stride === 1 && input.tensor.staticShape().at(-1) === filters;
  const shortcut = sameShape
    ? input
    : net.conv(input, { name: `${name}_shortcut`, filters, kernel: 1, stride });
  return net.add(shortcut, second, { name: `${name}_add`, activation: "relu" });
}
