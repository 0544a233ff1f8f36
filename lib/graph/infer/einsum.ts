/**
 * Einstein sums: a letter per axis; letters that the result does not name are summed. The ellipsis stands for
 * leading axes, which broadcast.
 *
 *     bij,bjk->bik     2x3x4 and 2x4x5 give 2x3x5
 *     ...ij->...ji     2x3x4 gives 2x4x3
 *     ij,jk            without an arrow the result has the letters that occur once, in alphabetical order
 */
import { stringAttribute } from "../node.js";
import { formatShape, type StaticShape } from "../shape.js";
import { broadcastInputs } from "./broadcast.js";
import type { InferenceCall, InferenceRule, InferenceRules } from "./rule.js";

const ELLIPSIS = "...";

/** Returns the letters before and after the ellipsis. */
function terms(term: string): { readonly before: string; readonly after: string; readonly open: boolean } {
  const at = term.indexOf(ELLIPSIS);
  if (at < 0) return { before: term, after: "", open: false };
  return { before: term.slice(0, at), after: term.slice(at + ELLIPSIS.length), open: true };
}

/** Notes the size of each letter of an operand, and returns the axes that its ellipsis stands for. */
function bindTerm(call: InferenceCall, index: number, term: string, sizes: Map<string, number>): StaticShape {
  const shape = call.shape(index);
  const { before, after, open } = terms(term);
  const named = before.length + after.length;
  if (open ? shape.length < named : shape.length !== named) {
    throw call.refuse(`'${term}' names ${named} axes, input ${index} is ${formatShape(shape)}`);
  }
  const tail = shape.length - after.length;
  const letters = [...before].map((letter, axis) => [letter, shape[axis]!] as const);
  letters.push(...[...after].map((letter, axis) => [letter, shape[tail + axis]!] as const));
  for (const [letter, size] of letters) {
    const held = sizes.get(letter) ?? 1;
    if (held !== 1 && size !== 1 && held !== size) {
      throw call.refuse(`axis '${letter}' has ${held} elements in one operand and ${size} in another`);
    }
    sizes.set(letter, Math.max(held, size));
  }
  return shape.slice(before.length, tail);
}

function impliedResult(operands: readonly string[]): string {
  const letters = [...operands.join("").replaceAll(".", "")];
  const once = letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter));
  return (operands.some((term) => term.includes(ELLIPSIS)) ? ELLIPSIS : "") + once.sort().join("");
}

const einsum: InferenceRule = (call) => {
  const [left, result] = stringAttribute(call.node, "equation").replaceAll(" ", "").split("->");
  const operands = left!.split(",");
  if (operands.length !== call.node.inputs.length) {
    throw call.refuse(`its equation has ${operands.length} operands, the node ${call.node.inputs.length}`);
  }
  const sizes = new Map<string, number>();
  const open = operands.map((term, index) => bindTerm(call, index, term, sizes));
  const target = terms(result ?? impliedResult(operands));
  const size = (letter: string): number => {
    const held = sizes.get(letter);
    if (held !== undefined) return held;
    throw call.refuse(`its result names axis '${letter}', which no operand has`);
  };
  const shape = [
    ...[...target.before].map(size),
    ...(target.open ? broadcastInputs(call, open) : []),
    ...[...target.after].map(size),
  ];
  return [{ dtype: call.dtype(0), shape }];
};

export const EINSUM_RULES: InferenceRules = { Einsum: einsum };
