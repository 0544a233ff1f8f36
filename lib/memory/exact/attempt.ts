/** One walk through the tree of decisions, depth first, until a solution, the end of the tree or a limit. */
import { chooseBranch, type Ground, type Preference } from "./branch.js";
import { NONE, type Skyline } from "./skyline.js";

/** `exhausted`: the whole tree was seen, so that there is no solution. */
export type Outcome = "placed" | "exhausted" | "limited";

export interface Limits {
  /** Decisions at most. */
  readonly nodes: number;
  /** Asked now and then; the walk ends when it returns true. */
  readonly stop: () => boolean;
}

/** Decisions between two questions whether to stop. */
const ASK_EVERY = 256;

/** Walks on from `skyline`, which holds the solution when the outcome is `placed`. */
export function attempt(
  skyline: Skyline,
  ground: Ground,
  preference: Preference,
  { nodes, stop }: Limits,
): { readonly outcome: Outcome; readonly nodes: number } {
  let count = 0;
  let limited = false;

  const walk = (): boolean => {
    if (skyline.left === 0) return true;
    if (++count > nodes || (count % ASK_EVERY === 0 && stop())) {
      limited = true;
      return false;
    }
    const { section, candidates, otherwise } = chooseBranch(skyline, ground, preference);
    const mark = skyline.mark();
    for (const index of candidates) {
      if (skyline.place(index) && walk()) return true;
      skyline.undo(mark);
      if (limited) return false;
    }
    if (otherwise === NONE) return false;
    if (skyline.lift(section, otherwise) && walk()) return true;
    skyline.undo(mark);
    return false;
  };

  const placed = skyline.consistent() && walk();
  const outcome = placed ? "placed" : limited ? "limited" : "exhausted";
  return { outcome, nodes: count };
}
