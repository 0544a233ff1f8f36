import { describe, expect, test } from "vitest";
import { placeWindow, spreadWindow, type WindowAxis } from "../../lib/graph/infer/window.js";

const axis: WindowAxis = {
  size: 5,
  kernel: 3,
  stride: 2,
  dilation: 1,
  padStart: 1,
  padEnd: 1,
  autoPad: "NOTSET",
  ceil: false,
};

describe("placeWindow()", () => {
  test("counts the positions of its worked example", () => {
    expect(placeWindow(axis).positions).toBe(3);
  });

  test("covers the input once per stride with SAME, the odd pad at the end or at the start", () => {
    const same = { ...axis, size: 224, padStart: 9, padEnd: 9 };
    expect(placeWindow({ ...same, autoPad: "SAME_UPPER" })).toEqual({
      positions: 112,
      padStart: 0,
      padEnd: 1,
    });
    expect(placeWindow({ ...same, autoPad: "SAME_LOWER" })).toEqual({
      positions: 112,
      padStart: 1,
      padEnd: 0,
    });
  });

  test("widens the kernel by its dilation", () => {
    expect(placeWindow({ ...axis, dilation: 2, stride: 1, autoPad: "VALID" }).positions).toBe(1);
  });

  test("counts a window over the end with ceil, but none that starts in the padding", () => {
    const pool = { ...axis, size: 6, kernel: 2, padStart: 0, padEnd: 0 };
    expect(placeWindow({ ...pool, size: 5 }).positions).toBe(2);
    expect(placeWindow({ ...pool, size: 5, ceil: true }).positions).toBe(3);
    expect(placeWindow({ ...pool, size: 3, kernel: 1, padEnd: 1, ceil: true }).positions).toBe(2);
  });

  test("gives no position where the kernel is larger than the input", () => {
    expect(placeWindow({ ...axis, size: 2, padStart: 0, padEnd: 0 }).positions).toBeLessThan(1);
  });
});

describe("spreadWindow()", () => {
  test("undoes placeWindow() up to the output padding", () => {
    const size = spreadWindow({ ...axis, size: 3, outputPadding: 0 });
    expect(size).toBe(5);
    expect(placeWindow({ ...axis, size }).positions).toBe(3);
    expect(spreadWindow({ ...axis, size: 3, outputPadding: 1 })).toBe(6);
    expect(spreadWindow({ ...axis, autoPad: "SAME_UPPER", outputPadding: 0 })).toBe(10);
  });
});
