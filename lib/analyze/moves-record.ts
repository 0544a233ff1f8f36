/** What moving weights between memories does, as plain data. Sizes in bytes, times in milliseconds. */
import type { Bound } from "../cost/records.js";

/** A time with the interval that holds about 80 % of boards' figures. */
export interface TimeRange {
  readonly ms: number;
  readonly low: number;
  readonly high: number;
}

/** One epoch with constants, and how long it takes with them in each memory. */
export interface EpochInMemories {
  readonly epoch: number;
  readonly layer: string;
  readonly bytes: number;
  readonly bound: Bound;
  /** Whether the time falls when its constants come faster. */
  readonly weightBound: boolean;
  readonly octoFlashMs: number;
  readonly hyperRamMs: number;
  readonly internalMs: number;
}

/** A layer whose constants could move into internal RAM, best per byte first. */
export interface MoveRecord {
  readonly layer: string;
  readonly epochs: readonly number[];
  readonly bytes: number;
  readonly saved: TimeRange;
  readonly msPerKib: number;
  /** Whether it is in the set that saves most within the room. */
  readonly chosen: boolean;
  /** Of all moves up to here, room or not. */
  readonly cumulativeBytes: number;
  readonly cumulativeSavedMs: number;
}

export interface MovesAnalysis {
  readonly schema: "npulab/moves@1";
  readonly model: string;
  readonly board: string;
  readonly now: TimeRange;
  /** Where the constants are now. */
  readonly store: string;
  readonly weightBytes: number;
  /** Internal RAM that activations leave free, or what was asked for. */
  readonly roomBytes: number;
  readonly epochs: readonly EpochInMemories[];
  readonly moves: readonly MoveRecord[];
  readonly chosen: {
    readonly bytes: number;
    readonly saved: TimeRange;
    readonly then: TimeRange;
    /** Whether no other set within the room saves more. */
    readonly proved: boolean;
    /** What taking the best per byte first would have saved. */
    readonly inOrderSavedMs: number;
    /** Copying the constants before the first frame. */
    readonly installMs: number;
    readonly breakEvenFrames: number | null;
  };
  /** All constants in one memory, whether or not they fit there. */
  readonly everything: { readonly hyperRam: TimeRange; readonly internal: TimeRange };
  readonly level: string;
}
