/**
 * The processes that cells have started. Ctrl-C in a terminal reaches the whole process group; an interrupt
 * message reaches the kernel alone, so the kernel passes it on.
 */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface Row {
  readonly pid: number;
  readonly parent: number;
  readonly group: number;
}

/**
 * Returns what descends from `root` and shares its process group, parents before children. A process that was
 * started `detached` leads a group of its own and is not among them, nor is what descends from it.
 */
export function descendants(root: number, rows: readonly Row[] = processTable()): number[] {
  const group = rows.find(({ pid }) => pid === root)?.group;
  const below = (parent: number): number[] =>
    rows
      .filter((row) => row.parent === parent && row.group === group)
      .flatMap(({ pid }) => [pid, ...below(pid)]);
  return below(root);
}

/**
 * Returns the youngest child of `root` with what descends from it: where the thread of `root` is held by a
 * child (`execSync`), it is that one, as a held thread starts no other.
 */
export function youngest(root: number, rows: readonly Row[] = processTable()): number[] {
  const children = rows.filter(({ parent }) => parent === root).map(({ pid }) => pid);
  if (children.length === 0) return [];
  const last = Math.max(...children);
  return [last, ...descendants(last, rows)];
}

/** Sends a signal to processes of which some may have ended by now. */
export function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal);
    } catch {
      // it has ended
    }
  }
}

/** Returns every process. A higher number is a younger one, until the numbers start again. */
export function processTable(): Row[] {
  if (process.platform === "linux") return readdirSync("/proc").flatMap(rowOf);
  if (process.platform === "win32") return [];
  return execFileSync("ps", ["-A", "-o", "pid=,ppid=,pgid="], { encoding: "utf8" })
    .split("\n")
    .map((line) => line.trim().split(/\s+/).map(Number))
    .flatMap(([pid, parent, group]) =>
      pid === undefined || parent === undefined || group === undefined ? [] : [{ pid, parent, group }],
    );
}

function rowOf(name: string): Row[] {
  if (!/^\d+$/.test(name)) return [];
  try {
    // pid (command, which may hold anything) state ppid pgrp …: proc(5)
    const stat = readFileSync(`/proc/${name}/stat`, "utf8");
    const [, parent, group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return [{ pid: Number(name), parent: Number(parent), group: Number(group) }];
  } catch {
    return []; // it has ended
  }
}
