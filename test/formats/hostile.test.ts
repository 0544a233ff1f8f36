/**
 * Whatever the bytes: a graph, or an error that says where; never another exception, never a hang.
 * `npm run fuzz` changes 100,000 files of each format.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, LabError } from "../../lib/errors.js";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { openModel } from "../../lib/formats/open.js";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import { type ByteSource, bufferSource } from "../../lib/source.js";
import { SMALL_FILES } from "./hostile-files.js";

const HANG_MS = 2_000;
/** Changed files per format. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 2_000);
const FUZZ_TIMEOUT_MS = 30_000 + RUNS * 20;

/** Opens bytes and reads all constants; returns the error that refuses them, null when they are a model. */
function survive(bytes: Uint8Array, open: typeof openModel): LabError | null {
  const before = performance.now();
  let refusal: LabError | null = null;
  try {
    const siblings = (name: string): ByteSource => bufferSource(name, new Uint8Array(16));
    const { graph } = open(bufferSource("mutant", bytes), { siblings });
    for (const { data } of graph.constants()) data!.read();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    refusal = error;
    expect(error.describe().length).toBeLessThan(4_000);
    if (error instanceof DecodeError) {
      expect(error.path).not.toBe("");
      // Offsets of a FlatBuffer may point anywhere.
      if (open === decodeOnnx) expect(error.offset).toBeLessThanOrEqual(bytes.length);
    }
  }
  expect(performance.now() - before).toBeLessThan(HANG_MS);
  return refusal;
}

const DECODERS = { tflite: decodeTflite, onnx: decodeOnnx } as const;

describe.each(["onnx", "tflite"] as const)("%s files", (format) => {
  const files = SMALL_FILES[format].map((make) => make());
  const decode = DECODERS[format];

  it("are models as they are", () => {
    for (const bytes of files) expect(survive(bytes, openModel)?.describe()).toBeUndefined();
  });

  it("open or are refused when cut at any byte", () => {
    for (const bytes of files) {
      for (let length = 0; length < bytes.length; length++) survive(bytes.subarray(0, length), decode);
    }
  });

  it(
    `open or are refused after ${RUNS} seeded changes`,
    () => {
      const edit = fc.record({
        at: fc.nat(4096),
        to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
      });
      const move = fc.option(
        fc.record({ from: fc.nat(4096), to: fc.nat(4096), length: fc.integer({ min: 1, max: 64 }) }),
      );
      fc.assert(
        fc.property(
          fc.nat(files.length - 1),
          fc.array(edit, { minLength: 1, maxLength: 6 }),
          move,
          (index, edits, moved) => {
            const mutant = files[index]!.slice();
            for (const { at, to } of edits) mutant[at % mutant.length] = to;
            if (moved) {
              const { from, to, length } = moved;
              mutant.copyWithin(to % mutant.length, from % mutant.length, (from % mutant.length) + length);
            }
            survive(mutant, decode);
          },
        ),
        { seed: 20_260_301, numRuns: RUNS },
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

/** Protocol buffers by hand, for what no writer writes. */
const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
};
const int = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const bytesOf = (field: number, ...parts: readonly number[][]) => {
  const content = parts.flat();
  return [...varint(field * 8 + 2), ...varint(content.length), ...content];
};
const text = (field: number, value: string) => bytesOf(field, [...new TextEncoder().encode(value)]);
const model = (...graph: readonly number[][]) =>
  Uint8Array.from([...int(1, 8), ...bytesOf(7, ...graph), ...bytesOf(8, text(1, ""), int(2, 17))]);
const node = (op: string, inputs: readonly string[], outputs: readonly string[], ...rest: number[][]) =>
  bytesOf(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...rest,
  );

describe("decodeOnnx() refuses, with byte and field,", () => {
  const nested = (depth: number): number[] =>
    depth === 0
      ? []
      : node("If", [], [`y${depth}`], bytesOf(5, text(1, "then_branch"), bytesOf(6, nested(depth - 1))));
  const sequence = (depth: number): number[] =>
    depth === 0 ? bytesOf(1, int(1, 1)) : bytesOf(4, bytesOf(1, sequence(depth - 1)));
  const constant = (...fields: readonly number[][]) => bytesOf(5, text(8, "w"), ...fields);

  it.each<[claim: string, bytes: Uint8Array, message: RegExp]>([
    ["nodes in a circle", model(node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"])), /needs its own/],
    ["graphs 200 deep", model(nested(200)), /nests deeper/],
    ["types 200 deep", model(bytesOf(11, text(1, "x"), bytesOf(2, sequence(200)))), /nests deeper/],
    ["sizes beyond counting", model(constant(int(1, 2 ** 40), int(1, 2 ** 40), int(2, 1))), /too large/],
    [
      "a size that its data has not",
      model(constant(int(1, 2 ** 40), int(2, 1), bytesOf(9, [0]))),
      /expected/,
    ],
    ["a length beyond the file", Uint8Array.from([8, 8, 0x3a, ...varint(2 ** 45), 0]), /takes/],
    ["an element type from the future", model(constant(int(2, 99))), /data type is 99/],
    [
      "an attribute type from the future",
      model(node("Relu", [], ["y"], bytesOf(5, int(20, 77)))),
      /type is 77/,
    ],
    ["an input that is listed twice", model(bytesOf(11, text(1, "x")), bytesOf(11, text(1, "x"))), /twice/],
    ["a value that is computed twice", model(node("A", [], ["y"]), node("B", [], ["y"])), /a value already/],
    [
      "a sparse constant that unfolds without bounds",
      model(bytesOf(15, bytesOf(1, int(1, 1), int(2, 2), bytesOf(9, [1])), int(3, 2 ** 30), int(3, 64))),
      /unfolds/,
    ],
  ])("%s", (_, bytes, message) => {
    const refusal = survive(bytes, decodeOnnx);
    expect(refusal).toBeInstanceOf(DecodeError);
    expect(refusal!.message).toMatch(message);
  });

  it("reads a node whose attributes lie apart as fast as any", () => {
    const count = 20_000;
    const fields = Array.from({ length: count }, (_, i) => [
      ...bytesOf(5, text(1, `a${i}`), int(3, i), int(20, 2)),
      ...text(6, ""),
    ]);
    const bytes = model(node("Mine", [], ["y"], fields.flat()));
    const before = performance.now();
    const { graph } = decodeOnnx(bufferSource("apart", bytes));
    expect(Object.keys(graph.nodes[0]!.attributes)).toHaveLength(count);
    expect(performance.now() - before).toBeLessThan(HANG_MS);
  });

  it("takes little memory for a file that claims much", () => {
    const before = process.memoryUsage().arrayBuffers;
    survive(model(constant(int(1, 2 ** 32), int(2, 2))), decodeOnnx);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 << 20);
  });
});
