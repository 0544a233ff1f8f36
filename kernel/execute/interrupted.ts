import type { CellError } from "../threads.js";

/** What a stopped cell reports. */
export const INTERRUPTED: CellError = {
  ename: "Interrupted",
  evalue: "the cell was stopped; variables keep their values",
  traceback: ["\u001b[31mInterrupted\u001b[39m: the cell was stopped; variables keep their values"],
};
