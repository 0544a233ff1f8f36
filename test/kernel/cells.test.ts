import { describe, expect, test } from "vitest";
import { sharedKernel } from "./harness.js";

const shared = sharedKernel();
const { run, project } = shared;

describe("variables across cells", () => {
  test("a variable has one storage: the closure example gives 11", async () => {
    await run("let n = 0; function inc() { n++; return n }");
    await run("n = 10");
    expect((await run("inc()")).result).toBe("11");
    expect((await run("n")).result).toBe("11");
  });

  test("shorthand takes names of earlier cells", async () => {
    await run("const b9 = 4");
    expect((await run("({ a: 1, b9 })")).result).toBe("{ a: 1, b9: 4 }");
  });

  test("a name may be declared again with another type", async () => {
    await run("const again = 1");
    await run("const again = 'text'");
    expect((await run("again.toUpperCase()")).result).toBe("'TEXT'");
  });

  test("types, enums, classes and namespaces flow across cells", async () => {
    await run(
      "interface P { a: number }\nclass C implements P { a = 1 }\nenum E { A, B }\nnamespace N { export const q = 3 }",
    );
    expect((await run("const p: P = new C(); [p.a, E.B, N.q]")).result).toBe("[ 1, 1, 3 ]");
  });

  test("a failed cell keeps what it reached and what was before", async () => {
    await run("const kept = 1; const late = 2");
    await run("const reached = 5; throw new Error('x'); const late = 3", { stopOnError: false });
    expect((await run("[kept, reached, late]")).result).toBe("[ 1, 5, 2 ]");
  });

  test("a var in a block of a later cell is that cell's own", async () => {
    await run("var inner = 1");
    expect((await run("if (true) { var inner = 7 }; inner")).result).toBe("7");
    expect((await run("inner")).result).toBe("1");
  });
});

describe("language", () => {
  test("top-level await, for await and using", async () => {
    expect((await run("await Promise.resolve(3)")).result).toBe("3");
    expect(
      (await run("for await (const x of (async function* () { yield 1; yield 2 })()) console.log(x)")).stdout,
    ).toBe("1\n2\n");
    const using = await run("using r = { [Symbol.dispose]() { console.log('disposed') } }; 5");
    expect([using.result, using.stdout]).toEqual(["5", "disposed\n"]);
  });

  test("a type error stops the cell before it runs and points at the cell's line and column", async () => {
    const { status, stdout, error } = await run("console.log('ran')\n\nconst s: string = 5");
    expect([status, stdout, error?.ename]).toEqual(["error", "", "TypeScriptError"]);
    expect(error?.evalue).toBe("TS2322: Type 'number' is not assignable to type 'string'.");
    expect(error?.traceback).toMatch(/Cell In\[\d+\]:3:7 - TS2322/);
    expect(error?.traceback).toContain("  3 | const s: string = 5\n            ~");
  });

  test("a syntax error points at its place", async () => {
    expect((await run("const ok = 1\nlet = ;")).error?.traceback).toMatch(/Cell In\[\d+\]:2:/);
  });

  test("constants and functions of earlier cells cannot be assigned", async () => {
    await run("const fixed = 1; function fun() {}");
    expect((await run("fixed = 2")).error?.evalue).toBe(
      "TS2588: Cannot assign to 'fixed' because it is a constant.",
    );
    expect((await run("fun = null")).error?.evalue).toMatch(/^TS2630/);
    expect((await run("let { x } = { x: 1 }")).status).toBe("ok");
    expect((await run("x = 2")).status).toBe("ok");
  });

  test("the last expression is the result, undefined shows nothing, declarations neither", async () => {
    expect((await run("'text'")).result).toBe("'text'");
    expect((await run("undefined")).types).toEqual(["execute_input"]);
    expect((await run("const d = 1")).types).toEqual(["execute_input"]);
    expect((await run("// nothing")).types).toEqual(["execute_input"]);
  });
});

describe("errors", () => {
  test("frames are in the lines of their cells; kernel frames are left out", async () => {
    await run("// first line\nfunction deep(x: any) {\n  return x.y.z;\n}");
    const { error } = await run("\n\ndeep({})");
    expect(error?.ename).toBe("TypeError");
    expect(error?.traceback).not.toContain("node:");
    expect(error?.traceback).toMatch(
      /^TypeError: Cannot read properties of undefined \(reading 'z'\)\n {4}at deep \(Cell In\[\d+\]:3:14\)\n {6}3 \| return x\.y\.z;\n {4}at Cell In\[\d+\]:3:5\n {6}3 \| deep\(\{\}\)$/,
    );
  });

  test("frames behind an exported declaration keep their columns", async () => {
    const { error } = await run("const before = 1; const broken = (null as any).field");
    expect(error?.traceback).toMatch(/at Cell In\[\d+\]:1:48\n/);
  });

  test("causes and the errors of an AggregateError are shown", async () => {
    const { error } = await run(
      "throw new AggregateError([new Error('one'), 'two'], 'both', { cause: new TypeError('inner') })",
    );
    expect(error?.traceback).toMatch(
      /AggregateError: both[\s\S]*Caused by:\nTypeError: inner[\s\S]*Error 1 of 2:\nError: one[\s\S]*'two'/,
    );
  });

  test("a hint of the error is shown", async () => {
    const { error } = await run("throw Object.assign(new Error('no'), { hint: 'try yes' })");
    expect(error?.traceback).toContain("Error: no\nHint: try yes\n");
  });

  test("what is thrown need not be an error", async () => {
    expect((await run("throw { a: 1 }")).error).toMatchObject({ ename: "object", evalue: "{ a: 1 }" });
  });

  test("a rejection nobody catches is reported and does not end the kernel", async () => {
    const first = await run(
      "Promise.reject(new Error('late')); await new Promise((r) => setTimeout(r, 30)); 1",
    );
    expect(first.result).toBe("1");
    expect(first.stderr).toMatch(/Unhandled rejection: .*late/s);
  });
});

describe("imports", () => {
  test("an ESM package with types in its exports", async () => {
    const table = await run("import * as aq from 'arquero'\nconst t = aq.table({ a: [1, 2, 3] }); t");
    expect(table.contents.at(-1)?.data).toMatchObject({ "text/html": expect.stringContaining("<table>") });
    expect((await run("t.filter((d) => d.a > 1).numRows()")).result).toBe("2");
    expect((await run("t.noSuchVerb()")).error?.evalue).toMatch(/^TS2339/);
  });

  test("the package that the notebook is in, with its types, by its own name", async () => {
    expect((await run("import { shared, Graph } from 'selfish'; shared.loads")).result).toBe("1");
    expect((await run("(await import('selfish')).shared === shared")).result).toBe("true");
    expect((await run("new Graph().nothing")).error?.evalue).toMatch(/^TS2339/);
  });

  test("CommonJS packages have Node's default export; names Node does not find come from it", async () => {
    project.write("node_modules_local/odd.cjs", "const all = {}; all.answer = 42; module.exports = all;");
    project.write("node_modules_local/odd.d.cts", "export declare const answer: number;");
    expect((await run("import { answer } from '../node_modules_local/odd.cjs'; answer")).result).toBe("42");
  });

  test("Node's modules, JSON and import.meta", async () => {
    project.write("notebooks/data.json", '{"a": [1, 2]}');
    expect(
      (
        await run(
          "import { join } from 'node:path'; import fs from 'node:fs'; [join('a', 'b'), typeof fs.readFileSync]",
        )
      ).result,
    ).toBe("[ 'a/b', 'function' ]");
    expect((await run("import data from './data.json'; data.a.length")).result).toBe("2");
    expect((await run("import data2 from './data.json' with { type: 'json' }; data2.a.length")).result).toBe(
      "2",
    );
    expect((await run("import.meta.dirname")).result).toBe(`'${project.notebooks}'`);
  });

  test("local TypeScript files, imported again when they have changed", async () => {
    project.write("notebooks/part.ts", "export const factor: number = 2;\n");
    project.write(
      "notebooks/helper.ts",
      "import { factor } from './part.js';\nexport const twice = (n: number) => factor * n;\n",
    );
    expect((await run("import { twice } from './helper'; twice(4)")).result).toBe("8");
    project.write("notebooks/part.ts", "export const factor: number = 3;\n// changed\n");
    expect((await run("import { twice } from './helper.ts'; twice(4)")).result).toBe("12");
    project.write("notebooks/part.ts", "export const factor: number = 'x';\n");
    const { error } = await run("import { twice } from './helper'; twice(4)");
    expect(error?.traceback).toContain("part.ts:1:14 - TS2322");
  });

  test("a missing module is a type error in its place", async () => {
    expect((await run("import 'no-such-package-here'")).error?.ename).toMatch(/Error/);
    expect((await run("import { x1 } from 'no-such-package-here'")).error?.evalue).toMatch(/^TS2307/);
  });
});

describe("output", () => {
  test.each([1000, 50_000])("%i lines printed in one go all arrive, in order", async (count) => {
    const { stdout, status } = await run(`for (let i = 0; i < ${count}; i++) console.log('line ' + i)`);
    expect(status).toBe("ok");
    const lines = stdout.split("\n");
    expect(lines).toHaveLength(count + 1);
    expect(lines.every((line, index) => index === count || line === `line ${index}`)).toBe(true);
  });

  test("the display functions of tslab", async () => {
    const { types, contents } = await run(
      "import * as tslab from 'tslab'\ntslab.display.html('<b>x</b>'); tslab.display.png(new Uint8Array([1, 2]))\nconst d = tslab.newDisplay(); d.text('a'); d.text('b')\ntslab.display.clear({ wait: true })",
    );
    expect(types.slice(1)).toEqual([
      "display_data",
      "display_data",
      "display_data",
      "update_display_data",
      "clear_output",
    ]);
    expect(contents[1]?.data).toEqual({ "text/html": "<b>x</b>" });
    expect(contents[2]?.data).toEqual({ "image/png": "AQI=" });
    expect(contents[3]?.transient).toEqual(contents[4]?.transient);
    expect(contents[5]).toEqual({ wait: true });
    expect((await run("tslab.display.nothing('x')")).error?.evalue).toMatch(/^TS2339/);
  });

  test("values that show themselves, as results and through display()", async () => {
    await run(
      "class Shown { constructor(readonly name: string) {}\n [Symbol.for('Jupyter.display')]() { return { data: { 'text/markdown': this.name }, metadata: { a: 1 } } } }",
    );
    const result = await run("new Shown('*r*')");
    expect(result.contents.at(-1)).toMatchObject({ data: { "text/markdown": "*r*" }, metadata: { a: 1 } });
    const shownNow = await run("display(new Shown('*d*')); display(7)");
    expect(shownNow.types.slice(1)).toEqual(["display_data", "display_data"]);
    expect(shownNow.contents[1]?.data).toEqual({ "text/markdown": "*d*" });
  });
});
