/**
 * Progress of a loop as one output that is rewritten in place, at most ten times a second. While it runs it
 * says rate and time left; what stays in the notebook is the count alone, so that two runs give one file.
 *
 *     layers ▓▓▓▓▓▓▓░░░░░░░░░░░░░ 37 of 100 · 12/s · 5 s left      →      layers 100 of 100
 */
import { escapeHtml } from "../html/escape.js";

export interface ProgressOptions {
  /** Stands before the bar. */
  readonly label?: string;
  /** How many there will be; taken from the `length` or `size` of what is walked over where it has one. */
  readonly total?: number;
}

export interface ProgressBar {
  /** Counts `steps` more as done; one when not given. */
  advance(steps?: number): void;
  /** Shows the last state. A bar that ends short of its total says that it was stopped. */
  end(): void;
}

export interface ProgressSurface {
  /** Shows the bundle; each call replaces what the last one showed. */
  show(bundle: { readonly "text/html": string; readonly "text/plain": string }): void;
  /** Milliseconds on a clock that only goes forward. */
  now(): number;
}

const INTERVAL_MS = 100;
const CELLS = 20;

const whole = (value: number) => value.toLocaleString("en-US", { maximumFractionDigits: 0 });
const significant = (value: number) => value.toLocaleString("en-US", { maximumSignificantDigits: 2 });

export function createBar(options: ProgressOptions, { show, now }: ProgressSurface): ProgressBar {
  const { label = "", total } = options;
  const started = now();
  let done = 0;
  let shownAt = Number.NEGATIVE_INFINITY;
  let ended = false;

  function draw(words: readonly string[]): void {
    shownAt = now();
    const count = total === undefined ? whole(done) : `${whole(done)} of ${whole(total)}`;
    const text = [count, ...words].join(" · ");
    const share = total === undefined || total === 0 ? undefined : Math.min(1, done / total);
    const name = label === "" ? "" : `${label} `;
    const filled = Math.round((share ?? 0) * CELLS);
    const bar = share === undefined ? "" : `${"▓".repeat(filled)}${"░".repeat(CELLS - filled)} `;
    const value = share === undefined && !ended ? "" : ` value="${(share ?? 1).toFixed(3)}"`;
    show({
      "text/html": `<div>${escapeHtml(name)}<progress max="1"${value} aria-label="${escapeHtml(label || "Progress")}"></progress> <span>${escapeHtml(text)}</span></div>`,
      "text/plain": `${name}${ended ? "" : bar}${text}`,
    });
  }

  function running(): string[] {
    const seconds = (now() - started) / 1000;
    if (done === 0 || seconds <= 0) return [];
    const rate = done / seconds;
    const left = total === undefined ? undefined : Math.max(0, total - done) / rate;
    return [`${significant(rate)}/s`, ...(left === undefined ? [] : [`${duration(left)} left`])];
  }

  draw([]);
  return {
    advance(steps = 1) {
      if (ended) return;
      done += steps;
      if (now() - shownAt >= INTERVAL_MS) draw(running());
    },
    end() {
      if (ended) return;
      ended = true;
      draw(total !== undefined && done < total ? ["stopped"] : []);
    },
  };
}

/** Returns seconds as people say them: `5 s`, `3 min 20 s`, `2 h 5 min`. */
export function duration(seconds: number): string {
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`;
  return `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`;
}

/** Returns how many items there will be, where what is walked over knows it. */
export function knownTotal(items: object): number | undefined {
  const { length, size } = items as { readonly length?: unknown; readonly size?: unknown };
  return [length, size].find((each) => typeof each === "number");
}

/** Walks over the items; the bar ends with the walk, however that ends. */
export function* counted<T>(items: Iterable<T>, bar: () => ProgressBar): Generator<T, void, undefined> {
  const running = bar();
  try {
    for (const item of items) {
      yield item;
      running.advance();
    }
  } finally {
    running.end();
  }
}

/** As `counted`, for items that come one after another. */
export async function* countedAsync<T>(
  items: AsyncIterable<T>,
  bar: () => ProgressBar,
): AsyncGenerator<T, void, undefined> {
  const running = bar();
  try {
    for await (const item of items) {
      yield item;
      running.advance();
    }
  } finally {
    running.end();
  }
}
