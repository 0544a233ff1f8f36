/**
 * Whether buffers fit below a capacity, and where: many short walks instead of one long one.
 *
 * A walk that decided something unfortunate early may never get out again, while another is done in a few hundred
 * decisions. So walks are cut off and begun anew with another preference and other weights, short ones often and
 * long ones seldom (1 1 2 1 1 2 4 …, Luby, Sinclair and Zuckerman 1993, which is best when nothing is known of the
 * lengths). What they share is where they failed: sections of many failures are decided first (Boussemart et al. 2004). A
 * walk that ends without a limit proves that there is no solution. The same input gives the same answer.
 */
import { attempt } from "./attempt.js";
import { companionsOf, type Ground, type Preference, type SectionScore } from "./branch.js";
import { type Span, sectionsOf } from "./sections.js";
import { Skyline } from "./skyline.js";

export interface SpanOfSize extends Span {
  readonly size: number;
}

export type SearchResult =
  | { readonly kind: "placed"; readonly offsets: readonly number[]; readonly nodes: number }
  /** No placement fits: every way was tried. */
  | { readonly kind: "impossible"; readonly nodes: number }
  | { readonly kind: "undecided"; readonly nodes: number };

export interface SearchParams {
  /** Decisions at most, all walks together. */
  readonly nodes?: number;
  readonly stop?: () => boolean;
  /** Called before each walk. */
  readonly onWalk?: (walk: { readonly number: number; readonly nodes: number }) => void;
}

/** The fewest ways on first. */
const fewest: SectionScore = ({ choices }) => choices;
/** The same, but where walks failed before, sooner. */
const failing: SectionScore = ({ choices, failures }) => choices / (1 + failures);
const failingLittle: SectionScore = ({ choices, failures }) => choices / Math.sqrt(1 + failures);

interface Measures {
  readonly size: number;
  /** Sections in which the buffer lives. */
  readonly sections: number;
  /** Bytes that live in the fullest of them. */
  readonly fullest: number;
}

interface Strategy {
  readonly score: SectionScore;
  readonly even: boolean;
  readonly weight: (measures: Measures) => number;
}

const area = ({ size, sections }: Measures) => size * sections;
const size = (measures: Measures) => measures.size;
const lifetime = ({ sections }: Measures) => sections;
const crowd = ({ fullest, sections }: Measures) => fullest * 1000 + sections;

/** In the order in which walks take them, over and over. */
const STRATEGIES: readonly Strategy[] = [
  { score: failing, even: false, weight: area },
  { score: failingLittle, even: true, weight: lifetime },
  { score: failing, even: false, weight: lifetime },
  { score: failing, even: false, weight: size },
  { score: failing, even: true, weight: crowd },
  { score: fewest, even: true, weight: area },
];

/** Decisions of the shortest walks. */
const SHORTEST = 2000;

/** Weights are multiplied by 1 to this, so that no two walks take equal candidates in the same order. */
const NOISE = 1.3;

/** Numbers that the search counts with, offsets and times sections, must be smaller. */
const LARGEST = 2 ** 30;

/** Returns the i-th term, from 1, of 1 1 2 1 1 2 4 1 1 2 1 1 2 4 8 …. */
export function luby(index: number): number {
  let power = 1;
  while (power - 1 < index) power *= 2;
  return power - 1 === index ? power / 2 : luby(index - (power / 2 - 1));
}

function greatestCommonDivisor(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x;
}

/** A small generator of numbers from 0 to 1 (mulberry32), so that walks differ and runs do not. */
function numbersFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function measure(ground: Ground): readonly Measures[] {
  const { sizes, sections } = ground;
  const loads = sections.members.map((members) => members.reduce((total, index) => total + sizes[index]!, 0));
  return Array.from(sizes, (size, index) => {
    const [from, to] = [sections.from[index]!, sections.to[index]!];
    return { size, sections: to - from, fullest: loads.slice(from, to).reduce((a, b) => Math.max(a, b), 0) };
  });
}

function preferenceOf({ score, even, weight }: Strategy, all: readonly Measures[], walk: number): Preference {
  const next = numbersFrom(walk);
  // The first walk of each strategy goes by the plain weights.
  const plain = walk <= STRATEGIES.length;
  return {
    score,
    even,
    weights: Float64Array.from(all, (own) => weight(own) * (plain ? 1 : 1 + (NOISE - 1) * next())),
  };
}

/**
 * Returns offsets of all buffers below `capacity`, in the order of `buffers`, or that there are none, or that the
 * limits came first. Sizes are whole and positive, ends come after starts.
 *
 *   searchPlacement([{ size: 4, start: 0, end: 2 }, { size: 2, start: 1, end: 3 }, { size: 4, start: 2, end: 3 }], 6)
 *   // { kind: "placed", offsets: [0, 4, 0], … }
 */
export function searchPlacement(
  buffers: readonly SpanOfSize[],
  capacity: number,
  { nodes = Number.POSITIVE_INFINITY, stop = () => false, onWalk }: SearchParams = {},
): SearchResult {
  const grain = buffers.reduce((divisor, { size }) => greatestCommonDivisor(size, divisor), 0) || 1;
  const limit = Math.floor(capacity / grain);
  if (limit < 0) return { kind: "impossible", nodes: 0 };
  const total = buffers.reduce((sum, { size }) => sum + size / grain, 0);
  if (total >= LARGEST || limit >= LARGEST) return { kind: "undecided", nodes: 0 };

  const sections = sectionsOf(buffers);
  const sizes = Int32Array.from(buffers, ({ size }) => size / grain);
  const ground = { sizes, sections, companions: companionsOf(sections, sizes.length), capacity: limit };
  const measures = measure(ground);
  const failuresOf = STRATEGIES.map(() => new Float64Array(sections.count));
  let used = 0;
  for (let walk = 1; used < nodes && !stop(); walk++) {
    onWalk?.({ number: walk, nodes: used });
    const skyline = new Skyline(sizes, sections, limit, failuresOf[(walk - 1) % STRATEGIES.length]!);
    const preference = preferenceOf(STRATEGIES[(walk - 1) % STRATEGIES.length]!, measures, walk);
    const own = Math.min(SHORTEST * luby(walk), nodes - used);
    const { outcome, nodes: count } = attempt(skyline, ground, preference, { nodes: own, stop });
    used += count;
    if (outcome === "placed")
      return { kind: "placed", offsets: Array.from(skyline.lowest, (offset) => offset * grain), nodes: used };
    if (outcome === "exhausted") return { kind: "impossible", nodes: used };
  }
  return { kind: "undecided", nodes: used };
}
