/** Offload rates against latency: what was published, what is predicted, and which claims hold. Plain data. */
import type { Bound } from "../cost/records.js";
import type { TimeRange } from "./moves-record.js";

/** Figures that somebody published of one compiled network. */
export interface PublishedRun {
  readonly model: string;
  readonly variant: string;
  /** null where the source gives none. */
  readonly epochs: number | null;
  readonly sw: number | null;
  /** null where nothing was measured. */
  readonly ms: number | null;
  /** What the source says of the time without a measurement. */
  readonly claimed: string;
  readonly flashBytes: number | null;
  readonly source: string;
}

export interface PredictedRun {
  readonly epochs: number;
  readonly hw: number;
  readonly hybrid: number;
  readonly sw: number;
  readonly time: TimeRange;
  readonly byEpochs: number;
  readonly byMacs: number;
  readonly byTime: number;
  readonly macs: number;
  readonly imageBytes: number;
  /** Of all epochs in software together, and of the longest. */
  readonly swMs: number;
  readonly longestSwMs: number;
  /** Mean of the epochs in hardware, and the least and most of the middle 80 % of them. */
  readonly hwMeanMs: number;
  readonly hwMiddleMs: readonly [number, number];
}

export interface OffloadRow {
  readonly model: string;
  readonly published: PublishedRun | null;
  readonly predicted: PredictedRun | null;
}

/** supported, contradicted: by numbers at hand; mixed: it holds for some networks only; open: they cannot tell. */
export type Verdict = "supported" | "contradicted" | "mixed" | "open";

/** A sentence that somebody wrote, and what the numbers say of it. */
export interface Claim {
  readonly sentence: string;
  readonly verdict: Verdict;
  /** Why, in a sentence with the numbers. */
  readonly finding: string;
  readonly numbers: Readonly<Record<string, number>>;
  /** Models and sources that the numbers come from. */
  readonly rows: readonly string[];
}

/** ms = intercept + slope × pixels, by least squares. */
export interface Line {
  readonly interceptMs: number;
  readonly usPerPixel: number;
  readonly worstErrorMs: number;
}

export interface ResolutionPoint {
  readonly side: number;
  readonly publishedMs: number | null;
  readonly predicted: TimeRange;
}

export interface ResolutionLine {
  readonly model: string;
  readonly points: readonly ResolutionPoint[];
  readonly published: Line | null;
  readonly predicted: Line;
  /**
   * What the prediction's intercept is made of, in ms: each epoch has a line of its own, the lines add up, and
   * each goes under what bounds the epoch at the smallest size. null where the sizes have other epochs.
   */
  readonly intercept: Readonly<Record<Bound, number>> | null;
  /** Operators on the CPU, the one that takes most at the largest size first. */
  readonly remove: readonly {
    readonly node: string;
    readonly op: string;
    readonly smallMs: number;
    readonly largeMs: number;
  }[];
}

/** A target that could do more. */
export interface WhatIf {
  readonly switch: string;
  readonly ops: readonly string[];
  /** How many nodes would come back. */
  readonly nodes: number;
  readonly now: TimeRange;
  /** null where the latency model has no figure for such an operator on the NPU. */
  readonly saving: TimeRange | null;
  readonly epochsNow: number;
  readonly epochsThen: number;
  readonly offNow: number;
  readonly offThen: number;
}

export interface OffloadStudy {
  readonly schema: "npulab/offload@1";
  readonly rows: readonly OffloadRow[];
  readonly claims: readonly Claim[];
  readonly line: ResolutionLine;
  readonly whatIfs: readonly { readonly model: string; readonly ifs: readonly WhatIf[] }[];
}
