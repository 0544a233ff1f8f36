import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Signal } from "./builder.js";
import { type Pair, pairOf } from "./window.js";

export interface SqueezeNetConfig {
  readonly version: "1.0" | "1.1";
  /** Pixels, square or [height, width]. */
  readonly resolution: number | Pair;
  readonly classes: number;
}

/** A fire module, by the filters of its squeeze layer and of each of its two expand layers; or a max pool. */
type Stage = "pool" | readonly [squeeze: number, expand: number];

/**
 * Iandola et al., "SqueezeNet", 2016, table 1 (1.0); the authors' repository forresti/SqueezeNet,
 * SqueezeNet_v1.1/README.md (1.1: a 3x3 stem, pools moved forward).
 */
const VERSIONS = {
  "1.0": {
    stem: { filters: 96, kernel: 7 },
    stages: [
      "pool",
      [16, 64],
      [16, 64],
      [32, 128],
      "pool",
      [32, 128],
      [48, 192],
      [48, 192],
      [64, 256],
      "pool",
      [64, 256],
    ],
  },
  "1.1": {
    stem: { filters: 64, kernel: 3 },
    stages: [
      "pool",
      [16, 64],
      [16, 64],
      "pool",
      [32, 128],
      [32, 128],
      "pool",
      [48, 192],
      [48, 192],
      [64, 256],
      [64, 256],
    ],
  },
} as const satisfies Record<
  string,
  { readonly stem: { readonly filters: number; readonly kernel: number }; readonly stages: readonly Stage[] }
>;

/** Both expand layers of a fire module share a range: CONCATENATION asks for it. 4.5 standard deviations. */
const EXPAND_RANGE = { low: 0, high: 4.5 };

/**
 * Returns SqueezeNet as Keras ports of it export to TFLite: stem and pools without padding, a 1x1 convolution
 * and a mean in place of a dense layer, uint8 image in, float32 out.
 *
 *   squeezeNet({ version: "1.1", resolution: 224, classes: 1000 })
 *   // 1,235,496 parameters
 */
export function squeezeNet({ version, resolution, classes }: SqueezeNetConfig): Model {
  const { stem, stages } = VERSIONS[version];
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `squeezenet_${version}_${height}`,
    seed: `squeezenet_${version}`,
    ports: "uint8-float",
  });

  const image = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: -1, high: 1 } });
  let features = net.conv(image, { name: "conv1", ...stem, stride: 2, padding: "valid", activation: "relu" });
  let module = 1;
  for (const stage of stages) {
    // Caffe's numbering: conv1, then fire2 … fire9; a pool bears the number of the module before it.
    if (stage === "pool") features = net.maxPool(features, { name: `pool${module}`, kernel: 3, stride: 2 });
    else features = fire(net, features, { name: `fire${++module}`, squeeze: stage[0], expand: stage[1] });
  }
  const maps = net.conv(features, { name: "conv10", filters: classes, kernel: 1, activation: "relu" });
  return net.build([net.softmax(net.mean(maps, { name: "mean" }), { name: "softmax" })]);
}

function fire(
  net: NetworkBuilder,
  input: Signal,
  { name, squeeze, expand }: { readonly name: string; readonly squeeze: number; readonly expand: number },
): Signal {
  const activation = "relu";
  const narrow = net.conv(input, { name: `${name}_squeeze`, filters: squeeze, kernel: 1, activation });
  const expanded = { filters: expand, activation, range: EXPAND_RANGE } as const;
  const points = net.conv(narrow, { name: `${name}_expand1x1`, kernel: 1, ...expanded });
  const windows = net.conv(narrow, { name: `${name}_expand3x3`, kernel: 3, ...expanded });
  return net.concat([points, windows], { name: `${name}_concat` });
}
