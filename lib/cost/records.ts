/** What bounds the time of an epoch. */
export const BOUNDS = ["compute", "output", "input", "flash", "cpu", "setup"] as const;
export type Bound = (typeof BOUNDS)[number];
