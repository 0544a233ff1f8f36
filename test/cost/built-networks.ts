/** Networks of published rows whose file is not at hand, but whose architecture is public: built in code. */
import type { Model } from "../../lib/graph/graph.js";
import { efficientNetV2 } from "../../lib/models/efficientnet-v2.js";
import { fdMobileNet } from "../../lib/models/fd-mobilenet.js";
import { mobileNetV1 } from "../../lib/models/mobilenet-v1.js";
import { mobileNetV2 } from "../../lib/models/mobilenet-v2.js";
import { resNet50V2 } from "../../lib/models/resnet-50-v2.js";
import { tinyYoloV2 } from "../../lib/models/tiny-yolo-v2.js";
import { yoloX } from "../../lib/models/yolo-x.js";

export interface PublishedNetwork {
  readonly network: string;
  readonly dataset: string;
  /** Height × width × channels. */
  readonly resolution: string;
}

const CLASSES: Readonly<Record<string, number>> = {
  imagenet: 1000,
  ImageNet: 1000,
  food101: 101,
  "food-101": 101,
};

interface Reading {
  readonly match: readonly string[];
  readonly resolution: number;
  readonly classes: number;
  readonly dataset: string;
}

const hundredths = (text: string | undefined) => Number(text) / 100;

/**
 * Names of files as the model zoo writes them, and the network that each names. The detectors trained on
 * st_person have three anchors: their published images are larger by just those.
 */
const PATTERNS: readonly (readonly [RegExp, (reading: Reading) => Model])[] = [
  [
    /^mobilenetb?(?:v1)?_a(\d{3})_/,
    ({ match, resolution, classes }) =>
      mobileNetV1({ width: hundredths(match[1]), resolution, classes, variant: "keras" }),
  ],
  [
    /^mobilenet_v1_([\d.]+)_/,
    ({ match, resolution, classes }) =>
      mobileNetV1({ width: Number(match[1]), resolution, classes, variant: "keras" }),
  ],
  [
    /^mobilenetv2b?_a(\d{3})_/,
    ({ match, resolution, classes }) => mobileNetV2({ width: hundredths(match[1]), resolution, classes }),
  ],
  [
    /^mobilenet_v2_([\d.]+)_/,
    ({ match, resolution, classes }) => mobileNetV2({ width: Number(match[1]), resolution, classes }),
  ],
  [
    /^fdmobilenet_a(\d{3})_pt/,
    ({ match, resolution, classes }) => fdMobileNet({ width: hundredths(match[1]), resolution, classes }),
  ],
  [
    /^st_yoloxn_d(\d{3})_w(\d{3})/,
    ({ match, resolution, dataset }) =>
      yoloX({
        resolution,
        depth: hundredths(match[1]),
        width: hundredths(match[2]),
        classes: 1,
        anchors: dataset === "st_person" ? 3 : 1,
      }),
  ],
  [
    /^st_yolo_x_nano_\d+_([\d.]+)_([\d.]+)_int8/,
    ({ match, resolution }) =>
      yoloX({ resolution, depth: Number(match[1]), width: Number(match[2]), classes: 1 }),
  ],
  [/^tiny_yolo_v2/, ({ resolution }) => tinyYoloV2({ resolution, classes: 1 })],
  [/^resnet50v2/, ({ resolution, classes }) => resNet50V2({ resolution, classes })],
  [
    /^efficientnetv2(b1|b2|s)_/,
    ({ match, resolution, classes }) =>
      efficientNetV2({ variant: match[1] as "b1" | "b2" | "s", resolution, classes }),
  ],
];

/** Weights of four bits: which layers have them is not published. */
export const FOUR_BITS = /_w4_/;

/** Returns the network of a published row, or null when its architecture is not known here. */
export function builtNetwork({ network, dataset, resolution }: PublishedNetwork): Model | null {
  if (FOUR_BITS.test(network)) return null;
  for (const [pattern, build] of PATTERNS) {
    const match = pattern.exec(network);
    if (!match) continue;
    return build({
      match,
      resolution: Number(resolution.split("x")[0]),
      classes: CLASSES[dataset] ?? 1,
      dataset,
    });
  }
  return null;
}
