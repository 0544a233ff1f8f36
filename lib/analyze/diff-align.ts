/**
 * Which items of two lists belong together: the alignment of highest score that keeps both orders. Pairs score
 * what `score` says, whatever stays alone scores nothing. For a b c d and a x c d with 2 for equal letters:
 *
 * ```
 * a b · c d
 * a · x c d      → [0,0] [1,−] [−,1] [2,2] [3,3]
 * ```
 *
 * O(n·m) time and one byte per cell, after what is the same at both ends has been set aside.
 */
import { LabError } from "../errors.js";

export interface Pair<T> {
  readonly a: T | null;
  readonly b: T | null;
}

const FROM = { pair: 0, a: 1, b: 2 } as const;
/** Cells of the table: two lists of 14,000 items that share neither start nor end. */
const MOST_CELLS = 200_000_000;

/** Returns both lists as pairs, in order. `score` is 0 for what must not pair; `same` marks the highest score. */
export function align<T>(
  left: readonly T[],
  right: readonly T[],
  { score, same }: { readonly score: (a: T, b: T) => number; readonly same: (a: T, b: T) => boolean },
): Pair<T>[] {
  let start = 0;
  while (start < left.length && start < right.length && same(left[start]!, right[start]!)) start++;
  let end = 0;
  while (
    end < Math.min(left.length, right.length) - start &&
    same(left[left.length - 1 - end]!, right[right.length - 1 - end]!)
  ) {
    end++;
  }
  const pair = (offset: number, count: number, shift: number): Pair<T>[] =>
    Array.from({ length: count }, (_, i) => ({ a: left[offset + i]!, b: right[offset + i + shift]! }));
  return [
    ...pair(0, start, 0),
    ...alignMiddle(left.slice(start, left.length - end), right.slice(start, right.length - end), score),
    ...pair(left.length - end, end, right.length - left.length),
  ];
}

function alignMiddle<T>(left: readonly T[], right: readonly T[], score: (a: T, b: T) => number): Pair<T>[] {
  const [rows, columns] = [left.length, right.length];
  if (rows * columns > MOST_CELLS) {
    throw new LabError({
      code: "TOO_LARGE",
      message: `Cannot align ${rows} operators with ${columns}: that is more than ${MOST_CELLS} pairs`,
      hint: "the networks have little in common; compare parts of them",
    });
  }
  const steps = new Uint8Array((rows + 1) * (columns + 1));
  // best[j]: the highest score of left from i on and right from j on.
  let best = new Float64Array(columns + 1);
  for (let i = rows - 1; i >= 0; i--) {
    const next = new Float64Array(columns + 1);
    for (let j = columns - 1; j >= 0; j--) {
      const paired = score(left[i]!, right[j]!);
      const [together, alone] = [paired > 0 ? paired + best[j + 1]! : 0, Math.max(best[j]!, next[j + 1]!)];
      const step = together >= alone && paired > 0 ? FROM.pair : best[j]! >= next[j + 1]! ? FROM.a : FROM.b;
      steps[i * (columns + 1) + j] = step;
      next[j] = Math.max(together, alone);
    }
    best = next;
  }
  const pairs: Pair<T>[] = [];
  let [i, j] = [0, 0];
  while (i < rows || j < columns) {
    const step = i >= rows ? FROM.b : j >= columns ? FROM.a : steps[i * (columns + 1) + j];
    if (step === FROM.pair) pairs.push({ a: left[i++]!, b: right[j++]! });
    else if (step === FROM.a) pairs.push({ a: left[i++]!, b: null });
    else pairs.push({ a: null, b: right[j++]! });
  }
  return pairs;
}
