import { type Bytes, bytes } from "../units.js";
import { type Buffer, takes } from "./problem.js";

export interface LowerBound {
  /** No placement takes less. */
  readonly bytes: Bytes;
  /** The first step at which that much is live; 0 when there are no buffers. */
  readonly step: number;
  /** The buffers that are live then, largest first. */
  readonly live: readonly Buffer[];
}

/** Returns the most bytes that are live at once, and the step that proves it. O(n log n). */
export function lowerBound(buffers: readonly Buffer[]): LowerBound {
  // What changes per step: a buffer does not live at its end, so ends and starts of one step add up.
  const changes = new Map<number, number>();
  for (const buffer of buffers) {
    const size = takes(buffer);
    changes.set(buffer.start, (changes.get(buffer.start) ?? 0) + size);
    changes.set(buffer.end, (changes.get(buffer.end) ?? 0) - size);
  }
  let now = 0;
  let most = 0;
  let step = 0;
  for (const at of Float64Array.from(changes.keys()).sort()) {
    now += changes.get(at)!;
    if (now > most) {
      most = now;
      step = at;
    }
  }
  const live = buffers
    .filter((buffer) => buffer.start <= step && step < buffer.end)
    .sort((a, b) => takes(b) - takes(a));
  return { bytes: bytes(most), step, live };
}
