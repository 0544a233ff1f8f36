import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { type Pair, pairOf } from "./window.js";

export interface MobileNetV2Config {
  /** Factor on the number of channels: 0.35, 0.5, 0.75, 1, 1.3, 1.4. */
  readonly width: number;
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  /** null leaves the classifier off and ends in the 1280 features, as re-identification networks do. */
  readonly classes: number | null;
  /** 3 for colour (default), 1 for grey. */
  readonly inputChannels?: 1 | 3;
}

/** Expansion, filters, repeats, stride of the first. Sandler et al., "MobileNetV2", CVPR 2018, table 2. */
export const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;

const STEM_FILTERS = 32;
const HEAD_FILTERS = 1280;

/**
 * Returns the multiple of 8 nearest to `count`, at least 8 and never more than 10 % below: how
 * keras.applications rounds channels. 32 · 0.35 = 11.2 gives 16, not 8.
 */
export function roundChannels(count: number): number {
  const rounded = Math.max(8, Math.floor((count + 4) / 8) * 8);
  return rounded < 0.9 * count ? rounded + 8 : rounded;
}

/**
 * Returns the pixels that keras.applications puts before an axis ahead of a 3x3 layer of stride 2: none where
 * the length is even, one where it is odd. One always follows behind.
 */
function padBefore(length: number): number {
  return length % 2;
}

/**
 * Returns MobileNetV2 of keras.applications: 17 inverted residuals, relu6 except after projections, uint8
 * image in, float32 out.
 *
 *   mobileNetV2({ width: 1, resolution: 224, classes: 1000 })
 *   // 3,469,760 B of weights (64,224 B of them depthwise), 300,774,272 MACs
 */
export function mobileNetV2(config: MobileNetV2Config): Model {
  const { width, resolution, classes, inputChannels = 3 } = config;
  const [height, columns] = pairOf(resolution);
  const activation = "relu6";
  const net = new NetworkBuilder({
    name: `mobilenet_v2_${width}_${height}`,
    seed: `mobilenet_v2_${width}`,
    ports: "uint8-float",
  });

  const image = net.input({
    name: "image",
    shape: [1, height, columns, inputChannels],
    range: { low: -1, high: 1 },
  });
  let channels = roundChannels(STEM_FILTERS * width);
  let features = net.conv(image, { name: "conv1", filters: channels, kernel: 3, stride: 2, activation });
  let block = 0;
  for (const [expansion, count, repeats, firstStride] of STAGES) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = block === 0 ? "expanded_conv" : `block_${block}`;
      const stride = repeat === 0 ? firstStride : 1;
      const filters = roundChannels(count * width);
      const shortcut = features;
      if (expansion > 1) {
        features = net.conv(features, {
          name: `${name}_expand`,
          filters: expansion * channels,
          kernel: 1,
          activation,
        });
      }
      if (stride === 2) {
        const [, rows = 0, cells = 0] = features.tensor.staticShape();
        const [top, left] = [padBefore(rows), padBefore(cells)];
        features = net.pad(features, { name: `${name}_pad`, top, left, bottom: 1, right: 1 });
      }
      const padding = stride === 2 ? "valid" : "same";
      features = net.depthwise(features, {
        name: `${name}_depthwise`,
        kernel: 3,
        stride,
        padding,
        activation,
      });
      features = net.conv(features, { name: `${name}_project`, filters, kernel: 1 });
      if (stride === 1 && filters === channels)
        features = net.add(shortcut, features, { name: `${name}_add` });
      channels = filters;
      block++;
    }
  }
  // A narrower network keeps the full head (§4.1 of the paper); only wider ones scale it.
  const filters = width > 1 ? roundChannels(HEAD_FILTERS * width) : HEAD_FILTERS;
  features = net.conv(features, { name: "conv_last", filters, kernel: 1, padding: "valid", activation });
  const pooled = net.mean(features, { name: "mean" });
  if (classes === null) return net.build([pooled]);
  return net.build([
    net.softmax(net.dense(pooled, { name: "predictions", units: classes }), { name: "softmax" }),
  ]);
}
