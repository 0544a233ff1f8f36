import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Signal } from "./builder.js";
import { normalizedRelu } from "./pointwise.js";
import { type Pair, pairOf } from "./window.js";

export interface ResNet50V2Config {
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
}

/** Filters, blocks, and stride of the last block of each stage; keras.applications, ResNet50V2. */
const STAGES = [
  [64, 3, 2],
  [128, 4, 2],
  [256, 6, 2],
  [512, 3, 1],
] as const;

const EXPANSION = 4;
const margin = (size: number) => ({ top: size, left: size, bottom: size, right: size });

interface Block {
  readonly name: string;
  readonly filters: number;
  readonly stride: number;
  /** Whether the shortcut is a convolution. */
  readonly projects: boolean;
}

/** Normalises before each convolution (He et al., "Identity Mappings", 2016): the sum itself is left alone. */
function block(net: NetworkBuilder, input: Signal, { name, filters, stride, projects }: Block): Signal {
  const active = normalizedRelu(net, input, { name: `${name}_preact` });
  let shortcut = input;
  if (projects) {
    shortcut = net.conv(active, { name: `${name}_0_conv`, filters: EXPANSION * filters, kernel: 1, stride });
  } else if (stride > 1) {
    shortcut = net.maxPool(input, { name: `${name}_0_pool`, kernel: 1, stride });
  }
  const reduced = net.conv(active, { name: `${name}_1_conv`, filters, kernel: 1, activation: "relu" });
  const padded = net.pad(reduced, { name: `${name}_2_pad`, ...margin(1) });
  const middle = net.conv(padded, {
    name: `${name}_2_conv`,
    filters,
    kernel: 3,
    stride,
    padding: "valid",
    activation: "relu",
  });
  const expanded = net.conv(middle, { name: `${name}_3_conv`, filters: EXPANSION * filters, kernel: 1 });
  return net.add(shortcut, expanded, { name: `${name}_out` });
}

/**
 * Returns ResNet-50 V2 of keras.applications: a 7x7 stem and 16 bottlenecks that normalise first, uint8 image
 * in, float32 out.
 *
 *   resNet50V2({ resolution: 224, classes: 1000 })
 *   // 25,502,912 B of weights
 */
export function resNet50V2({ resolution, classes }: ResNet50V2Config): Model {
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({ name: `resnet50v2_${height}`, seed: "resnet50v2", ports: "uint8-float" });
  const image = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: -1, high: 1 } });
  const padded = net.pad(image, { name: "conv1_pad", ...margin(3) });
  const stem = net.conv(padded, { name: "conv1", filters: 64, kernel: 7, stride: 2, padding: "valid" });
  const framed = net.pad(stem, { name: "pool1_pad", ...margin(1) });
  let features = net.maxPool(framed, { name: "pool1", kernel: 3, stride: 2 });
  for (const [stage, [filters, blocks, lastStride]] of STAGES.entries()) {
    for (let index = 0; index < blocks; index++) {
      features = block(net, features, {
        name: `conv${stage + 2}_block${index + 1}`,
        filters,
        stride: index === blocks - 1 ? lastStride : 1,
        projects: index === 0,
      });
    }
  }
  const pooled = net.mean(normalizedRelu(net, features, { name: "post" }), { name: "mean" });
  return net.build([
    net.softmax(net.dense(pooled, { name: "predictions", units: classes }), { name: "softmax" }),
  ]);
}
