/** Returns the largest divisor of `n` that is at most `limit`; 1 when `limit` is below 2. */
export function largestDivisor(n: number, limit: number): number {
  for (let divisor = Math.min(n, Math.floor(limit)); divisor > 1; divisor -= 1) {
    if (n % divisor === 0) return divisor;
  }
  return 1;
}
