/** Small int8 graphs built by hand, NHWC as TFLite has them. */
import { Graph } from "../../lib/graph/graph.js";
import { type Attributes, Node } from "../../lib/graph/node.js";
import type { StaticShape } from "../../lib/graph/shape.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";

export interface Form {
  readonly shape: StaticShape;
  readonly zero?: number;
  readonly dtype?: "int8" | "uint8" | "float32";
}

export class Sketch {
  readonly #nodes: Node[] = [];
  readonly #inputs: Tensor[] = [];

  tensor(name: string, { shape, zero = 3, dtype = "int8" }: Form): Tensor {
    const quantization = dtype === "float32" ? null : { scale: [0.5], zeroPoint: [zero], axis: null };
    return new Tensor({ name, dtype, shape, quantization });
  }

  input(form: Form): Tensor {
    const tensor = this.tensor(`input${this.#inputs.length}`, form);
    this.#inputs.push(tensor);
    return tensor;
  }

  integers(values: readonly number[]): Tensor {
    const data = constantOf(new Uint8Array(Int32Array.from(values).buffer));
    return new Tensor({ name: "integers", dtype: "int32", shape: [values.length], data });
  }

  node(op: string, inputs: readonly (Tensor | null)[], output: Form, attributes: Attributes = {}): Tensor {
    const name = `${op.toLowerCase()}${this.#nodes.length}`;
    const result = this.tensor(name, output);
    const source = { format: "built" as const, op, index: this.#nodes.length };
    this.#nodes.push(new Node({ name, op, inputs, outputs: [result], attributes, source }));
    return result;
  }

  conv(
    input: Tensor,
    options: { filters: number; kernel?: number; stride?: number; zero?: number; dilation?: number },
  ): Tensor {
    const { filters, kernel = 1, stride = 1, zero = 3, dilation = 1 } = options;
    const [batch = 1, height = 1, width = 1, channels = 1] = input.staticShape();
    const weights = this.constant("weights", [filters, kernel, kernel, channels]);
    return this.node(
      "Conv",
      [input, weights, null],
      { shape: [batch, Math.ceil(height / stride), Math.ceil(width / stride), filters], zero },
      {
        layout: "NHWC",
        weightLayout: "OHWI",
        kernelShape: [kernel, kernel],
        strides: [stride, stride],
        dilations: [dilation, dilation],
        autoPad: "SAME_UPPER",
        group: 1,
      },
    );
  }

  depthwise(input: Tensor, { kernel = 3, zero = 3 }: { kernel?: number; zero?: number } = {}): Tensor {
    const channels = input.staticShape()[3] ?? 1;
    const weights = this.constant("weights", [1, kernel, kernel, channels]);
    return this.node(
      "Conv",
      [input, weights, null],
      { shape: input.staticShape(), zero },
      {
        layout: "NHWC",
        weightLayout: "1HWO",
        kernelShape: [kernel, kernel],
        autoPad: "SAME_UPPER",
        group: channels,
      },
    );
  }

  constant(name: string, shape: StaticShape, dtype: "int8" | "float32" = "int8"): Tensor {
    const size = shape.reduce((count, dim) => count * dim, dtype === "int8" ? 1 : 4);
    const quantization = dtype === "int8" ? { scale: [1], zeroPoint: [0], axis: null } : null;
    return new Tensor({ name, dtype, shape, quantization, data: constantOf(new Uint8Array(size)) });
  }

  graph(...outputs: readonly Tensor[]): Graph {
    return new Graph({ name: "sketch", inputs: this.#inputs, outputs, nodes: this.#nodes });
  }
}
