/** The operator Constant: a value written as a node. */
import { LabError } from "../../errors.js";
import type { Attributes } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";
import { float32Scalar, float32Vector, int64Constant } from "../shared/constant.js";

/** Returns the value of a Constant node as a constant named `name`. */
export function constantTensor(name: string, attributes: Attributes): Tensor {
  const { value, valueFloat, valueFloats, valueInt, valueInts } = attributes;
  if (value instanceof Tensor) {
    value.name = name;
    return value;
  }
  if (typeof valueFloat === "number") return float32Scalar(name, valueFloat);
  if (isNumbers(valueFloats)) return float32Vector(name, valueFloats);
  if (typeof valueInt === "number") return int64Constant(name, [valueInt], []);
  if (isNumbers(valueInts)) return int64Constant(name, valueInts);
  const found = Object.keys(attributes).join(", ") || "none";
  throw new LabError({
    code: "UNSUPPORTED",
    message: `Cannot take over Constant '${name}': its attributes are ${found}, expected value, valueFloat(s) or valueInt(s)`,
  });
}

function isNumbers(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((item) => typeof item === "number");
}
