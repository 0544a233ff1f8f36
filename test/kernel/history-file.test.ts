import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test, vi } from "vitest";
import { replays } from "../../kernel/protocol/replays.js";
import { createHistory } from "../../kernel/wire/history.js";
import { historyFile, historyPath } from "../../kernel/wire/history-file.js";

const folder = mkdtempSync(join(tmpdir(), "npulab-history-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fresh = (name: string) => join(folder, name, "history.jsonl");

async function session(path: string, sources: readonly string[], maxBytes?: number) {
  const failed = vi.fn();
  const file = historyFile({ path, failed, ...(maxBytes === undefined ? {} : { maxBytes }) });
  await file.written();
  const history = createHistory(file);
  for (const [index, source] of sources.entries()) history.add(index + 1, source);
  await file.written();
  return { history, failed };
}

describe("historyFile()", () => {
  test("keeps the cells of all sessions, for the owner alone", async () => {
    const path = fresh("kept");
    await session(path, ["a", "b\n'two lines'"]);
    const { history } = await session(path, ["c"]);
    expect(history.find({ access: "tail", n: 9 })).toEqual([
      [1, 1, "a"],
      [1, 2, "b\n'two lines'"],
      [2, 1, "c"],
    ]);
    expect(history.find({ access: "range", session: -1, start: 2, stop: 9 })).toHaveLength(1);
    expect(history.find({ access: "range", session: 0, start: 1, stop: 9 })).toEqual([[2, 1, "c"]]);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test("an entry cut short, and what is none, is skipped; the next is whole", async () => {
    const path = fresh("torn");
    await session(path, ["a"]);
    appendFileSync(path, '\n[1,2,"half of a ce');
    await session(path, ["b"]);
    appendFileSync(path, '\n{"no":"entry"}\n[1]\n\u0000\u0001');
    const { history } = await session(path, []);
    expect(history.find({ access: "tail", n: 9 })).toEqual([
      [1, 1, "a"],
      [2, 1, "b"],
    ]);
  });

  test("a long file is cut to its newer half at the next start", async () => {
    const path = fresh("long");
    await session(
      path,
      Array.from({ length: 1000 }, (_, index) => `cell ${index} ${"x".repeat(80)}`),
    );
    const { history } = await session(path, [], 20_000);
    expect(readFileSync(path).length).toBeLessThanOrEqual(10_000);
    const all = history.find({ access: "tail", n: 1e6 });
    expect(all.length).toBeGreaterThan(50);
    expect(all.at(-1)?.[2]).toMatch(/^cell 999 /);
  });

  test("latestSession() counts sessions without reading their cells", async () => {
    const path = fresh("numbered");
    await session(path, ["a"]);
    appendFileSync(path, '\n[7,1,"of a kernel beside this one"]\n[nothing');
    const file = historyFile({ path, failed: vi.fn() });
    expect(file.latestSession()).toBe(7);
    const history = createHistory(file);
    expect(history.find({ access: "range", session: -1, start: 1, stop: 9 })).toHaveLength(1);
    expect(historyFile({ path: fresh("none"), failed: vi.fn() }).latestSession()).toBe(0);
  });

  test("a full disk is reported once, and the session keeps its history", async () => {
    const { history, failed } = await session("/dev/full", ["a", "b"]);
    expect(failed.mock.calls).toEqual([[expect.stringMatching(/^Cannot write the history file .*ENOSPC/)]]);
    expect(history.find({ access: "tail", n: 9 })).toHaveLength(2);
  });

  test("a folder that cannot be made harms nobody either", async () => {
    writeFileSync(join(folder, "file"), "");
    const { history, failed } = await session(join(folder, "file", "history.jsonl"), ["a"]);
    expect(failed).toHaveBeenCalledOnce();
    expect(history.find({ access: "tail", n: 9 })).toEqual([[1, 1, "a"]]);
  });

  test("historyPath() follows the environment", () => {
    expect(historyPath({ NPULAB_HISTORY: "off" })).toBeUndefined();
    expect(historyPath({ NPULAB_HISTORY: "/h" })).toBe("/h");
    expect(historyPath({ XDG_STATE_HOME: "/s" })).toBe("/s/npulab/history.jsonl");
    expect(historyPath({ HOME: "/home/a" })).toBe("/home/a/.local/state/npulab/history.jsonl");
  });
});

describe("replays()", () => {
  test("accept a signature once, and unsigned messages always; the oldest are forgotten", () => {
    const seen = replays(2);
    expect(["a", "b", "a", "c", "a", "", ""].map((each) => seen.accept(each))).toEqual([
      true,
      true,
      false,
      true,
      true,
      true,
      true,
    ]);
  });
});
