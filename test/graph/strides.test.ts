import { describe, expect, test } from "vitest";
import { clampRange } from "../../lib/graph/infer/slice-plan.js";
import { broadcastView, denseStrides, readView } from "../../lib/graph/infer/strides.js";

describe("readView()", () => {
  const values = [0, 1, 2, 3, 4, 5];

  test("gives the views of its worked example", () => {
    expect(denseStrides([2, 3])).toEqual([3, 1]);
    expect([...readView(values, { shape: [3, 2], strides: [1, 3], offset: 0 })]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...readView(values, { shape: [2, 2], strides: [3, -2], offset: 2 })]).toEqual([2, 0, 5, 3]);
    expect([...readView(values, { shape: [3, 3], strides: [0, 1], offset: 3 })]).toEqual([
      3, 4, 5, 3, 4, 5, 3, 4, 5,
    ]);
  });

  test("gives one element for a scalar and none for an empty shape", () => {
    expect([...readView([7], { shape: [], strides: [], offset: 0 })]).toEqual([7]);
    expect([...readView([], { shape: [2, 0], strides: [0, 1], offset: 0 })]).toEqual([]);
  });
});

describe("broadcastView()", () => {
  test("repeats along axes of size 1 and along new ones", () => {
    expect([...readView([1, 2], broadcastView([2, 1], [2, 2, 2]))]).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
  });
});

describe("clampRange()", () => {
  test("clamps as NumPy does", () => {
    expect(clampRange(6, 8, 0, -3)).toEqual({ start: 5, step: -3, count: 2 });
    expect(clampRange(6, -2, Number.MAX_SAFE_INTEGER, 1)).toEqual({ start: 4, step: 1, count: 2 });
    expect(clampRange(6, 5, Number.MIN_SAFE_INTEGER, -1)).toEqual({ start: 5, step: -1, count: 6 });
    expect(clampRange(6, 4, 2, 1).count).toBe(0);
  });
});
