import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { describe, expect, test, vi } from "vitest";
import { completeness } from "../../kernel/language/completeness.js";
import { outbox } from "../../kernel/protocol/outbox.js";
import { type StreamText, streamJoiner } from "../../kernel/protocol/stream-joiner.js";
import { createHistory, matchesGlob } from "../../kernel/wire/history.js";
import { toCodePoints, toUtf16 } from "../../kernel/wire/positions.js";
import { typeError } from "../../kernel/wire/type-error.js";

describe("outbox()", () => {
  test("sends one after the other, in order, and goes on after a failure", async () => {
    const sent: string[] = [];
    let inFlight = 0;
    const box = outbox(async ([frame]) => {
      expect(++inFlight).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      inFlight--;
      if (frame === "3") throw new Error("unreachable");
      sent.push(String(frame));
    });
    for (let i = 0; i < 10; i++) box.post([String(i)]);
    await box.flushed();
    expect(sent).toEqual(["0", "1", "2", "4", "5", "6", "7", "8", "9"]);
  });
});

describe("streamJoiner()", () => {
  test("joins pieces of one stream and one parent, keeps the order of others", () => {
    const joined: StreamText<number>[] = [];
    const joiner = streamJoiner<number>({ emit: (text) => joined.push(text), maxChars: 8 });
    for (const text of ["a", "", "b"]) joiner.add({ name: "stdout", parent: 1, text });
    joiner.add({ name: "stderr", parent: 1, text: "c" });
    joiner.add({ name: "stderr", parent: 2, text: "d" });
    joiner.add({ name: "stderr", parent: 2, text: "12345678" });
    expect(joined.map(({ text }) => text)).toEqual(["ab", "c", "d12345678"]);
  });

  test("sends what is held after a moment", () => {
    vi.useFakeTimers();
    const emit = vi.fn();
    streamJoiner({ emit, delayMs: 15 }).add({ name: "stdout", parent: 0, text: "x" });
    expect(emit).not.toHaveBeenCalled();
    vi.advanceTimersByTime(15);
    expect(emit).toHaveBeenCalledOnce();
    vi.useRealTimers();
  });
});

describe("createHistory()", () => {
  const history = createHistory();
  for (const [index, source] of ["1+2", "x", "1*2", "1+2"].entries()) history.add(index + 1, source);

  test("find() gives the tail, a half-open range, and matches", () => {
    expect(history.find({ access: "tail", n: 2 })).toEqual([
      [1, 3, "1*2"],
      [1, 4, "1+2"],
    ]);
    expect(history.find({ access: "range", session: 0, start: 2, stop: 4 }).map(([, line]) => line)).toEqual([
      2, 3,
    ]);
    expect(history.find({ access: "search", pattern: "1?2", unique: false }).map(([, line]) => line)).toEqual(
      [1, 3, 4],
    );
    expect(history.find({ access: "search", pattern: "1?2", unique: true })).toHaveLength(2);
    expect(history.find({ access: "search", pattern: "*", unique: false, n: 1 })).toEqual([[1, 4, "1+2"]]);
  });

  test("matchesGlob() agrees with the plain recursive meaning of a glob, whatever the text", () => {
    const means = (glob: string, text: string): boolean => {
      if (glob === "") return text === "";
      if (glob[0] === "*") return means(glob.slice(1), text) || (text !== "" && means(glob, text.slice(1)));
      return text !== "" && (glob[0] === "?" || glob[0] === text[0]) && means(glob.slice(1), text.slice(1));
    };
    const word = (letters: string[]) =>
      fc.array(fc.constantFrom(...letters), { maxLength: 8 }).map((all) => all.join(""));
    fc.assert(
      fc.property(word(["a", "b", ".", "*", "?"]), word(["a", "b", ".", "\n"]), (glob, text) => {
        expect(matchesGlob(glob, text)).toBe(means(glob, text));
      }),
      { seed: 5, numRuns: 500 },
    );
  });

  test("matchesGlob() with many stars answers at once", () => {
    const started = performance.now();
    expect(matchesGlob(`${"*a".repeat(40)}b`, "a".repeat(20_000))).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe("toUtf16() and toCodePoints()", () => {
  test("count a character beyond the basic plane once and twice", () => {
    const text = "a\u{1f600}b";
    expect([0, 1, 2, 3, 9].map((at) => toUtf16(text, at))).toEqual([0, 1, 3, 4, 4]);
    expect([0, 1, 3, 4].map((at) => toCodePoints(text, at))).toEqual([0, 1, 2, 3]);
  });
});

describe("completeness()", () => {
  test.each([
    ["1", "complete"],
    ["function f() {", "incomplete"],
    ["`open", "incomplete"],
    ["/* open", "incomplete"],
    ["let let = ;;)", "invalid"],
    ["import = 7q", "invalid"],
  ])("completeness(%j) is %s", (code, status) => {
    expect(completeness(code).status).toBe(status);
  });

  test("an open bracket indents the next line", () => {
    expect(completeness("  if (x) {")).toEqual({ status: "incomplete", indent: "    " });
  });
});

describe("typeError()", () => {
  test("underlines the place in its line", () => {
    const error = typeError(
      [{ line: 2, column: 7, length: 1, code: 2322, message: "no", source: "const s = 5" }],
      3,
    );
    const plain = stripVTControlCharacters(error.traceback.join("\n"));
    expect(plain).toBe("Cell In[3]:2:7 - TS2322: no\n  2 | const s = 5\n            ~");
  });
});
