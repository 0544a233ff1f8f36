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
  let entries: HistoryEntry[] | undefined;
  let session = 1;

  function load(): HistoryEntry[] {
    if (entries === undefined) {
      entries = [...(file?.read() ?? [])];
      session = entries.reduce((latest, [each]) => Math.max(latest, each), 0) + 1;
    }
    return entries;
  }

  return {
    add(line, source) {
      const all = load();
      const entry = [session, line, source] as const;
      all.push(entry);
      file?.append(entry);
    },
    find(query) {
      const all = load();
      switch (query.access) {
        case "tail":
          return last(all, query.n);
        case "range": {
          const wanted = query.session > 0 ? query.session : session + query.session;
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
