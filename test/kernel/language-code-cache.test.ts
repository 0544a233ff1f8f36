import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadCached } from "../../kernel/language/code-cache.js";

const folder = mkdtempSync(join(tmpdir(), "npulab-code-cache-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cache = join(folder, "cache");

function module(name: string, text: string, time = 1_700_000_000): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  utimesSync(file, time, time);
  return file;
}
const load = (file: string) => loadCached(file, { folder: cache });

test("loadCached() finds what an earlier load has kept", () => {
  const file = module("plain.cjs", "exports.six = () => 6;");
  const first = load(file);
  expect(first.hit).toBe(false);
  first.keep();
  const again = load(file);
  expect(again.hit).toBe(true);
  expect((again.exports as { six(): number }).six()).toBe(6);
});

test("loadCached() runs a module that has changed, also one of the same length", () => {
  const file = module("changed.cjs", "exports.value = 1;");
  load(file).keep();
  module("changed.cjs", "exports.value = 2;", 1_700_000_001);
  expect(load(file)).toMatchObject({ hit: false, exports: { value: 2 } });
});

test("loadCached() does without a file that is damaged or cut off", () => {
  const file = module("damaged.cjs", "exports.value = 3;");
  const before = new Set(load(file) && safeList());
  load(file).keep();
  const kept = join(cache, safeList().find((name) => !before.has(name)) ?? "");
  const bytes = readFileSync(kept);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length - 5] = (flipped[bytes.length - 5] ?? 0) ^ 1;
  for (const damaged of [flipped, bytes.subarray(0, 40), Buffer.alloc(0)]) {
    writeFileSync(kept, damaged);
    expect(load(file)).toMatchObject({ hit: false, exports: { value: 3 } });
  }
});

test("loadCached() goes on where nothing can be written", () => {
  const file = module("unwritable.cjs", "exports.value = 4;");
  const blocked = module("a-file", "");
  const loaded = loadCached(file, { folder: join(blocked, "below") });
  loaded.keep();
  expect(loaded.exports).toEqual({ value: 4 });
});

function safeList(): string[] {
  try {
    return readdirSync(cache);
  } catch {
    return [];
  }
}
