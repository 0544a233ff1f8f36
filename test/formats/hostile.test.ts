/**
 * Whatever the bytes: the graph that another reader finds in them too, or an error that says where and by which
 * rule; never another exception, never a hang. `npm run fuzz` changes 100,000 files of each format.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { DecodeError, LabError } from "../../lib/errors.js";
import { decodeOnnx } from "../../lib/formats/onnx/decode.js";
import { openModel } from "../../lib/formats/open.js";
import { decodeTflite } from "../../lib/formats/tflite/decode.js";
import type { Model } from "../../lib/graph/graph.js";
import { Tensor } from "../../lib/graph/tensor.js";
import { type ByteSource, bufferSource } from "../../lib/source.js";
import { SMALL_FILES } from "./hostile-files.js";
import { onnxDifferences, readOnnxByOracle } from "./oracle-onnx.js";
import { tfliteDifferences } from "./oracle-tflite.js";
import { ruleOf } from "./refusals.js";

/** Of the processor: a nightly run shares the machine. */
const HANG_MS = 2_000;
const busyMs = () => process.cpuUsage().user / 1_000;
/** Changed files per format; a slice of what the nightly command does. */
const RUNS = Number(process.env.FUZZ_RUNS ?? 1_000);
const FUZZ_TIMEOUT_MS = 30_000 + RUNS * 20;

type Format = "onnx" | "tflite";

/** Opens bytes and reads all constants; returns the model, or the error that refuses it. */
function survive(bytes: Uint8Array, open: typeof openModel): Model | LabError {
  const before = busyMs();
  let result: Model | LabError;
  try {
    const siblings = (name: string): ByteSource => bufferSource(name, new Uint8Array(16));
    const model = open(bufferSource("mutant", bytes), { siblings });
    for (const { data } of model.graph.constants()) data!.read();
    for (const { attributes } of model.graph.nodes) {
      for (const value of Object.values(attributes).flat()) if (value instanceof Tensor) value.data?.read();
    }
    result = model;
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    result = error;
    expect(error.describe().length).toBeLessThan(4_000);
    if (error instanceof DecodeError) {
      expect(error.path).not.toBe("");
      // Offsets of a FlatBuffer may point anywhere.
      if (open === decodeOnnx) expect(error.offset).toBeLessThanOrEqual(bytes.length);
    }
  }
  expect(busyMs() - before).toBeLessThan(HANG_MS);
  return result;
}

/** Returns where a model differs from what another reader finds in its bytes; null when that refuses them. */
const differences: Readonly<Record<Format, (model: Model, bytes: Uint8Array) => readonly string[] | null>> = {
  onnx(model, bytes) {
    const message = readOnnxByOracle(bytes);
    return message && onnxDifferences(model, message);
  },
  tflite: tfliteDifferences,
};

const DECODERS = { tflite: decodeTflite, onnx: decodeOnnx } as const;

interface Counts {
  accepted: number;
  /** Of those, files that the other reader refuses. */
  unread: number;
  readonly refusals: Map<string, number>;
}
const noCounts = (): Counts => ({ accepted: 0, unread: 0, refusals: new Map() });

const edit = fc.record({
  at: fc.nat(4096),
  to: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 0x7f, 0x80, 0xff)),
});
/** Mostly one byte, so that many changed files are still models. */
const changes = fc.record({
  edits: fc.oneof(
    { weight: 3, arbitrary: fc.array(edit, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.array(edit, { minLength: 1, maxLength: 6 }) },
  ),
  moved: fc.option(
    fc.record({ from: fc.nat(4096), to: fc.nat(4096), length: fc.integer({ min: 1, max: 64 }) }),
    { freq: 1 },
  ),
});

describe.each(["onnx", "tflite"] as const)("%s files", (format) => {
  const files = SMALL_FILES[format].map((make) => make());
  const decode = DECODERS[format];

  it("are models as they are", () => {
    for (const bytes of files) {
      const model = survive(bytes, openModel) as Model;
      expect(model).not.toBeInstanceOf(LabError);
      expect(differences[format](model, bytes)).toEqual([]);
    }
  });

  /** Counts what becomes of a damaged file; what opens must be what the other reader finds. */
  const judge = (damaged: Uint8Array, counts: Counts) => {
    const result = survive(damaged, decode);
    if (result instanceof LabError) {
      const rule = ruleOf(result);
      counts.refusals.set(rule, (counts.refusals.get(rule) ?? 0) + 1);
      return;
    }
    counts.accepted += 1;
    const found = differences[format](result, damaged);
    // The damage is in what the graph has no use for, and is stepped over: docs of a function, unused constants.
    if (found === null) counts.unread += 1;
    else expect(found).toEqual([]);
  };

  it("are what another reader finds, or refused by a stated rule, when cut at any byte", () => {
    const counts = noCounts();
    // A copy: the other reader would see what lies behind a view.
    for (const bytes of files) {
      for (let length = 0; length < bytes.length; length++)
        judge(Uint8Array.from(bytes.subarray(0, length)), counts);
    }
    expect(counts.refusals.size).toBeGreaterThan(0);
    expect(counts.unread).toBe(0);
  });

  it(
    `are what another reader finds, or refused by a stated rule, after ${RUNS} seeded changes`,
    () => {
      const counts = noCounts();
      fc.assert(
        fc.property(fc.nat(files.length - 1), changes, (index, { edits, moved }) => {
          // Not slice(): that of a Buffer is a view, and one change would lie on another.
          const mutant = Uint8Array.from(files[index]!);
          for (const { at, to } of edits) mutant[at % mutant.length] = to;
          if (moved) {
            const { from, to, length } = moved;
            mutant.copyWithin(to % mutant.length, from % mutant.length, (from % mutant.length) + length);
          }
          judge(mutant, counts);
        }),
        { seed: 20_260_301, numRuns: RUNS },
      );
      const rules = [...counts.refusals].sort(([, a], [, b]) => b - a);
      console.info(
        `${format}: ${counts.accepted} of ${RUNS} changed files read as another reader reads them (${counts.unread} that it refuses); refused:\n${rules.map(([rule, count]) => `${String(count).padStart(7)}  ${rule}`).join("\n")}`,
      );
      expect(counts.accepted).toBeGreaterThan(RUNS / 10);
      expect(counts.unread).toBeLessThanOrEqual(RUNS / 100);
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
    expect((refusal as DecodeError).message).toMatch(message);
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
