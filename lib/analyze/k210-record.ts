/** What an analysis for the K210 says, as plain data. Sizes in bytes, times in milliseconds. */
import type { StreamSchedule } from "../stream/record.js";

export interface K210Layer {
  readonly node: string;
  readonly kind: string;
  /** height x width x channels of what it reads. */
  readonly map: string;
  readonly macs: number;
  /** In the unit's memory, rows padded to lines. */
  readonly readBytes: number;
  readonly writtenBytes: number;
  readonly fits: boolean;
  readonly computeMs: number;
}

/** Why a network cannot run: which rule, which layer, what would mend it. */
export interface K210Obstacle {
  readonly node: string;
  readonly op: string;
  readonly rule: string;
  readonly why: string;
  readonly fix: string;
}

export interface K210Run {
  readonly store: string;
  readonly mode: "single" | "double";
  readonly schedule: StreamSchedule;
  /** Before the first frame. */
  readonly startMs: number;
  /** Frames after which loading the model once has paid; null when it never does, or RAM does not hold it. */
  readonly breakEvenFrames: number | null;
}

export interface K210Analysis {
  readonly schema: "npulab/k210@1";
  readonly model: string;
  readonly clock: number;
  readonly fits: boolean;
  readonly obstacles: readonly K210Obstacle[];
  readonly modelBytes: number;
  /** Whether the model may be loaded whole; otherwise it has to stream. */
  readonly residentFits: boolean;
  /** Memory of the unit. */
  readonly memoryBytes: number;
  readonly layers: readonly K210Layer[];
  /** Operators of the CPU, which the times do not count one by one. */
  readonly untimed: readonly string[];
  readonly resident: StreamSchedule;
  /** Loading the whole model once. */
  readonly loadOnceMs: number;
  readonly runs: readonly K210Run[];
  /** How the times were obtained. */
  readonly level: string;
}
