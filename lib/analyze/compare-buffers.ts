/**
 * Parameter buffers of two sides. Names say nothing across sides, so layers are aligned first, along the running
 * order, by what they hold; then the buffers within a pair of layers, by role.
 */
import { RULES } from "../targets/neural-art/facts-packing.js";
import type { BufferRow, Explanation, Side, SideBuffer } from "./compare-record.js";
import { byRule, COMPARE_RULES } from "./compare-rules.js";
import { align } from "./diff-align.js";

interface Layer {
  readonly name: string;
  readonly buffers: readonly SideBuffer[];
  /** Kernel bytes before inflation: what the layer has in the model. */
  readonly kernel: number;
}

function layersOf(buffers: readonly SideBuffer[]): readonly Layer[] {
  const groups = new Map<string, SideBuffer[]>();
  for (const buffer of buffers) {
    const group = groups.get(buffer.layer);
    if (group) group.push(buffer);
    else groups.set(buffer.layer, [buffer]);
  }
  return [...groups].map(([name, members]) => ({
    name,
    buffers: members,
    kernel: members.reduce(
      (sum, { role, bytes, group }) => sum + (role === "kernel" ? bytes / (group ?? 1) : 0),
      0,
    ),
  }));
}

/** Padding of deep mode and rows cut off differ by a few bytes; two layers of a network differ by more. */
const NEAR = 0.02;

function similarity(a: Layer, b: Layer): number {
  if (a.name === b.name) return 40;
  if (a.kernel > 0 !== b.kernel > 0) return 0;
  if (a.kernel > 0) {
    const near = Math.abs(a.kernel - b.kernel) <= NEAR * Math.max(a.kernel, b.kernel);
    // A layer on the CPU keeps its weights in float32.
    const widened = a.kernel === 4 * b.kernel || b.kernel === 4 * a.kernel;
    if (a.kernel === b.kernel) return 20;
    if (near || widened) return 12;
    // A kernel in parts, of which one side runs some on the CPU.
    const parts = b.buffers.filter(({ role }) => role === "kernel").map(({ bytes }) => bytes);
    const kernels = a.buffers.filter(({ role }) => role === "kernel");
    return parts.length > 1 &&
      parts.length === kernels.length &&
      kernels.some(({ bytes }) => parts.includes(bytes))
      ? 10
      : 0;
  }
  const sizes = b.buffers.map(({ bytes }) => bytes);
  const equal = a.buffers.filter(({ bytes }) => sizes.includes(bytes)).length;
  const [first, second] = [a.buffers[0]!.bytes, b.buffers[0]!.bytes];
  // Operands that the compiler lengthens by a value.
  const close = Math.abs(first - second) <= NEAR * Math.max(first, second);
  return equal + (close ? 0.5 : 0);
}

interface Match {
  readonly left: SideBuffer | null;
  readonly right: SideBuffer | null;
}

/** Whether one of the two holds in float32 what the other holds in 8 bits. */
const isWidened = (a: SideBuffer, b: SideBuffer) => a.bytes === 4 * b.bytes || b.bytes === 4 * a.bytes;

/** Pairs buffers of one role: equal sizes first, then in order; what is left stays alone. */
function matchBuffers(left: readonly SideBuffer[], right: readonly SideBuffer[]): readonly Match[] {
  const free = new Set(right);
  const matches = new Map<SideBuffer, SideBuffer>();
  const pass = (fits: (a: SideBuffer, b: SideBuffer) => boolean) => {
    for (const a of left) {
      if (matches.has(a)) continue;
      const b = [...free].find((candidate) => fits(a, candidate));
      if (b === undefined) continue;
      matches.set(a, b);
      free.delete(b);
    }
  };
  pass((a, b) => a.role === b.role && a.bytes === b.bytes);
  pass((a, b) => a.role === b.role && isWidened(a, b));
  pass((a, b) => a.role === b.role);
  return [
    ...left.map((a) => ({ left: a, right: matches.get(a) ?? null })),
    ...[...free].map((b) => ({ left: null, right: b })),
  ];
}

const VECTOR_RULES = { scale: RULES.scale, bias: RULES.bias, zeroOffset: RULES.zeroOffset } as const;

function inflationRule({ tool, profile }: Side) {
  if (tool?.startsWith("2.")) return RULES.depthwise2x;
  return profile === "default" ? RULES.depthwiseDefault : RULES.depthwise;
}

function explainKernel(
  { left, right }: { left: SideBuffer; right: SideBuffer },
  sides: Sides,
): Explanation | null {
  const groups = [left.group, right.group];
  if (groups[0] !== groups[1] && groups.every((group) => group !== null)) {
    const [a, b] = [inflationRule(sides.left), inflationRule(sides.right)];
    const sentence = a === b ? a.sentence : `${a.sentence} (left) ${b.sentence} (right)`;
    const text = `groups of ${left.group} on the left, ${right.group} on the right`;
    // One rule for both sides that gives two sizes has not explained them.
    return a === b ? null : { rule: a.id === b.id ? a.id : `${a.id}, ${b.id}`, text, sentence };
  }
  const filled = [left, right].filter(
    ({ bytes, payloadBytes }) => payloadBytes !== null && bytes > payloadBytes,
  );
  if (filled.length === 1 && left.payloadBytes === right.payloadBytes) {
    const side = filled[0] === left ? "left" : "right";
    return { rule: RULES.deep.id, text: `deep mode on the ${side} only. ${RULES.deep.sentence}` };
  }
  if (isWidened(left, right)) {
    return { rule: RULES.float.id, text: `one side runs the layer on the CPU. ${RULES.float.sentence}` };
  }
  return null;
}

interface Sides {
  readonly left: Side;
  readonly right: Side;
}

function explain({ left, right }: Match, sides: Sides): Explanation | null {
  if (left && right) return left.role === "kernel" ? explainKernel({ left, right }, sides) : null;
  const { role } = (left ?? right)!;
  const [a, b] = [sides.left.epochController, sides.right.epochController];
  if (a !== null && b !== null && a !== b && role in VECTOR_RULES) {
    const rule = VECTOR_RULES[role as keyof typeof VECTOR_RULES];
    return byRule(COMPARE_RULES.controller, `${rule.id}, ${rule.sentence}`);
  }
  return null;
}

/** Returns the parameter buffers of both sides as rows, in running order; null when one side lists none. */
export function compareBuffers(left: Side, right: Side): readonly BufferRow[] | null {
  if (left.buffers === null || right.buffers === null) return null;
  const pairs = align(layersOf(left.buffers), layersOf(right.buffers), {
    score: similarity,
    same: (a, b) => a.name === b.name,
  });
  const matches = pairs.flatMap(({ a, b }) => matchBuffers(a?.buffers ?? [], b?.buffers ?? []));
  return matches.map((match) => {
    const difference = (match.right?.bytes ?? 0) - (match.left?.bytes ?? 0);
    return {
      role: (match.left ?? match.right)!.role,
      ...match,
      difference,
      explanation: difference === 0 ? null : explain(match, { left, right }),
    };
  });
}
