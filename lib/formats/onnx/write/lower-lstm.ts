/**
 * TFLite's sequence LSTM, unrolled: one group of nodes per step, which any tool takes that takes a network
 * without loops. What a layer keeps from run to run is handed to the rewriting as a state (state.ts).
 */
import { byteLength } from "../../../graph/dtype.js";
import { lazyConstant } from "../../../graph/elements.js";
import { numberAttribute } from "../../../graph/node.js";
import { sameQuantization } from "../../../graph/quantization.js";
import { elementCount, type Shape } from "../../../graph/shape.js";
import { type Quantization, Tensor } from "../../../graph/tensor.js";
import type { Rewrite } from "./rewrite.js";

/**
 * Inputs of UNIDIRECTIONAL_SEQUENCE_LSTM; gates stand as input, forget, cell, output.
 * Source: tensorflow/lite/kernels/lstm_shared.h.
 */
const LSTM = {
  x: 0,
  weights: { input: 1, forget: 2, cell: 3, output: 4 },
  recurrent: { input: 5, forget: 6, cell: 7, output: 8 },
  bias: { input: 12, forget: 13, cell: 14, output: 15 },
  hidden: 18,
  cell: 19,
} as const;

type PerGate = Readonly<Record<"input" | "forget" | "cell" | "output", number>>;

/** Gates side by side, those that take a Sigmoid first. */
const GATE_ORDER = ["input", "forget", "output", "cell"] as const;

/** What the kernel can do beyond this, and where it would stand. */
const LSTM_MORE: readonly (readonly [what: string, inputs: readonly number[]])[] = [
  ["peephole weights", [9, 10, 11]],
  ["a projection", [16, 17]],
  ["layer normalisation", [20, 21, 22, 23]],
];

/**
 * Fixed point of the integer kernel: gates before their activation have 12 fractional bits in 16, results of
 * Sigmoid and Tanh have 15. Source: tensorflow/lite/kernels/lstm_eval.cc, CalculateLstmGateInteger8x8_16.
 */
const GATE: Quantization = { scale: [2 ** -12], zeroPoint: [0], axis: null };
const ACTIVATED: Quantization = { scale: [2 ** -15], zeroPoint: [0], axis: null };

/**
 * One step, with x and h as rows; W, R and b hold the four gates side by side:
 *
 *     i f o = Sigmoid(x·W + b + h·R)    c′ = clip(f∘c + i∘g)
 *         g = Tanh(x·W + b + h·R)       h′ = o∘Tanh(c′)
 *
 * x·W + b of all steps is one Gemm. With 8-bit weights and states every intermediate result is stored as the
 * integer kernel stores it, so that roundings and saturations come out alike.
 */
export function sequenceLstm(rewrite: Rewrite): void {
  checkLstm(rewrite);
  const { node } = rewrite;
  const [x, hidden, cell, output] = [
    node.input(LSTM.x),
    node.input(LSTM.hidden),
    node.input(LSTM.cell),
    node.output(),
  ];
  const stored = hidden.quantization !== null;
  const as = (quantization: Quantization | null, shape: Shape) =>
    stored ? { dtype: "int16" as const, shape, quantization } : { dtype: "float32" as const, shape };
  const shape = x.staticShape();
  const timeAxis = node.attributes.timeMajor ? 0 : 1;
  const [steps, batch, channels] = [shape[timeAxis]!, shape[1 - timeAxis]!, shape[2]!];
  const cells = cell.staticShape()[1]!;
  const gates = 4 * cells;
  const [weights, recurrent] = [
    sideBySide(rewrite, LSTM.weights, "weights"),
    sideBySide(rewrite, LSTM.recurrent, "recurrent"),
  ];
  const bias = sideBySide(rewrite, LSTM.bias, "bias");

  const data = rewrite.make(
    "Reshape",
    [x, rewrite.integers("rows", [steps * batch, channels])],
    {},
    {
      dtype: x.dtype,
      shape: [steps * batch, channels],
      quantization: x.quantization,
    },
  );
  const driven = rewrite.make("Gemm", [data, weights, bias], { transB: 1 }, as(GATE, [steps * batch, gates]));
  const parts = perStep(rewrite, driven, { steps, batch, timeAxis });

  const limit = numberAttribute(node, "cellClip", 0);
  const bounds =
    limit > 0 ? [rewrite.scalar("min", "float32", -limit), rewrite.scalar("max", "float32", limit)] : null;
  const row = [batch, cells];
  let [h, c] = [hidden, cell];
  const given: Tensor[] = [];
  for (const part of parts) {
    const fed = rewrite.make("Gemm", [h, recurrent], { transB: 1 }, as(GATE, [batch, gates]));
    const sum = rewrite.make("Add", [part, fed], {}, as(GATE, [batch, gates]));
    const [toSigmoid, toTanh] = cut(rewrite, sum, [3 * cells, cells]);
    const opened = rewrite.make("Sigmoid", [toSigmoid!], {}, as(ACTIVATED, [batch, 3 * cells]));
    const candidate = rewrite.make("Tanh", [toTanh!], {}, as(ACTIVATED, row));
    const [input, forget, out] = cut(rewrite, opened, [cells, cells, cells]);
    const kept = rewrite.make("Mul", [forget!, c], {}, as(cell.quantization, row));
    const added = rewrite.make("Mul", [input!, candidate], {}, as(cell.quantization, row));
    const next = (op: string, inputs: readonly Tensor[]) =>
      rewrite.make(op, inputs, {}, as(cell.quantization, row));
    c = bounds
      ? next("Clip", [rewrite.real("Add", [kept, added], row), ...bounds])
      : next("Add", [kept, added]);
    const seen = rewrite.make("Tanh", [c], {}, as(ACTIVATED, row));
    const { dtype, quantization } = hidden;
    h = rewrite.make("Mul", [out!, seen], {}, { dtype, shape: row, quantization });
    given.push(h);
  }
  const one = timeAxis === 0 ? [1, batch, cells] : [batch, 1, cells];
  const { dtype, quantization } = output;
  const turned = given.map((state, step) =>
    steps === 1
      ? state
      : rewrite.make(
          "Reshape",
          [state, rewrite.integers(`shape_${step}`, one)],
          {},
          { dtype, shape: one, quantization },
        ),
  );
  if (steps === 1) rewrite.give(output, "Reshape", [h, rewrite.integers("shape", output.staticShape())]);
  else rewrite.give(output, "Concat", turned, { axis: timeAxis });
  rewrite.keep(hidden, h);
  rewrite.keep(cell, c);
}

function checkLstm(rewrite: Rewrite): void {
  const { node } = rewrite;
  for (const [what, inputs] of LSTM_MORE) {
    if (inputs.some((index) => node.inputs[index]))
      throw rewrite.refuse(`it has ${what}, expected a plain LSTM`);
  }
  if (!node.inputs[LSTM.weights.input]) {
    throw rewrite.refuse("its input gate is coupled to the forget gate, expected gates of their own");
  }
  if (node.attributes.diagonalRecurrentTensors)
    throw rewrite.refuse("its recurrent weights are diagonals, expected matrices");
  const activation = node.attributes.activation ?? "none";
  if (activation !== "tanh")
    throw rewrite.refuse(`its cells have the activation ${String(activation)}, expected tanh`);
  const [x, hidden, cell] = [node.input(LSTM.x), node.input(LSTM.hidden), node.input(LSTM.cell)];
  if (x.staticShape().length !== 3)
    throw rewrite.refuse(`its input has ${x.staticShape().length} axes, expected 3`);
  const kinds = [x, hidden, cell].map(({ dtype }) => dtype).join(", ");
  if (kinds !== "int8, int8, int16" && kinds !== "float32, float32, float32") {
    throw rewrite.refuse(
      `its input, output state and cell state are ${kinds}, expected int8, int8, int16 or all float32`,
    );
  }
  if (!sameQuantization(hidden.quantization, node.output().quantization)) {
    throw rewrite.refuse("its output is stored with another scale than its output state, expected the same");
  }
}

/** Returns constants of the four gates as one: rows of 8-bit weights keep the scale of their gate. */
function sideBySide(rewrite: Rewrite, places: PerGate, role: string): Tensor {
  const parts = GATE_ORDER.map((gate) => rewrite.node.input(places[gate]));
  const [first] = parts as [Tensor, ...Tensor[]];
  for (const part of parts) {
    if (!part.isConstant || part.dtype !== first.dtype || (part.quantization?.scale.length ?? 1) !== 1) {
      throw rewrite.refuse(
        `its ${role} '${part.name}' are no constant of type ${first.dtype} with one scale at most`,
      );
    }
  }
  const [rows, ...rest] = first.staticShape();
  const shape = [parts.length * rows!, ...rest];
  const { dtype } = first;
  const read = () => {
    const whole = new Uint8Array(byteLength(dtype, elementCount(shape)));
    let at = 0;
    for (const { data } of parts) {
      const bytes = data!.read();
      whole.set(bytes, at);
      at += bytes.length;
    }
    return whole;
  };
  const perRow = (values: (quantization: Quantization) => readonly number[]) =>
    parts.flatMap(({ quantization }) => new Array<number>(rows!).fill(values(quantization!)[0]!));
  return new Tensor({
    name: `${rewrite.node.name}/${role}`,
    dtype,
    shape,
    quantization: first.quantization && {
      scale: perRow(({ scale }) => scale),
      zeroPoint: perRow(({ zeroPoint }) => zeroPoint),
      axis: 0,
    },
    data: lazyConstant(byteLength(dtype, elementCount(shape)), read),
  });
}

/** Returns what drives each step, as rows: what is between is not stored. */
function perStep(
  rewrite: Rewrite,
  driven: Tensor,
  { steps, batch, timeAxis }: { readonly steps: number; readonly batch: number; readonly timeAxis: number },
): readonly Tensor[] {
  if (steps === 1) return [driven];
  const gates = driven.staticShape()[1]!;
  const row = [batch, gates];
  if (batch === 1 || timeAxis === 0) return cut(rewrite, driven, new Array<number>(steps).fill(batch), 0);
  const sequence = [batch, steps, gates];
  const whole = rewrite.real("Reshape", [driven, rewrite.integers("sequence", sequence)], sequence);
  return cut(rewrite, whole, new Array<number>(steps).fill(1), 1).map((part, step) =>
    rewrite.real("Reshape", [part, rewrite.integers(`row_${step}`, row)], row),
  );
}

/** Returns parts of the given sizes, as floats. */
function cut(rewrite: Rewrite, whole: Tensor, sizes: readonly number[], axis = 1): readonly Tensor[] {
  const shape = whole.staticShape();
  const name = rewrite.between({ dtype: "float32", shape }).name;
  const parts = sizes.map(
    (size, index) =>
      new Tensor({
        name: `${name}/${index}`,
        dtype: "float32",
        shape: shape.map((own, at) => (at === axis ? size : own)),
      }),
  );
  rewrite.giveAll(parts, "Split", [whole, rewrite.integers("sizes", sizes)], {
    axis,
  });
  return parts;
}
