/**
 * Latency over resolution as a line, its intercept taken apart epoch by epoch: what does not shrink with the
 * picture is above all the reading of weights.
 *
 *   192 → 22.05 ms, 224 → 27.64 ms, 256 → 35.50 ms: 4.5 ms + 0.470 us per pixel, off by 0.44 ms at most
 */
import { BOUNDS, type Bound } from "../cost/records.js";
import { LabError } from "../errors.js";
import type { Model } from "../graph/graph.js";
import { sum } from "../units.js";
import type { Line, ResolutionLine } from "./offload-record.js";
import { type AnalyzeOptions, type Prediction, predict } from "./predict.js";

/** Returns the least-squares line through times at square sizes; throws a LabError below two sizes. */
export function lineThrough(points: readonly { readonly side: number; readonly ms: number }[]): Line {
  const pixels = points.map(({ side }) => side * side);
  if (new Set(pixels).size < 2) {
    throw new LabError({
      code: "LINE",
      message: `Cannot lay a line through ${points.length} times: expected at least two sizes`,
    });
  }
  const meanX = sum(pixels) / points.length;
  const meanY = sum(points.map(({ ms }) => ms)) / points.length;
  const slope =
    sum(points.map(({ ms }, index) => (pixels[index]! - meanX) * (ms - meanY))) /
    sum(pixels.map((x) => (x - meanX) ** 2));
  const interceptMs = meanY - slope * meanX;
  const errors = points.map(({ ms }, index) => Math.abs(interceptMs + slope * pixels[index]! - ms));
  return { interceptMs, usPerPixel: slope * 1000, worstErrorMs: Math.max(...errors) };
}

export interface ResolutionRequest {
  readonly name: string;
  build(side: number): Model;
  readonly sides: readonly number[];
  readonly published?: ReadonlyMap<number, number>;
  readonly options?: AnalyzeOptions;
}

/** Returns times in software by node. */
function softwareByNode({ plan, latency }: Prediction): ReadonlyMap<string, { op: string; ms: number }> {
  const byNode = new Map<string, { op: string; ms: number }>();
  for (const [index, epoch] of plan.epochs.entries()) {
    if (epoch.kind !== "sw") continue;
    const node = epoch.nodes[0]?.name ?? epoch.ops.join(" + ");
    const known = byNode.get(node);
    byNode.set(node, {
      op: known?.op ?? epoch.ops.join(" + "),
      ms: (known?.ms ?? 0) + latency.perEpoch[index]!.ms,
    });
  }
  return byNode;
}

/** Returns the intercepts of the epochs' own lines, summed by what bounds each epoch; setting up apart. */
function interceptByBound(
  sides: readonly number[],
  runs: readonly Prediction[],
): ResolutionLine["intercept"] {
  const [first, ...rest] = runs.map(({ latency }) => latency.perEpoch);
  if (!first || rest.some(({ length }) => length !== first.length)) return null;
  const totals = Object.fromEntries(BOUNDS.map((bound) => [bound, 0])) as Record<Bound, number>;
  for (const [index, { bound }] of first.entries()) {
    const costs = runs.map(({ latency }) => latency.perEpoch[index]!);
    const line = (times: readonly number[]) =>
      lineThrough(sides.map((side, run) => ({ side, ms: times[run]! }))).interceptMs;
    totals.setup += line(costs.map(({ parts }) => parts.setup));
    totals[bound === "setup" ? "output" : bound] += line(costs.map(({ ms, parts }) => ms - parts.setup));
  }
  return totals;
}

/** Returns the line of a network over its resolution, published beside predicted. */
export function resolutionLine(request: ResolutionRequest): ResolutionLine {
  const { name, build, published, options = {} } = request;
  const sides = [...request.sides].sort((a, b) => a - b);
  const runs = sides.map((side) => predict(build(side), options));
  const points = sides.map((side, index) => {
    const { ms, low, high } = runs[index]!.latency;
    return { side, publishedMs: published?.get(side) ?? null, predicted: { ms, low, high } };
  });
  const measured = points.flatMap(({ side, publishedMs }) =>
    publishedMs === null ? [] : [{ side, ms: publishedMs }],
  );
  const [smallest] = runs;
  const largest = runs.at(-1);
  const predicted = lineThrough(points.map(({ side, predicted: { ms } }) => ({ side, ms })));
  const small = softwareByNode(smallest!);
  const large = softwareByNode(largest!);
  return {
    model: name,
    points,
    published: measured.length > 1 ? lineThrough(measured) : null,
    predicted,
    intercept: interceptByBound(sides, runs),
    remove: [...large]
      .map(([node, { op, ms }]) => ({ node, op, smallMs: small.get(node)?.ms ?? 0, largeMs: ms }))
      .sort((a, b) => b.largeMs - a.largeMs),
  };
}
