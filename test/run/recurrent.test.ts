import { describe, expect, it } from "vitest";
import { LabError } from "../../lib/errors.js";
import { convertToOnnx } from "../../lib/formats/onnx/write/convert.js";
import { onnxBytes } from "../../lib/formats/onnx/write/encode.js";
import { roundHalfEven } from "../../lib/graph/infer/evaluate-arithmetic.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { RandomStream } from "../../lib/models/random-stream.js";
import { openSession } from "../../lib/run/onnxruntime.js";
import { numbersOf, oneOperator, runInTurn, tensorOf } from "./stateful.js";

const stream = new RandomStream("recurrent");
const floats = (count: number, size = 1) =>
  Array.from({ length: count }, () => Math.fround(stream.between(-size, size)));
const bytes = (count: number) => Array.from({ length: count }, () => Math.floor(stream.between(-127, 128)));
const clamp = (value: number, bits: number) =>
  Math.min(2 ** (bits - 1) - 1, Math.max(-(2 ** (bits - 1)), value));
const sigmoid = (value: number) => 1 / (1 + Math.exp(-value));

const [STEPS, CHANNELS, CELLS] = [3, 4, 5];
const GATES = ["input", "forget", "cell", "output"] as const;

interface Cells {
  readonly weights: readonly (readonly number[])[];
  readonly recurrent: readonly (readonly number[])[];
  readonly bias: readonly (readonly number[])[];
}

/** Row `cell` of a matrix times a vector. */
const dot = (matrix: readonly number[], vector: readonly number[], cell: number) =>
  vector.reduce((sum, value, index) => sum + value * matrix[cell * vector.length + index]!, 0);

function lstmInputs(
  x: Tensor,
  hidden: Tensor,
  cell: Tensor,
  cells: Cells,
  scales?: readonly [number, number, number],
) {
  const inputs: (Tensor | null)[] = new Array(20).fill(null);
  inputs[0] = x;
  GATES.forEach((gate, index) => {
    const [weights, recurrent, bias] = scales ?? [];
    const stored = (scale: number | undefined) =>
      ({ dtype: scale ? "int8" : "float32", ...(scale ? { scale } : {}) }) as const;
    inputs[1 + index] = tensorOf(`${gate}/w`, {
      ...stored(weights),
      shape: [CELLS, CHANNELS],
      values: cells.weights[index]!,
    });
    inputs[5 + index] = tensorOf(`${gate}/r`, {
      ...stored(recurrent),
      shape: [CELLS, CELLS],
      values: cells.recurrent[index]!,
    });
    const type = bias ? ({ dtype: "int32", scale: bias } as const) : ({ dtype: "float32" } as const);
    inputs[12 + index] = tensorOf(`${gate}/b`, { ...type, shape: [CELLS], values: cells.bias[index]! });
  });
  inputs[18] = hidden;
  inputs[19] = cell;
  return inputs;
}

const LSTM = { activation: "tanh", cellClip: 0.5, projClip: 0, timeMajor: false };

const floatCells: Cells = {
  weights: GATES.map(() => floats(CELLS * CHANNELS)),
  recurrent: GATES.map(() => floats(CELLS * CELLS)),
  bias: GATES.map(() => floats(CELLS)),
};

function floatLstm(attributes: Readonly<Record<string, string | number | boolean>> = LSTM) {
  const state = (name: string) => tensorOf(name, { dtype: "float32", shape: [1, CELLS], isVariable: true });
  const x = tensorOf("x", { dtype: "float32", shape: [1, STEPS, CHANNELS] });
  const y = tensorOf("y", { dtype: "float32", shape: [1, STEPS, CELLS] });
  const inputs = lstmInputs(x, state("h"), state("c"), floatCells);
  return oneOperator("UNIDIRECTIONAL_SEQUENCE_LSTM", { inputs, outputs: [y], attributes });
}

/** The LSTM step by step, as its definition has it; the state is kept between calls. */
function floatReference(clip: number) {
  let h = new Array<number>(CELLS).fill(0);
  let c = new Array<number>(CELLS).fill(0);
  return (frame: readonly number[]) =>
    Array.from({ length: STEPS }, (_, step) => {
      const x = frame.slice(step * CHANNELS, (step + 1) * CHANNELS);
      const before = GATES.map((_, gate) =>
        h.map(
          (_, cell) =>
            dot(floatCells.weights[gate]!, x, cell) +
            dot(floatCells.recurrent[gate]!, h, cell) +
            floatCells.bias[gate]![cell]!,
        ),
      );
      const [i, f, g, o] = before as [number[], number[], number[], number[]];
      c = c.map((old, cell) =>
        Math.min(clip, Math.max(-clip, sigmoid(f[cell]!) * old + sigmoid(i[cell]!) * Math.tanh(g[cell]!))),
      );
      h = c.map((value, cell) => sigmoid(o[cell]!) * Math.tanh(value));
      return h;
    }).flat();
}

describe("UNIDIRECTIONAL_SEQUENCE_LSTM in ONNX", () => {
  it("computes in float what its definition says, over three runs with its states handed on", async () => {
    const frames = [0, 1, 2].map(() => floats(STEPS * CHANNELS, 2));
    const reference = floatReference(LSTM.cellClip);
    const found = await runInTurn(floatLstm(), frames);
    for (const [run, frame] of frames.entries()) {
      const expected = reference(frame);
      expect(
        Math.max(...expected.map((value, index) => Math.abs(value - found[run]![0]![index]!))),
      ).toBeLessThan(1e-5);
    }
  });

  it("starts each run anew when states are reset, and then has no further ports", async () => {
    const converted = convertToOnnx(floatLstm(), { state: "reset" });
    expect(converted.graph.inputs.map(({ name }) => name)).toEqual(["x"]);
    const session = await openSession(onnxBytes(converted));
    const frame = floats(STEPS * CHANNELS);
    const feeds = new Map([
      [
        "x",
        {
          dtype: "float32" as const,
          shape: [1, STEPS, CHANNELS],
          data: new Uint8Array(Float32Array.from(frame).buffer),
        },
      ],
    ]);
    const [first, second] = [await session.run(feeds), await session.run(feeds)];
    await session.close();
    expect(numbersOf(second.get("y")!)).toEqual(numbersOf(first.get("y")!));
    const expected = floatReference(LSTM.cellClip)(frame);
    expect(
      numbersOf(first.get("y")!)
        .map((value, index) => Math.abs(value - expected[index]!))
        .every((apart) => apart < 1e-5),
    ).toBe(true);
  });

  it("stores in 8 and 16 bits what the integer kernel stores: within one step over three runs", async () => {
    const [input, weights, recurrent, hidden] = [1 / 64, 1 / 100, 1 / 90, 1 / 128];
    const scales = [weights, recurrent, input * weights] as const;
    const cells: Cells = {
      weights: GATES.map(() => bytes(CELLS * CHANNELS)),
      recurrent: GATES.map(() => bytes(CELLS * CELLS)),
      bias: GATES.map(() => bytes(CELLS).map((value) => value * 50)),
    };
    const [zeroX, zeroH] = [-3, 5];
    const x = tensorOf("x", { dtype: "int8", shape: [1, STEPS, CHANNELS], scale: input, zero: zeroX });
    const h0 = tensorOf("h", {
      dtype: "int8",
      shape: [1, CELLS],
      scale: hidden,
      zero: zeroH,
      isVariable: true,
    });
    const c0 = tensorOf("c", { dtype: "int16", shape: [1, CELLS], scale: 2 ** -12, isVariable: true });
    const y = tensorOf("y", { dtype: "int8", shape: [1, STEPS, CELLS], scale: hidden, zero: zeroH });
    const model = oneOperator("UNIDIRECTIONAL_SEQUENCE_LSTM", {
      inputs: lstmInputs(x, h0, c0, cells, scales),
      outputs: [y],
      attributes: { ...LSTM, cellClip: 4 },
    });
    let h = new Array<number>(CELLS).fill(zeroH);
    let c = new Array<number>(CELLS).fill(0);
    const store = (value: number) => clamp(roundHalfEven(value), 16);
    const step = (frame: readonly number[]) => {
      const real = frame.map((value) => value - zeroX);
      const last = h.map((value) => value - zeroH);
      const [i, f, g, o] = GATES.map((_, gate) =>
        h.map((_, cell) => {
          const driven = store(
            (dot(cells.weights[gate]!, real, cell) + cells.bias[gate]![cell]!) * input * weights * 2 ** 12,
          );
          const fed = store(dot(cells.recurrent[gate]!, last, cell) * hidden * recurrent * 2 ** 12);
          const sum = clamp(driven + fed, 16) * 2 ** -12;
          return store((gate === 2 ? Math.tanh(sum) : sigmoid(sum)) * 2 ** 15) * 2 ** -15;
        }),
      ) as [number[], number[], number[], number[]];
      c = c.map((old, cell) => {
        const next = store(f[cell]! * old) + store(i[cell]! * g[cell]! * 2 ** 12);
        return Math.min(4 * 2 ** 12, Math.max(-4 * 2 ** 12, clamp(next, 16)));
      });
      h = c.map((value, cell) => {
        const seen = store(Math.tanh(value * 2 ** -12) * 2 ** 15) * 2 ** -15;
        return clamp(roundHalfEven((o[cell]! * seen) / hidden) + zeroH, 8);
      });
      return h;
    };
    const frames = [0, 1, 2].map(() => bytes(STEPS * CHANNELS));
    for (const optimize of ["none", "all"] as const) {
      h = h.map(() => zeroH);
      c = c.map(() => 0);
      const found = await runInTurn(model, frames, { optimize });
      const expected = frames.map((frame) =>
        [0, 1, 2].flatMap((at) => step(frame.slice(at * CHANNELS, (at + 1) * CHANNELS))),
      );
      const apart = expected.flatMap((values, run) =>
        values.map((value, index) => Math.abs(value - found[run]![0]![index]!)),
      );
      expect(Math.max(...apart)).toBeLessThanOrEqual(1);
      expect(new Set(expected.flat()).size).toBeGreaterThan(10);
    }
  });

  it.each([
    ["peephole weights", 9],
    ["a projection", 16],
    ["layer normalisation", 20],
  ])("is refused with %s", (what, index) => {
    const model = floatLstm();
    const [node] = model.graph.nodes;
    node!.inputs[index] = tensorOf("more", { dtype: "float32", shape: [CELLS], values: floats(CELLS) });
    expect(() => convertToOnnx(model)).toThrow(LabError);
    expect(() => convertToOnnx(model)).toThrow(what);
  });

  it("is refused with another activation of its cells", () => {
    expect(() => convertToOnnx(floatLstm({ ...LSTM, activation: "relu" }))).toThrow("expected tanh");
  });
});

describe("SVDF in ONNX", () => {
  it.each([
    ["int16", 0],
    ["int8", 7],
  ] as const)("gives the integers of the kernel with a state of %s, over six runs", async (dtype, zero) => {
    const [channels, filters, memory, rank] = [6, 8, 3, 2];
    const units = filters / rank;
    const bits = dtype === "int8" ? 8 : 16;
    const [input, feature, state, time, output] = [
      1 / 32,
      1 / 128,
      bits === 8 ? 1 / 16 : 1 / 2048,
      1 / 64,
      1 / 20,
    ];
    const values = { feature: bytes(filters * channels), time: bytes(filters * memory), bias: bytes(units) };
    const model = oneOperator("SVDF", {
      inputs: [
        tensorOf("x", { dtype: "int8", shape: [1, channels], scale: input, zero: -5 }),
        tensorOf("feature", {
          dtype: "int8",
          shape: [filters, channels],
          scale: feature,
          values: values.feature,
        }),
        tensorOf("time", { dtype, shape: [filters, memory], scale: time, values: values.time }),
        tensorOf("bias", { dtype: "int32", shape: [units], scale: state * time, values: values.bias }),
        tensorOf("s", { dtype, shape: [1, filters * memory], scale: state, zero, isVariable: true }),
      ],
      outputs: [tensorOf("y", { dtype: "int8", shape: [1, units], scale: output, zero: -128 })],
      attributes: { rank, activation: "relu" },
    });
    const past = Array.from({ length: filters }, () => new Array<number>(memory).fill(zero));
    const step = (frame: readonly number[]) => {
      const real = frame.map((value) => value + 5);
      past.forEach((row, filter) => {
        row.shift();
        row.push(
          clamp(roundHalfEven((dot(values.feature, real, filter) * input * feature) / state) + zero, bits),
        );
      });
      return Array.from({ length: units }, (_, unit) => {
        let sum = values.bias[unit]!;
        for (let filter = unit * rank; filter < (unit + 1) * rank; filter++)
          for (let at = 0; at < memory; at++)
            sum += (past[filter]![at]! - zero) * values.time[filter * memory + at]!;
        return clamp(roundHalfEven((sum * state * time) / output) - 128, 8);
      });
    };
    const frames = Array.from({ length: 6 }, () => bytes(channels));
    const found = await runInTurn(model, frames);
    const expected = frames.map((frame) => step(frame));
    expect(found.map(([y]) => y)).toEqual(expected);
    expect(new Set(expected.flat()).size).toBeGreaterThan(5);
  });
});

describe("quantisation to int32 in ONNX", () => {
  it("rounds and keeps what 8 bits cannot hold", async () => {
    const x = tensorOf("x", { dtype: "float32", shape: [5] });
    const y = tensorOf("y", { dtype: "int32", shape: [5], scale: 2 ** -15 });
    const model = oneOperator("QuantizeLinear", { inputs: [x], outputs: [y], recordedAs: "QUANTIZE" });
    const [[found]] = (await runInTurn(model, [[0, 1, -0.5, 1e9, 3 * 2 ** -16]])) as [[number[]]];
    expect(found).toEqual([0, 32768, -16384, 2147483520, 2]);
  });
});
