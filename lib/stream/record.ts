/** What streaming of weights is told, and what it answers: plain data for every chip. Times in ms, sizes in bytes. */
import type { Fact } from "../targets/rule.js";
import type { Bytes, Hertz } from "../units.js";

/** A layer, or whatever runs as one: how long it computes, and the constants that must be there for it. */
export interface StreamLayer {
  readonly name: string;
  readonly computeMs: number;
  readonly bytes: Bytes;
}

/** A memory that constants are read from. */
export interface Store {
  readonly name: string;
  readonly clock: Fact<Hertz>;
  /** Data lines: 4 for QSPI, 8 for OPI. */
  readonly lines: Fact<number>;
  /** Clock edges that carry data: 2 for DDR. */
  readonly edges: Fact<1 | 2>;
  /** Share of the bus's time that carries data, 0 to 1. */
  readonly efficiency: Fact<number>;
  /** What each read costs before its first byte. */
  readonly setupMs: Fact<number>;
}

/**
 * How constants arrive.
 * - `resident`: they are there before the inference begins.
 * - `single`: one buffer; a batch is read, then computed with, then the next is read.
 * - `double`: two buffers; one is filled while the other is computed with. `overlap: "layer"` fills only with
 *   constants of the layer that computes, `"network"` goes on with the next layer.
 * - `fraction`: for each layer, this share of the shorter of loading and computing is hidden behind the other:
 *   0 is `single`, 1 is `double` within the layer with very small batches.
 *
 * `batchBytes` is what one read brings, a whole layer where it is absent; `bufferBytes` limits all buffers
 * together, and the batch with them.
 */
export type Streaming =
  | { readonly mode: "resident" }
  | { readonly mode: "single"; readonly batchBytes?: Bytes; readonly bufferBytes?: Bytes }
  | {
      readonly mode: "double";
      readonly overlap: "layer" | "network";
      readonly batchBytes?: Bytes;
      readonly bufferBytes?: Bytes;
    }
  | { readonly mode: "fraction"; readonly hidden: number };

export interface StreamRequest {
  readonly layers: readonly StreamLayer[];
  readonly store: Store;
  readonly streaming: Streaming;
}

/** One stretch of work: a batch being read, or computed with. Half open: [startMs, endMs). */
export interface StreamStep {
  readonly kind: "load" | "compute";
  /** Index of the layer. */
  readonly layer: number;
  /** Batch within the layer, from 0. */
  readonly batch: number;
  readonly bytes: Bytes;
  readonly startMs: number;
  readonly endMs: number;
}

/** What takes longer; computing on a tie. */
export type StreamBound = "load" | "compute";

export interface LayerTimes {
  readonly name: string;
  readonly bytes: Bytes;
  readonly batches: number;
  readonly loadMs: number;
  readonly computeMs: number;
  /** Time in which the layer could have computed had its constants been there. */
  readonly waitMs: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly bound: StreamBound;
}

export interface StreamSchedule {
  readonly totalMs: number;
  readonly computeMs: number;
  readonly loadMs: number;
  /** Loading that computing does not hide: `totalMs` less `computeMs`. */
  readonly waitMs: number;
  /** Share of the shorter of loading and computing that is hidden behind the other; 1 where there is nothing to hide. */
  readonly hiddenShare: number;
  /** Most bytes that the buffers hold at once; all constants when they are resident. */
  readonly bufferBytes: Bytes;
  readonly bound: StreamBound;
  readonly layers: readonly LayerTimes[];
  readonly steps: readonly StreamStep[];
}
