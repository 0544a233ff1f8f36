/**
 * Files of more than 2 GiB, really: `npm run test:large`. The weights are sparse (nothing but a few marks, which
 * take no room on most disks); each test writes its files, opens them, and deletes them.
 */
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeTflite } from "../../datasets/fixtures/write-tflite.js";
import { encodeOnnx } from "../../lib/formats/onnx/write/encode.js";
import { constantFrom } from "../../lib/graph/elements.js";
import { Graph, type Model } from "../../lib/graph/graph.js";
import { Node } from "../../lib/graph/node.js";
import { type Constant, Tensor } from "../../lib/graph/tensor.js";
import { load } from "../../lib/node/load.js";
import { writeChunks } from "../../lib/node/write-chunks.js";

const ROWS = 150;
/** One weight: 16 MB. */
const SIDE = 4_000_000;
const GIB = 2 ** 30;
const MIB = 2 ** 20;
/** Data file, model files, and their parts; sparse ones take less. */
const ROOM = 6 * GIB;
/** Far below the 2.4 GB of the weights; each is 16 MB, and a few are in memory until they are collected. */
const GROWTH = 400 * MIB;

const asked = process.env.TEST_LARGE === "1";
const room = () => {
  const { bavail, bsize } = statfsSync(tmpdir());
  return bavail * bsize;
};
const reason = asked ? `needs ${ROOM / GIB} GiB of room below ${tmpdir()}` : "runs with npm run test:large";

/** Returns a weight that says its number at both ends, made anew at each reading. */
function markedWeight(number: number): Constant {
  return {
    byteLength: 4 * SIDE,
    read() {
      const values = new Float32Array(SIDE);
      values[0] = number;
      values[SIDE - 1] = -number;
      return new Uint8Array(values.buffer);
    },
  };
}

/** x + sum of the first elements of the first and the last weight; all weights are read by nodes. */
function largeModel(): Model {
  const source = { format: "onnx", op: "", index: 0 } as const;
  const float = (name: string, shape: readonly number[]) => new Tensor({ name, dtype: "float32", shape });
  const zero = new Tensor({ name: "zero", dtype: "int64", shape: [1], data: constantFrom("int64", [0]) });
  const x = float("x", [1]);
  const nodes: Node[] = [];
  let sum = x;
  for (let number = 0; number < ROWS; number++) {
    const weight = new Tensor({
      name: `w${number}`,
      dtype: "float32",
      shape: [SIDE],
      data: markedWeight(number),
    });
    const [first, next] = [float(`f${number}`, [1]), float(`s${number}`, [1])];
    nodes.push(
      new Node({ name: `gather${number}`, op: "Gather", inputs: [weight, zero], outputs: [first], source }),
      new Node({ name: `add${number}`, op: "Add", inputs: [sum, first], outputs: [next], source }),
    );
    sum = next;
  }
  const graph = new Graph({ name: "large", inputs: [x], outputs: [sum], nodes });
  return {
    name: "large",
    format: "onnx",
    graph,
    version: "IR 8, opset 17",
    producer: "",
    metadata: new Map(),
  };
}

/** Returns by how much the resident memory grows beyond what it is now, at most, while `run` runs. */
function growth(run: (look: () => void) => void): number {
  const before = process.memoryUsage().rss;
  let most = before;
  const look = () => {
    most = Math.max(most, process.memoryUsage().rss);
  };
  run(look);
  look();
  return most - before;
}

describe("files of more than 2 GiB", () => {
  if (!asked || room() < ROOM) {
    it.skip(reason);
    return;
  }
  let folder = "";
  const path = (name: string) => join(folder, name);
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "npulab-large-"));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const checkWeights = (file: string, numbers: readonly number[]) => {
    const { model } = load(file);
    const weights = new Map(model.graph.constants().map((tensor) => [tensor.name, tensor]));
    for (const number of numbers) {
      const data = weights.get(`w${number}`)!.data!.read();
      const values = new Float32Array(data.buffer, data.byteOffset, SIDE);
      expect([values[0], values[SIDE - 1]], `w${number}`).toEqual([number, -number]);
    }
  };

  it("encodeOnnx() puts 2.4 GB of weights beside the model, one at a time; onnxruntime runs it", {
    timeout: 300_000,
  }, async () => {
    const grown = growth((look) => {
      const { model, data } = encodeOnnx(largeModel(), {});
      expect(data!.size).toBeGreaterThan(2 * GIB);
      const looking = function* (chunks: Iterable<Uint8Array>) {
        for (const chunk of chunks) {
          look();
          yield chunk;
        }
      };
      expect(writeChunks(path("large.onnx.data"), looking(data!.chunks()))).toBe(data!.size);
      writeChunks(path("large.onnx"), model.chunks());
      checkWeights(path("large.onnx"), [0, 1, 77, ROWS - 2, ROWS - 1]);
    });
    console.info(
      `external data of ${statSync(path("large.onnx.data")).size} bytes: ${Math.round(grown / MIB)} MiB of growth`,
    );
    expect(grown).toBeLessThan(GROWTH);
    const session = await InferenceSession.create(path("large.onnx"), { graphOptimizationLevel: "disabled" });
    const result = await session.run({ x: new OrtTensor("float32", Float32Array.of(0.5), [1]) });
    await session.release();
    expect(Array.from(Object.values(result)[0]!.data as Float32Array)).toEqual([
      (ROWS * (ROWS - 1)) / 2 + 0.5,
    ]);
    rmSync(path("large.onnx.data"));
  });

  it("load() reads a single ONNX file of 3 GiB, whose graph is one field longer than 2^31", {
    timeout: 60_000,
  }, () => {
    const file = path("single.onnx");
    const bytes = writeSparseOnnx(
      file,
      [0, 1, 2].map((number) => ({ name: `w${number}`, length: GIB, number })),
    );
    expect(bytes).toBeGreaterThan(3 * GIB);
    const grown = growth(() => {
      const { model } = load(file);
      expect(model.graph.nodes.map(({ op }) => op)).toEqual(["Sum"]);
      expect(model.graph.constants().map(({ name, shape }) => [name, shape])).toEqual(
        [0, 1, 2].map((number) => [`w${number}`, [GIB]]),
      );
    });
    console.info(`single ONNX file of ${bytes} bytes: ${Math.round(grown / MIB)} MiB of growth to open`);
    expect(grown).toBeLessThan(64 * MIB);
    for (const { name, data } of load(file).model.graph.constants()) {
      const values = data!.read();
      expect([values.length, values[0], values.at(-1)], name).toEqual([
        GIB,
        Number(name[1]) + 1,
        Number(name[1]) + 11,
      ]);
    }
    rmSync(file);
  });

  it("load() reads TFLite buffers that lie behind the FlatBuffer, beyond 2 GiB", { timeout: 60_000 }, () => {
    const file = path("behind.tflite");
    const length = 1000;
    const at = 3 * GIB + 64;
    writeSparseTflite(file, { at, length });
    const grown = growth(() => {
      const { graph } = load(file).model;
      const weights = graph.nodes[0]!.input(1);
      const values = weights.data!.read();
      expect([weights.name, values.length, values[0], values[length - 1]]).toEqual(["w", length, 5, 6]);
    });
    console.info(`TFLite file of ${statSync(file).size} bytes: ${Math.round(grown / MIB)} MiB of growth`);
    expect(grown).toBeLessThan(64 * MIB);
    rmSync(file);
  });
});

/** Protocol buffers by hand: no writer makes files of this size. */
const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
};
const int = (field: number, value: number) => [...varint(field * 8), ...varint(value)];
const head = (field: number, length: number) => [...varint(field * 8 + 2), ...varint(length)];
const text = (field: number, value: string) => [
  ...head(field, value.length),
  ...new TextEncoder().encode(value),
];

/** Writes a model of uint8 weights that say their number at both ends; returns its size. */
function writeSparseOnnx(
  path: string,
  weights: readonly { readonly name: string; readonly length: number; readonly number: number }[],
): number {
  const tensors = weights.map(({ name, length, number }) => {
    // TensorProto. 1: dims, 2: data_type (UINT8), 8: name, 9: raw_data
    const fields = [...int(1, length), ...int(2, 2), ...text(8, name), ...head(9, length)];
    return { before: [...head(5, fields.length + length), ...fields], length, number };
  });
  const node = [...weights.flatMap(({ name }) => text(1, name)), ...text(2, "y"), ...text(4, "Sum")];
  const rest = [...head(1, node.length), ...node, ...head(12, 3), ...text(1, "y")];
  const graph = tensors.reduce((sum, { before, length }) => sum + before.length + length, rest.length);
  const file = openSync(path, "w");
  let at = 0;
  const put = (bytes: readonly number[], where = at) =>
    writeSync(file, Uint8Array.from(bytes), 0, bytes.length, where);
  at += put([...int(1, 8), ...head(8, 2), ...int(2, 17), ...head(7, graph)]);
  for (const { before, length, number } of tensors) {
    at += put(before);
    put([number + 1]);
    put([number + 11], at + length - 1);
    at += length;
  }
  at += put(rest);
  closeSync(file);
  return at;
}

/** Writes a TFLite file whose weights' offset and size point far behind the FlatBuffer. */
function writeSparseTflite(
  path: string,
  { at, length }: { readonly at: number; readonly length: number },
): void {
  const bytes = writeTflite({
    tensors: [
      { name: "x", type: "int8", shape: [length] },
      { name: "w", type: "int8", shape: [length], behind: { at, length } },
      { name: "y", type: "int8", shape: [length] },
    ],
    operators: [{ code: 0, inputs: [0, 1], outputs: [2] }],
    inputs: [0],
    outputs: [2],
  });
  const file = openSync(path, "w");
  writeSync(file, bytes, 0, bytes.length, 0);
  ftruncateSync(file, at + length);
  writeSync(file, Uint8Array.of(5), 0, 1, at);
  writeSync(file, Uint8Array.of(6), 0, 1, at + length - 1);
  closeSync(file);
}
