/** TFLite's SVDF: a dense layer whose weights are products of a filter over channels and one over time. */
import type { DType } from "../../../graph/dtype.js";
import { numberAttribute } from "../../../graph/node.js";
import type { Shape } from "../../../graph/shape.js";
import type { Rewrite } from "./rewrite.js";

const STATE_TYPES: readonly DType[] = ["int8", "int16", "float32"];

/**
 * SVDF: `rank` filters per unit, each a dot product with the input and a weighted sum over the last `memory`
 * such products, which are the state, oldest first:
 *
 *     s′ = [s[1…], x·Wf]        y = act(Σ over rank and memory of s′∘Wt + b)
 *
 * Source: tensorflow/lite/kernels/internal/reference/svdf.h.
 */
export function svdf(rewrite: Rewrite): void {
  const { node } = rewrite;
  const [x, feature, time, bias, state] = [
    node.input(0),
    node.input(1),
    node.input(2),
    node.inputs[3],
    node.input(4),
  ];
  if (!STATE_TYPES.includes(state.dtype))
    throw rewrite.refuse(`its state is ${state.dtype}, expected ${STATE_TYPES.join(", ")}`);
  if (state.dtype !== "float32" && x.dtype !== "int8")
    throw rewrite.refuse(`its input is ${x.dtype}, expected int8`);
  const [batch] = x.staticShape() as [number];
  const [filters, memory] = time.staticShape() as [number, number];
  const units = filters / numberAttribute(node, "rank");
  const { dtype, quantization } = state;
  const like = (shape: Shape) => ({ dtype, shape, quantization });

  const product = rewrite.make("Gemm", [x, feature], { transB: 1 }, like([batch, filters]));
  const newest = rewrite.make(
    "Reshape",
    [product, rewrite.integers("newest", [batch, filters, 1])],
    {},
    like([batch, filters, 1]),
  );
  const past = rewrite.make(
    "Reshape",
    [state, rewrite.integers("past", [batch, filters, memory])],
    {},
    like([batch, filters, memory]),
  );
  const bounds = [
    rewrite.integers("starts", [1]),
    rewrite.integers("ends", [memory]),
    rewrite.integers("axes", [2]),
  ];
  const kept = rewrite.make("Slice", [past, ...bounds], {}, like([batch, filters, memory - 1]));
  const seen = rewrite.make("Concat", [kept, newest], { axis: 2 }, like([batch, filters, memory]));
  const next = rewrite.make(
    "Reshape",
    [seen, rewrite.integers("next", state.staticShape())],
    {},
    like(state.staticShape()),
  );

  const weighted = rewrite.real("Mul", [seen, time], [batch, filters, memory]);
  const perUnit = rewrite.real(
    "Reshape",
    [weighted, rewrite.integers("units", [batch, units, -1])],
    [batch, units, (filters / units) * memory],
  );
  const sum = rewrite.real("ReduceSum", [perUnit, rewrite.integers("sum", [2])], [batch, units], {
    keepdims: 0,
  });
  if (bias) rewrite.give(node.output(), "Add", [sum, bias]);
  else rewrite.give(node.output(), "Identity", [sum]);
  rewrite.keep(state, next);
}
