import type { Model } from "../graph/graph.js";
import { constantOf, Tensor } from "../graph/tensor.js";
import { int8Quantization } from "./activation-range.js";
import { NetworkBuilder, type Signal } from "./builder.js";

export interface TransformerGeneratorConfig {
  readonly tokens: number;
  /** Of each token's vector. */
  readonly width: number;
  readonly heads: number;
  readonly blocks: number;
  /** Of the layer in between, in each block. */
  readonly hidden: number;
  readonly vocabulary: number;
}

/** What most values of an activation stay within: four standard deviations. */
const REACH = 4;

interface Named {
  readonly name: string;
}

/**
 * Returns a small language model over embedded tokens, as a TFLite export of one is seen: blocks of attention
 * and two dense layers, each followed by a layer normalisation in single steps, and a dense layer over the
 * vocabulary. `heads` is the number of attention heads.
 *
 *   transformerGenerator({ tokens: 30, width: 128, heads: 4, blocks: 6, hidden: 1024, vocabulary: 20_000 })
 *   // 4,526,080 B of weights; the published compilation of such a network has 4,562,979 B of parameters
 */
export function transformerGenerator(config: TransformerGeneratorConfig): Model {
  const { tokens, width, heads, blocks, hidden, vocabulary } = config;
  const net = new NetworkBuilder({ name: `transformer_${blocks}`, seed: "transformer", ports: "int8" });
  let features = net.input({
    name: "embedded_tokens",
    shape: [tokens, width],
    range: { low: -REACH, high: REACH },
  });
  for (let block = 0; block < blocks; block++) {
    const name = `block_${block}`;
    const attended = attention(net, features, { name: `${name}_attention`, heads });
    features = normalized(net, net.add(features, attended, { name: `${name}_add` }), {
      name: `${name}_norm`,
    });
    const inner = net.dense(features, { name: `${name}_inner`, units: hidden, activation: "relu" });
    const outer = net.dense(inner, { name: `${name}_outer`, units: width });
    features = normalized(net, net.add(features, outer, { name: `${name}_add_2` }), {
      name: `${name}_norm_2`,
    });
  }
  return net.build([net.dense(features, { name: "logits", units: vocabulary })]);
}

/** Returns tokens × width behind attention, two dense layers, and a normalisation behind each. */
export function transformerBlock(
  net: NetworkBuilder,
  input: Signal,
  { name, heads, hidden }: { readonly name: string; readonly heads: number; readonly hidden: number },
): Signal {
  const width = input.tensor.staticShape().at(-1)!;
  const attended = attention(net, input, { name: `${name}_attention`, heads });
  const middle = normalized(net, net.add(input, attended, { name: `${name}_add` }), { name: `${name}_norm` });
  const inner = net.dense(middle, { name: `${name}_inner`, units: hidden, activation: "relu" });
  const outer = net.dense(inner, { name: `${name}_outer`, units: width });
  return normalized(net, net.add(middle, outer, { name: `${name}_add_2` }), { name: `${name}_norm_2` });
}

function attention(net: NetworkBuilder, input: Signal, { name, heads }: Named & { heads: number }): Signal {
  const [tokens = 1, width = 1] = input.tensor.staticShape();
  const depth = width / heads;
  const split = (what: string, perm: readonly number[]) => {
    const projected = net.dense(input, { name: `${name}_${what}`, units: width });
    const parts = net.reshape(projected, { name: `${name}_${what}_heads`, shape: [1, tokens, heads, depth] });
    return transposed(net, parts, { name: `${name}_${what}_by_head`, perm });
  };
  const byHead = [0, 2, 1, 3];
  const query = split("query", byHead);
  const key = split("key", [0, 2, 3, 1]);
  const scores = product(net, query, key, { name: `${name}_scores`, columns: tokens });
  const scaled = times(net, scores, { name: `${name}_scale`, factor: 1 / Math.sqrt(depth) });
  const shares = net.softmax(scaled, { name: `${name}_softmax` });
  const value = split("value", byHead);
  const mixed = product(net, shares, value, { name: `${name}_mix`, columns: depth });
  const together = transposed(net, mixed, { name: `${name}_together`, perm: byHead });
  const flat = net.reshape(together, { name: `${name}_flat`, shape: [tokens, width] });
  return net.dense(flat, { name: `${name}_project`, units: width });
}

/** Returns (x − mean) / deviation · gain + shift over the last axis, in the steps that exporters write. */
function normalized(net: NetworkBuilder, input: Signal, { name }: Named): Signal {
  const shape = input.tensor.staticShape();
  const one = [...shape.slice(0, -1), 1];
  const mean = step(net, "ReduceMean", "MEAN", [input], { name: `${name}_mean`, shape: one, high: 1 });
  const centred = step(net, "Sub", "SUB", [input, mean], { name: `${name}_centre`, shape, high: REACH });
  const square = step(net, "Mul", "MUL", [centred, centred], {
    name: `${name}_square`,
    shape,
    high: 16,
    low: 0,
  });
  const variance = step(net, "ReduceMean", "MEAN", [square], {
    name: `${name}_variance`,
    shape: one,
    high: 2,
    low: 0,
  });
  const inverse = step(net, "Rsqrt", "RSQRT", [variance], {
    name: `${name}_rsqrt`,
    shape: one,
    high: 4,
    low: 0,
  });
  const scaled = step(net, "Mul", "MUL", [centred, inverse], { name: `${name}_scale`, shape, high: REACH });
  const gained = step(net, "Mul", "MUL", [scaled], {
    name: `${name}_gain`,
    shape,
    high: REACH,
    vector: true,
  });
  return step(net, "Add", "ADD", [gained], { name: `${name}_shift`, shape, high: REACH, vector: true });
}

interface Step extends Named {
  readonly shape: readonly number[];
  readonly low?: number;
  readonly high: number;
  /** Whether a constant per channel is the last operand. */
  readonly vector?: boolean;
}

function step(
  net: NetworkBuilder,
  op: string,
  source: string,
  inputs: readonly Signal[],
  form: Step,
): Signal {
  const { name, shape, high, low = -high, vector = false } = form;
  const reduces = op === "ReduceMean";
  return net.operator({
    name,
    op,
    source,
    inputs,
    ...(vector ? { constants: [constant(`${name}/vector`, shape.at(-1)!)] } : {}),
    ...(reduces ? { constants: [axes(`${name}/axes`, shape.length - 1)], attributes: { keepdims: 1 } } : {}),
    shape,
    range: { low, high },
    power: 1,
    rectified: low === 0,
  });
}

function transposed(
  net: NetworkBuilder,
  input: Signal,
  { name, perm }: Named & { readonly perm: readonly number[] },
): Signal {
  const shape = input.tensor.staticShape();
  const { low, high } = { low: -REACH, high: REACH };
  return net.operator({
    name,
    op: "Transpose",
    source: "TRANSPOSE",
    inputs: [input],
    attributes: { perm },
    shape: perm.map((axis) => shape[axis]!),
    range: { low, high },
    power: input.power,
    rectified: false,
  });
}

/** Returns the product of two activations, matrix by matrix (BATCH_MATMUL). */
function product(
  net: NetworkBuilder,
  left: Signal,
  right: Signal,
  { name, columns }: Named & { readonly columns: number },
): Signal {
  return net.operator({
    name,
    op: "MatMul",
    source: "BATCH_MATMUL",
    inputs: [left, right],
    shape: [...left.tensor.staticShape().slice(0, -1), columns],
    range: { low: -REACH, high: REACH },
    power: 1,
    rectified: false,
  });
}

function times(
  net: NetworkBuilder,
  input: Signal,
  { name, factor }: Named & { readonly factor: number },
): Signal {
  return net.operator({
    name,
    op: "Mul",
    source: "MUL",
    inputs: [input],
    constants: [scalar(`${name}/factor`, factor)],
    shape: input.tensor.staticShape(),
    range: { low: -REACH * factor, high: REACH * factor },
    power: input.power * factor * factor,
    rectified: false,
  });
}

function int8Constant(name: string, values: Int8Array, high: number, shape: readonly number[]): Tensor {
  return new Tensor({
    name,
    dtype: "int8",
    shape,
    quantization: int8Quantization({ low: 0, high }),
    data: constantOf(new Uint8Array(values.buffer)),
  });
}

/** The largest stored value stands for `factor`. */
const scalar = (name: string, factor: number) => int8Constant(name, Int8Array.of(127), factor, []);
const constant = (name: string, channels: number) =>
  int8Constant(name, new Int8Array(channels).fill(127), 1, [channels]);

function axes(name: string, axis: number): Tensor {
  return new Tensor({
    name,
    dtype: "int32",
    shape: [1],
    data: constantOf(new Uint8Array(Int32Array.of(axis).buffer)),
  });
}
