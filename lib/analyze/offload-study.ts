/** The published table of offload rates beside predictions, and which of its claims the numbers support. */

import { countModel } from "../graph/count.js";
import type { Model } from "../graph/graph.js";
import { offload } from "../targets/neural-art/epochs/offload.js";
import { sum } from "../units.js";
import { claimsOf } from "./offload-claims.js";
import type { OffloadRow, OffloadStudy, PredictedRun } from "./offload-record.js";
import { PUBLISHED_RUNS } from "./polimi.js";
import { type AnalyzeOptions, type Prediction, predict } from "./predict.js";
import { resolutionLine } from "./resolution-line.js";
import { whatIfs } from "./what-if.js";

export interface StudiedModel {
  /** That of a published run where it is one. */
  readonly name: string;
  readonly model: Model;
  readonly options?: AnalyzeOptions;
}

/** Returns the value below which `share` of the sorted values lie. */
function quantile(sorted: readonly number[], share: number): number {
  if (sorted.length === 0) return 0;
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
}

/** Returns what a prediction says in the terms of the published table. */
export function predictedRun({ plan, rom, latency, graph }: Prediction): PredictedRun {
  const times = (kind: "hw" | "sw" | "hybrid") =>
    plan.epochs.flatMap((epoch, index) =>
      epoch.kind === kind ? [latency.perEpoch[index]!.ms as number] : [],
    );
  const hw = times("hw").sort((a, b) => a - b);
  const sw = times("sw");
  const rates = offload(plan);
  const { ms, low, high } = latency;
  return {
    epochs: plan.epochs.length,
    hw: hw.length,
    hybrid: times("hybrid").length,
    sw: sw.length,
    time: { ms, low, high },
    byEpochs: rates.epochs,
    byMacs: rates.macs,
    byTime: latency.offloadTime,
    macs: countModel(graph).macs,
    imageBytes: rom.imageBytes,
    swMs: sum(sw),
    longestSwMs: Math.max(0, ...sw),
    hwMeanMs: hw.length === 0 ? 0 : sum(hw) / hw.length,
    hwMiddleMs: [quantile(hw, 0.1), quantile(hw, 0.9)],
  };
}

export interface OffloadRequest {
  readonly models: readonly StudiedModel[];
  /** The network whose resolution varies, and the sizes. */
  readonly line: {
    readonly name: string;
    build(side: number): Model;
    readonly sides: readonly number[];
    readonly published?: ReadonlyMap<number, number>;
  };
}

/** Returns the study: rows, claims, the line over resolution, and what a richer target would gain. */
export function offloadStudy({ models, line }: OffloadRequest): OffloadStudy {
  const predictions = models.map(({ name, model, options }) => ({ name, run: predict(model, options) }));
  const predicted = new Map(predictions.map(({ name, run }) => [name, predictedRun(run)]));
  const published = new Set(PUBLISHED_RUNS.map(({ model }) => model));
  const rows: OffloadRow[] = [
    ...PUBLISHED_RUNS.map((run) => ({
      model: run.model,
      published: run,
      predicted: predicted.get(run.model) ?? null,
    })),
    ...predictions
      .filter(({ name }) => !published.has(name))
      .map(({ name }) => ({ model: name, published: null, predicted: predicted.get(name)! })),
  ];
  const resolution = resolutionLine(line);
  return {
    schema: "npulab/offload@1",
    rows,
    claims: claimsOf(rows, resolution),
    line: resolution,
    whatIfs: predictions.flatMap(({ name, run }) => {
      const ifs = whatIfs(run);
      return ifs.length === 0 ? [] : [{ model: name, ifs }];
    }),
  };
}
