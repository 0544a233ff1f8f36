import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Signal } from "./builder.js";
import { type Pair, pairOf } from "./window.js";

export interface YoloXConfig {
  /** Pixels, square or [height, width]; multiples of 32. */
  readonly resolution: number | Pair;
  /** Factor on the number of blocks. */
  readonly depth: number;
  /** Factor on the number of channels. */
  readonly width: number;
  readonly classes: number;
  readonly anchors?: number;
}

/** Channels of the stem before the width factor, and of the three levels. */
const STEM = 64;
const LEVELS = [256, 512, 1024] as const;
const BLOCKS = 3;
const POOLS = [5, 9, 13] as const;
const BOX = 4;
const activation = "relu6";

/** One range for what is concatenated. */
const RELU6_RANGE = { low: 0, high: 6 } as const;
const BOX_RANGE = { low: -8, high: 8 } as const;

class YoloXBuilder {
  readonly #net: NetworkBuilder;

  constructor(net: NetworkBuilder) {
    this.#net = net;
  }

  pointwise(input: Signal, name: string, filters: number): Signal {
    return this.#net.conv(input, { name, filters, kernel: 1, activation });
  }

  separable(input: Signal, name: string, filters: number, stride = 1): Signal {
    const depthwise = this.#net.depthwise(input, { name: `${name}_dw`, kernel: 3, stride, activation });
    return this.pointwise(depthwise, `${name}_pw`, filters);
  }

  /** Returns the map after a cross-stage block: half the channels pass `count` bottlenecks, half go around. */
  stage(
    input: Signal,
    options: {
      readonly name: string;
      readonly filters: number;
      readonly count: number;
      readonly residual: boolean;
    },
  ): Signal {
    const { name, filters, count, residual } = options;
    const hidden = Math.trunc(filters / 2);
    let inner = this.pointwise(input, `${name}_conv1`, hidden);
    for (let index = 1; index <= count; index++) {
      const reduced = this.pointwise(inner, `${name}_m${index}_conv1`, hidden);
      const next = this.separable(reduced, `${name}_m${index}_conv2`, hidden);
      // Concatenation asks for one range; the exporter gives the sum that of the layers around it.
      inner = residual
        ? this.#net.add(next, inner, { name: `${name}_m${index}_add`, range: RELU6_RANGE })
        : next;
    }
    const around = this.pointwise(input, `${name}_conv2`, hidden);
    const joined = this.#concat([inner, around], `${name}_concat`);
    return this.pointwise(joined, `${name}_conv3`, filters);
  }

  /** Returns the pyramid of pools over one map. */
  pyramid(input: Signal, name: string, filters: number): Signal {
    const channels = input.tensor.staticShape().at(-1) ?? 1;
    const reduced = this.pointwise(input, `${name}_conv1`, Math.trunc(channels / 2));
    const pools = POOLS.map((kernel) =>
      this.#net.maxPool(reduced, { name: `${name}_pool${kernel}`, kernel, padding: "same" }),
    );
    return this.pointwise(this.#concat([reduced, ...pools], `${name}_concat`), `${name}_conv2`, filters);
  }

  /** Returns the map at twice the size beside one of that size. */
  enlarge(small: Signal, large: Signal, name: string): Signal {
    return this.#concat([this.#net.upsample(small, { name: `${name}_up`, factor: 2 }), large], `${name}_cat`);
  }

  /** Returns the map at half the size beside one of that size. */
  reduce(large: Signal, small: Signal, name: string): Signal {
    const channels = large.tensor.staticShape().at(-1) ?? 1;
    return this.#concat([this.separable(large, name, channels, 2), small], `${name}_cat`);
  }

  /** Returns boxes, objectness and classes of one level, one beside the other. */
  head(input: Signal, name: string, sizes: { channels: number; classes: number; anchors: number }): Signal {
    const { channels, classes, anchors } = sizes;
    const stem = this.pointwise(input, `${name}_stem`, channels);
    const branch = (kind: string) =>
      this.separable(this.separable(stem, `${name}_${kind}1`, channels), `${name}_${kind}2`, channels);
    const predict = (from: Signal, kind: string, filters: number) =>
      this.#net.conv(from, { name: `${name}_${kind}`, filters, kernel: 1, range: BOX_RANGE });
    const kinds = predict(branch("cls"), "class", anchors * classes);
    const boxes = branch("reg");
    const objects = predict(boxes, "object", anchors);
    const places = predict(boxes, "box", BOX * anchors);
    return this.#concat([places, objects, kinds], `${name}_concat`);
  }

  #concat(parts: readonly [Signal, ...Signal[]], name: string): Signal {
    return this.#net.concat(parts, { name });
  }
}

/**
 * Returns a small YOLOX of the form of ST's st_yolo_x nano (read in st_yolo_x_nano_480_1.0_0.25_3 of the model
 * zoo; Ge et al., "YOLOX", 2021): separable convolutions, relu6, a stem of two 3x3 convolutions in place of
 * the focus layer, three levels.
 *
 *   yoloX({ resolution: 256, depth: 0.33, width: 0.25, classes: 1 })
 *   // 881,668 B of weights (17,280 B of them depthwise), 196,403,200 MACs
 */
export function yoloX({ resolution, depth, width, classes, anchors = 1 }: YoloXConfig): Model {
  const [height, columns] = pairOf(resolution);
  const net = new NetworkBuilder({
    name: `yolo_x_${depth}_${width}_${height}`,
    seed: `yolo_x_${width}`,
    ports: "uint8-float",
  });
  const parts = new YoloXBuilder(net);
  const base = Math.trunc(STEM * width);
  const unit = Math.max(1, Math.round(BLOCKS * depth));
  const [fine, middle, coarse] = LEVELS.map((channels) => Math.trunc(channels * width)) as [
    number,
    number,
    number,
  ];

  let features = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: 0, high: 1 } });
  features = net.conv(features, { name: "focus", filters: 12, kernel: 3, stride: 2, activation });
  features = net.conv(features, { name: "stem", filters: base, kernel: 3, activation });
  const dark = (index: number, filters: number, count: number) => {
    const reduced = parts.separable(features, `dark${index}_conv`, filters, 2);
    features = parts.stage(reduced, { name: `dark${index}_csp`, filters, count, residual: true });
    return features;
  };
  dark(2, base * 2, unit);
  const level3 = dark(3, base * 4, unit * 3);
  const level4 = dark(4, base * 8, unit * 3);
  features = parts.separable(features, "dark5_conv", base * 16, 2);
  features = parts.pyramid(features, "dark5_spp", base * 16);
  const level5 = parts.stage(features, {
    name: "dark5_csp",
    filters: base * 16,
    count: unit,
    residual: false,
  });

  const csp = (input: Signal, name: string, filters: number) =>
    parts.stage(input, { name, filters, count: unit, residual: false });
  const lateral = parts.pointwise(level5, "lateral", middle);
  const up4 = csp(parts.enlarge(lateral, level4, "p4"), "c3_p4", middle);
  const reduced = parts.pointwise(up4, "reduce", fine);
  const out3 = csp(parts.enlarge(reduced, level3, "p3"), "c3_p3", fine);
  const sizes = { channels: fine, classes, anchors };
  const head3 = parts.head(out3, "head3", sizes);
  const out4 = csp(parts.reduce(out3, reduced, "n3"), "c3_n3", middle);
  const head4 = parts.head(out4, "head4", sizes);
  const out5 = csp(parts.reduce(out4, lateral, "n4"), "c3_n4", coarse);
  return net.build([head3, head4, parts.head(out5, "head5", sizes)]);
}
