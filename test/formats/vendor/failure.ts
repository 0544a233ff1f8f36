import { LabError } from "../../../lib/errors.js";

/** Returns the LabError that `run` throws; anything else fails the test. */
export function failureOf(run: () => unknown): LabError {
  try {
    run();
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
  throw new Error("expected a LabError");
}
