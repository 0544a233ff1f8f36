/**
 * What a target would gain that had units for operators it sends to the CPU: their rules waived all over the
 * network, scheduled and timed once more. Such an operator is taken to stream through a unit at the rate of an
 * element-wise epoch, 1.15 cycles per element. A product of activations is, too: at 288 multiply-adds a cycle
 * its output is the longer side up to 331 of them per element. That is the most such a unit could gain.
 */

import { leaversOf, Supposition } from "./gain.js";
import type { WhatIf } from "./offload-record.js";
import type { Prediction } from "./predict.js";

const SINGLE = {
  softmax: ["Softmax", "LogSoftmax"],
  "layer normalisation": ["LayerNormalization", "Rsqrt", "Reciprocal", "Sqrt"],
  "bilinear resize": ["Resize"],
  transpose: ["Transpose"],
  "products of activations": ["MatMul"],
} as const satisfies Readonly<Record<string, readonly string[]>>;

/** Operators by what people ask for. */
export const SWITCHES = {
  ...SINGLE,
  "all of these": Object.values(SINGLE).flat(),
} as const satisfies Readonly<Record<string, readonly string[]>>;
export type Switch = keyof typeof SWITCHES;

/** Returns the answer to one switch; null when the network has no such operator off the NPU. */
export function whatIf(now: Prediction, which: Switch): WhatIf | null {
  const ops: readonly string[] = SWITCHES[which];
  const leavers = leaversOf(now.graph, now.plan).filter(({ node }) => ops.includes(node.op));
  if (leavers.length === 0) return null;
  const { epochs, saving } = new Supposition(now, leavers).ask(leavers);
  const off = (list: readonly { readonly kind: string }[]) => list.filter(({ kind }) => kind !== "hw").length;
  const { ms, low, high } = now.latency;
  return {
    switch: which,
    ops: [...new Set(leavers.map(({ node }) => node.op))],
    nodes: leavers.length,
    now: { ms, low, high },
    saving,
    epochsNow: now.plan.epochs.length,
    epochsThen: epochs.length,
    offNow: off(now.plan.epochs),
    offThen: off(epochs),
  };
}

/** Returns the answers to all switches that concern the network. */
export function whatIfs(now: Prediction): readonly WhatIf[] {
  const answers = (Object.keys(SWITCHES) as Switch[]).flatMap((which) => whatIf(now, which) ?? []);
  const [all] = answers.filter((answer) => answer.switch === "all of these");
  const known = answers.filter((answer) => answer.saving !== null && answer !== all);
  return known.length > 1 ? answers : answers.filter((answer) => answer !== all);
}
