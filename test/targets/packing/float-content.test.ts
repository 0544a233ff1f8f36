import { describe, expect, it } from "vitest";
import { decodeElements, encodeElements } from "../../../lib/graph/elements.js";
import { layerGeometry } from "../../../lib/graph/geometry.js";
import { Node } from "../../../lib/graph/node.js";
import { constantOf, Tensor } from "../../../lib/graph/tensor.js";
import { bufferContent } from "../../../lib/targets/neural-art/packing/content.js";
import { placeOf } from "../../../lib/targets/neural-art/packing/kernel-bytes.js";
import { realKernelValues } from "../../../lib/targets/neural-art/packing/kernel-values.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import { conv, graphOf } from "./conv-graph.js";

const old = { tool: "2.1", epochController: true, profile: "O3" } as const;

/** Returns a node of `conv` with other weights. */
function withWeights(node: Node, weights: Tensor): Node {
  const { name, op, outputs, attributes, source } = node;
  return new Node({ name, op, inputs: [node.input(0), weights, node.input(2)], outputs, attributes, source });
}

describe("bufferContent() of float kernels", () => {
  it("widens the last column of a 7x7 depthwise kernel, scale by channel", () => {
    const channels = 16;
    const plain = conv({ name: "dw", kernel: 7, inputs: channels, outputs: channels, depthwise: true });
    const stored = Int8Array.from({ length: 49 * channels }, (_, index) => ((index * 37) % 255) - 127);
    const scale = Array.from({ length: channels }, (_, channel) => 0.01 * (channel + 1));
    const zeroPoint = scale.map(() => 0);
    const weights = new Tensor({
      name: "dw.weights",
      dtype: "int8",
      shape: [1, 7, 7, channels],
      quantization: { scale, zeroPoint, axis: 3 },
      data: constantOf(new Uint8Array(stored.buffer)),
    });
    const { buffers } = packModel({ graph: graphOf([withWeights(plain, weights)]), options: old });
    const floats = buffers.filter((buffer) => buffer.part?.mode === "float");
    expect(floats.map((buffer) => Number(buffer.bytes))).toEqual([192, 192, 64]);
    for (const buffer of floats) {
      const part = buffer.part!;
      const { status, bytes } = bufferContent(buffer, old);
      expect(status).toBe("assumed");
      const values = decodeElements("float32", bytes, bytes.length / 4);
      for (let output = 0; output < channels; output++) {
        for (let row = part.rows[0]; row < part.rows[1]; row++) {
          const place = placeOf(part, { output, row, column: 6, input: 0 });
          const weight = stored[(row * 7 + 6) * channels + output]!;
          expect(values[place]).toBe(Math.fround(weight * scale[output]!));
        }
      }
    }
  });

  it("keeps float weights as they are, and their biases", () => {
    const plain = conv({ name: "float", kernel: 1, inputs: 2, outputs: 2 });
    const data = (values: readonly number[]) => constantOf(encodeElements("float32", values));
    const weights = new Tensor({
      name: "w",
      dtype: "float32",
      shape: [2, 1, 1, 2],
      data: data([1, -2, 3, 0.5]),
    });
    const bias = new Tensor({ name: "b", dtype: "float32", shape: [2], data: data([7, 8]) });
    const { name, op, outputs, attributes, source } = plain;
    const inputs = [plain.input(0), weights, bias];
    const node = new Node({ name, op, inputs, outputs, attributes, source });
    const { buffers } = packModel({ graph: graphOf([node]), options: old });
    const held = buffers.map((buffer) => [
      buffer.role,
      ...decodeElements("float32", bufferContent(buffer, old).bytes, buffer.bytes / 4),
    ]);
    expect(held).toEqual([
      ["kernel", 1, -2, 3, 0.5],
      ["bias", 7, 8],
    ]);
  });
});

describe("realKernelValues()", () => {
  it("reorders OIHW as its int8 twin does", () => {
    const weights = new Tensor({
      name: "w",
      dtype: "float32",
      shape: [2, 2, 1, 2],
      data: constantOf(encodeElements("float32", [0, 1, 2, 3, 4, 5, 6, 7])),
    });
    const input = new Tensor({ name: "x", dtype: "float32", shape: [1, 2, 1, 2] });
    const output = new Tensor({ name: "y", dtype: "float32", shape: [1, 2, 1, 1] });
    const source = { format: "built" as const, op: "Conv", index: 0 };
    const attributes = { weightLayout: "OIHW" };
    const node = new Node({
      name: "n",
      op: "Conv",
      inputs: [input, weights],
      outputs: [output],
      attributes,
      source,
    });
    expect([...realKernelValues(node, layerGeometry(node)!)]).toEqual([0, 2, 1, 3, 4, 6, 5, 7]);
  });
});

describe("packModel() of weights of other widths", () => {
  const narrow = (dtype: "int4" | "int16", scaled: boolean) => {
    const plain = conv({ name: "w", kernel: 1, inputs: 8, outputs: 8 });
    const weights = new Tensor({
      name: "w.weights",
      dtype,
      shape: [8, 1, 1, 8],
      quantization: scaled ? { scale: [0.1], zeroPoint: [0], axis: null } : null,
      data: constantOf(new Uint8Array(dtype === "int4" ? 32 : 128)),
    });
    return graphOf([withWeights(plain, weights)]);
  };
  it.each([
    ["int4", true, "they are int4, expected"],
    ["int16", true, "they are int16, expected"],
    ["int4", false, "they are int4 without a scale, expected"],
  ] as const)("refuses %s (scale: %s), naming the node", (dtype, scaled, message) => {
    const pack = () => packModel({ graph: narrow(dtype, scaled), options: old });
    expect(pack).toThrow("Cannot size the weights of Conv 'w' (CONV_2D, node 0)");
    expect(pack).toThrow(message);
  });
});
