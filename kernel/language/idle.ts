/**
 * What the language does while nobody asks. A snapshot holds no machine code, so the first cells would be slow:
 * once ready, it compiles small cells of its own, one at a time, until V8 has made machine code of what every cell
 * needs. And what checking leaves behind, some megabytes a cell, V8 collects when it has to; here it is asked to
 * while it has the time.
 *
 *     ready ─ cell ─ cell ─ a request ─ … REST_MS … ─ cell ─ … (CELLS) … TIDY_MS … ─ collect ─ a request ─ …
 */
import type { LanguageSession } from "./session.js";

/** More make no later cell faster that could be measured. */
const CELLS = 24;
/** Requests come in bursts (a notebook is run from top to bottom): between them there is no time to use. */
const REST_MS = 150;
/** A person has stopped to think. */
const TIDY_MS = 600;

const KINDS: readonly ((n: number) => string)[] = [
  (n) => `${n} + 1`,
  (n) => `const each${n} = [${n}].map((one) => one + 1); each${n}.length`,
  (n) => `function twice${n}(x: number) { return 2 * x }; twice${n}(${n})`,
];

export interface Idle {
  /** Puts off what is planned: a request is here. */
  requested(): void;
}

/** Begins at once: a process that has just started has nothing to do. */
export function useIdleTime(session: LanguageSession): Idle {
  let done = 0;
  let next = setTimeout(exercise, 0);

  function exercise(): void {
    session.exercise(KINDS[done % KINDS.length]?.(done) as string);
    done++;
    // A turn of the event loop in between: a request that has come is heard first.
    next = done < CELLS ? setTimeout(exercise, 0) : setTimeout(collect, TIDY_MS);
  }

  /** Present with `--expose-gc`. */
  function collect(): void {
    globalThis.gc?.();
  }

  return {
    requested() {
      clearTimeout(next);
      next = done < CELLS ? setTimeout(exercise, REST_MS) : setTimeout(collect, TIDY_MS);
    },
  };
}
