/** When loading weights once pays: a wait before the first frame against a wait in every frame. */
import { LabError } from "../errors.js";

export interface RunCost {
  /** Before the first frame. */
  readonly startMs: number;
  /** Of each frame. */
  readonly frameMs: number;
}

/**
 * Returns the frames after which the one that starts later, but is faster per frame, has caught up; null when
 * it never does.
 *
 * Example: 421 + 40 n against 2 + 106 n: (421 - 2) / (106 - 40) = 6.35, so from the 7th frame on.
 */
export function breakEvenFrames(resident: RunCost, streamed: RunCost): number | null {
  for (const cost of [resident, streamed]) {
    if (!(cost.startMs >= 0 && cost.frameMs >= 0)) {
      throw new LabError({
        code: "BREAK_EVEN",
        message: `Cannot compare runs of ${cost.startMs} ms and ${cost.frameMs} ms per frame: expected zero or more`,
      });
    }
  }
  const later = resident.startMs - streamed.startMs;
  const gain = streamed.frameMs - resident.frameMs;
  if (later <= 0) return 0;
  return gain > 0 ? later / gain : null;
}
