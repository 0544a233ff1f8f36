/**
 * The cells that were run, of this session and those before: [session, line, source], as history replies
 * carry them. Sessions count from 1; the file is read when somebody first asks.
 */
import type { HistoryFile } from "./history-file.js";

export type HistoryEntry = readonly [session: number, line: number, source: string];

export type HistoryQuery =
  | { readonly access: "tail"; readonly n: number }
  /** Session 0 is this one, −1 the one before; `stop` is exclusive. */
  | { readonly access: "range"; readonly session: number; readonly start: number; readonly stop: number }
  | { readonly access: "search"; readonly pattern: string; readonly unique: boolean; readonly n?: number };

export interface History {
  add(line: number, source: string): void;
  find(query: HistoryQuery): readonly HistoryEntry[];
}

/** Without a file the history is that of this session alone. */
export function createHistory(file?: HistoryFile): History {
  const own: HistoryEntry[] = [];
  let session: number | undefined;
  let earlier: readonly HistoryEntry[] | undefined;

  /** Numbered at the first cell, which waits for nothing more; the cells of other sessions wait for a question. */
  function number(): number {
    session ??= (file?.latestSession() ?? 0) + 1;
    return session;
  }

  function load(): readonly HistoryEntry[] {
    const now = number();
    earlier ??= file?.read().filter(([of]) => of < now) ?? [];
    return [...earlier, ...own];
  }

  return {
    add(line, source) {
      const entry = [number(), line, source] as const;
      own.push(entry);
      file?.append(entry);
    },
    find(query) {
      const all = load();
      switch (query.access) {
        case "tail":
          return last(all, query.n);
        case "range": {
          const wanted = query.session > 0 ? query.session : number() + query.session;
          return all.filter(([of, line]) => of === wanted && line >= query.start && line < query.stop);
        }
        case "search": {
          const found = all.filter(([, , source]) => matchesGlob(query.pattern, source));
          // Of equal sources the latest counts.
          const kept = query.unique ? [...new Map(found.map((entry) => [entry[2], entry])).values()] : found;
          return query.n === undefined ? kept : last(kept, query.n);
        }
        default:
          return query satisfies never;
      }
    },
  };
}

function last<T>(list: readonly T[], count: number): readonly T[] {
  return count > 0 ? list.slice(-count) : [];
}

/**
 * Whether all of `text` fits a glob: `*` is anything, `?` is one character. Takes glob × text steps at worst;
 * a regular expression of many stars would take the thread that answers everybody down with it.
 */
export function matchesGlob(glob: string, text: string): boolean {
  const pattern = [...glob];
  const characters = [...text];
  let at = 0;
  let star = -1;
  let resume = 0;
  for (let position = 0; position < characters.length; ) {
    if (pattern[at] === "*") {
      star = at++;
      resume = position;
    } else if (at < pattern.length && (pattern[at] === "?" || pattern[at] === characters[position])) {
      at++;
      position++;
    } else if (star >= 0) {
      // The last star takes one character more.
      at = star + 1;
      position = ++resume;
    } else return false;
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}
