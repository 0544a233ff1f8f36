import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Signal } from "./builder.js";
import { multiply, sigmoid, swish } from "./pointwise.js";
import { type Pair, pairOf } from "./window.js";

export interface EfficientNetV2Config {
  readonly variant: keyof typeof VARIANTS;
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
}

interface Stage {
  readonly repeats: number;
  readonly filters: number;
  readonly expansion: number;
  readonly stride: number;
  /** Expansion and depthwise convolution as one 3x3 convolution, and no gate. */
  readonly fused: boolean;
}

const stage = (
  form: "fused" | "gated",
  repeats: number,
  filters: number,
  expansion: number,
  stride: number,
): Stage => ({ repeats, filters, expansion, stride, fused: form === "fused" });

/** Tan and Le, "EfficientNetV2", 2021, appendix, as keras.applications builds it. */
const BASE = [
  stage("fused", 1, 16, 1, 1),
  stage("fused", 2, 32, 4, 2),
  stage("fused", 2, 48, 4, 2),
  stage("gated", 3, 96, 4, 2),
  stage("gated", 5, 112, 6, 1),
  stage("gated", 8, 192, 6, 2),
] as const;

const SMALL = [
  stage("fused", 2, 24, 1, 1),
  stage("fused", 4, 48, 4, 2),
  stage("fused", 4, 64, 4, 2),
  stage("gated", 6, 128, 4, 2),
  stage("gated", 9, 160, 6, 1),
  stage("gated", 15, 256, 6, 2),
] as const;

const VARIANTS = {
  b0: { stages: BASE, stem: 32, width: 1, depth: 1 },
  b1: { stages: BASE, stem: 32, width: 1, depth: 1.1 },
  b2: { stages: BASE, stem: 32, width: 1.1, depth: 1.2 },
  b3: { stages: BASE, stem: 32, width: 1.2, depth: 1.4 },
  s: { stages: SMALL, stem: 24, width: 1, depth: 1 },
} as const;

const HEAD_FILTERS = 1280;

/** Channels of the gate's narrow layer, as a share of the block's input. */
const GATE_SHARE = 0.25;

/** Returns the multiple of 8 nearest to `count`, at least 8; unlike MobileNetV2's, it may lie far below. */
function roundFilters(count: number): number {
  return Math.max(8, Math.trunc((count + 4) / 8) * 8);
}

interface Block extends Stage {
  readonly name: string;
}

/** Returns the map, each channel multiplied by what two 1x1 convolutions make of all channels' means. */
function gate(
  net: NetworkBuilder,
  input: Signal,
  { name, narrow }: { readonly name: string; readonly narrow: number },
): Signal {
  const channels = input.tensor.staticShape().at(-1) ?? 1;
  const pooled = net.mean(input, { name: `${name}_squeeze` });
  const cell = net.reshape(pooled, { name: `${name}_reshape`, shape: [1, 1, 1, channels] });
  const reduced = net.conv(cell, { name: `${name}_reduce`, filters: narrow, kernel: 1 });
  const active = swish(net, reduced, { name: `${name}_reduce_swish` });
  const expanded = net.conv(active, { name: `${name}_expand`, filters: channels, kernel: 1 });
  const weights = sigmoid(net, expanded, { name: `${name}_sigmoid` });
  return multiply(net, input, weights, { name: `${name}_excite` });
}

function block(net: NetworkBuilder, input: Signal, options: Block): Signal {
  const { name, filters, expansion, stride, fused } = options;
  const channels = input.tensor.staticShape().at(-1) ?? 1;
  const wide = channels * expansion;
  const convolve = (
    from: Signal,
    layer: { name: string; filters: number; kernel: number; stride?: number },
  ) => swish(net, net.conv(from, layer), { name: `${layer.name}_swish` });

  let features = input;
  if (fused && expansion === 1) {
    features = convolve(features, { name: `${name}_project_conv`, filters, kernel: 3, stride });
  } else {
    if (fused) {
      features = convolve(features, { name: `${name}_expand_conv`, filters: wide, kernel: 3, stride });
    } else {
      features = convolve(features, { name: `${name}_expand_conv`, filters: wide, kernel: 1 });
      const depthwise = net.depthwise(features, { name: `${name}_dwconv`, kernel: 3, stride });
      features = swish(net, depthwise, { name: `${name}_dwconv_swish` });
      const narrow = Math.max(1, Math.trunc(channels * GATE_SHARE));
      features = gate(net, features, { name: `${name}_se`, narrow });
    }
    features = net.conv(features, { name: `${name}_project_conv`, filters, kernel: 1 });
  }
  return stride === 1 && filters === channels ? net.add(features, input, { name: `${name}_add` }) : features;
}

/**
 * Returns EfficientNetV2 of keras.applications: fused and gated inverted residuals with swish. uint8 image in,
 * float32 out.
 *
 *   efficientNetV2({ variant: "b1", resolution: 240, classes: 1000 })
 *   // 8,053,152 B of weights (136,512 B of them depthwise), 1,196,819,360 MACs
 */
export function efficientNetV2({ variant, resolution, classes }: EfficientNetV2Config): Model {
  const { stages, stem, width, depth } = VARIANTS[variant];
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `efficientnetv2${variant}_${height}`,
    seed: `efficientnetv2${variant}`,
    ports: "uint8-float",
  });
  const convolve = (
    from: Signal,
    layer: { name: string; filters: number; kernel: number; stride?: number },
  ) => swish(net, net.conv(from, layer), { name: `${layer.name}_swish` });

  const image = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: -1, high: 1 } });
  let features = convolve(image, {
    name: "stem_conv",
    filters: roundFilters(stem * width),
    kernel: 3,
    stride: 2,
  });
  for (const [index, options] of stages.entries()) {
    const filters = roundFilters(options.filters * width);
    for (let repeat = 0; repeat < Math.ceil(options.repeats * depth); repeat++) {
      const name = `block${index + 1}_${repeat + 1}`;
      features = block(net, features, {
        ...options,
        name,
        filters,
        stride: repeat === 0 ? options.stride : 1,
      });
    }
  }
  features = convolve(features, { name: "top_conv", filters: roundFilters(HEAD_FILTERS * width), kernel: 1 });
  const pooled = net.mean(features, { name: "mean" });
  return net.build([
    net.softmax(net.dense(pooled, { name: "predictions", units: classes }), { name: "softmax" }),
  ]);
}
