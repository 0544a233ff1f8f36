import type { Model } from "../graph/graph.js";
import { NetworkBuilder, type Signal } from "./builder.js";
import { STAGES } from "./mobilenet-v2.js";

export interface PoseHeatmapsConfig {
  /** Pixels, square; a multiple of 32. 192 in the published tables. */
  readonly resolution: number;
  /** One heatmap per joint; 13 in ST's version. */
  readonly joints: number;
}

/** Stages of the backbone whose results are added on the way up, with the channels they are brought to. */
const LATERALS = [
  { stage: 3, filters: 64 },
  { stage: 2, filters: 32 },
  { stage: 1, filters: 24 },
] as const;

/** Channels behind each addition on the way up: those of the next, larger map. */
const FUSED = [32, 24, 24] as const;
const HEAD_FILTERS = 96;

/**
 * Returns MoveNet Lightning as ST's model zoo deploys it: MobileNetV2 1.0 and a feature pyramid of three
 * bilinear enlargements, one head of heatmaps at a quarter of the resolution; what finds the joints in them is
 * left to the application. Read off Google's MoveNet (movenet_single_pose_lightning_ptq.tflite), whose other
 * three heads are left out.
 *
 *   poseHeatmaps({ resolution: 192, joints: 13 })
 *   // 242,6 million MACs; the published network says 242,937,509, biases and elementwise work counted
 */
export function poseHeatmaps({ resolution, joints }: PoseHeatmapsConfig): Model {
  const activation = "relu6";
  const net = new NetworkBuilder({
    name: `pose_heatmaps_${resolution}`,
    seed: "pose_heatmaps",
    ports: "uint8-float",
  });
  const image = net.input({
    name: "image",
    shape: [1, resolution, resolution, 3],
    range: { low: -1, high: 1 },
  });

  let channels = 32;
  let features = net.conv(image, { name: "conv1", filters: channels, kernel: 3, stride: 2, activation });
  const stages: Signal[] = [];
  for (const [stage, [expansion, filters, repeats, firstStride]] of STAGES.entries()) {
    for (let repeat = 0; repeat < repeats; repeat++) {
      const name = `stage_${stage}_${repeat}`;
      const stride = repeat === 0 ? firstStride : 1;
      const shortcut = features;
      if (expansion > 1) {
        const wide = { filters: expansion * channels, kernel: 1, activation } as const;
        features = net.conv(features, { name: `${name}_expand`, ...wide });
      }
      features = net.depthwise(features, { name: `${name}_depthwise`, kernel: 3, stride, activation });
      features = net.conv(features, { name: `${name}_project`, filters, kernel: 1 });
      if (stride === 1 && filters === channels)
        features = net.add(shortcut, features, { name: `${name}_add` });
      channels = filters;
    }
    stages.push(features);
  }
  features = net.conv(features, { name: "conv_last", filters: 1280, kernel: 1, activation });

  features = net.conv(features, { name: "top", filters: LATERALS[0].filters, kernel: 1 });
  for (const [index, { stage, filters }] of LATERALS.entries()) {
    const lateral = net.conv(stages[stage]!, { name: `lateral_${stage}`, filters, kernel: 1 });
    const enlarged = net.upsample(features, { name: `up_${stage}`, factor: 2, mode: "linear" });
    features = net.add(enlarged, lateral, { name: `fuse_${stage}` });
    features = net.depthwise(features, { name: `fuse_${stage}_depthwise`, kernel: 3 });
    features = net.conv(features, {
      name: `fuse_${stage}_pointwise`,
      filters: FUSED[index]!,
      kernel: 1,
      activation,
    });
  }
  features = net.depthwise(features, { name: "head_depthwise", kernel: 3 });
  features = net.conv(features, { name: "head_pointwise", filters: HEAD_FILTERS, kernel: 1, activation });
  features = net.conv(features, { name: "heatmaps", filters: joints, kernel: 1 });
  return net.build([features]);
}
