import { JUPYTER_DISPLAY, type MimeBundle } from "../display.js";
import { LabError } from "../errors.js";
import type { Documentation } from "./documentation.js";
import type { Node } from "./node.js";
import { graphBundle } from "./picture.js";
import type { Constant, Tensor } from "./tensor.js";

export interface GraphFields {
  readonly name: string;
  readonly inputs: readonly Tensor[];
  readonly outputs: readonly Tensor[];
  readonly nodes: readonly Node[];
  /** Number of the graph's entry in the file's debug metadata. */
  readonly debugMetadata?: number | null;
  readonly documentation?: Documentation | null;
}

/**
 * Operators in an order in which they can run, and the tensors between them. Use lists are computed when
 * first asked for and dropped at each edit through this class. Iterate over a copy of `nodes` when editing.
 */
export class Graph {
  readonly name: string;
  inputs: Tensor[];
  outputs: Tensor[];
  /** Kept so that writing gives it back. */
  readonly debugMetadata: number | null;
  readonly documentation: Documentation | null;
  #nodes: Node[];
  #uses: { producer: Map<Tensor, Node>; consumers: Map<Tensor, Node[]> } | null = null;

  constructor({ name, inputs, outputs, nodes, debugMetadata = null, documentation = null }: GraphFields) {
    this.name = name;
    this.debugMetadata = debugMetadata;
    this.inputs = [...inputs];
    this.outputs = [...outputs];
    this.documentation = documentation;
    this.#nodes = [...nodes];
  }

  get nodes(): readonly Node[] {
    return this.#nodes;
  }

  /** A notebook shows the graph as a picture. */
  [JUPYTER_DISPLAY](): MimeBundle {
    return graphBundle(this);
  }

  /** Returns the node that computes `tensor`; undefined for inputs and constants. O(1) between edits. */
  producer(tensor: Tensor): Node | undefined {
    return this.#useLists().producer.get(tensor);
  }

  /** Returns the nodes that read `tensor`, each once, in running order. O(1) between edits. */
  consumers(tensor: Tensor): readonly Node[] {
    return this.#useLists().consumers.get(tensor) ?? [];
  }

  /** Returns each tensor once: inputs, then per node its inputs and outputs. */
  tensors(): Set<Tensor> {
    const all = new Set<Tensor>(this.inputs);
    for (const node of this.#nodes) {
      for (const tensor of node.inputs) if (tensor) all.add(tensor);
      for (const tensor of node.outputs) all.add(tensor);
    }
    for (const tensor of this.outputs) all.add(tensor);
    return all;
  }

  /** Returns each constant that a node reads, once. */
  constants(): Tensor[] {
    return [...this.tensors()].filter((tensor) => tensor.isConstant);
  }

  /** Replaces the list of nodes; the order must be one in which they can run. */
  setNodes(nodes: readonly Node[]): void {
    this.#nodes = [...nodes];
    this.#uses = null;
  }

  removeNodes(unwanted: ReadonlySet<Node>): void {
    this.setNodes(this.#nodes.filter((node) => !unwanted.has(node)));
  }

  /** Makes `node` read `tensor` at `index`. */
  setInput(node: Node, index: number, tensor: Tensor | null): void {
    node.inputs[index] = tensor;
    this.#uses = null;
  }

  /** Makes every reader of `from`, and the graph's outputs, take `to` instead. */
  replaceUses(from: Tensor, to: Tensor): void {
    for (const node of this.#nodes) {
      node.inputs = node.inputs.map((input) => (input === from ? to : input));
    }
    this.outputs = this.outputs.map((output) => (output === from ? to : output));
    this.#uses = null;
  }

  /**
   * Sorts the nodes so that each comes after the producers of its inputs, keeping the given order wherever it
   * may. Throws a LabError that names a node of the cycle when there is one. O(nodes + edges).
   */
  sort(): void {
    const { producer } = this.#useLists();
    const state = new Map<Node, "open" | "done">();
    const sorted: Node[] = [];
    for (const root of this.#nodes) {
      const stack: { node: Node; next: number }[] = [{ node: root, next: 0 }];
      while (stack.length > 0) {
        const top = stack[stack.length - 1]!;
        if (top.next === 0) {
          if (state.get(top.node) === "done") {
            stack.pop();
            continue;
          }
          state.set(top.node, "open");
        }
        if (top.next >= top.node.inputs.length) {
          state.set(top.node, "done");
          sorted.push(top.node);
          stack.pop();
          continue;
        }
        const input = top.node.inputs[top.next++];
        const before = input ? producer.get(input) : undefined;
        if (!before || state.get(before) === "done") continue;
        if (state.get(before) === "open") {
          throw new LabError({
            code: "CYCLE",
            message: `Cannot order the graph '${this.name}': ${before.describe()} needs its own result, expected no cycles`,
          });
        }
        stack.push({ node: before, next: 0 });
      }
    }
    this.setNodes(sorted);
  }

  #useLists() {
    if (this.#uses) return this.#uses;
    const producer = new Map<Tensor, Node>();
    const consumers = new Map<Tensor, Node[]>();
    for (const node of this.#nodes) {
      for (const output of node.outputs) producer.set(output, node);
      for (const input of new Set(node.inputs)) {
        if (!input) continue;
        const list = consumers.get(input);
        if (list) list.push(node);
        else consumers.set(input, [node]);
      }
    }
    this.#uses = { producer, consumers };
    return this.#uses;
  }
}

/** A file, or a network built in code: one main graph and what the file says about itself. */
export interface Model {
  readonly name: string;
  readonly format: "onnx" | "tflite" | "built";
  readonly graph: Graph;
  /** `IR 8, opset 13, com.microsoft 1`, `schema 3`, …: what people ask for when a file is refused. */
  readonly version: string;
  readonly producer: string;
  readonly metadata: ReadonlyMap<string, string>;
  /** The bytes behind `metadata`, whose values are texts for people. */
  readonly metadataBytes?: ReadonlyMap<string, Constant>;
  /** Further graphs, which operators of the main graph call by number: `subgraphs[0]` is number 1. */
  readonly subgraphs?: readonly Graph[];
  readonly signatures?: readonly Signature[];
  readonly recorded?: RecordedModel;
}

/** What an ONNX file says about itself beyond what analyses read: kept so that writing gives it back. */
export interface RecordedModel {
  /** `producer` in its two parts. */
  readonly producerName: string;
  readonly producerVersion: string;
  /** Whose model it is, as a reversed name: `org.example`. */
  readonly domain: string;
  readonly modelVersion: number;
  readonly text: string;
  /** Names of attributes that are no snake case, by the names that nodes have them under. */
  readonly attributeNames?: ReadonlyMap<string, string>;
}

/** A way to call a model by names: which tensors its arguments and results are, by the tensors' names. */
export interface Signature {
  readonly key: string;
  /** Number of the graph: 0 is the main one. */
  readonly graph: number;
  readonly inputs: ReadonlyMap<string, string>;
  readonly outputs: ReadonlyMap<string, string>;
}
