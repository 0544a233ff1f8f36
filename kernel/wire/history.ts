/** The cells that were run, in memory: [session, line, source], as history replies carry them. */
export type HistoryEntry = readonly [session: number, line: number, source: string];

export type HistoryQuery =
  | { readonly access: "tail"; readonly n: number }
  | { readonly access: "range"; readonly start: number; readonly stop: number }
  | { readonly access: "search"; readonly pattern: string; readonly unique: boolean; readonly n?: number };

export interface History {
  add(line: number, source: string): void;
  find(query: HistoryQuery): readonly HistoryEntry[];
}

export function createHistory(): History {
  const entries: HistoryEntry[] = [];
  return {
    add(line, source) {
      entries.push([1, line, source]);
    },
    find(query) {
      switch (query.access) {
        case "tail":
          return last(entries, query.n);
        case "range":
          return entries.filter(([, line]) => line >= query.start && line < query.stop);
        case "search": {
          const pattern = globPattern(query.pattern);
          const found = entries.filter(([, , source]) => pattern.test(source));
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

/** Returns the regular expression of a glob: `*` is anything, `?` is one character; the whole must match. */
export function globPattern(glob: string): RegExp {
  const escaped = glob
    .replace(/[.+^${}()|[\]\\]/g, "\\$&")
    .replace(/\*/g, "[\\s\\S]*")
    .replace(/\?/g, "[\\s\\S]");
  return new RegExp(`^${escaped}$`, "u");
}
