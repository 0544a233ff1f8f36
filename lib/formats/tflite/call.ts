/** One operator of a TFLite file, on its way into the graph's vocabulary. */
import { LabError } from "../../errors.js";
import { isInteger } from "../../graph/dtype.js";
import { tensorNumbers } from "../../graph/elements.js";
import type { Attributes } from "../../graph/node.js";
import { elementCount } from "../../graph/shape.js";
import type { Tensor } from "../../graph/tensor.js";
import { ELEMENT_COST } from "../shared/budget.js";
import type { Options } from "./options.js";

export interface Call {
  /** The operator as the file names it: `CONV_2D`. */
  readonly builtin: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly options: Options;
  /** Where: `subgraphs[0].operators[3]`. */
  readonly path: string;
  /** Counts memory: any number of operators may read one long list of numbers. */
  spend(cost: number): void;
}

/** What becomes of a call. Outputs stay as they are. */
export interface Lowered {
  readonly op: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes: Attributes;
}

/**
 * Puts a call into the vocabulary. null: it has no counterpart as recorded, mostly because the vocabulary
 * wants a constant where the file computes a value; the node then keeps its TFLite name, inputs and options.
 */
export type Lowering = (call: Call) => Lowered | null;

export function refuse(call: Call, why: string, hint?: string): LabError {
  return new LabError({
    code: "OPERATOR",
    message: `Cannot take over ${call.builtin} '${call.outputs[0]?.name ?? ""}': ${why}`,
    at: call.path,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** Returns input `index`; throws a LabError when it is left out. */
export function required(call: Call, index: number): Tensor {
  const tensor = call.inputs[index];
  if (tensor) return tensor;
  throw refuse(call, `input ${index} is missing, expected at least ${index + 1} inputs`);
}

/** Returns the whole numbers of a constant input; null when it is computed at run time or left out. */
export function values(call: Call, index: number): readonly number[] | null {
  const tensor = call.inputs[index];
  if (!tensor?.isConstant) return null;
  if (isInteger(tensor.dtype)) return numbersOf(call, tensor);
  throw refuse(call, `input ${index} is of type ${tensor.dtype}, expected whole numbers`);
}

/** Lists that stand for one another while an operator is taken over: read, parted, written as 64-bit numbers. */
const COPIES = 3;

/** Returns the numbers of a constant that says something about the call, and counts what becomes of them. */
function numbersOf(call: Call, tensor: Tensor): readonly number[] {
  const count = tensor.shape === null ? 0 : elementCount(tensor.staticShape());
  call.spend(COPIES * ELEMENT_COST * count);
  return [...tensorNumbers(tensor)];
}

/** Returns the only value of a constant input; null when it is computed at run time or left out. */
export function value(call: Call, index: number): number | null {
  const list = values(call, index);
  if (list === null) return null;
  if (list.length === 1) return list[0]!;
  throw refuse(call, `input ${index} has ${list.length} values, expected one`);
}

/** Returns an option that is a whole number; the table of options has its type. */
export function whole(call: Call, name: string): number {
  return call.options[name] as number;
}

/** Returns an option that must be at least one: a stride, a size, a factor. */
export function positive(call: Call, name: string): number {
  const found = whole(call, name);
  if (found >= 1) return found;
  throw refuse(call, `its ${name} is ${found}, expected at least 1`);
}

/** Returns `{ activation }` when the file fuses one into the operator. */
export function fusedActivation(call: Call): Attributes {
  const { activation } = call.options;
  return activation === undefined || activation === "none" ? {} : { activation };
}

/** Returns the name for a constant that stands for an option of the call. */
export function constantName(call: Call, role: string): string {
  return `${call.outputs[0]?.name ?? call.path}/${role}`;
}
