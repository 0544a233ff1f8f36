/** Returns the least k with value <= 2^k; -Infinity for 0. */
export function bitsAbove(value: number): number {
  if (value === 0) return Number.NEGATIVE_INFINITY;
  const bits = Math.ceil(Math.log2(value));
  // log2 rounds: settle the neighbours exactly.
  if (2 ** (bits - 1) >= value) return bits - 1;
  return 2 ** bits >= value ? bits : bits + 1;
}

/** Returns the greatest k with 2^k <= value; -Infinity for 0. */
export function bitsBelow(value: number): number {
  const above = bitsAbove(value);
  return 2 ** above === value ? above : above - 1;
}
