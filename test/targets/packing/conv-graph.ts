/** Small graphs of quantised convolutions, built by hand. */
import { Graph } from "../../../lib/graph/graph.js";
import { Node } from "../../../lib/graph/node.js";
import { constantOf, Tensor } from "../../../lib/graph/tensor.js";

export interface ConvFields {
  readonly name: string;
  readonly kernel: number;
  readonly inputs: number;
  readonly outputs: number;
  readonly depthwise?: boolean;
  readonly stride?: 1 | 2;
  readonly side?: number;
  readonly zeroPoint?: number;
  readonly perChannel?: boolean;
}

const scales = (count: number) => ({ scale: Array(count).fill(0.1), zeroPoint: Array(count).fill(0) });

export function conv(fields: ConvFields): Node {
  const { name, kernel, inputs, outputs, depthwise = false, stride = 1, side = 8 } = fields;
  const { zeroPoint = -128, perChannel = true } = fields;
  const perKernel = depthwise ? 1 : inputs;
  const shape = depthwise ? [1, kernel, kernel, outputs] : [outputs, kernel, kernel, perKernel];
  const activation = (title: string, size: number, channels: number) =>
    new Tensor({
      name: `${name}.${title}`,
      dtype: "int8",
      shape: [1, size, size, channels],
      quantization: { scale: [0.1], zeroPoint: [zeroPoint], axis: null },
    });
  const count = kernel * kernel * perKernel * outputs;
  const weights = new Tensor({
    name: `${name}.weights`,
    dtype: "int8",
    shape,
    quantization: perChannel
      ? { ...scales(outputs), axis: depthwise ? 3 : 0 }
      : { scale: [0.1], zeroPoint: [0], axis: null },
    data: constantOf(new Uint8Array(count)),
  });
  const bias = new Tensor({
    name: `${name}.bias`,
    dtype: "int32",
    shape: [outputs],
    data: constantOf(new Uint8Array(4 * outputs)),
  });
  return new Node({
    name,
    op: "Conv",
    inputs: [activation("in", side, inputs), weights, bias],
    outputs: [activation("out", Math.ceil(side / stride), outputs)],
    attributes: {
      layout: "NHWC",
      weightLayout: depthwise ? "1HWO" : "OHWI",
      strides: [stride, stride],
      group: depthwise ? inputs : 1,
    },
    source: { format: "built", op: depthwise ? "DEPTHWISE_CONV_2D" : "CONV_2D", index: 0 },
  });
}

export function convNode(name: string, kernel: number, inputs: number, outputs: number): Node {
  return conv({ name, kernel, inputs, outputs });
}

export function graphOf(nodes: readonly Node[]): Graph {
  return new Graph({
    name: "convolutions",
    inputs: nodes.map((node) => node.input(0)),
    outputs: nodes.map((node) => node.output()),
    nodes,
  });
}
