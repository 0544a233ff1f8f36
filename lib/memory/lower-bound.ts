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
  const events = buffers
    .flatMap((buffer) => [
      { step: buffer.start, change: takes(buffer) as number },
      { step: buffer.end, change: -takes(buffer) },
    ])
    // Ends come first: a buffer does not live at its end.
    .sort((a, b) => a.step - b.step || a.change - b.change);
  let now = 0;
  let most = 0;
  let step = 0;
  for (const event of events) {
    now += event.change;
    if (now > most) {
      most = now;
      step = event.step;
    }
  }
  const live = buffers
    .filter((buffer) => buffer.start <= step && step < buffer.end)
    .sort((a, b) => takes(b) - takes(a));
  return { bytes: bytes(most), step, live };
}
