/** Operators that move or pick elements, in ONNX's words: lists are int64 constants, results have recorded shapes. */
import { tensorNumbers } from "../../../graph/elements.js";
import { InferenceCall } from "../../../graph/infer/rule.js";
import { stridedSlicePlan } from "../../../graph/infer/slice-plan.js";
import { numberAttribute } from "../../../graph/node.js";
import { Tensor } from "../../../graph/tensor.js";
import { TO_THE_END } from "../../shared/constant.js";
import { type Rewrite, reshapedConstant } from "./rewrite.js";

/** Shapes are known: what gives the same elements in the same order is a Reshape to the recorded shape. */
export function reshape(rewrite: Rewrite): void {
  const { node } = rewrite;
  const shape = node.output().staticShape();
  const attributes = shape.includes(0) ? { allowzero: 1 } : {};
  rewrite.give(node.output(), "Reshape", [node.input(0), rewrite.integers("shape", shape)], attributes);
}

/** Returns a lowering that takes some inputs as int64 and leaves the rest. */
export function wideInputs(...places: readonly number[]): (rewrite: Rewrite) => void {
  return (rewrite) => {
    const { node } = rewrite;
    const inputs = node.inputs.map((input, index) =>
      input && places.includes(index) ? rewrite.wide(input) : input,
    );
    rewrite.giveAll(node.outputs, node.op, inputs, node.attributes);
  };
}

/** Returns a lowering for operators that ONNX answers with int64, from output `from` on. */
export function wideOutputs(from: number): (rewrite: Rewrite) => void {
  return (rewrite) => {
    const { node } = rewrite;
    const inputs = node.op === "TopK" ? [node.input(0), rewrite.wide(node.input(1))] : node.inputs;
    const narrow = (output: Tensor, place: number) => place >= from && output.dtype !== "int64";
    const given = node.outputs.map((output, place) =>
      narrow(output, place)
        ? new Tensor({ name: `${output.name}/int64`, dtype: "int64", shape: output.shape })
        : output,
    );
    rewrite.giveAll(given, node.op, inputs, node.attributes);
    node.outputs.forEach((output, place) => {
      if (narrow(output, place)) rewrite.give(output, "Cast", [given[place]!], { to: output.dtype });
    });
  };
}

export function pad(rewrite: Rewrite): void {
  const { node } = rewrite;
  const mode = node.attributes.mode ?? "constant";
  if (mode === "symmetric")
    throw rewrite.refuse("it mirrors with the edge repeated, expected reflect or constant");
  const [x, pads, fill, ...rest] = node.inputs;
  const value = fill?.isConstant ? reshapedConstant(fill, []) : fill;
  const inputs = [x!, rewrite.wide(pads!), ...(value ? [value] : rest.length > 0 ? [null] : []), ...rest];
  rewrite.give(node.output(), "Pad", inputs, node.attributes);
}

/** [a, b] stacked on axis 1 of 2: each gets the axis, then they are joined along it. */
export function stack(rewrite: Rewrite): void {
  const { node } = rewrite;
  const output = node.output();
  const shape = output.staticShape();
  const axis = numberAttribute(node, "axis", 0);
  const own = axis < 0 ? axis + shape.length : axis;
  const one = shape.map((size, index) => (index === own ? 1 : size));
  const parts = node.inputs.map((input, index) =>
    rewrite.make(
      "Reshape",
      [input, rewrite.integers(`shape_${index}`, one)],
      {},
      {
        dtype: input!.dtype,
        shape: one,
        quantization: input!.quantization,
      },
    ),
  );
  rewrite.give(output, "Concat", parts, { axis: own });
}

/** The mirror of `stack`: split into parts of one, then the axis goes. */
export function unstack(rewrite: Rewrite): void {
  const { node } = rewrite;
  const input = node.input(0);
  const shape = input.staticShape();
  const axis = numberAttribute(node, "axis", 0);
  const own = axis < 0 ? axis + shape.length : axis;
  const one = shape.map((size, index) => (index === own ? 1 : size));
  const { dtype, quantization } = input;
  const parts = node.outputs.map(
    ({ name }) => new Tensor({ name: `${name}/part`, dtype, shape: one, quantization }),
  );
  rewrite.giveAll(parts, "Split", [input], { axis: own, numOutputs: parts.length });
  node.outputs.forEach((output, index) => {
    rewrite.give(output, "Reshape", [
      parts[index]!,
      rewrite.integers(`shape_${index}`, output.staticShape()),
    ]);
  });
}

/** Masks are resolved: what remains is a start, an end and a step per axis, and the recorded shape. */
export function stridedSlice(rewrite: Rewrite): void {
  const { node } = rewrite;
  if (!node.inputs.slice(1).every((input) => input?.isConstant)) {
    throw rewrite.refuse("its bounds are computed at run time, expected constants");
  }
  const call = new InferenceCall(node, (tensor) => (tensor.isConstant ? [...tensorNumbers(tensor)] : null));
  const { ranges } = stridedSlicePlan(call);
  const input = node.input(0);
  const ends = ranges.map(({ start, step, count }) => {
    const end = start + step * count;
    // Below 0 lies the position before the first element, which a small negative number would not mean.
    return end < 0 ? -TO_THE_END : end;
  });
  const sliced = rewrite.make(
    "Slice",
    [
      input,
      rewrite.integers(
        "starts",
        ranges.map(({ start }) => start),
      ),
      rewrite.integers("ends", ends),
      rewrite.integers(
        "axes",
        ranges.map((_, axis) => axis),
      ),
      rewrite.integers(
        "steps",
        ranges.map(({ step }) => step),
      ),
    ],
    {},
    { dtype: input.dtype, shape: ranges.map(({ count }) => count), quantization: input.quantization },
  );
  const output = node.output();
  rewrite.give(output, "Reshape", [sliced, rewrite.integers("shape", output.staticShape())]);
}

/** ONNX holds the value as one element in a list. */
export function constantOfShape(rewrite: Rewrite): void {
  const { node } = rewrite;
  const { value } = node.attributes;
  const attributes = value instanceof Tensor ? { value: reshapedConstant(value, [1]) } : {};
  rewrite.give(node.output(), "ConstantOfShape", [rewrite.wide(node.input(0))], attributes);
}
