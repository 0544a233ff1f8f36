import type { Model } from "../graph/graph.js";
import { NetworkBuilder } from "./builder.js";
import { type Pair, pairOf } from "./window.js";

export interface YoloLcConfig {
  /** Pixels, square or [height, width]; multiples of 16. */
  readonly resolution: number | Pair;
  readonly classes: number;
  readonly anchors?: number;
}

/** Filters of the stem's 3x3 convolutions of stride 2. */
const STEM = [16, 32, 64, 128] as const;

/**
 * Returns a small single-scale detector of the form of ST's Tiny YOLO LC v1 (read in st_yolo_lc_v1_192_int8 of
 * the model zoo): four 3x3 convolutions down to 1/16, separable convolutions there, and per anchor five
 * numbers and the classes. uint8 image in, float32 map out.
 *
 *   yoloLc({ resolution: 192, classes: 1 })
 *   // 275,632 B of weights (6,912 B of them depthwise), 61,526,016 MACs, output 12x12x30
 */
export function yoloLc({ resolution, classes, anchors = 5 }: YoloLcConfig): Model {
  const [height, columns] = pairOf(resolution);
  const activation = "relu";
  const net = new NetworkBuilder({ name: `yolo_lc_${height}`, seed: "yolo_lc", ports: "uint8-float" });

  let features = net.input({ name: "image", shape: [1, height, columns, 3], range: { low: 0, high: 1 } });
  for (const [index, filters] of STEM.entries()) {
    features = net.conv(features, { name: `conv${index + 1}`, filters, kernel: 3, stride: 2, activation });
  }
  const separable = (block: number, filters: number) => {
    features = net.depthwise(features, { name: `conv_dw_${block}`, kernel: 3 });
    features = net.conv(features, { name: `conv_pw_${block}`, filters, kernel: 1, activation });
  };
  separable(1, 256);
  separable(2, 256);
  features = net.maxPool(features, { name: "pool", kernel: 2, padding: "same" });
  separable(3, 128);
  separable(4, 256);
  return net.build([net.conv(features, { name: "boxes", filters: anchors * (5 + classes), kernel: 1 })]);
}
