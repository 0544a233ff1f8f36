/**
 * Integer arithmetic of up to 52 bits in ONNX's float64, where every such integer is exact: ONNX has no shift
 * of signed integers, no square root of integers, and ONNX Runtime few operators for unsigned ones.
 */
import { constantFrom, tensorNumbers } from "../../../graph/elements.js";
import type { Attributes } from "../../../graph/node.js";
import { elementCount, type Shape, type StaticShape } from "../../../graph/shape.js";
import { Tensor } from "../../../graph/tensor.js";
import type { Rewrite } from "./rewrite.js";

/** Steps of one rewriting that hold integers as float64. */
export class Exact {
  readonly #rewrite: Rewrite;

  constructor(rewrite: Rewrite) {
    this.#rewrite = rewrite;
  }

  /** Returns the integers of a tensor. */
  read(tensor: Tensor): Tensor {
    if (tensor.isConstant) return this.constant(Array.from(tensorNumbers(tensor)), tensor.staticShape());
    return this.node("Cast", [tensor], tensor.staticShape(), { to: "float64" });
  }

  /** Gives integers as a tensor of the node; they must fit its type. */
  give(output: Tensor, value: Tensor): void {
    const shaped = this.reshape(value, output.staticShape());
    this.#rewrite.give(output, "Cast", [shaped], { to: output.dtype });
  }

  constant(values: readonly number[], shape: Shape = [values.length]): Tensor {
    const name = `${this.#rewrite.node.name}/constant`;
    return new Tensor({ name, dtype: "float64", shape, data: constantFrom("float64", values) });
  }

  scalar(value: number): Tensor {
    return this.constant([value], []);
  }

  node(op: string, inputs: readonly Tensor[], shape: Shape, attributes: Attributes = {}): Tensor {
    return this.#rewrite.make(op, inputs, attributes, { dtype: "float64", shape });
  }

  add(a: Tensor, b: Tensor | number): Tensor {
    return this.#two("Add", a, b);
  }

  subtract(a: Tensor, b: Tensor | number): Tensor {
    return this.#two("Sub", a, b);
  }

  multiply(a: Tensor, b: Tensor | number): Tensor {
    return this.#two("Mul", a, b);
  }

  most(a: Tensor, b: Tensor | number): Tensor {
    return this.#two("Max", a, b);
  }

  least(a: Tensor, b: Tensor | number): Tensor {
    return this.#two("Min", a, b);
  }

  floor(value: Tensor): Tensor {
    return this.node("Floor", [value], value.staticShape());
  }

  /** Arithmetic shift to the right: rounds down. */
  shiftRight(value: Tensor, bits: number): Tensor {
    return this.floor(this.multiply(value, 2 ** -bits));
  }

  /** What is left of an integer in unsigned storage of so many bits. */
  wrapUnsigned(value: Tensor, bits: number): Tensor {
    const over = this.floor(this.multiply(value, 2 ** -bits));
    return this.subtract(value, this.multiply(over, 2 ** bits));
  }

  /** What is left of an integer in signed storage of so many bits. */
  wrapSigned(value: Tensor, bits: number): Tensor {
    const over = this.floor(this.multiply(this.add(value, 2 ** (bits - 1)), 2 ** -bits));
    return this.subtract(value, this.multiply(over, 2 ** bits));
  }

  /** Returns `yes` where a comparison holds, else `no`. */
  choose(
    compare: "Less" | "Greater" | "LessOrEqual",
    pair: readonly [Tensor, Tensor | number],
    yes: Tensor,
    no: Tensor,
  ): Tensor {
    const [a, b] = pair;
    const shape = a.staticShape();
    const holds = this.#rewrite.make(compare, [a, this.#operand(b)], {}, { dtype: "bool", shape });
    return this.node("Where", [holds, yes, no], shape);
  }

  /** Returns the entries of a constant table; the positions are within it. */
  lookUp(table: readonly number[], positions: Tensor): Tensor {
    const shape = positions.staticShape();
    const places = this.#rewrite.make("Cast", [positions], { to: "int64" }, { dtype: "int64", shape });
    return this.node("Gather", [this.constant(table), places], shape, { axis: 0 });
  }

  /** Returns how many bits an unsigned integer needs: 0 → 0, 1 → 1, 4 → 3. Adds an axis and sums over it. */
  bitLength(value: Tensor, bits: number): Tensor {
    const shape = value.staticShape();
    const column = this.reshape(value, [...shape, 1]);
    const powers = this.constant(Array.from({ length: bits }, (_, bit) => 2 ** bit));
    const each = [...shape, bits];
    const reached = this.#rewrite.make(
      "GreaterOrEqual",
      [column, powers],
      {},
      { dtype: "bool", shape: each },
    );
    return this.sum(this.node("Cast", [reached], each, { to: "float64" }), shape.length);
  }

  sum(value: Tensor, axis: number): Tensor {
    const shape = value.staticShape().filter((_, index) => index !== axis);
    return this.node("ReduceSum", [value, this.#rewrite.integers("axes", [axis])], shape, { keepdims: 0 });
  }

  reshape(value: Tensor, shape: StaticShape): Tensor {
    if (value.staticShape().join() === shape.join()) return value;
    return this.node("Reshape", [value, this.#rewrite.integers("shape", shape)], shape);
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    const [first] = parts as [Tensor];
    const whole = parts.reduce((sum, part) => sum + part.staticShape()[axis]!, 0);
    const shape = first.staticShape().map((size, index) => (index === axis ? whole : size));
    return this.node("Concat", parts, shape, { axis });
  }

  /** Returns parts of the given sizes along an axis. */
  split(value: Tensor, sizes: readonly number[], axis: number): readonly Tensor[] {
    const shape = value.staticShape();
    const { name } = this.#rewrite.between({ dtype: "float64", shape });
    const parts = sizes.map(
      (size, index) =>
        new Tensor({
          name: `${name}/${index}`,
          dtype: "float64",
          shape: shape.map((own, at) => (at === axis ? size : own)),
        }),
    );
    this.#rewrite.giveAll(parts, "Split", [value, this.#rewrite.integers("sizes", sizes)], { axis });
    return parts;
  }

  /** Returns the elements of a list at fixed positions. */
  pick(list: Tensor, positions: readonly number[]): Tensor {
    return this.node("Gather", [list, this.#rewrite.integers("positions", positions)], [positions.length], {
      axis: 0,
    });
  }

  #operand(value: Tensor | number): Tensor {
    return typeof value === "number" ? this.scalar(value) : value;
  }

  #two(op: string, a: Tensor, b: Tensor | number): Tensor {
    const operand = this.#operand(b);
    return this.node(op, [a, operand], broadcast(a.staticShape(), operand.staticShape()));
  }
}

/** Two shapes of which one is the other's end, or has axes of size 1 in it. */
function broadcast(a: StaticShape, b: StaticShape): StaticShape {
  const [long, short] = a.length >= b.length ? [a, b] : [b, a];
  const missing = long.length - short.length;
  return elementCount(short) === 1
    ? long
    : long.map((size, index) => Math.max(size, short[index - missing] ?? 1));
}
