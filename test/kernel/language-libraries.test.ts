import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { narrow, widen } from "../../kernel/language/narrow.js";
import { nodeLibrary } from "../../kernel/language/node-library.js";
import { languageSession } from "../../kernel/language/session.js";

const root = realpathSync(mkdtempSync(join(tmpdir(), "npulab-types-")));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe("nodeLibrary()", () => {
  mkdirSync(join(root, "node"));
  const write = (name: string, text: string) => writeFileSync(join(root, "node", name), text);
  write(
    "index.d.ts",
    '/// <reference lib="es2020" />\n/// <reference path="fs.d.ts" />\n/// <reference path="web.d.ts" />\n',
  );
  write("fs.d.ts", '/// <reference path="url.d.ts" />\n/** Node’s. */\ndeclare module "fs" {}\n');
  write("url.d.ts", 'declare module "url" {}\n');
  write("web.d.ts", "export {};\ndeclare global {}\n");

  test("joins scripts in the order of their references and refers to modules", () => {
    const library = nodeLibrary(root);
    const whole = library.text(join(root, "node/index.d.ts")) ?? "";
    expect(whole.match(/reference lib="es2020"/g)).toHaveLength(1);
    expect(whole).toContain(`/// <reference path="${join(root, "node/web.d.ts")}" />`);
    expect(whole.indexOf('"url"')).toBeLessThan(whole.indexOf('"fs"'));
    expect(library.text(join(root, "node/fs.d.ts"))).toBe("");
    expect(library.text(join(root, "node/web.d.ts"))).toBeUndefined();
    expect([...whole].every((unit) => unit <= "\xff")).toBe(true);
  });

  test("is empty where there are no types", () => {
    expect(nodeLibrary(undefined).files).toEqual([]);
    expect(nodeLibrary(join(root, "nowhere")).files).toEqual([]);
  });
});

test("widen() gives what narrow() was given", () => {
  const text = "Node’s – 𝄞 é \\n";
  expect(narrow(text)).toBe("Node\\u2019s \\u2013 \\ud834\\udd1e é \\n");
  expect(widen(narrow(text))).toBe(text);
  expect(widen("\\u0041")).toBe("\\u0041");
});

test("exercise() between a cell's compilation and its commit changes neither", () => {
  const session = languageSession(root);
  const first = session.answer({ op: "compile", code: "const kept = 1" });
  if (!first.ok) throw new Error("refused");
  session.exercise("const kept = 'another'");
  session.commit(first.module.id, [...first.values, ...first.types]);
  expect(session.answer({ op: "compile", code: "kept.toFixed()" })).toMatchObject({ ok: true });
});
