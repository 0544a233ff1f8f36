import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { offsetOf, placeOf, toCell, toModule } from "../../kernel/language/cell-map.js";
import { cellSource } from "../../kernel/language/cell-source.js";

const owners = new Map([["a", "__cell_1"]]);

describe("cellSource()", () => {
  test("exports declarations where they stand and imports what earlier cells own", () => {
    const { text, map } = cellSource("let n = 0\nn + a", { owners });
    expect(text).toBe('import { a } from "./__cell_1"; export {};\nexport let n = 0\nn + a');
    expect(map).toEqual({ headerLength: 43, insertions: [0], codeLength: 15 });
  });

  test("a name declared again is not imported", () => {
    expect(cellSource("const a = 2", { owners }).importsFrom).toEqual([]);
    expect(cellSource("for (var a = 0; a < 2; a++);", { owners }).importsFrom).toEqual([]);
    expect(cellSource("{ using a = open() }", { owners }).importsFrom).toEqual(["__cell_1"]);
    expect(cellSource("using a = open()", { owners }).importsFrom).toEqual([]);
  });

  test("values and types are told apart, patterns and imports included", () => {
    const code = [
      "const { p, q: [r, ...s] } = x;",
      "interface I {}",
      "type T = 1;",
      "declare const d: number;",
      "import f, { g as h } from 'm';",
      "import * as k from 'm';",
      "async function m() {}",
      "abstract class C {}",
      "enum E {}",
      "namespace N { export const o = 1 }",
    ].join("\n");
    const { values, types } = cellSource(code, { owners: new Map() });
    expect(values).toEqual(["p", "r", "s", "m", "C", "E", "N", "f", "h", "k"]);
    expect(types).toEqual(["I", "T", "d"]);
  });

  test("everyName imports what the cell does not name", () => {
    expect(cellSource("", { owners, everyName: true }).text).toContain("import { a }");
  });
});

describe("toModule() and toCell()", () => {
  const { map, text } = cellSource("let n = 0\nn + a", { owners });

  test("the worked example: `n` at offset 4 is at offset 54", () => {
    expect(toModule(map, 4)).toBe(54);
    expect(text[54]).toBe("n");
    expect(toCell(map, 54)).toBe(4);
  });

  test("places in the inserted word and in the header are the statement and the start", () => {
    expect(toCell(map, 45)).toBe(0);
    expect(toCell(map, 3)).toBe(0);
    expect(toCell(map, 10_000)).toBe(15);
  });

  test("toCell() undoes toModule(), for any cell", () => {
    const line = fc.constantFrom(
      "let x = 1",
      "x",
      "  const y = 2; const z = 3",
      "function f() {}",
      "",
      "// c",
      "class K {}",
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), (lines) => {
        const code = lines.join("\n");
        const source = cellSource(code, { owners });
        for (let at = 0; at <= code.length; at++)
          expect(toCell(source.map, toModule(source.map, at))).toBe(at);
      }),
    );
  });

  test("offsetOf() undoes placeOf()", () => {
    const code = "ab\n\ncde\n";
    for (let at = 0; at <= code.length; at++) expect(offsetOf(code, placeOf(code, at))).toBe(at);
  });
});
