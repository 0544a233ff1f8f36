import { LabError } from "../errors.js";

/**
 * Texts by number, made when asked for. A large file has hundreds of thousands of names that nobody reads: as
 * numbers they cost neither the time to make a text nor the memory of one.
 */
export interface Texts {
  text(entry: number): string;
}

/** For things that have their name as a text: they never ask. */
export const NO_TEXTS: Texts = {
  text(entry) {
    throw new LabError({
      code: "NAME",
      message: `Cannot name a part of the graph: its name is number ${entry} of no texts, expected a text`,
    });
  },
};
