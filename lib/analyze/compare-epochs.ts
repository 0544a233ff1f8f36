/** Epochs of two sides, aligned along the running order by what they do. */
import type { EpochRow, Explanation, Side, SideEpoch } from "./compare-record.js";
import { byRule, COMPARE_RULES } from "./compare-rules.js";
import { align } from "./diff-align.js";

/** Operators that one side writes in another way: a dense layer is a convolution to the hardware. */
const ALIKE: Readonly<Record<string, string>> = {
  gemm: "conv",
  matmul: "conv",
  depthwiseconv: "conv",
  convtranspose: "conv",
  globalaveragepool: "averagepool",
  reducemean: "averagepool",
  identity: "transpose",
};

function wordOf(op: string): string {
  const word = op.toLowerCase().replace(/\(.*\)$/, "");
  return ALIKE[word] ?? word;
}

interface Item {
  readonly epoch: SideEpoch;
  readonly words: ReadonlySet<string>;
  readonly hardware: boolean;
}

function itemOf(epoch: SideEpoch): Item {
  return {
    epoch,
    words: new Set(epoch.ops.map(wordOf)),
    hardware: epoch.kind === "hw" || epoch.kind === "ec",
  };
}

/** Higher for pairs that say more of each other; 0 for two that cannot be the same. */
function similarity(a: Item, b: Item): number {
  const common = [...a.words].filter((word) => b.words.has(word)).length;
  const told = a.words.size > 0 && b.words.size > 0;
  const shared = a.epoch.nodes.filter((node) => b.epoch.nodes.includes(node)).length;
  const overlap = shared / Math.max(1, a.epoch.nodes.length, b.epoch.nodes.length);
  const sameKernel =
    a.epoch.kernelBytes !== null && a.epoch.kernelBytes > 0 && a.epoch.kernelBytes === b.epoch.kernelBytes;
  if (told && common === 0 && !sameKernel && overlap === 0) return 0;
  // A software epoch says what it does, a hardware one of a report does not.
  if (!told && a.hardware !== b.hardware) return 0;
  const sameIndex = a.epoch.index === b.epoch.index;
  return (
    1 +
    3 * common +
    (a.hardware === b.hardware ? 2 : 0) +
    (sameKernel ? 4 : 0) +
    6 * overlap +
    (sameIndex ? 0.5 : 0)
  );
}

const CONVERSIONS: ReadonlySet<string> = new Set(["quantizelinear", "dequantizelinear"]);

function explain(
  left: Item | null,
  right: Item | null,
  sides: { readonly left: Side; readonly right: Side },
  atEdge: boolean,
): Explanation | null {
  const kinds = [left?.epoch.kind, right?.epoch.kind];
  if (left && right) {
    const printedAsSoftware = kinds.includes("hybrid") && kinds.includes("sw");
    const old = [sides.left, sides.right].some(
      ({ source, tool }) => source === "reported" && tool?.startsWith("2."),
    );
    if (printedAsSoftware && old) return byRule(COMPARE_RULES.hybrid);
    return left.epoch.because ?? right.epoch.because;
  }
  const alone = left ?? right!;
  const other = left ? sides.right : sides.left;
  const elsewhere = new Set(other.epochs.flatMap(({ nodes }) => nodes));
  if (alone.epoch.nodes.length > 0 && alone.epoch.nodes.every((node) => elsewhere.has(node))) {
    const home = other.epochs.find(({ nodes }) => nodes.includes(alone.epoch.nodes[0]!))!;
    return byRule(COMPARE_RULES.regrouped, `'${alone.epoch.nodes[0]}' is in epoch ${home.index} there`);
  }
  const measuredOnly = other.timing === "measured" && other.epochs.every(({ ms }) => ms !== null);
  if (alone.epoch.index === 1 && alone.epoch.kernelBytes === 0 && measuredOnly) {
    return byRule(COMPARE_RULES.unmeasured);
  }
  if (atEdge && [...alone.words].every((word) => CONVERSIONS.has(word)) && alone.words.size > 0) {
    return byRule(COMPARE_RULES.edge);
  }
  return alone.epoch.because;
}

/** hw and ec are one kind: who plays an epoch does not change what it does. */
function sameKind(a: Item, b: Item): boolean {
  return a.epoch.kind === b.epoch.kind || (a.hardware && b.hardware);
}

/** Returns the epochs of both sides as rows, in running order; rows that differ carry an explanation if one is known. */
export function compareEpochs(left: Side, right: Side): readonly EpochRow[] {
  const [a, b] = [left.epochs.map(itemOf), right.epochs.map(itemOf)];
  const pairs = align(a, b, {
    score: similarity,
    same: (x, y) =>
      x.words.size > 0 &&
      sameKind(x, y) &&
      [...x.words].join() === [...y.words].join() &&
      x.epoch.kernelBytes === y.epoch.kernelBytes,
  });
  return pairs.map(({ a: x, b: y }, position) => {
    const differs = !x || !y || !(sameKind(x, y) || x.epoch.kind === "unknown" || y.epoch.kind === "unknown");
    const atEdge = position < EDGE || position >= pairs.length - EDGE;
    return {
      left: x?.epoch ?? null,
      right: y?.epoch ?? null,
      differs,
      explanation: differs ? explain(x, y, { left, right }, atEdge) : null,
    };
  });
}

/** Conversions of inputs and outputs stand among the first and last epochs. */
const EDGE = 3;
