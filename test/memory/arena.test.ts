import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { planArena } from "../../lib/memory/arena.js";
import { readProblem, writeSolution } from "../../lib/memory/minimalloc.js";
import type { Buffer } from "../../lib/memory/problem.js";
import { validatePlacement } from "../../lib/memory/validate.js";
import { bytes } from "../../lib/units.js";
import { describeShared, requireShared } from "../shared.js";

const CAPACITY = bytes(1_048_576);

function buffer(id: number, size: number, start: number, end: number, alignment = 1): Buffer {
  return { id, sizeBytes: bytes(size), start, end, alignment, pinned: null };
}

const arena = (sizeBytes: number) => ({
  name: "arena",
  address: 0,
  sizeBytes: bytes(sizeBytes),
  rights: "write" as const,
  external: false,
  constantsPreferred: false,
});

describe("planArena()", () => {
  const EIGHT = [
    buffer(0, 1, 1, 4),
    buffer(1, 2, 3, 5),
    buffer(2, 3, 0, 2),
    buffer(3, 2, 2, 4),
    buffer(4, 1, 1, 3),
    buffer(5, 2, 0, 1),
    buffer(6, 1, 2, 3),
    buffer(7, 3, 4, 5),
  ];

  it("places, or proves that it cannot be done, by load or by search", () => {
    expect(planArena(EIGHT, { capacityBytes: bytes(6) })).toMatchObject({
      kind: "placed",
      heightBytes: 6,
      proved: false,
    });
    expect(planArena(EIGHT, { capacityBytes: bytes(5) })).toMatchObject({
      kind: "impossible",
      proof: "search",
    });
    const impossible = planArena(EIGHT, { capacityBytes: bytes(4) });
    expect(impossible).toMatchObject({ kind: "impossible", proof: "load", bound: { bytes: 5, step: 0 } });
    expect(impossible.bound.live.map(({ id }) => id)).toEqual([2, 5]);
  });

  it("does not call impossible what only its rounding to the widest alignment excludes", () => {
    // The last buffer makes the search count in twos: it finds nothing, and that proves nothing.
    const mixed = [...EIGHT, buffer(8, 2, 6, 7, 2)];
    expect(planArena(mixed, { capacityBytes: bytes(5) }).kind).toBe("undecided");
    expect(planArena(mixed, { capacityBytes: bytes(6) }).kind).toBe("placed");
  });

  it("places buffers of no bytes, and none", () => {
    expect(planArena([buffer(0, 0, 0, 1)], { capacityBytes: bytes(0) })).toMatchObject({
      kind: "placed",
      proved: true,
    });
    expect(planArena([], { capacityBytes: bytes(0) })).toMatchObject({ kind: "placed", heightBytes: 0 });
  });

  it("refuses more buffers than it can compare, unless the load settles it", () => {
    const many = Array.from({ length: 1_000_000 }, (_, id) => buffer(id, 16, id, id + 2));
    expect(() => planArena(many, { capacityBytes: bytes(64) })).toThrow(
      "Cannot plan 1000000 buffers: expected at most 10000",
    );
    expect(planArena(many, { capacityBytes: bytes(31) })).toMatchObject({
      kind: "impossible",
      proof: "load",
    });
  });

  it("refuses pinned buffers", () => {
    const pinned = { ...buffer(0, 4, 0, 1), pinned: 4 };
    expect(() => planArena([pinned], { capacityBytes: bytes(64) })).toThrow("buffer '0' pinned to 4");
  });
});

describe("readProblem()", () => {
  const TEXT = "id,lower,upper,size\na,0,2,4\nb,1,3,2\n";

  it("reads buffers, and writes them back with offsets", () => {
    const file = readProblem(TEXT);
    expect(file.buffers).toEqual([
      { id: "a", sizeBytes: 4, start: 0, end: 2, alignment: 1, pinned: null },
      { id: "b", sizeBytes: 2, start: 1, end: 3, alignment: 1, pinned: null },
    ]);
    const offsets = new Map([
      ["a", bytes(0)],
      ["b", bytes(4)],
    ]);
    const solved = "id,lower,upper,size,offset\na,0,2,4,0\nb,1,3,2,4\n";
    expect(writeSolution(file, offsets)).toBe(solved);
    expect(writeSolution(readProblem(solved), offsets)).toBe(solved);
  });

  it("takes columns in any order, keeps what it does not know, and line ends of Windows", () => {
    const file = readProblem("size,upper,note,lower,id,alignment\r\n4,2,first,0,a,8\r\n");
    expect(file.buffers).toEqual([{ id: "a", sizeBytes: 4, start: 0, end: 2, alignment: 8, pinned: null }]);
    expect(writeSolution(file, new Map([["a", bytes(8)]]))).toBe(
      "size,upper,note,lower,id,alignment,offset\n4,2,first,0,a,8,8\n",
    );
  });

  it.each([
    ["", "the file is empty, expected a header", "line 1, header"],
    ["id,lower,size\n", "no column upper among 'id, lower, size'", "line 1, header"],
    ["id,id,lower,upper,size\n", "the column id is there twice", "line 1, header"],
    ["id,lower,upper,size,gaps\n", "it has a column gaps", "line 1, header"],
    [`${TEXT}c,1,2\n`, "it has 3 fields, expected 4", "line 4, line"],
    [`${TEXT}a,1,2,3\n`, "buffer 'a' is given twice", "line 4, id"],
    [`${TEXT}c,-1,2,3\n`, "lower is '-1', expected a whole number from 0", "line 4, lower"],
    [`${TEXT}c,1,1,3\n`, "buffer 'c' lives from 1 to 1, expected an end after the start", "line 4, upper"],
    [`${TEXT}c,1,2,3.5\n`, "size is '3.5'", "line 4, size"],
    [`${TEXT}c,1,2,99999999999999999999\n`, "size is '99999999999999999999'", "line 4, size"],
    [`${TEXT}"c",1,2,3\n`, "it has quotation marks", "line 4, line"],
  ])("refuses %j", (text, message, at) => {
    expect(() => readProblem(text)).toThrow(message);
    expect(() => readProblem(text)).toThrow(expect.objectContaining({ at }));
  });
});

describeShared("the challenging problems of MiniMalloc", () => {
  const folder = "benchmarks/minimalloc";
  const names = () => readdirSync(requireShared(folder)).filter((name) => name.endsWith(".csv"));

  it("planArena() places all eleven in 1 MiB", { timeout: 180_000 }, () => {
    expect(names()).toHaveLength(11);
    for (const name of names()) {
      const { buffers } = readProblem(readFileSync(requireShared(`${folder}/${name}`), "utf8"));
      // The hardest takes 200,869 decisions.
      const plan = planArena(buffers, { capacityBytes: CAPACITY, nodes: 400_000 });
      expect([name, plan.kind]).toEqual([name, "placed"]);
      if (plan.kind !== "placed") continue;
      expect(validatePlacement({ buffers, pools: [arena(CAPACITY)] }, plan.placements)).toEqual([]);
    }
  });
});
