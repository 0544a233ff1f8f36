/**
 * What to move first: constants that save time in a faster memory, chosen under its size.
 *
 *   room 10      bytes  saves   per byte      taken one after another, best per byte first: a, then b does not
 *     a            6     6 ms     1.00        fit, c does: 6 + 2 = 8 ms
 *     b            5     4.5      0.90        best of all sets: b and d, 4.5 + 4.4 = 8.9 ms
 *     c            3     2        0.67
 *     d            5     4.4      0.88
 */
import { LabError } from "../errors.js";
import { type Bytes, bytes } from "../units.js";

/** Constants that move together, and what that saves in each inference. */
export interface Movable {
  readonly name: string;
  readonly bytes: Bytes;
  readonly savedMs: number;
}

export interface Choice {
  /** Indices into what was offered, in the order in which they were taken. */
  readonly taken: readonly number[];
  readonly bytes: Bytes;
  readonly savedMs: number;
}

/** Returns indices of what saves anything: the most per byte first, then the most. */
export function rankMoves(items: readonly Movable[]): readonly number[] {
  const perByte = ({ bytes: size, savedMs }: Movable) =>
    size === 0 ? Number.POSITIVE_INFINITY : savedMs / size;
  return items
    .map((item, index) => ({ item, index }))
    .filter(({ item }) => item.savedMs > 0)
    .sort((a, b) => perByte(b.item) - perByte(a.item) || b.item.savedMs - a.item.savedMs || a.index - b.index)
    .map(({ index }) => index);
}

function choiceOf(items: readonly Movable[], taken: readonly number[]): Choice {
  let size = 0;
  let savedMs = 0;
  for (const index of taken) {
    size += items[index]!.bytes;
    savedMs += items[index]!.savedMs;
  }
  return { taken, bytes: bytes(size), savedMs };
}

/** Returns what fits when the best per byte is taken first and what does not fit is passed over. */
export function takeInOrder(items: readonly Movable[], room: Bytes): Choice {
  let left: number = room;
  const taken = rankMoves(items).filter((index) => {
    const { bytes: size } = items[index]!;
    if (size > left) return false;
    left -= size;
    return true;
  });
  return choiceOf(items, taken);
}

/** Sets that are looked at before the best one so far is handed out unproved. */
const MOST_SETS = 1_000_000;

/**
 * Returns the set that saves most, and whether that is proved. Branch and bound: items in order of saving per
 * byte, each taken or left; a branch ends where even a cut last item could not beat the best set so far.
 */
export function bestChoice(
  items: readonly Movable[],
  room: Bytes,
  { mostSets = MOST_SETS }: { readonly mostSets?: number } = {},
): Choice & { readonly proved: boolean } {
  if (items.some(({ savedMs }) => !Number.isFinite(savedMs))) {
    throw new LabError({
      code: "MOVES",
      message: "Cannot choose what to move: a saving is no finite number, expected milliseconds",
    });
  }
  const order = rankMoves(items);
  let best = takeInOrder(items, room);
  let sets = 0;
  /** What `order` from `place` on could save at most in `left` bytes, were items divisible. */
  const atMost = (place: number, left: number): number => {
    let rest = left;
    let savedMs = 0;
    for (let next = place; next < order.length; next++) {
      const item = items[order[next]!]!;
      if (item.bytes > rest) return savedMs + (item.savedMs * rest) / item.bytes;
      rest -= item.bytes;
      savedMs += item.savedMs;
    }
    return savedMs;
  };
  interface Branch {
    readonly place: number;
    readonly left: number;
    readonly savedMs: number;
    readonly taken: readonly number[];
  }
  const open: Branch[] = [{ place: 0, left: room, savedMs: 0, taken: [] }];
  for (let branch = open.pop(); branch && sets < mostSets; branch = open.pop()) {
    sets++;
    const { place, left, savedMs, taken } = branch;
    if (savedMs > best.savedMs) best = choiceOf(items, taken);
    const index = order[place];
    if (index === undefined || savedMs + atMost(place, left) <= best.savedMs) continue;
    const item = items[index]!;
    open.push({ ...branch, place: place + 1 });
    if (item.bytes <= left) {
      open.push({
        place: place + 1,
        left: left - item.bytes,
        savedMs: savedMs + item.savedMs,
        taken: [...taken, index],
      });
    }
  }
  return { ...best, proved: sets < mostSets };
}
