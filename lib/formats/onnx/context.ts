/** What reading the nodes of a file needs to know beside their bytes. */
import type { Graph } from "../../graph/graph.js";
import type { Attributes, Node } from "../../graph/node.js";
import { NODE_COST } from "./costs.js";
import type { FunctionTable } from "./function.js";
import { Memo } from "./memo.js";
import type { FileRows } from "./node-rows.js";
import { NumberStack } from "./number-stack.js";
import type { Scope } from "./scope.js";
import type { Extents, Siblings } from "./tensor.js";
import type { ValueType } from "./value-type.js";
import type { Message } from "./wire.js";

/** Graphs inside of graphs, and functions inside of functions, deeper than any model goes. */
const DEPTH_LIMIT = 32;
/** Nodes that functions may unfold to. */
const NODE_LIMIT = 1_000_000;

/** Versions of operator sets by domain; "" is ONNX's own. */
export type Opsets = ReadonlyMap<string, number>;

/** Where nodes are read into: a graph, or the body of a function that takes the place of a call. */
export interface Site {
  readonly context: Context;
  readonly scope: Scope;
  readonly opsets: Opsets;
  /** Attributes that the function was called with; null outside of functions. */
  readonly actuals: Attributes | null;
  /** Goes before the names of nodes; empty outside of functions. */
  readonly prefix: string;
  readonly nodes: Node[];
  /** Where nodes may leave what nobody asked for yet; null inside of other graphs and functions. */
  readonly rows: FileRows | null;
}

/** Reads a graph that a node has as an attribute, inside of the node's site. */
export type GraphReader = (message: Message, site: Site) => Graph;

/** What holds for the whole file, and how much more of it we are willing to unfold. */
export class Context {
  readonly siblings: Siblings;
  readonly functions: FunctionTable;
  readonly readGraph: GraphReader;
  /** Attributes of nodes, where they are plain numbers and texts. */
  readonly attributes = new Memo<Attributes>();
  readonly types = new Memo<ValueType | null>();
  /** Names of attributes that are no snake case, by how the graph writes them. */
  readonly attributeNames = new Map<string, string>();
  readonly shapes = new Memo<Extents>();
  /** Names of a node's inputs and outputs while it is read. */
  readonly inputs = new NumberStack();
  readonly outputs = new NumberStack();
  /** What is being read: where errors are put that know no place of their own. */
  place: Message | null = null;
  #depth = 0;
  #nodesLeft = NODE_LIMIT;

  constructor({
    siblings,
    functions,
    readGraph,
  }: {
    readonly siblings: Siblings;
    readonly functions: FunctionTable;
    readonly readGraph: GraphReader;
  }) {
    this.siblings = siblings;
    this.functions = functions;
    this.readGraph = readGraph;
  }

  /** Runs `read` one level deeper; throws when the file nests without bounds. */
  nested<T>(message: Message, read: () => T): T {
    if (this.#depth >= DEPTH_LIMIT) throw message.broken(`it nests deeper than ${DEPTH_LIMIT} levels`);
    this.#depth += 1;
    try {
      return read();
    } finally {
      this.#depth -= 1;
    }
  }

  /** Counts a node, one of a function each time that it is called. */
  countNode(message: Message): void {
    message.spend(NODE_COST);
    this.#nodesLeft -= 1;
    if (this.#nodesLeft < 0) throw message.broken(`the model unfolds to over ${NODE_LIMIT} nodes`);
  }
}
