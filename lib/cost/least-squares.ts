/** Small least-squares fits: relative errors, few unknowns, none below zero. */

/** Returns x of Ax = b by Gauss–Jordan with pivoting; null when A is singular. A is small. */
function solveLinear(a: readonly (readonly number[])[], b: readonly number[]): number[] | null {
  const n = b.length;
  const rows = a.map((row, index) => [...row, b[index]!]);
  for (let column = 0; column < n; column++) {
    let pivot = column;
    for (let row = column + 1; row < n; row++) {
      if (Math.abs(rows[row]![column]!) > Math.abs(rows[pivot]![column]!)) pivot = row;
    }
    [rows[column], rows[pivot]] = [rows[pivot]!, rows[column]!];
    const lead = rows[column]![column]!;
    if (Math.abs(lead) < 1e-12) return null;
    for (let row = 0; row < n; row++) {
      if (row === column) continue;
      const share = rows[row]![column]! / lead;
      for (let k = column; k <= n; k++) rows[row]![k]! -= share * rows[column]![k]!;
    }
  }
  return rows.map((row, index) => row[n]! / row[index]!);
}

/** What an unknown is before any row speaks, and how many rows' weight that opinion has. */
export type Prior = readonly [value: number, weight: number];

/**
 * Returns the non-negative x that brings Ax nearest to `targets` under the weights of the rows, drawn slightly
 * to the prior so that an unknown which no row shows stays where it was. A column goes out while it is negative.
 */
export function nonNegative(
  a: readonly (readonly number[])[],
  targets: readonly number[],
  weights: readonly number[],
  priors: readonly Prior[],
): number[] {
  let active = priors.map((_, column) => column);
  for (;;) {
    const products = active.map((i) =>
      active.map((j) => {
        const ridge = i === j ? priors[i]![1] : 0;
        return a.reduce((sum, row, r) => sum + weights[r]! * row[i]! * row[j]!, ridge);
      }),
    );
    const right = active.map((i) =>
      a.reduce((sum, row, r) => sum + weights[r]! * row[i]! * targets[r]!, priors[i]![0] * priors[i]![1]),
    );
    const solution = solveLinear(products, right) ?? active.map((column) => priors[column]![0]);
    const worst = solution.reduce((low, value, index) => (value < solution[low]! ? index : low), 0);
    if (solution[worst]! >= 0) {
      const full = priors.map(() => 0);
      for (const [index, column] of active.entries()) full[column] = solution[index]!;
      return full;
    }
    active = active.filter((_, index) => index !== worst);
    if (active.length === 0) return priors.map(() => 0);
  }
}
