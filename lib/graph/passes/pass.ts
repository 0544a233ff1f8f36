import type { Graph } from "../graph.js";

/**
 * One rewriting of a graph, in place. A pass says in a sentence what it does, what must hold before
 * (`requires`) and what holds afterwards (`ensures`). It edits nodes and tensors through the graph, leaves
 * the graph in running order, and keeps the identity and the names of the graph's inputs and outputs.
 */
export interface Pass {
  readonly name: string;
  readonly sentence: string;
  readonly requires: string;
  readonly ensures: string;
  /** Returns how many nodes were removed or rewritten; zero when the graph is as before. */
  run(graph: Graph): number;
}

/** What a pass did, for reports. */
export interface PassRun {
  readonly pass: string;
  readonly sentence: string;
  readonly changed: number;
}

/** Runs passes one after the other; an error passes through, for it names the node it concerns. */
export function runPasses(graph: Graph, passes: readonly Pass[]): PassRun[] {
  return passes.map((pass) => ({ pass: pass.name, sentence: pass.sentence, changed: pass.run(graph) }));
}
