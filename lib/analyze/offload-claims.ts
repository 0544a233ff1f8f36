/** Sentences of the published study, each asked of the numbers at hand. */

import { CPU } from "../cost/parameters.js";
import { LabError } from "../errors.js";
import { CLOCKS } from "../targets/neural-art/facts.js";
import type { Claim, OffloadRow, PredictedRun, PublishedRun, ResolutionLine } from "./offload-record.js";
import { ASSUMED, GENERATOR, MOVENET, TINYBERT, TINYBERT_RAM_BYTES, YOLO } from "./polimi.js";

/** A line is straight when no point is farther off than this share of the largest. */
const STRAIGHT = 0.05;

const ms = (value: number) => `${value.toFixed(value < 0.1 ? 3 : value < 10 ? 2 : 1)} ms`;
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;

/** Returns ranks from 0, ties sharing their mean. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  return values.map((value) => {
    const first = sorted.indexOf(value);
    return (first + sorted.lastIndexOf(value)) / 2;
  });
}

/** Returns Spearman's rank correlation of two lists, −1 to 1; 0 where one of them does not vary. */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number {
  const [x, y] = [ranks(a), ranks(b)];
  const mean = (a.length - 1) / 2;
  const product = (u: readonly number[], v: readonly number[]) =>
    u.reduce((total, value, index) => total + (value - mean) * (v[index]! - mean), 0);
  const spread = Math.sqrt(product(x, x) * product(y, y));
  return spread === 0 ? 0 : product(x, y) / spread;
}

/** Returns the rank correlation that chance exceeds in one of twenty samples of this size (normal limit). */
function chance(count: number): number {
  return 1.96 / Math.sqrt(Math.max(1, count - 1));
}

class Rows {
  readonly #rows: readonly OffloadRow[];

  constructor(rows: readonly OffloadRow[]) {
    this.#rows = rows;
  }

  published(model: string): PublishedRun {
    const found = this.#rows.find((row) => row.model === model)?.published;
    if (found) return found;
    throw new LabError({
      code: "CLAIM_ROW",
      message: `Cannot judge the claims: '${model}' is not among the published rows, expected it`,
    });
  }

  predictions(): readonly (PredictedRun & { readonly model: string })[] {
    return this.#rows.flatMap(({ model, predicted }) => (predicted ? [{ model, ...predicted }] : []));
  }

  predicted(model: string): PredictedRun | null {
    return this.#rows.find((row) => row.model === model)?.predicted ?? null;
  }
}

/** "A software epoch costs 1 to 2 ms": all of a measured inference shared among them bounds the mean. */
function softwareEpochCost(rows: Rows): Claim {
  const { ms: whole, sw, source } = rows.published(GENERATOR);
  const bound = whole! / sw!;
  const [least] = ASSUMED.swEpochMs.value;
  const predicted = rows.predicted(GENERATOR);
  const mean = predicted && predicted.sw > 0 ? predicted.swMs / predicted.sw : null;
  return {
    sentence: "An epoch in software costs 1 to 2 ms.",
    verdict: bound < least ? "contradicted" : "open",
    finding: `${sw} of them and ${rows.published(GENERATOR).epochs! - sw!} others together took ${ms(whole!)}: ${ms(bound)} each at most, were the NPU free${mean === null ? "" : `; predicted is a mean of ${ms(mean)}`}. Cost follows the elements that an epoch touches, not its being in software.`,
    numbers: {
      mostMeanMs: bound,
      claimedLeastMs: least,
      ...(mean === null ? {} : { predictedMeanMs: mean }),
    },
    rows: [`${GENERATOR}: ${source}`],
  };
}

function hardwareEpochCost(rows: Rows): Claim {
  const { ms: whole, epochs, sw } = rows.published(MOVENET);
  const [least, most] = ASSUMED.hwEpochMs.value;
  const mean = whole! / epochs!;
  const run = rows.predicted(MOVENET);
  const left = whole! - (epochs! - sw!) * most;
  const middle = run?.hwMiddleMs;
  const wide = middle !== undefined && (middle[0] < least || middle[1] > most);
  return {
    sentence: "An epoch of the epoch controller takes 0.15 to 0.3 ms.",
    verdict: wide ? "contradicted" : "open",
    finding: `The mean of all epochs of MoveNet, ${ms(mean)}, lies in that range, single ones do not${middle ? `: the middle 80 % are predicted at ${ms(middle[0])} to ${ms(middle[1])}` : ""}. At 0.3 ms the ${epochs! - sw!} of them would leave ${ms(left)} for three bilinear enlargements.`,
    numbers: {
      meanOfAllMs: mean,
      leftForSoftwareMs: left,
      ...(middle ? { middleLowMs: middle[0], middleHighMs: middle[1] } : {}),
    },
    rows: [MOVENET],
  };
}

function countAgainstTime(rows: Rows): Claim {
  const runs = rows.predictions();
  const byEpochs = rankCorrelation(
    runs.map((run) => run.byEpochs),
    runs.map((run) => -run.time.ms),
  );
  const byCount = rankCorrelation(
    runs.map((run) => run.epochs),
    runs.map((run) => run.time.ms),
  );
  const byMacs = rankCorrelation(
    runs.map((run) => run.macs),
    runs.map((run) => run.time.ms),
  );
  return {
    sentence: "The higher the share of epochs on the NPU, the lower the latency.",
    verdict:
      byEpochs > chance(runs.length)
        ? "supported"
        : byEpochs < -chance(runs.length)
          ? "contradicted"
          : "open",
    finding: `Over ${runs.length} predicted networks latency falls with the share of epochs on the NPU by rank ${byEpochs.toFixed(2)}, and grows with multiply-adds by ${byMacs.toFixed(2)} and with the number of epochs by ${byCount.toFixed(2)}; chance alone reaches ${chance(runs.length).toFixed(2)}.`,
    numbers: { offloadRank: byEpochs, epochsRank: byCount, macsRank: byMacs, networks: runs.length },
    rows: runs.map(({ model }) => model),
  };
}

function fewDominate(rows: Rows): Claim {
  const runs = rows.predictions().filter(({ sw, hybrid }) => sw + hybrid > 0);
  const factors = runs.map((run) => ({
    model: run.model,
    factor: (1 - run.byTime) / (1 - run.byEpochs),
    time: 1 - run.byTime,
    count: 1 - run.byEpochs,
  }));
  const over = factors.filter(({ factor }) => factor > 1);
  const most = factors.toSorted((a, b) => b.factor - a.factor)[0];
  return {
    sentence: "A few epochs in software take far more of the time than of the count.",
    verdict: over.length === 0 ? "contradicted" : over.length < factors.length ? "mixed" : "supported",
    finding: `In ${over.length} of ${factors.length} networks their share of the time is above their share of the count${most ? `; most in ${most.model}: ${percent(most.count)} of the epochs, ${percent(most.time)} of the time` : ""}. It holds where they enlarge maps or convert large ones, not where they are small.`,
    numbers: { above: over.length, networks: factors.length, ...(most ? { mostFactor: most.factor } : {}) },
    rows: factors.map(({ model }) => model),
  };
}

function operationsNotSize(rows: Rows): Claim {
  const small = rows.published(TINYBERT);
  const large = rows.published(MOVENET);
  const rate = ({ epochs, sw }: PublishedRun) => 1 - sw! / epochs!;
  const runs = rows.predictions();
  const withSize = rankCorrelation(
    runs.map((run) => run.imageBytes),
    runs.map((run) => run.byEpochs),
  );
  return {
    sentence: "The offload rate follows the operators of a network, not its size.",
    verdict:
      small.flashBytes! < large.flashBytes! && Math.abs(withSize) < chance(runs.length)
        ? "supported"
        : "open",
    finding: `TinyBERT has fewer bytes than MoveNet and ${percent(rate(small))} of its epochs on the NPU instead of ${percent(rate(large))}; over ${runs.length} predicted networks the rate goes with the size of the image by rank ${withSize.toFixed(2)}, where chance reaches ${chance(runs.length).toFixed(2)}.`,
    numbers: { tinyBertRate: rate(small), moveNetRate: rate(large), sizeRank: withSize },
    rows: [TINYBERT, MOVENET, ...runs.map(({ model }) => model)],
  };
}

function sevenPoints(rows: Rows): Claim {
  const [pose, detector] = [rows.published(MOVENET), rows.published(YOLO)];
  const perEpoch = (run: PublishedRun) => run.ms! / run.epochs!;
  const extra = detector.ms! - pose.ms!;
  const perExtraSw = extra / (detector.sw! - pose.sw!);
  return {
    sentence: "Seven points less offload, from MoveNet to YOLOv8n-pose, cost 10 ms.",
    verdict: "open",
    finding: `YOLOv8n-pose is another network with twice the epochs (${detector.epochs} against ${pose.epochs}) and takes ${ms(perEpoch(detector))} per epoch, MoveNet ${ms(perEpoch(pose))}. Were all of the difference its ${detector.sw! - pose.sw!} more epochs in software, each would take ${ms(perExtraSw)}; nothing published separates them.`,
    numbers: {
      extraMs: extra,
      perExtraSwMs: perExtraSw,
      moveNetPerEpochMs: perEpoch(pose),
      yoloPerEpochMs: perEpoch(detector),
    },
    rows: [MOVENET, YOLO],
  };
}

function realTimeTransformer(rows: Rows): Claim {
  const [small, sibling] = [rows.published(TINYBERT), rows.published(GENERATOR)];
  const [, limit] = ASSUMED.realTimeMs.value;
  const scaled = (sibling.ms! * small.epochs!) / sibling.epochs!;
  const predicted = rows.predicted(GENERATOR);
  return {
    sentence: "TinyBERT takes more than 100 ms: transformers cannot run in real time.",
    verdict: scaled < 100 ? "contradicted" : "open",
    finding: `No time of TinyBERT was measured, and its ${TINYBERT_RAM_BYTES.value} B of RAM do not hold the 512 × 512 scores of a single head that the estimate starts from. Its sibling with ${sibling.epochs} epochs, ${sibling.sw} in software, took ${ms(sibling.ms!)}; ${small.epochs} of such epochs would take ${ms(scaled)}, against ${limit} ms for 30 frames a second${predicted ? `. Predicted for the sibling: ${ms(predicted.time.ms)} (${ms(predicted.time.low)} to ${ms(predicted.time.high)})` : ""}.`,
    numbers: {
      siblingMs: sibling.ms!,
      byEpochsMs: scaled,
      ...(predicted ? { predictedSiblingMs: predicted.time.ms } : {}),
    },
    rows: [TINYBERT, GENERATOR],
  };
}

function longSoftmax(): Claim {
  const tokens = 512;
  const cpu = CLOCKS.overdrive.cpu.value / 1000;
  const head = (length: number) =>
    (CPU.softmaxTable.value + length * CPU.softmaxRow.value + length * length * CPU.softmaxElement.value) /
    cpu;
  const [least, most] = ASSUMED.softmaxMs.value;
  const one = head(tokens);
  return {
    sentence: "A softmax over 512 tokens takes 5 to 15 ms.",
    verdict: "open",
    finding: `By the latency model, whose rate per element was not timed alone, one head of 512 × 512 takes ${ms(one)}; but the networks published have 30 tokens, where four heads take ${ms(4 * head(30))}.`,
    numbers: { oneHeadMs: one, fourHeadsOf30Ms: 4 * head(30), claimedLeastMs: least, claimedMostMs: most },
    rows: ["lib/cost/parameters.ts: CPU.softmaxElement", GENERATOR],
  };
}

function resolutionIntercept({ published, predicted, intercept, model, points }: ResolutionLine): Claim {
  const line = published ?? predicted;
  const largest = Math.max(...points.map((point) => point.publishedMs ?? 0));
  const straight = published !== null && published.worstErrorMs < STRAIGHT * largest;
  const made = intercept
    ? ` The predicted intercept is made of ${ms(intercept.flash)} of waiting for weights, ${ms(intercept.setup)} of starting epochs and ${ms(intercept.output + intercept.input + intercept.compute + intercept.cpu)} of maps whose time does not follow the pixels.`
    : "";
  return {
    sentence: "Latency grows with the pixels along a line that does not start at zero.",
    verdict: straight && line.interceptMs > line.worstErrorMs ? "supported" : "open",
    finding: `${published ? "Published" : "Predicted"} times of ${model} lie on ${ms(line.interceptMs)} + ${line.usPerPixel.toFixed(3)} us per pixel (off by ${ms(line.worstErrorMs)} at most), the predicted on ${ms(predicted.interceptMs)} + ${predicted.usPerPixel.toFixed(3)} us.${made}`,
    numbers: {
      interceptMs: line.interceptMs,
      usPerPixel: line.usPerPixel,
      predictedInterceptMs: predicted.interceptMs,
      predictedUsPerPixel: predicted.usPerPixel,
      ...(intercept ? { weightsMs: intercept.flash, overheadMs: intercept.setup } : {}),
    },
    rows: points.map(({ side }) => `${model} at ${side}`),
  };
}

/** Returns the claims in the order in which the study makes them. Throws a LabError without its rows. */
export function claimsOf(given: readonly OffloadRow[], line: ResolutionLine): readonly Claim[] {
  const rows = new Rows(given);
  return [
    operationsNotSize(rows),
    fewDominate(rows),
    hardwareEpochCost(rows),
    softwareEpochCost(rows),
    longSoftmax(),
    sevenPoints(rows),
    realTimeTransformer(rows),
    countAgainstTime(rows),
    resolutionIntercept(line),
  ];
}
