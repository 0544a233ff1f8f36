import { LabError } from "../errors.js";
import { DTYPES } from "../graph/dtype.js";
import { Graph, type Model } from "../graph/graph.js";
import { type Attributes, Node } from "../graph/node.js";
import type { StaticShape } from "../graph/shape.js";
import { constantOf, type Quantization, Tensor } from "../graph/tensor.js";

/** One operator with one output; the node and its output share the name, as in graphs read from TFLite. */
export interface Operation {
  readonly name: string;
  /** In the graph's vocabulary (lib/graph/operators.ts). */
  readonly op: string;
  /** In TFLite's words. */
  readonly source: string;
  readonly inputs: readonly (Tensor | null)[];
  readonly attributes?: Attributes;
  readonly shape: StaticShape;
  /** null for a float32 output, int8 otherwise. */
  readonly quantization: Quantization | null;
}

/** Collects the nodes of a network in running order. Names are unique; equal integer constants are shared. */
export class GraphWriter {
  readonly #inputs: Tensor[] = [];
  readonly #nodes: Node[] = [];
  readonly #names = new Set<string>();
  readonly #integers = new Map<string, Tensor>();

  /** Returns a new tensor that the network reads. */
  input(options: {
    readonly name: string;
    readonly dtype: "int8" | "uint8";
    readonly shape: StaticShape;
    readonly quantization: Quantization;
  }): Tensor {
    this.#claim(options.name);
    requireSizes(options.name, options.shape);
    const tensor = new Tensor(options);
    this.#inputs.push(tensor);
    return tensor;
  }

  /** Adds a node and returns its output. */
  add({ name, op, source, inputs, attributes = {}, shape, quantization }: Operation): Tensor {
    this.#claim(name);
    requireSizes(name, shape);
    const dtype = quantization === null ? "float32" : "int8";
    const output = new Tensor({ name, dtype, shape, quantization });
    const index = this.#nodes.length;
    this.#nodes.push(
      new Node({
        name,
        op,
        inputs,
        outputs: [output],
        attributes,
        source: { format: "built", op: source, index },
      }),
    );
    return output;
  }

  /** Returns a vector of integers: axes, shapes, pads. Nodes that ask for equal vectors get one tensor. */
  integers(name: string, dtype: "int32" | "int64", values: readonly number[]): Tensor {
    const key = `${dtype}:${values.join(",")}`;
    const known = this.#integers.get(key);
    if (known) return known;
    const size = DTYPES[dtype].bits / 8;
    const view = new DataView(new ArrayBuffer(size * values.length));
    for (const [index, value] of values.entries()) {
      if (dtype === "int64") view.setBigInt64(index * size, BigInt(value), true);
      else view.setInt32(index * size, value, true);
    }
    const data = constantOf(new Uint8Array(view.buffer));
    const tensor = new Tensor({ name, dtype, shape: [values.length], data });
    this.#integers.set(key, tensor);
    return tensor;
  }

  /** Returns the nodes so far as a model. */
  model(options: {
    readonly name: string;
    readonly outputs: readonly Tensor[];
    readonly metadata: ReadonlyMap<string, string>;
  }): Model {
    const { name, outputs, metadata } = options;
    const graph = new Graph({ name, inputs: this.#inputs, outputs, nodes: this.#nodes });
    return { name, format: "built", graph, version: "built in code", producer: "npulab", metadata };
  }

  #claim(name: string): void {
    if (this.#names.has(name)) {
      throw new LabError({
        code: "MODEL_NAME",
        message: `Cannot add layer '${name}': the network has a layer of this name, expected unique names`,
      });
    }
    this.#names.add(name);
  }
}

function requireSizes(name: string, shape: StaticShape): void {
  if (shape.every((size) => Number.isSafeInteger(size) && size > 0)) return;
  throw new LabError({
    code: "MODEL_SHAPE",
    message: `Cannot add layer '${name}': its output is ${shape.join("x")}, expected whole sizes above zero`,
    hint: "check the width, the resolution and the number of classes",
  });
}
