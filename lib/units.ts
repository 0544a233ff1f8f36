/**
 * Units as types. A branded number keeps bytes, cycles, hertz and times apart at compile time; at run time
 * it is a plain number. Make one with the constructor of its unit, which refuses what the unit cannot be.
 */
import { LabError } from "./errors.js";

declare const unit: unique symbol;
type Unit<Name extends string> = number & { readonly [unit]: Name };

export type Bytes = Unit<"bytes">;
export type Cycles = Unit<"cycles">;
export type Hertz = Unit<"hertz">;
export type Milliseconds = Unit<"milliseconds">;
export type Macs = Unit<"macs">;

function whole<U extends number>(name: string) {
  return (value: number): U => {
    if (!Number.isSafeInteger(value) || value < 0) {
      throw new LabError({
        code: "UNIT",
        message: `Cannot use ${value} as ${name}: expected a whole number, zero or more`,
      });
    }
    return value as U;
  };
}

function real<U extends number>(name: string) {
  return (value: number): U => {
    if (!Number.isFinite(value) || value < 0) {
      throw new LabError({
        code: "UNIT",
        message: `Cannot use ${value} as ${name}: expected a finite number, zero or more`,
      });
    }
    return value as U;
  };
}

export const bytes = whole<Bytes>("bytes");
export const macs = whole<Macs>("MACs");
export const cycles = real<Cycles>("cycles");
export const hertz = real<Hertz>("hertz");
export const milliseconds = real<Milliseconds>("milliseconds");

/** Returns the sum of values of one unit; zero for none. */
export function sum<U extends number>(values: Iterable<U>): U {
  let total = 0;
  for (const value of values) total += value;
  return total as U;
}

/** Returns how long `count` cycles take at `clock`. */
export function cyclesToMilliseconds(count: Cycles, clock: Hertz): Milliseconds {
  return milliseconds((count / clock) * 1000);
}
