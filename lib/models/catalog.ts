import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import { type AutoencoderConfig, autoencoder } from "./autoencoder.js";
import { type DsCnnConfig, dsCnn } from "./ds-cnn.js";
import { type EfficientNetV2Config, efficientNetV2 } from "./efficientnet-v2.js";
import { type FdMobileNetConfig, fdMobileNet } from "./fd-mobilenet.js";
import { type MobileNetV1Config, mobileNetV1 } from "./mobilenet-v1.js";
import { type MobileNetV2Config, mobileNetV2 } from "./mobilenet-v2.js";
import { type ResNet18Config, resNet18 } from "./resnet-18.js";
import { type ResNet50V2Config, resNet50V2 } from "./resnet-50-v2.js";
import { type ResNetV1Config, resNetV1 } from "./resnet-v1.js";
import { type SqueezeNetConfig, squeezeNet } from "./squeezenet.js";
import { type TinyYoloV2Config, tinyYoloV2 } from "./tiny-yolo-v2.js";
import { type YoloLcConfig, yoloLc } from "./yolo-lc.js";
import { type YoloXConfig, yoloX } from "./yolo-x.js";

/** Each family's config; the name is the family's id in presets. */
interface Families {
  readonly "mobilenet-v1": MobileNetV1Config;
  readonly "mobilenet-v2": MobileNetV2Config;
  readonly "fd-mobilenet": FdMobileNetConfig;
  readonly "resnet-v1": ResNetV1Config;
  readonly "resnet-18": ResNet18Config;
  readonly "ds-cnn": DsCnnConfig;
  readonly "resnet-50-v2": ResNet50V2Config;
  readonly "efficientnet-v2": EfficientNetV2Config;
  readonly squeezenet: SqueezeNetConfig;
  readonly "yolo-lc": YoloLcConfig;
  readonly "yolo-x": YoloXConfig;
  readonly "tiny-yolo-v2": TinyYoloV2Config;
  readonly autoencoder: AutoencoderConfig;
}

export type Family = keyof Families;

const BUILDERS: { readonly [F in Family]: (config: Families[F]) => Model } = {
  "mobilenet-v1": mobileNetV1,
  "mobilenet-v2": mobileNetV2,
  "fd-mobilenet": fdMobileNet,
  "resnet-v1": resNetV1,
  "resnet-18": resNet18,
  "ds-cnn": dsCnn,
  "resnet-50-v2": resNet50V2,
  "efficientnet-v2": efficientNetV2,
  squeezenet: squeezeNet,
  "yolo-lc": yoloLc,
  "yolo-x": yoloX,
  "tiny-yolo-v2": tinyYoloV2,
  autoencoder,
};

/** A network that can be named on a command line: a family and one config of it. */
export interface Preset {
  readonly id: string;
  readonly title: string;
  readonly family: Family;
  readonly config: Families[Family];
  /**
   * Returns a fresh model, named by the preset's id; with `change`, the network of its family that differs so.
   * Milliseconds: weights are made when read.
   */
  build(change?: ConfigChange): Model;
}

/** What may differ from a preset's config; each family reads the fields that it has. */
export interface ConfigChange {
  readonly resolution?: number;
  readonly width?: number;
  readonly filters?: number;
  readonly hidden?: number;
}

function preset<F extends Family>(id: string, title: string, family: F, config: Families[F]): Preset {
  return {
    id,
    title,
    family,
    config,
    build: (change = {}) => ({ ...BUILDERS[family]({ ...config, ...change }), name: id }),
  };
}

const IMAGENET = 1000;

/** Networks in common use on microcontrollers, smallest input first within a family. */
export const CATALOG: readonly Preset[] = [
  preset("vww_96", "Visual wake words, MobileNetV1 0.25 at 96 (MLPerf Tiny)", "mobilenet-v1", {
    width: 0.25,
    resolution: 96,
    classes: 2,
    variant: "mlperf-tiny",
  }),
  preset("mobilenet_v1_0.25_96", "MobileNetV1 0.25 at 96, 5 classes", "mobilenet-v1", {
    width: 0.25,
    resolution: 96,
    classes: 5,
    variant: "keras",
  }),
  preset("mobilenet_v1_0.25_224", "MobileNetV1 0.25 at 224, 101 classes", "mobilenet-v1", {
    width: 0.25,
    resolution: 224,
    classes: 101,
    variant: "keras",
  }),
  preset("mobilenet_v1_0.5_224", "MobileNetV1 0.5 at 224, 101 classes", "mobilenet-v1", {
    width: 0.5,
    resolution: 224,
    classes: 101,
    variant: "keras",
  }),
  preset("mobilenet_v1_1.0_224", "MobileNetV1 1.0 at 224, 101 classes", "mobilenet-v1", {
    width: 1,
    resolution: 224,
    classes: 101,
    variant: "keras",
  }),
  preset("mobilenet_v2_0.35_128", "MobileNetV2 0.35 at 128, 5 classes", "mobilenet-v2", {
    width: 0.35,
    resolution: 128,
    classes: 5,
  }),
  preset("mobilenet_v2_1.0_224", "MobileNetV2 1.0 at 224, ImageNet", "mobilenet-v2", {
    width: 1,
    resolution: 224,
    classes: IMAGENET,
  }),
  preset("fdmobilenet_0.25_128", "FD-MobileNet 0.25 at 128, 101 classes", "fd-mobilenet", {
    width: 0.25,
    resolution: 128,
    classes: 101,
  }),
  preset("resnet8_32", "ResNet-8, image classification (MLPerf Tiny)", "resnet-v1", {
    depth: 8,
    resolution: 32,
    classes: 10,
    ports: "int8",
  }),
  preset("resnet32_32", "ResNet-32 at 32, CIFAR-100", "resnet-v1", {
    depth: 32,
    resolution: 32,
    classes: 100,
    ports: "uint8-float",
  }),
  preset("resnet18_224", "ResNet-18 at 224, ImageNet", "resnet-18", {
    width: 1,
    resolution: 224,
    classes: IMAGENET,
  }),
  preset("squeezenet_v1.1_224", "SqueezeNet 1.1 at 224, ImageNet", "squeezenet", {
    version: "1.1",
    resolution: 224,
    classes: IMAGENET,
  }),
  preset("yolo_lc_192", "Small single-scale detector at 192, one class", "yolo-lc", {
    resolution: 192,
    classes: 1,
  }),
  preset("resnet50v2_224", "ResNet-50 V2 at 224, ImageNet", "resnet-50-v2", {
    resolution: 224,
    classes: IMAGENET,
  }),
  preset("efficientnetv2_b1_240", "EfficientNetV2-B1 at 240, ImageNet", "efficientnet-v2", {
    variant: "b1",
    resolution: 240,
    classes: IMAGENET,
  }),
  preset("yolo_x_nano_256", "YOLOX nano, separable, at 256, one class", "yolo-x", {
    resolution: 256,
    depth: 0.33,
    width: 0.25,
    classes: 1,
  }),
  preset("tiny_yolo_v2_224", "Tiny YOLO v2 at 224, one class", "tiny-yolo-v2", {
    resolution: 224,
    classes: 1,
  }),
  preset("dscnn_kws", "Keyword spotting, DS-CNN (MLPerf Tiny)", "ds-cnn", {
    frames: 49,
    coefficients: 10,
    classes: 12,
  }),
  preset("ad01", "Anomaly detection, dense autoencoder (MLPerf Tiny)", "autoencoder", { features: 640 }),
];

/** Returns the preset of this id; throws a LabError that lists the ids otherwise. */
export function findPreset(id: string): Preset {
  const found = CATALOG.find((entry) => entry.id === id);
  if (found) return found;
  throw new LabError({
    code: "PRESET_UNKNOWN",
    message: `Cannot build '${id}': it is no preset, expected one of ${CATALOG.map((entry) => entry.id).join(", ")}`,
  });
}
