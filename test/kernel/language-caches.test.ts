import { mkdirSync, mkdtempSync, realpathSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { languageSession } from "../../kernel/language/session.js";
import type { CompiledCell } from "../../kernel/threads.js";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "npulab-language-")));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const session = languageSession(folder);

let seconds = 1_700_000_000;
/** Each write is a second later than the one before, however fast the tests are. */
function write(path: string, text: string): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  seconds++;
  utimesSync(file, seconds, seconds);
}

/** Returns the codes (2551: no such property, but one of a similar name) of the errors that stop the cell; runs it, as far as later cells are concerned. */
function errors(code: string): readonly number[] {
  const compiled = session.answer({ op: "compile", code });
  if (!compiled.ok) return compiled.diagnostics.map((each) => each.code);
  session.commit(compiled.module.id, [...compiled.values, ...compiled.types]);
  return [];
}

function compile(code: string): CompiledCell {
  const compiled = session.answer({ op: "compile", code });
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.diagnostics));
  return compiled;
}

describe("what was checked is checked again when it may come out otherwise", () => {
  test("compile() sees a local file that has changed under the same cell", () => {
    write("net.ts", "export const layers = 3;");
    const cell = 'import { layers } from "./net"; layers.toFixed()';
    expect(errors(cell)).toEqual([]);
    write("net.ts", 'export const layers = "three";');
    expect(errors(cell)).toEqual([2551]);
    write("net.ts", "export const layers = 4;");
    const again = compile(cell);
    expect(again.files.map(({ id }) => id)).toEqual([join(folder, "net.ts")]);
    expect(compile(cell).files).toEqual([]);
  });

  test("compile() sees a change in a file that an earlier cell has imported", () => {
    write("shared.ts", "export const size = 1;");
    expect(errors('import { size } from "./shared"')).toEqual([]);
    expect(errors("size.toFixed()")).toEqual([]);
    write("shared.ts", 'export const size = "large";');
    expect(errors("size.toFixed()")).toEqual([2551]);
  });

  test("compile() sees a local file that was missing, and misses one that was deleted", () => {
    const cell = 'import { late } from "./late"; late';
    expect(errors(cell)).toEqual([2307]);
    write("late.ts", "export const late = 1;");
    expect(errors(cell)).toEqual([]);
    rmSync(join(folder, "late.ts"));
    expect(errors(cell)).toEqual([2307]);
  });

  test("compile() sees a file that another local file was missing", () => {
    write("outer.ts", 'export { inner } from "./inner";');
    const cell = 'import { inner } from "./outer"; inner';
    expect(errors(cell)).toEqual([2307]);
    write("inner.ts", "export const inner = 1;");
    expect(errors(cell)).toEqual([]);
  });

  test("compile() sees a package that was installed, and types that came after it", () => {
    const cell = 'import { fresh } from "fresh"; fresh.toFixed()';
    expect(errors(cell)).toEqual([2307]);
    write("node_modules/fresh/package.json", '{ "name": "fresh", "main": "index.js" }');
    write("node_modules/fresh/index.js", "exports.fresh = 1;");
    expect(errors(cell)).toEqual([]);
    write("node_modules/@types/fresh/package.json", '{ "name": "@types/fresh", "types": "index.d.ts" }');
    write("node_modules/@types/fresh/index.d.ts", "export declare const fresh: string;");
    expect(errors(cell)).toEqual([2551]);
  });

  test("compile() holds the same cell against a type that was declared anew", () => {
    const cell = "const point: Point = { x: 1 }; point.x";
    expect(errors("interface Point { x: number }")).toEqual([]);
    expect(errors(cell)).toEqual([]);
    expect(errors("interface Point { x: string }")).toEqual([]);
    expect(errors(cell)).toEqual([2322]);
  });

  test("compile() gives a cell that is run again a module of its own with the same code", () => {
    const first = compile("40 + 2");
    const again = compile("40 + 2");
    expect(again.module.id).not.toBe(first.module.id);
    expect(again.module.js).toBe(first.module.js);
    expect(compile("40 + 3").module.js).not.toBe(first.module.js);
  });
});

describe("the standard library in one file", () => {
  test("compile() knows its names from the first edition to the next, and no browser's", () => {
    expect(errors("[1, 2].map(String).at(-1)?.padStart(3); Promise.withResolvers<void>()")).toEqual([]);
    expect(errors("[1].values().map((each) => each + 1).toArray(); Array.fromAsync([1])")).toEqual([]);
    expect(errors("new Set([1]).union(new Set([2])).size.toFixed(); Object.groupBy([1], String)")).toEqual(
      [],
    );
    expect(errors("document.title")).toEqual([2584]);
    expect(errors("[1].noSuchMethod()")).toEqual([2339]);
  });
});

describe("documentation is read when it is asked for", () => {
  const documentation = (code: string, at: string) =>
    session.answer({ op: "inspect", code, position: code.indexOf(at) + 1 })?.documentation;

  test("inspect() gives the standard library's", () => {
    expect(documentation("Math.max(1, 2)", "max")).toMatch(/^Returns the larger .*\n\n@param values /s);
  });

  test("inspect() gives that of an earlier cell's function and of a local file's", () => {
    errors(
      "/** Folds a layer.\n * @param width in channels */\nfunction fold(width: number) { return width }",
    );
    expect(documentation("fold(1)", "fold")).toBe("Folds a layer.\n\n@param width in channels");
    write("described.ts", "/** How deep. */\nexport const depth = 1;");
    expect(documentation('import { depth } from "./described"; depth', "depth")).toBe("How deep.");
  });

  test("inspect() gives that of the overload which is called", () => {
    errors(
      "/** By number. */\nfunction pick(at: number): void;\n/** By name. */\nfunction pick(at: string): void;\nfunction pick(at: unknown) {}",
    );
    expect(documentation('pick("a")', "pick")).toBe("By name.");
    expect(documentation("pick", "pick")).toBe("By number.\n\nBy name.");
  });

  test("inspect() gives none where there is none", () => {
    errors("const bare = 1");
    expect(documentation("bare", "bare")).toBe("");
  });
});
