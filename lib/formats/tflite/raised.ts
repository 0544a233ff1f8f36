/** A node on its way back into a TFLite operator: the mirror image of call.ts. */
import { LabError } from "../../errors.js";
import { constantFrom, tensorNumbers } from "../../graph/elements.js";
import type { AttributeValue, Node } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";

export interface Raised {
  /** The builtin operator, as BUILTIN_OPERATORS names it. */
  readonly builtin: string;
  readonly inputs: readonly (Tensor | null)[];
  /** Options that the node's attributes say; the rest is as recorded, or the schema's default. */
  readonly options: Readonly<Record<string, AttributeValue>>;
}

/** Puts a node of the vocabulary into an operator of TFLite; throws a LabError where TFLite has none. */
export type Raising = (node: Node) => Raised;

export function refuse(node: Node, why: string, hint?: string): LabError {
  return new LabError({
    code: "OPERATOR",
    message: `Cannot write ${node.describe()} as TFLite: ${why}`,
    at: node.name,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Returns the values of a constant input; throws when it is computed or left out. */
export function constants(node: Node, index: number): number[] {
  const tensor = node.inputs[index];
  if (tensor?.isConstant) return [...tensorNumbers(tensor)];
  throw refuse(node, `input ${index} is ${tensor ? "computed" : "missing"}, expected a constant`);
}

/** The largest size or place that TFLite's int32 operands hold. */
const INT32_MAX = 2 ** 31 - 1;

/** Returns an int32 constant for an operand that the graph holds in another form; a scalar for shape []. */
export function operand(
  node: Node,
  role: string,
  values: readonly number[],
  shape: readonly number[] = [values.length],
): Tensor {
  const wide = values.find((value) => !Number.isInteger(value) || Math.abs(value) > INT32_MAX);
  if (wide !== undefined) throw refuse(node, `its ${role} hold ${wide}, expected 32-bit integers`);
  const name = `${node.outputs[0]?.name ?? node.name}/${role}`;
  return new Tensor({ name, dtype: "int32", shape, data: constantFrom("int32", values) });
}

/** Returns a list of axes as TFLite takes them: int32. Other constants are converted, the rest stays. */
export function asInt32(node: Node, role: string, tensor: Tensor): Tensor {
  if (tensor.dtype !== "int64" || !tensor.isConstant) return tensor;
  return operand(node, role, [...tensorNumbers(tensor)], tensor.staticShape());
}

/** Throws a LabError when an attribute is there and none of the allowed values. */
export function requireAttribute(node: Node, name: string, allowed: readonly AttributeValue[]): void {
  const found = node.attributes[name];
  if (found === undefined || allowed.includes(found)) return;
  throw refuse(node, `its ${name} is ${String(found)}, expected ${allowed.join(" or ")}`);
}
