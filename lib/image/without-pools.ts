/** What if some memory pools had size 0: does the network fit, what must be copied before it runs, and does it pay. */
import { type AnalyzeOptions, type Prediction, predict } from "../analyze/predict.js";
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import { type InstallPlan, type PayBack, payBack, planInstall } from "../memory/install.js";
import { INSTALL_RATE, type MemoryPool } from "../targets/neural-art/pools.js";
import type { ImageManifest } from "./manifest.js";

/** Returns the pools with the named ones at size 0. Throws a LabError that lists the pools for another name. */
export function emptied(pools: readonly MemoryPool[], names: readonly string[]): readonly MemoryPool[] {
  const unknown = names.find((name) => !pools.some((pool) => pool.name === name));
  if (unknown !== undefined) {
    throw new LabError({
      code: "POOL",
      message: `Cannot leave out pool '${unknown}': it is not among ${pools.map(({ name }) => name).join(", ")}`,
    });
  }
  return pools.map((pool) =>
    names.includes(pool.name) ? { ...pool, sizeBytes: 0 as typeof pool.sizeBytes } : pool,
  );
}

export interface WithoutPools {
  readonly without: readonly string[];
  readonly before: Prediction;
  /** null: the network does not fit without them. */
  readonly after: Prediction | null;
  /** Why it does not fit: a sentence; null when it does. */
  readonly reason: string | null;
}

/** Returns the prediction with the named pools at size 0, or why there is none. */
export function predictWithout(
  model: Model,
  { options = {}, without }: { readonly options?: AnalyzeOptions; readonly without: readonly string[] },
): WithoutPools {
  const before = predict(model, options);
  const { mpool: _, ...others } = options;
  try {
    const after = predict(model, { ...others, pools: emptied(before.pools, without) });
    return { without, before, after, reason: null };
  } catch (error) {
    const known = ["WEIGHTS_DO_NOT_FIT", "ACTIVATIONS_DO_NOT_FIT"];
    if (!(error instanceof LabError) || !known.includes(error.code)) throw error;
    return { without, before, after: null, reason: error.message };
  }
}

export interface InstallStudy {
  readonly install: InstallPlan;
  readonly beforeMs: number;
  readonly afterMs: number;
  /** At the stated rate, and at the slowest that its source allows. */
  readonly pays: PayBack;
  readonly paysSlowest: PayBack;
  readonly sentences: readonly string[];
}

const count = (value: number) => value.toLocaleString("en-US");
const ms = (value: number) => `${value.toFixed(2)} ms`;

/** Returns what copying the weights of a manifest's RAM pools costs, and what it saves against `before`. */
export function studyInstall(
  { pools }: ImageManifest,
  { before, after }: { readonly before: Prediction; readonly after: Prediction },
): InstallStudy {
  const initialisers = pools
    .filter(({ kind }) => kind === "ram")
    .flatMap(({ name: pool, buffers }) =>
      buffers.map(({ name, address, bytes }) => ({ name, pool, destination: address, bytes })),
    );
  const install = planInstall({ initialisers, rate: INSTALL_RATE.value });
  const times = { beforeMs: before.latency.ms, afterMs: after.latency.ms };
  const pays = payBack(install.ms, times);
  const paysSlowest = payBack(install.high, times);
  const saved = pays.savedMs;
  const share = `${((Math.abs(saved) / times.beforeMs) * 100).toFixed(1)} %`;
  const sentences = [
    `install: ${count(install.bytes)} bytes in ${install.copies.length} copies, ${ms(install.ms)} (${ms(install.low)} to ${ms(install.high)})`,
    ...install.steps.map((step, index) => `  ${index + 1}. ${step}`),
    saved > 0
      ? `an inference takes ${ms(times.afterMs)} instead of ${ms(times.beforeMs)}, ${share} less: the copy pays after ${count(pays.inferences ?? 0)} inferences (${count(paysSlowest.inferences ?? 0)} at the slowest copy)`
      : `an inference takes ${ms(times.afterMs)} instead of ${ms(times.beforeMs)}: the copy never pays, it only frees the flash`,
    `copy rate: ${INSTALL_RATE.source}`,
  ];
  return { install, ...times, pays, paysSlowest, sentences };
}
