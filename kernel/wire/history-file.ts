/**
 * The history of all sessions in one file, a line of JSON per cell: `[session, line, source]`. Kernels append
 * to it at the same time; each entry is one write that begins with a line end, so what a killed kernel or a
 * full disk left unfinished damages itself alone and is skipped by readers.
 */

import { existsSync, readFileSync, statSync } from "node:fs";
import { appendFile, chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import type { HistoryEntry } from "./history.js";

export interface HistoryFile {
  /** Entries of earlier sessions, oldest first; empty when there is no file that can be read. */
  read(): readonly HistoryEntry[];
  /** The highest number of a session; 0 when there is no file that can be read. */
  latestSession(): number;
  /** Appends in the background, one after the other; after a failure it stays quiet and does no more. */
  append(entry: HistoryEntry): void;
  /** Resolves when everything was written or given up. */
  written(): Promise<void>;
}

export interface HistoryFileOptions {
  readonly path: string;
  /** Called once, when the file can no longer be written. */
  readonly failed: (reason: string) => void;
  /** A file beyond this is cut to its newer half when it is opened. */
  readonly maxBytes?: number;
}

const MAX_BYTES = 2 << 20;
/** Longer cells are remembered by their own session only. */
const MAX_ENTRY_BYTES = 1 << 16;

/** Returns where history is kept: `NPULAB_HISTORY`, `off` for nowhere, else the user's state folder. */
export function historyPath(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env.NPULAB_HISTORY !== undefined) {
    return env.NPULAB_HISTORY === "off" || env.NPULAB_HISTORY === "" ? undefined : env.NPULAB_HISTORY;
  }
  const state = env.XDG_STATE_HOME || join(env.HOME ?? homedir(), ".local", "state");
  return join(state, "npulab", "history.jsonl");
}

export function historyFile({ path, failed, maxBytes = MAX_BYTES }: HistoryFileOptions): HistoryFile {
  let broken = false;
  let pending: Promise<void> = prepare();

  function giveUp(error: unknown): void {
    if (broken) return;
    broken = true;
    failed(
      `Cannot write the history file '${path}': ${error instanceof Error ? error.message : String(error)}`,
    );
  }

  async function prepare(): Promise<void> {
    try {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      if (!existsSync(path)) return await appendFile(path, "", { mode: 0o600 });
      const { size } = statSync(path);
      if (!statSync(path).isFile() || size <= maxBytes) return;
      const text = readFileSync(path, "utf8");
      const kept = text.slice(text.indexOf("\n", text.length - maxBytes / 2));
      // Written aside and put in its place at once: a kill in between leaves the old file.
      const aside = `${path}.${process.pid}`;
      await writeFile(aside, kept, { mode: 0o600 });
      await chmod(aside, 0o600);
      await rename(aside, path);
    } catch (error) {
      giveUp(error);
    }
  }

  function text(): string {
    try {
      return statSync(path).isFile() ? readFileSync(path, "utf8") : "";
    } catch {
      return "";
    }
  }

  return {
    read: () => text().split("\n").flatMap(entryOf),
    latestSession() {
      // A look at each line's first number: reading all the lines would hold up the first cell.
      let latest = 0;
      for (const [, session] of text().matchAll(/^\[(\d{1,9}),/gm))
        latest = Math.max(latest, Number(session));
      return latest;
    },
    append(entry) {
      const line = `\n${JSON.stringify(entry)}`;
      if (broken || Buffer.byteLength(line) > MAX_ENTRY_BYTES) return;
      pending = pending
        .then(() => (broken ? undefined : appendFile(path, line, { mode: 0o600 })))
        .catch(giveUp);
    },
    written: () => pending,
  };
}

function entryOf(line: string): HistoryEntry[] {
  try {
    const value: unknown = JSON.parse(line);
    if (!Array.isArray(value)) return [];
    const [session, count, source] = value as unknown[];
    const valid = Number.isInteger(session) && Number.isInteger(count) && typeof source === "string";
    return valid ? [[session as number, count as number, source as string]] : [];
  } catch {
    return [];
  }
}
