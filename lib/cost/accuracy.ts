/** How wrong predictions have been, and the interval that follows from it. */
export interface Residual {
  readonly family: string;
  readonly measuredMs: number;
  readonly predictedMs: number;
  /** measured ÷ predicted. */
  readonly ratio: number;
}

export interface Accuracy {
  readonly rows: number;
  /** Mean and median of |predicted − measured| ÷ measured. */
  readonly meanError: number;
  readonly medianError: number;
  readonly within10: number;
  readonly within25: number;
  /** Rank correlation of predicted and measured: 1 when they order the networks alike. */
  readonly spearman: number;
}

/** Returns the rank of each value, 1 for the smallest; equal values share the mean of theirs. */
function ranksOf(values: readonly number[]): readonly number[] {
  const order = values.map((_, index) => index).sort((a, b) => values[a]! - values[b]!);
  const ranks = values.map(() => 0);
  for (let from = 0; from < order.length; ) {
    let to = from;
    while (to + 1 < order.length && values[order[to + 1]!] === values[order[from]!]) to++;
    for (let at = from; at <= to; at++) ranks[order[at]!] = (from + to) / 2 + 1;
    from = to + 1;
  }
  return ranks;
}

/** Returns Spearman's rank correlation of two equally long lists; NaN where one of them does not vary. */
export function spearman(left: readonly number[], right: readonly number[]): number {
  const [a, b] = [ranksOf(left), ranksOf(right)];
  const middle = (left.length + 1) / 2;
  let [both, ofA, ofB] = [0, 0, 0];
  for (const [index, rank] of a.entries()) {
    const [x, y] = [rank - middle, b[index]! - middle];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return both / Math.sqrt(ofA * ofB);
}

export function accuracyOf(residuals: readonly Residual[]): Accuracy {
  const errors = residuals.map(({ ratio }) => Math.abs(1 / ratio - 1)).sort((a, b) => a - b);
  const count = errors.length;
  const share = (limit: number) => errors.filter((error) => error <= limit).length / count;
  return {
    rows: count,
    meanError: errors.reduce((sum, error) => sum + error, 0) / count,
    medianError: quantile(errors, 0.5),
    within10: share(0.1),
    within25: share(0.25),
    spearman: spearman(
      residuals.map(({ predictedMs }) => predictedMs),
      residuals.map(({ measuredMs }) => measuredMs),
    ),
  };
}

/** Returns the value below which `share` of the sorted values lie, between neighbours by proportion. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = Math.min(Math.max(share, 0), 1) * (sorted.length - 1);
  const below = Math.floor(position);
  const low = sorted[below]!;
  const high = sorted[Math.min(below + 1, sorted.length - 1)]!;
  return low + (high - low) * (position - below);
}

export interface Interval {
  /** measured ÷ predicted. */
  readonly lowRatio: number;
  readonly highRatio: number;
}

const INTERVAL_SHARE = 0.8;

/** Points at which the ratios of one family are read, so that each family counts the same. */
const POINTS_PER_FAMILY = 50;

/** How much wider than the residuals themselves an interval may have to be, and in which steps it is sought. */
const MAX_WIDENING = 4;
const WIDENING_STEP = 0.05;

function byFamily(residuals: readonly Residual[]): ReadonlyMap<string, readonly number[]> {
  const ratios = new Map<string, number[]>();
  for (const { family, ratio } of residuals) {
    const list = ratios.get(family);
    if (list) list.push(ratio);
    else ratios.set(family, [ratio]);
  }
  for (const list of ratios.values()) list.sort((a, b) => a - b);
  return ratios;
}

function intervalOf(families: Iterable<readonly number[]>, widening: number): Interval {
  const points = [...families]
    .flatMap((sorted) =>
      Array.from({ length: POINTS_PER_FAMILY }, (_, index) =>
        quantile(sorted, (index + 0.5) / POINTS_PER_FAMILY),
      ),
    )
    .sort((a, b) => a - b);
  const tail = (1 - INTERVAL_SHARE) / 2;
  const middle = Math.log(quantile(points, 0.5));
  const widened = (share: number) =>
    Math.exp(middle + (Math.log(quantile(points, share)) - middle) * widening);
  return { lowRatio: widened(tail), highRatio: widened(1 - tail) };
}

/** Returns the share of a family's rows that an interval learnt from the others holds, averaged over families. */
function coverageOf(ratios: ReadonlyMap<string, readonly number[]>, widening: number): number {
  let total = 0;
  for (const [family, own] of ratios) {
    const others = [...ratios].filter(([name]) => name !== family).map(([, list]) => list);
    const { lowRatio, highRatio } = intervalOf(others, widening);
    total += own.filter((ratio) => ratio >= lowRatio && ratio <= highRatio).length / own.length;
  }
  return total / ratios.size;
}

/**
 * Returns the narrowest interval that would have held 80 % of each unseen family, had it been learnt from the
 * others, and the share it would have held. Families count alike, however many networks they publish.
 */
export function learnInterval(residuals: readonly Residual[]): { interval: Interval; coverage: number } {
  const ratios = byFamily(residuals);
  let widening = 1;
  while (widening < MAX_WIDENING && coverageOf(ratios, widening) < INTERVAL_SHARE) widening += WIDENING_STEP;
  return { interval: intervalOf(ratios.values(), widening), coverage: coverageOf(ratios, widening) };
}
