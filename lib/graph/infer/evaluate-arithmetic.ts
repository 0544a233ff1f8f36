/** Values of operators that compute, as shape arithmetic and constant parameters need them. */
import { LabError } from "../../errors.js";
import { DTYPES, type DType } from "../dtype.js";
import { numberAttribute } from "../node.js";
import { elementCount } from "../shape.js";
import { type Evaluator, type Evaluators, filled, known } from "./evaluator.js";
import { reducedAxes } from "./reduction.js";
import type { InferenceCall } from "./rule.js";
import { broadcastView, denseStrides, forEachOffset, readView } from "./strides.js";

/** Returns a value as the type stores it: float32 rounds, integers drop their fraction. */
export function stored(dtype: DType, value: number): number {
  if (dtype === "float32") return Math.fround(value);
  const { kind } = DTYPES[dtype];
  if (kind === "bool") return value === 0 ? 0 : 1;
  if (kind === "float") return value;
  if (Number.isFinite(value)) return Math.trunc(value);
  throw new LabError({
    code: "CONSTANT_RANGE",
    message: `Cannot hold ${value} as ${dtype}: expected a finite number (a constant of the file is divided by zero)`,
  });
}

function compute(evaluate: Evaluator["evaluate"]): Evaluator {
  return { evaluate, moves: false };
}

function unary(map: (value: number, call: InferenceCall) => number): Evaluator {
  return compute((call, [output]) => [
    Float64Array.from(known(call, 0), (value) => stored(output!.dtype, map(value, call))),
  ]);
}

/** Folds any number of inputs from the left, each spread over the output. */
function binary(map: (a: number, b: number, call: InferenceCall) => number): Evaluator {
  return compute((call, [output]) => {
    const { shape, dtype } = output!;
    const spread = (index: number) => readView(known(call, index), broadcastView(call.shape(index), shape));
    const result = spread(0);
    for (let index = 1; index < call.node.inputs.length; index++) {
      const other = spread(index);
      for (let at = 0; at < result.length; at++)
        result[at] = stored(dtype, map(result[at]!, other[at]!, call));
    }
    return [result];
  });
}

function reduce(start: number, fold: (a: number, b: number) => number, mean = false): Evaluator {
  return compute((call, [output]) => {
    const shape = call.shape(0);
    const folded = new Set(reducedAxes(call));
    const kept = shape.map((size, axis) => (folded.has(axis) ? 1 : size));
    const into = denseStrides(kept).map((stride, axis) => (folded.has(axis) ? 0 : stride));
    const result = filled(output!, start);
    const values = known(call, 0);
    forEachOffset({ shape, strides: into, offset: 0 }, (to, from) => {
      result[to] = fold(result[to]!, values[from]!);
    });
    const count = mean ? elementCount(shape) / Math.max(1, elementCount(kept)) : 1;
    return [result.map((value) => stored(output!.dtype, value / count))];
  });
}

/** ONNX rounds halves to the even neighbour. */
export function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  if (value - floor !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The remainder takes the sign of the divisor, or of the dividend with `fmod`. */
function remainder(a: number, b: number, call: InferenceCall): number {
  const rest = a % b;
  if (call.node.op === "Mod" && numberAttribute(call.node, "fmod", 0) === 1) return rest;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

const where = compute((call, [output]) => {
  const [condition, yes, no] = [0, 1, 2].map((index) =>
    readView(known(call, index), broadcastView(call.shape(index), output!.shape)),
  );
  return [condition!.map((flag, at) => (flag !== 0 ? yes![at]! : no![at]!))];
});

const clip = compute((call) => {
  const low = call.has(1) ? known(call, 1)[0]! : Number.NEGATIVE_INFINITY;
  const high = call.has(2) ? known(call, 2)[0]! : Number.POSITIVE_INFINITY;
  return [Float64Array.from(known(call, 0), (value) => Math.min(high, Math.max(low, value)))];
});

export const ARITHMETIC_EVALUATORS: Evaluators = {
  Abs: unary(Math.abs),
  Cast: unary((value) => value),
  CastLike: compute((call, [output]) => [
    Float64Array.from(known(call, 0), (value) => stored(output!.dtype, value)),
  ]),
  Ceil: unary(Math.ceil),
  Clip: clip,
  Cos: unary(Math.cos),
  Exp: unary(Math.exp),
  Floor: unary(Math.floor),
  IsInf: unary((value, { node }) => {
    const counted = numberAttribute(node, value < 0 ? "detectNegative" : "detectPositive", 1) === 1;
    return counted && Math.abs(value) === Number.POSITIVE_INFINITY ? 1 : 0;
  }),
  IsNaN: unary((value) => (Number.isNaN(value) ? 1 : 0)),
  Log: unary(Math.log),
  Neg: unary((value) => 0 - value),
  Not: unary((value) => (value === 0 ? 1 : 0)),
  Reciprocal: unary((value) => 1 / value),
  Relu: unary((value) => Math.max(0, value)),
  Round: unary(roundHalfEven),
  Rsqrt: unary((value) => 1 / Math.sqrt(value)),
  Sign: unary(Math.sign),
  Sin: unary(Math.sin),
  Sqrt: unary(Math.sqrt),
  Square: unary((value) => value * value),

  Add: binary((a, b) => a + b),
  And: binary((a, b) => (a !== 0 && b !== 0 ? 1 : 0)),
  Div: binary((a, b) => a / b),
  Equal: binary((a, b) => (a === b ? 1 : 0)),
  FLOOR_MOD: binary(remainder),
  FloorDiv: binary((a, b) => Math.floor(a / b)),
  Greater: binary((a, b) => (a > b ? 1 : 0)),
  GreaterOrEqual: binary((a, b) => (a >= b ? 1 : 0)),
  Less: binary((a, b) => (a < b ? 1 : 0)),
  LessOrEqual: binary((a, b) => (a <= b ? 1 : 0)),
  Max: binary((a, b) => Math.max(a, b)),
  Min: binary((a, b) => Math.min(a, b)),
  Mod: binary(remainder),
  Mul: binary((a, b) => a * b),
  NotEqual: binary((a, b) => (a !== b ? 1 : 0)),
  Or: binary((a, b) => (a !== 0 || b !== 0 ? 1 : 0)),
  Pow: binary((a, b) => a ** b),
  SquaredDifference: binary((a, b) => (a - b) ** 2),
  Sub: binary((a, b) => a - b),
  Sum: binary((a, b) => a + b),
  Where: where,
  Xor: binary((a, b) => ((a !== 0) !== (b !== 0) ? 1 : 0)),

  ReduceMax: reduce(Number.NEGATIVE_INFINITY, Math.max),
  ReduceMean: reduce(0, (a, b) => a + b, true),
  ReduceMin: reduce(Number.POSITIVE_INFINITY, Math.min),
  ReduceProd: reduce(1, (a, b) => a * b),
  ReduceSum: reduce(0, (a, b) => a + b),
};
