import type { NormalizeReport } from "../graph/passes/normalize.js";

/** Nodes named one by one before the rest is only counted. */
const NAMED = 5;

/** Returns what was assumed on the way to shapes, in sentences. */
export function notesOf({ assumedDims, assumed }: NormalizeReport): string[] {
  const dims = assumedDims.map(
    ({ input, axis, recorded, size }) =>
      `Dimension ${axis} of input '${input}' is open in the file ('${recorded}') and was taken as ${size}.`,
  );
  const believed = assumed
    .slice(0, NAMED)
    .map(({ node, why }) => `The shape of ${node.describe()} was taken from the file: ${why}.`);
  const more = assumed.length > NAMED ? [`So were the shapes of ${assumed.length - NAMED} more nodes.`] : [];
  return [...dims, ...believed, ...more];
}
