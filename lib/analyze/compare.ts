/** Two accounts of a network, row by row, each difference with the rule that explains it where one does. */
import { compareBuffers } from "./compare-buffers.js";
import { compareEpochs } from "./compare-epochs.js";
import { predictedSide } from "./compare-predicted.js";
import type {
  BufferRow,
  Comparison,
  EpochRow,
  Explanation,
  Figure,
  PoolRow,
  Side,
  SideTotals,
  TotalRow,
} from "./compare-record.js";
import { reportedSide, type VendorAccount } from "./compare-reported.js";
import { byRule, COMPARE_RULES } from "./compare-rules.js";
import type { Study } from "./study.js";

interface Context {
  readonly left: Side;
  readonly right: Side;
  readonly epochs: readonly EpochRow[];
  readonly buffers: readonly BufferRow[] | null;
  /** Bounds of the predicted time; null when nothing was predicted. */
  readonly interval: { readonly low: number; readonly high: number } | null;
}

const ALIGNMENT = 16;

function explainWeights({ buffers }: Context, difference: number): Explanation | null {
  const rows = (buffers ?? []).filter((row) => row.difference !== 0);
  if (rows.length === 0 || rows.some(({ explanation }) => explanation === null)) return null;
  const sum = rows.reduce((total, row) => total + row.difference, 0);
  // Each buffer ends at most 15 bytes before the next begins.
  return Math.abs(sum - difference) < ALIGNMENT * (rows.length + 1) ? byRule(COMPARE_RULES.sum) : null;
}

function explainEpochs({ epochs }: Context): Explanation | null {
  const rows = epochs.filter(({ differs }) => differs);
  if (rows.length === 0 || rows.some(({ explanation }) => explanation === null)) return null;
  const rules = [...new Set(rows.map(({ explanation }) => explanation!.rule ?? "notes of epochs"))];
  return { rule: null, text: `the epochs that differ are explained one by one: ${rules.join(", ")}` };
}

function explainTime({ interval }: Context, measured: number): Explanation | null {
  return interval && measured >= interval.low && measured <= interval.high
    ? byRule(COMPARE_RULES.interval)
    : null;
}

function sizeRow(
  what: string,
  left: Figure | null,
  right: Figure | null,
  why: (difference: number) => Explanation | null,
): TotalRow {
  const difference = left && right ? right.value - left.value : null;
  const slack = (left?.plusMinus ?? 0) + (right?.plusMinus ?? 0);
  const rounded = difference !== null && difference !== 0 && Math.abs(difference) <= slack;
  return {
    what,
    unit: "bytes",
    left: left?.value ?? null,
    right: right?.value ?? null,
    difference,
    differs: difference !== null && difference !== 0,
    explanation:
      difference === null || difference === 0
        ? null
        : rounded
          ? byRule(COMPARE_RULES.rounded)
          : why(difference),
  };
}

function countRow(
  what: string,
  [left, right]: readonly [number | null, number | null],
  why: () => Explanation | null,
): TotalRow {
  const difference = left === null || right === null ? null : right - left;
  const differs = difference !== null && difference !== 0;
  return { what, unit: "count", left, right, difference, differs, explanation: differs ? why() : null };
}

function totalsOf(context: Context): readonly TotalRow[] {
  const { left, right } = context;
  const [a, b] = [left.totals, right.totals];
  const predicted = left.source === "predicted";
  const pair = (key: Exclude<keyof SideTotals, "weights" | "activations">) => [a[key], b[key]] as const;
  // Where one side counts hybrid epochs as software, only the sum can be compared.
  const together = a.hybrid === null || b.hybrid === null;
  const offHardware = ({ hybrid, software }: SideTotals) =>
    software === null ? null : software + (hybrid ?? 0);
  const why = () => explainEpochs(context);
  const times = pair("ms");
  return [
    sizeRow("weights", a.weights, b.weights, (difference) => explainWeights(context, difference)),
    sizeRow("activations", a.activations, b.activations, (difference) =>
      predicted && difference > 0 ? byRule(COMPARE_RULES.tight) : null,
    ),
    countRow("epochs", pair("epochs"), why),
    countRow("epochs in hardware", pair("hardware"), why),
    ...(together
      ? [countRow("epochs in software, hybrid ones included", [offHardware(a), offHardware(b)], why)]
      : [
          countRow("hybrid epochs", pair("hybrid"), why),
          countRow("epochs in software", pair("software"), why),
        ]),
    countRow("blobs of the epoch controller", pair("blobs"), why),
    {
      what: "time of an inference",
      unit: "ms",
      left: times[0],
      right: times[1],
      difference: times[0] === null || times[1] === null ? null : times[1] - times[0],
      differs: times[0] !== null && times[1] !== null && times[0] !== times[1],
      explanation: times[1] === null ? null : explainTime(context, times[1]),
    },
  ];
}

function poolRows(left: Side, right: Side): readonly PoolRow[] {
  const names = [...new Set([...left.pools, ...right.pools].map(({ name }) => name))];
  const rows = names.map((name) => ({
    name,
    left: left.pools.find((pool) => pool.name === name) ?? null,
    right: right.pools.find((pool) => pool.name === name) ?? null,
  }));
  const used = (pool: PoolRow["left"]) => pool !== null && pool.weightBytes + pool.activationBytes > 0;
  return rows.filter((row) => used(row.left) || used(row.right));
}

interface CompareRequest {
  readonly network: string;
  readonly left: Side;
  readonly right: Side;
  readonly interval: Context["interval"];
  readonly notes: readonly string[];
}

const headOf = ({ epochs: _, buffers: __, pools: ___, ...head }: Side) => head;

function compareSides({ network, left, right, interval, notes }: CompareRequest): Comparison {
  const epochs = compareEpochs(left, right);
  const buffers = compareBuffers(left, right);
  const totals = totalsOf({ left, right, epochs, buffers, interval });
  const differing = [
    ...totals.filter(({ differs }) => differs),
    ...epochs.filter(({ differs }) => differs),
    ...(buffers ?? []).filter(({ difference }) => difference !== 0),
  ];
  return {
    schema: "npulab/comparison@1",
    network,
    left: headOf(left),
    right: headOf(right),
    totals,
    pools: poolRows(left, right),
    epochs,
    buffers,
    summary: {
      differences: differing.length,
      explained: differing.filter(({ explanation }) => explanation !== null).length,
      equalBuffers: (buffers ?? []).filter((row) => row.left && row.right && row.difference === 0).length,
      equalEpochs: epochs.filter(({ differs }) => !differs).length,
    },
    notes,
  };
}

const significant = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 3 });

/**
 * Returns a prediction beside the vendor's account of the same network. Make the study with the options of the
 * account (`settingOf`). Throws a LabError when a report and its C-info file are of different versions.
 */
export function comparePrediction(
  study: Study,
  account: VendorAccount,
  notes: readonly string[] = [],
): Comparison {
  const { file } = study.analysis.model;
  const { low, high, level } = study.analysis.latency;
  const predicted = `The predicted latency lies between ${significant.format(low)} and ${significant.format(high)} ms (${level}).`;
  return compareSides({
    network: file.split(/[\\/]/).at(-1) ?? file,
    left: predictedSide(study),
    right: reportedSide(account),
    interval: { low, high },
    notes: [...notes, predicted, ...study.analysis.notes],
  });
}

function networkOf({ report, cInfo }: VendorAccount): string {
  return (
    report?.graph?.name ??
    cInfo?.tools.find(({ model }) => model)?.model?.name ??
    report?.title ??
    cInfo?.title ??
    ""
  );
}

/** Returns two of the vendor's accounts side by side: two versions of the tool, two settings. */
export function compareAccounts(
  left: VendorAccount,
  right: VendorAccount,
  notes: readonly string[] = [],
): Comparison {
  const [a, b] = [networkOf(left), networkOf(right)];
  return compareSides({
    network: a === b ? a : `${a} and ${b}`,
    left: reportedSide(left),
    right: reportedSide(right),
    interval: null,
    notes:
      a === b ? notes : [...notes, `The two files are of networks with different names: '${a}' and '${b}'.`],
  });
}
