/**
 * Time cut to what matters for placing: the moments at which no buffer is missing that lives with all others
 * there. Any two buffers that live together meet in one of these sections, so the rest of time can be forgotten.
 *
 *   steps     0   1   2   3        a lives in 0–1, b in 1–2, c in 2–3
 *             a   a
 *                 b   b            sections {a b} and {b c}: what lives in step 0 lives in step 1 too
 *                     c   c
 */

/** What lives for a while, in any unit of time. */
export interface Span {
  readonly start: number;
  /** The first moment after. */
  readonly end: number;
}

export interface Sections {
  readonly count: number;
  /** Per span: its first section. */
  readonly from: Int32Array;
  /** Per span: the section after its last. */
  readonly to: Int32Array;
  /** Per section: the spans that live in it, by index. */
  readonly members: readonly Int32Array[];
}

/** Returns the sections of `spans`, in order of time. O(n log n), and the sum of the members. */
export function sectionsOf(spans: readonly Span[]): Sections {
  const events = spans
    .flatMap(({ start, end }, index) => [
      { at: start, starts: true, index },
      { at: end, starts: false, index },
    ])
    // What ends at a moment does not live in it, so ends come first.
    .sort((a, b) => a.at - b.at || Number(a.starts) - Number(b.starts));
  const from = new Int32Array(spans.length);
  const to = new Int32Array(spans.length);
  let count = 0;
  let grown = false;
  for (const { starts, index } of events) {
    if (starts) {
      from[index] = count;
      grown = true;
      continue;
    }
    // An end after a start closes the section: from here on something is missing.
    if (grown) count++;
    grown = false;
    to[index] = count;
  }
  const members = Array.from({ length: count }, (): number[] => []);
  for (let index = 0; index < spans.length; index++) {
    for (let section = from[index]!; section < to[index]!; section++) members[section]!.push(index);
  }
  return { count, from, to, members: members.map((indices) => Int32Array.from(indices)) };
}
