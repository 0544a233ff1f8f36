/**
 * Operators that work on images of either layout: with their axes renamed they run on the turned form. Each
 * rule returns whether it took the node over; a node that none takes reads its inputs as recorded.
 */
import { constantFrom, tensorNumbers } from "../elements.js";
import { flagAttribute, Node, numberAttribute, numbersAttribute } from "../node.js";
import { Tensor } from "../tensor.js";
import type { Layouts } from "./channels-first-layouts.js";
import { TO_FIRST, TO_LAST, turnAxis, turnInput, turnOperand } from "./channels-first-operands.js";
import { keepsOrder } from "./permute-constant.js";

/** Element by element, with broadcasting where there are several inputs. */
const ELEMENTWISE: ReadonlySet<string> = new Set([
  ..."Abs Add And Cast Ceil Clip Cos Div Elu Equal Erf Exp Floor Gelu Greater GreaterOrEqual HardSigmoid".split(
    " ",
  ),
  ..."HardSwish Identity LeakyRelu Less LessOrEqual Log Max Min Mod Mul Neg Not Or PRelu Pow Reciprocal".split(
    " ",
  ),
  ..."Relu Round Selu Sigmoid Sign Sin Softplus Softsign Sqrt Sub Sum Tanh ThresholdedRelu Where Xor".split(
    " ",
  ),
  "QuantizeLinear",
  "DequantizeLinear",
]);

/** Operators with one attribute `axis` whose output has the axes of the input. */
const ALONG_AXIS: ReadonlySet<string> = new Set([
  "Concat",
  "Hardmax",
  "LogSoftmax",
  "LpNormalization",
  "Softmax",
  "Split",
]);

const REDUCTION = /^Reduce/;
const SAME_ORDER: ReadonlySet<string> = new Set(["Flatten", "Reshape", "Squeeze", "Unsqueeze"]);
const AS_IT_IS = "0,1,2,3";

const isImage = (tensor: Tensor) => tensor.shape?.length === 4;

/** Puts a node after a turned input and returns true; false where it must see its inputs as recorded. */
export function followLayout(node: Node, layouts: Layouts): boolean {
  if (node.op === "Transpose") return transpose(node, layouts);
  if (!node.inputs.some((input) => input && layouts.isTurned(input))) return false;
  if (ELEMENTWISE.has(node.op)) return elementwise(node, layouts);
  if (ALONG_AXIS.has(node.op)) return alongAxis(node, layouts);
  if (REDUCTION.test(node.op) || node.op === "ArgMax" || node.op === "ArgMin") return reduce(node, layouts);
  if (SAME_ORDER.has(node.op)) return sameOrder(node, layouts);
  switch (node.op) {
    case "Pad":
      return settings(node, layouts, { 1: "pads" });
    case "Tile":
      return settings(node, layouts, { 1: "values" });
    case "Slice":
      return slice(node, layouts);
    default:
      return false;
  }
}

function elementwise(node: Node, layouts: Layouts): boolean {
  if (!node.outputs.every(isImage)) return false;
  const fits = node.inputs.every((input) => !input || isImage(input) || input.isConstant || input.size === 1);
  if (!fits) return false;
  const inputs = node.inputs.map((input) => {
    if (!input) return null;
    if (input.isConstant) return turnOperand(input);
    return isImage(input) ? layouts.first(input, node) : input;
  });
  layouts.push(
    node,
    inputs,
    node.outputs.map((output) => layouts.giveFirst(output)),
  );
  return true;
}

function alongAxis(node: Node, layouts: Layouts): boolean {
  const isSplit = node.op === "Split";
  const data = isSplit ? node.inputs.slice(0, 1) : node.inputs;
  if (!data.every((input) => input && isImage(input)) || !node.outputs.every(isImage)) return false;
  if (node.attributes.flattenFrom !== undefined) return false;
  const axis = numberAttribute(node, "axis", isSplit ? 0 : -1);
  layouts.push(
    node,
    [...data.map((input) => layouts.first(input!, node)), ...node.inputs.slice(data.length)],
    node.outputs.map((output) => layouts.giveFirst(output)),
    { ...node.attributes, axis: turnAxis(axis) },
  );
  return true;
}

/** Without the reduced axes, the rest must lie in the recorded order: a mean over H and W does, one over H not. */
function reduce(node: Node, layouts: Layouts): boolean {
  const input = node.input(0);
  if (!isImage(input)) return false;
  const isArgument = node.op.startsWith("Arg");
  const list = node.inputs[1];
  if (!isArgument && !list?.isConstant) return false;
  const axes = isArgument ? [numberAttribute(node, "axis", 0)] : [...tensorNumbers(list!)];
  const gone = axes.map((axis) => (axis < 0 ? axis + 4 : axis));
  const keeps = flagAttribute(node, "keepdims", true);
  if (!keeps) {
    const kept = TO_FIRST.filter((axis) => !gone.includes(axis));
    const shape = input.staticShape();
    const moving = kept.filter((axis) => shape[axis] !== 1);
    if (moving.some((axis, index) => index > 0 && axis < moving[index - 1]!)) return false;
  }
  layouts.push(
    node,
    isArgument
      ? [layouts.first(input, node)]
      : [layouts.first(input, node), turnInput(list!, "axes"), ...node.inputs.slice(2)],
    keeps ? node.outputs.map((output) => layouts.giveFirst(output)) : node.outputs,
    isArgument ? { ...node.attributes, axis: turnAxis(gone[0]!) } : node.attributes,
  );
  return true;
}

/** Reshapes see the elements in a row; where turning moves none, either form will do. */
function sameOrder(node: Node, layouts: Layouts): boolean {
  const input = node.input(0);
  if (!isImage(input) || !keepsOrder(input.staticShape(), TO_FIRST)) return false;
  const { name, source } = node;
  const target = numberList(`${name}/shape`, node.output().staticShape());
  const inputs = [layouts.first(input, node), target];
  layouts.nodes.push(new Node({ name, op: "Reshape", inputs, outputs: node.outputs, source }));
  return true;
}

/** Moves between the layouts cancel; others name the axes of the turned form. */
function transpose(node: Node, layouts: Layouts): boolean {
  const input = node.input(0);
  if (!isImage(input)) return false;
  const perm = numbersAttribute(node, "perm", [3, 2, 1, 0]);
  if (layouts.isTurned(input)) {
    const turned = perm.map(turnAxis);
    if (turned.join() === TO_LAST.join()) {
      // As recorded, the output is itself an image with channels last.
      layouts.giveAlias(node.output(), layouts.first(input, node));
      return true;
    }
    const { name, outputs, source } = node;
    const inputs = [layouts.first(input, node)];
    layouts.nodes.push(
      turned.join() === AS_IT_IS
        ? new Node({ name, op: "Identity", inputs, outputs, source })
        : new Node({ name, op: "Transpose", inputs, outputs, attributes: { perm: turned }, source }),
    );
    return true;
  }
  if (perm.join() !== TO_LAST.join() || input.isConstant) return false;
  layouts.giveAlias(node.output(), input);
  return true;
}

function settings(node: Node, layouts: Layouts, kinds: Readonly<Record<number, "values" | "pads">>): boolean {
  const input = node.input(0);
  if (!isImage(input)) return false;
  const fits = Object.keys(kinds).every((index) => node.inputs[Number(index)]?.isConstant);
  // Pads of chosen axes (input 3) name them.
  if (!fits || node.inputs[3]) return false;
  const inputs = node.inputs.map((own, index) => {
    if (index === 0) return layouts.first(input, node);
    const kind = kinds[index];
    return own && kind ? turnInput(own, kind) : own;
  });
  layouts.push(
    node,
    inputs,
    node.outputs.map((output) => layouts.giveFirst(output)),
  );
  return true;
}

function slice(node: Node, layouts: Layouts): boolean {
  const [input, starts, ends, axes, steps] = node.inputs;
  if (!input || !isImage(input) || !starts || !ends) return false;
  if (axes && !axes.isConstant) return false;
  const count = starts.staticShape()[0]!;
  const recorded = axes ? [...tensorNumbers(axes)] : Array.from({ length: count }, (_, axis) => axis);
  const named = numberList(`${node.name}/axes`, recorded.map(turnAxis));
  layouts.push(
    node,
    [layouts.first(input, node), starts, ends, named, ...(steps ? [steps] : [])],
    node.outputs.map((output) => layouts.giveFirst(output)),
  );
  return true;
}

function numberList(name: string, values: readonly number[]): Tensor {
  return new Tensor({ name, dtype: "int64", shape: [values.length], data: constantFrom("int64", values) });
}
