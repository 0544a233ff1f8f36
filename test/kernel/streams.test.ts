import { describe, expect, test, vi } from "vitest";
import { callLater } from "../../kernel/execute/streams.js";

describe("callLater()", () => {
  test("calls each as often as it was asked, after the code that asks", async () => {
    const later = callLater();
    const [first, second] = [vi.fn(), vi.fn()];
    for (let time = 0; time < 1000; time++) later(first);
    later(second);
    expect(first).not.toHaveBeenCalled();
    await new Promise((resolve) => setImmediate(resolve));
    expect([first.mock.calls.length, second.mock.calls.length]).toEqual([1000, 1]);
  });

  test("defers once for any number of calls, so that a loop that never yields keeps nothing", () => {
    const defer = vi.fn();
    const later = callLater(defer);
    const work = () => {};
    for (let time = 0; time < 1000; time++) later(work);
    expect(defer).toHaveBeenCalledTimes(1);
  });

  test("calls that ask again are heard", async () => {
    const later = callLater();
    let left = 5;
    await new Promise<void>((resolve) => {
      const again = () => (--left === 0 ? resolve() : later(again));
      later(again);
    });
    expect(left).toBe(0);
  });
});
