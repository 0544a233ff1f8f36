import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startKernel } from "../../kernel/client.js";
import { run } from "./harness.js";

// The built room: a snapshot is made of compiled files.
const { buildSnapshot, isFresh, snapshotFor } = (await import(
  resolve(import.meta.dirname, "../../dist/kernel/language/snapshot.js")
)) as typeof import("../../kernel/language/snapshot.js");

const root = realpathSync(mkdtempSync(join(tmpdir(), "npulab-snapshot-")));
const home = join(root, "cache");
const cache = join(home, "npulab", "snapshots");
const notebooks = join(root, "notebooks");
mkdirSync(notebooks);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const snapshot = snapshotFor({ folder: notebooks, cache });
const BUILD_MS = 120_000;

/** Returns what a kernel with this cache answers, and whether its language started from the snapshot. */
async function answers(code: string, cacheHome = home) {
  const kernel = await startKernel({ cwd: notebooks, env: { XDG_CACHE_HOME: cacheHome } });
  try {
    const { result } = await run(kernel, code);
    return {
      result,
      fromSnapshot: commandsBelow(kernel.pid).some((each) => each.includes("--snapshot-blob")),
    };
  } finally {
    await kernel.shutdown();
  }
}

/** Command lines of the children of a process: proc(5). */
function commandsBelow(parent: number): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return Number(ppid) === parent ? [readFileSync(`/proc/${pid}/cmdline`, "utf8")] : [];
    } catch {
      return []; // no process, or one that has ended
    }
  });
}

describe.skipIf(process.platform !== "linux")("a kernel starts from a snapshot", () => {
  beforeAll(() => expect(buildSnapshot({ folder: notebooks, cache })).toBe(true), BUILD_MS);

  test("buildSnapshot() leaves the snapshot and its manifest, and nothing beside them", () => {
    expect(isFresh(snapshot)).toBe(true);
    expect(readdirSync(cache).map((name) => name.replace(/^.*\./, ""))).toEqual(["blob", "json"]);
  });

  test("a notebook finds its own folder, types and packages", async () => {
    writeFileSync(join(notebooks, "net.ts"), "export const layers: number = 3;");
    const code =
      'import { layers } from "./net"; import { join } from "node:path"; join("a", String(layers))';
    expect(await answers(code)).toEqual({ result: "'a/3'", fromSnapshot: true });
  });

  test("a damaged snapshot is deleted, and the kernel reads the types itself", async () => {
    const kept = { blob: readFileSync(snapshot.blob), manifest: readFileSync(snapshot.manifest) };
    const damaged = Buffer.from(kept.blob);
    damaged.fill(7, 0, 4096);
    writeFileSync(snapshot.blob, damaged);
    expect(isFresh(snapshot)).toBe(true);
    expect(await answers("6 * 7")).toEqual({ result: "42", fromSnapshot: false });
    expect(existsSync(snapshot.blob)).toBe(false);
    writeFileSync(snapshot.blob, kept.blob);
    writeFileSync(snapshot.manifest, kept.manifest);
  });

  test("isFresh() refuses one that was cut off, and one whose compiler or types have changed", () => {
    const text = readFileSync(snapshot.manifest, "utf8");
    const { size, inputs } = JSON.parse(text) as { size: number; inputs: [string, number, number][] };
    const names = inputs.map(([file]) => file);
    for (const part of [
      /typescript\.js$/,
      /lib\.esnext\.d\.ts$/,
      /@types\/node\/fs\.d\.ts$/,
      /session\.js$/,
    ]) {
      const at = names.findIndex((file) => part.test(file));
      expect(at).toBeGreaterThanOrEqual(0);
      const other = inputs.map((input, i) => (i === at ? [input[0], input[1], input[2] + 1] : input));
      writeFileSync(snapshot.manifest, JSON.stringify({ size, inputs: other }));
      expect(isFresh(snapshot)).toBe(false);
    }
    writeFileSync(snapshot.manifest, JSON.stringify({ size: size + 1, inputs }));
    expect(isFresh(snapshot)).toBe(false);
    writeFileSync(snapshot.manifest, text);
    expect(isFresh(snapshot)).toBe(true);
  });

  test(
    "a kernel without one builds it on the side for the next",
    async () => {
      const elsewhere = join(root, "first-start");
      const kernel = await startKernel({ cwd: notebooks, env: { XDG_CACHE_HOME: elsewhere } });
      const wanted = snapshotFor({ folder: notebooks, cache: join(elsewhere, "npulab", "snapshots") });
      try {
        expect((await run(kernel, "6 * 7")).result).toBe("42");
        await expect.poll(() => isFresh(wanted), { timeout: BUILD_MS, interval: 100 }).toBe(true);
      } finally {
        await kernel.shutdown();
      }
      expect((await answers("6 * 7", elsewhere)).fromSnapshot).toBe(true);
    },
    BUILD_MS,
  );
});

describe("buildSnapshot() gives way", () => {
  const lockOf = (folder: string) => `${snapshotFor({ folder: notebooks, cache: folder }).blob}.lock`;

  test("to a builder that is at it", () => {
    const busy = join(root, "busy");
    mkdirSync(busy);
    writeFileSync(lockOf(busy), "1");
    expect(buildSnapshot({ folder: notebooks, cache: busy })).toBe(false);
    expect(readdirSync(busy)).toHaveLength(1);
  });

  test("where nothing can be written", async () => {
    const blocked = join(root, "a-file");
    writeFileSync(blocked, "");
    expect(buildSnapshot({ folder: notebooks, cache: join(blocked, "below") })).toBe(false);
    expect(await answers("6 * 7", blocked)).toEqual({ result: "42", fromSnapshot: false });
  });
});
