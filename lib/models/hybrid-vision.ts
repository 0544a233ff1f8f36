import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { transformerBlock } from "./transformer-generator.js";

export interface HybridVisionConfig {
  /** Pixels, square; a multiple of 16. */
  readonly resolution: number;
  readonly classes: number;
  /** Transformer blocks on the map of a sixteenth of the resolution. */
  readonly blocks: number;
}

const STEM = [
  { filters: 16, stride: 2 },
  { filters: 32, stride: 2 },
  { filters: 64, stride: 2 },
  { filters: 96, stride: 2 },
] as const;
const HEADS = 4;
const HIDDEN = 192;

/**
 * Returns a network that is convolutional at first and a transformer at the end: depthwise-separable blocks down
 * to a sixteenth of the resolution, attention over the positions of that map. No published network, but of the
 * kind of MobileViT: it shows what the second part costs.
 *
 *   hybridVision({ resolution: 224, classes: 100, blocks: 2 }) // attention over 14 × 14 = 196 tokens of 96
 */
export function hybridVision({ resolution, classes, blocks }: HybridVisionConfig): Model {
  const net = new NetworkBuilder({
    name: `hybrid_vision_${resolution}_${blocks}`,
    seed: "hybrid",
    ports: "int8",
  });
  let features = net.input({
    name: "image",
    shape: [1, resolution, resolution, 3],
    range: { low: -1, high: 1 },
  });
  for (const [index, { filters, stride }] of STEM.entries()) {
    const name = `stage_${index}`;
    features =
      index === 0
        ? net.conv(features, { name, filters, kernel: 3, stride, activation: "relu6" })
        : net.conv(
            net.depthwise(features, { name: `${name}_depthwise`, kernel: 3, stride, activation: "relu6" }),
            {
              name,
              filters,
              kernel: 1,
              activation: "relu6",
            },
          );
  }
  const [, height = 1, width = 1, channels = 1] = features.tensor.staticShape();
  features = net.reshape(features, { name: "tokens", shape: [height * width, channels] });
  for (let block = 0; block < blocks; block++) {
    features = transformerBlock(net, features, { name: `block_${block}`, heads: HEADS, hidden: HIDDEN });
  }
  features = net.reshape(features, { name: "map", shape: [1, height, width, channels] });
  const pooled = net.mean(features, { name: "pool" });
  return net.build([net.dense(pooled, { name: "classes", units: classes })]);
}
