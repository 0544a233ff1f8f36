import { describe, expect, test } from "vitest";
import { counted, countedAsync, createBar, duration, knownTotal } from "../../kernel/execute/progress.js";
import { outputBook } from "../../kernel/outputs.js";
import { sharedKernel } from "./harness.js";

function surface(stepMs: number) {
  let clock = 0;
  const shown: string[] = [];
  return {
    shown,
    show: (bundle: { readonly "text/plain": string }) => void shown.push(bundle["text/plain"]),
    now: () => clock,
    tick: () => {
      clock += stepMs;
    },
  };
}

describe("createBar()", () => {
  test("says rate and time left while it runs, and only the count at its end", () => {
    const place = surface(100);
    const bar = createBar({ label: "layers", total: 4 }, place);
    for (let step = 0; step < 4; step++) {
      place.tick();
      bar.advance();
    }
    bar.end();
    expect(place.shown[2]).toBe("layers ▓▓▓▓▓▓▓▓▓▓░░░░░░░░░░ 2 of 4 · 10/s · 0 s left");
    expect(place.shown.at(-1)).toBe("layers 4 of 4");
  });

  test("is rewritten at most ten times a second, however fast the loop is", () => {
    const place = surface(1);
    const bar = createBar({ total: 1000 }, place);
    for (let step = 0; step < 1000; step++) {
      place.tick();
      bar.advance();
    }
    bar.end();
    expect(place.shown.length).toBeLessThanOrEqual(12);
    expect(place.shown.length).toBeGreaterThan(9);
  });

  test("without a total it counts; one that ends early says so", () => {
    const place = surface(100);
    const open = createBar({}, place);
    open.advance(3);
    open.end();
    expect(place.shown.at(-1)).toBe("3");
    createBar({ total: 2 }, place).end();
    expect(place.shown.at(-1)).toBe("0 of 2 · stopped");
  });
});

describe("counted() and countedAsync()", () => {
  test("give every item, and end the bar when the loop is left", async () => {
    const place = surface(1);
    const bar = () => createBar({ total: 3 }, place);
    expect([...counted([1, 2, 3], bar)]).toEqual([1, 2, 3]);
    expect(place.shown.at(-1)).toBe("3 of 3");
    for (const item of counted([1, 2, 3], bar)) if (item === 2) break;
    expect(place.shown.at(-1)).toBe("1 of 3 · stopped");
    async function* items() {
      yield "a";
      yield "b";
    }
    const heard: string[] = [];
    for await (const item of countedAsync(items(), bar)) heard.push(item);
    expect(heard).toEqual(["a", "b"]);
  });

  test("knownTotal() reads lengths and sizes; duration() reads as people say it", () => {
    expect([[1, 2], new Set([1]), new Float32Array(3), (function* () {})()].map(knownTotal)).toEqual([
      2,
      1,
      3,
      undefined,
    ]);
    expect([5.4, 200, 7500].map(duration)).toEqual(["5 s", "3 min 20 s", "2 h 5 min"]);
  });
});

describe("progress() in a cell", () => {
  const kernel = sharedKernel();

  test("updates one display, also in a loop that never yields, and leaves one last state", async () => {
    const { types, contents, status } = await kernel.run(
      'import { progress } from "tslab";\nlet sum = 0;\nfor (const each of progress([1, 2, 3, 4], { label: "l" })) { const end = Date.now() + 120; while (Date.now() < end); sum += each; }\nsum',
    );
    expect(status).toBe("ok");
    expect(types.filter((type) => type === "display_data")).toHaveLength(1);
    expect(types.filter((type) => type === "update_display_data").length).toBeGreaterThanOrEqual(4);
    const book = outputBook();
    for (const [index, type] of types.entries())
      book.add("c", { header: { msg_type: type }, content: contents[index] } as Parameters<
        typeof book.add
      >[1]);
    const [bar] = book.outputsOf("c");
    expect(bar).toMatchObject({ output_type: "display_data", data: { "text/plain": "l 4 of 4" } });
  });
});
