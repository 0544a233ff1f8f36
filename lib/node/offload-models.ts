/** The networks of the published offload study that can be built in code, and others to set beside them. */
import type { OffloadRequest, StudiedModel } from "../analyze/offload-study.js";
import { GENERATOR, MOVENET, PUBLISHED_RUNS } from "../analyze/polimi.js";
import { findPreset } from "../models/catalog.js";
import { hybridVision } from "../models/hybrid-vision.js";
import { poseHeatmaps } from "../models/pose-heatmaps.js";
import { transformerGenerator } from "../models/transformer-generator.js";

/** Joints that ST's version of MoveNet finds. */
const JOINTS = 13;
const SIDES = [192, 224, 256] as const;

const BESIDE = [
  "mobilenet_v1_0.25_224",
  "mobilenet_v2_1.0_224",
  "resnet8_32",
  "resnet18_224",
  "squeezenet_v1.1_224",
  "yolo_lc_192",
] as const;

/** Returns what `offloadStudy` is asked with: MoveNet at three sizes, a transformer, convolutional networks. */
export function publishedOffloadModels(): OffloadRequest {
  const pose = (side: number) => poseHeatmaps({ resolution: side, joints: JOINTS });
  const models: StudiedModel[] = [
    ...SIDES.map((side) => ({
      name: MOVENET.replace("192", String(side)),
      model: pose(side),
      options: { tool: "2.1" as const },
    })),
    {
      name: GENERATOR,
      model: transformerGenerator({
        tokens: 30,
        width: 128,
        heads: 4,
        blocks: 6,
        hidden: 1024,
        vocabulary: 20_000,
      }),
      options: { tool: "2.2" },
    },
    {
      name: "hybrid, 2 transformer blocks",
      model: hybridVision({ resolution: 224, classes: 100, blocks: 2 }),
      options: { tool: "2.1" },
    },
    ...BESIDE.map((id) => ({ name: id, model: findPreset(id).build(), options: { tool: "2.1" as const } })),
  ];
  const published = new Map(
    SIDES.flatMap((side) => {
      const run = PUBLISHED_RUNS.find(({ model }) => model === MOVENET.replace("192", String(side)));
      return run?.ms ? [[side, run.ms] as const] : [];
    }),
  );
  return { models, line: { name: "MoveNet Lightning", build: pose, sides: SIDES, published } };
}
