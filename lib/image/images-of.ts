import type { LoadedModel } from "../analyze/loaded.js";
import { type AnalyzeOptions, type Prediction, predict } from "../analyze/predict.js";
import { LabError } from "../errors.js";
import { readMpool } from "../formats/vendor/mpool.js";
import type { Placement } from "../memory/problem.js";
import { packImage } from "../targets/neural-art/packing/pack-image.js";
import { placeBeside } from "./beside.js";
import { buildImages, type WeightImages } from "./build.js";
import { type InstallStudy, predictWithout, studyInstall } from "./without-pools.js";

export interface ImagesRequest {
  readonly loaded: LoadedModel;
  readonly options?: AnalyzeOptions;
  /** Pools to take as having size 0. */
  readonly without?: readonly string[];
  readonly sha256: (bytes: Uint8Array) => string;
}

export interface ImagesResult {
  readonly images: WeightImages;
  readonly prediction: Prediction;
  /** Where activations lie beside weights in RAM; null when all weights are in flash and the plan stands. */
  readonly activations: readonly Placement[] | null;
  /** What the copy to RAM costs and saves; null without `without`. */
  readonly whatIf: InstallStudy | null;
}

/**
 * Returns the weight images of a model, as they are or with some pools at size 0. Throws a LabError that says what
 * does not fit.
 */
export function imagesOf({ loaded, options = {}, without = [], sha256 }: ImagesRequest): ImagesResult {
  const studied = without.length > 0 ? predictWithout(loaded.model, { options, without }) : null;
  if (studied && studied.after === null) {
    throw new LabError({
      code: "DOES_NOT_FIT",
      message: `Cannot do without ${without.join(", ")}: ${studied.reason}`,
      hint: "leave out other pools, or choose a smaller network",
    });
  }
  const prediction = studied?.after ?? predict(loaded.model, options);
  const { graph, compile, plan, pools, memory, board } = prediction;
  const { buffers } = packImage({ graph, options: compile, plan });
  const fnames = options.mpool
    ? new Map(readMpool(options.mpool.text, options.mpool.name).pools.map(({ name, fname }) => [name, fname]))
    : undefined;
  const images = buildImages({
    buffers,
    pools,
    model: { file: loaded.file, sha256: loaded.sha256 },
    target: { board: board.id, ...compile },
    sha256,
    ...(fnames && { fnames }),
  });
  const inRam = images.manifest.store !== null;
  return {
    images,
    prediction,
    activations: inRam ? placeBeside(memory, pools, images.manifest.pools) : null,
    whatIf: studied?.after
      ? studyInstall(images.manifest, { before: studied.before, after: studied.after })
      : null,
  };
}
