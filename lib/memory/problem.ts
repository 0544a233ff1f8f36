/**
 * The memory problem as plain numbers: buffers that live for a while, pools they may go to. Nothing here knows
 * of networks.
 *
 * Steps count from 0. A buffer lives in the half-open interval [start, end): it holds its address in every
 * step with start ≤ step < end. It takes its size rounded up to its alignment, so that neighbours start
 * aligned; all sums below count it so.
 */
import { LabError } from "../errors.js";
import { type Bytes, bytes } from "../units.js";

export type BufferId = string | number;

export interface Buffer {
  readonly id: BufferId;
  readonly sizeBytes: Bytes;
  readonly start: number;
  readonly end: number;
  /** The address is a multiple of this. */
  readonly alignment: number;
  /** The address that the buffer must have; null when the planner may choose. */
  readonly pinned: number | null;
}

export interface Pool {
  readonly name: string;
  readonly address: number;
  /** 0: the pool is not used. */
  readonly sizeBytes: Bytes;
  /** read: constants only. */
  readonly rights: "read" | "write";
  /** Behind an external bus: used last, and never merged with a neighbour. */
  readonly external: boolean;
  readonly constantsPreferred: boolean;
}

export interface Problem {
  readonly buffers: readonly Buffer[];
  /** In the order in which buffers should go to them. */
  readonly pools: readonly Pool[];
}

export interface Placement {
  readonly id: BufferId;
  readonly address: number;
}

/** Offsets of parameter and activation buffers in compiled networks are multiples of 16 bytes. */
export const DEFAULT_ALIGNMENT = 16;

/** Returns the bytes a buffer takes: its size rounded up to its alignment. */
export function takes({ sizeBytes, alignment }: Pick<Buffer, "sizeBytes" | "alignment">): Bytes {
  return bytes(Math.ceil(sizeBytes / alignment) * alignment);
}

export function liveTogether(a: Buffer, b: Buffer): boolean {
  return a.start < b.end && b.start < a.end;
}

/** Throws a LabError that names the first buffer or pool that makes no sense. */
export function checkProblem({ buffers, pools }: Problem): void {
  const refuse = (message: string) => new LabError({ code: "MEMORY_PROBLEM", message });
  const ids = new Set<BufferId>();
  for (const { id, start, end, alignment, pinned } of buffers) {
    if (ids.has(id)) throw refuse(`Cannot plan memory: buffer '${id}' is given twice, expected unique ids`);
    ids.add(id);
    if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end <= start) {
      throw refuse(
        `Cannot plan memory: buffer '${id}' lives from step ${start} to ${end}, expected whole steps, start before end`,
      );
    }
    if (!Number.isSafeInteger(alignment) || alignment < 1) {
      throw refuse(`Cannot plan memory: the alignment of buffer '${id}' is ${alignment}, expected 1 or more`);
    }
    if (pinned !== null && pinned % alignment !== 0) {
      throw refuse(
        `Cannot plan memory: buffer '${id}' is pinned to ${pinned}, expected a multiple of its alignment ${alignment}`,
      );
    }
  }
  for (const pool of pools) {
    if (!Number.isSafeInteger(pool.address) || pool.address < 0) {
      throw refuse(
        `Cannot plan memory: pool '${pool.name}' is at address ${pool.address}, expected zero or more`,
      );
    }
  }
  const byAddress = pools.filter(({ sizeBytes }) => sizeBytes > 0).sort((a, b) => a.address - b.address);
  for (let index = 1; index < byAddress.length; index++) {
    const below = byAddress[index - 1]!;
    const above = byAddress[index]!;
    if (below.address + below.sizeBytes > above.address) {
      throw refuse(
        `Cannot plan memory: pools '${below.name}' and '${above.name}' overlap, expected separate addresses`,
      );
    }
  }
}
