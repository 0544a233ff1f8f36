/**
 * Where a search goes on: a section whose next buffer, from the bottom up, can be decided now.
 *
 * Let f be the lowest offset of what is left in a section. Its lowest buffer either starts at f, and is then one of
 * the candidates, or starts higher. To look among candidates is enough when nothing that lives with one of them can
 * start below f: only such a section is taken.
 *
 * How high is higher? Of all solutions look at the one with the least sum of offsets, in which no buffer could go
 * lower with the others where they are. If its lowest buffer in the section is a candidate i above f, then
 * something stands in the place [f, f + size of i): a buffer that is left, lives with i, is not of this section
 * (i is the lowest there) and starts below f + size of i. So i starts at that one's top or higher. If no candidate
 * can be hindered so, the lowest is one that may not start at f in the first place.
 *
 *   sections     s   t
 *              ┌───┐───┐       x (size 2) lives in s and t, y (3) in t alone, f = 0. Either x starts at 0, or
 *              │ x │ x │       y hinders it, and x starts at 3 or higher: there is nothing in between.
 *              └───┤ y │
 */
import type { Sections } from "./sections.js";
import { NONE, type Skyline } from "./skyline.js";

/** The network of who lives with whom, as indices. */
export type Companions = readonly Int32Array[];

export function companionsOf({ from, to, members }: Sections, count: number): Companions {
  return Array.from({ length: count }, (_, index) => {
    const others = new Set<number>();
    for (let section = from[index]!; section < to[index]!; section++) {
      for (const other of members[section]!) if (other !== index) others.add(other);
    }
    return Int32Array.from(others);
  });
}

export interface Branch {
  readonly section: number;
  /** Buffers that may be the lowest of the section at its first offset, the one to try first in front. */
  readonly candidates: readonly number[];
  /** Where the lowest starts otherwise, or higher; NONE when it must be a candidate. */
  readonly otherwise: number;
}

/** How sections are compared; the least is taken. `choices` counts the candidates, and the way without them. */
export type SectionScore = (at: {
  readonly choices: number;
  readonly failures: number;
  /** What may stay empty in the section above its first offset. */
  readonly slack: number;
}) => number;

export interface Ground {
  readonly sizes: Int32Array;
  readonly sections: Sections;
  readonly companions: Companions;
  readonly capacity: number;
}

export interface Preference {
  readonly score: SectionScore;
  /** Only sections at the lowest offset of all: the skyline rises evenly. Otherwise any that can be decided. */
  readonly even: boolean;
  /** Per buffer: candidates with more are tried first. */
  readonly weights: Float64Array;
}

/** Returns how many ways on a section has; 0 when it cannot be decided yet. */
function choicesOf(section: number, skyline: Skyline, { sections, capacity }: Ground, even: boolean): number {
  const { lowest, placed, first, rest } = skyline;
  const offset = first[section]!;
  const indices = sections.members[section]!;
  let choices = capacity - offset > rest[section]! ? 1 : 0;
  for (let at = 0; at < indices.length; at++) {
    const index = indices[at]!;
    if (placed[index] === 1 || lowest[index] !== offset) continue;
    choices++;
    if (even) continue;
    const end = sections.to[index]!;
    for (let other = sections.from[index]!; other < end; other++) if (first[other]! < offset) return 0;
  }
  return choices;
}

function chooseSection(skyline: Skyline, ground: Ground, { score, even }: Preference): number {
  const { first, failures } = skyline;
  let least = NONE;
  if (even) for (const offset of first) if (offset < least) least = offset;
  let best = -1;
  let bestScore = Number.POSITIVE_INFINITY;
  for (let section = 0; section < first.length; section++) {
    const offset = first[section]!;
    if (offset === NONE || (even && offset !== least)) continue;
    const choices = choicesOf(section, skyline, ground, even);
    if (choices === 0) continue;
    const slack = ground.capacity - offset - skyline.rest[section]!;
    const value = score({ choices, failures: failures[section]!, slack });
    if (value >= bestScore) continue;
    bestScore = value;
    best = section;
  }
  return best;
}

/** Returns the lowest top among what may hinder a candidate from starting at `offset`; NONE when nothing may. */
function hindered(index: number, section: number, skyline: Skyline, ground: Ground): number {
  const { lowest, placed } = skyline;
  const { from, to } = ground.sections;
  const top = lowest[index]! + ground.sizes[index]!;
  const others = ground.companions[index]!;
  let least = NONE;
  for (let at = 0; at < others.length; at++) {
    const other = others[at]!;
    if (placed[other] === 1 || lowest[other]! >= top) continue;
    if (from[other]! <= section && section < to[other]!) continue;
    least = Math.min(least, lowest[other]! + ground.sizes[other]!);
  }
  return least;
}

/** Returns the next decision. The skyline is consistent and has buffers left. */
export function chooseBranch(skyline: Skyline, ground: Ground, preference: Preference): Branch {
  const { lowest, placed, first } = skyline;
  const section = chooseSection(skyline, ground, preference);
  const offset = first[section]!;
  const candidates: number[] = [];
  let otherwise = NONE;
  for (const index of ground.sections.members[section]!) {
    if (placed[index] === 1) continue;
    if (lowest[index] === offset) candidates.push(index);
    else otherwise = Math.min(otherwise, lowest[index]!);
  }
  let limit = NONE;
  for (const index of candidates) {
    const top = hindered(index, section, skyline, ground);
    otherwise = Math.min(otherwise, top);
    // Nothing outside hinders it: the lowest of the section does, and so starts below its top.
    if (top === NONE) limit = Math.min(limit, offset + ground.sizes[index]!);
  }
  const { weights } = preference;
  candidates.sort((a, b) => weights[b]! - weights[a]!);
  return { section, candidates, otherwise: otherwise < limit ? otherwise : NONE };
}
