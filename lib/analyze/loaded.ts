import type { Model } from "../graph/graph.js";

/** A model with what identifies it in a report. */
export interface LoadedModel {
  readonly model: Model;
  /** The path that it was read from, or `built:<preset>`. */
  readonly file: string;
  /** Of the file's bytes; for a network built in code, of its description and constants. */
  readonly sha256: string;
  /** What a reader of the results should know about the file, in sentences. */
  readonly notes?: readonly string[];
}
