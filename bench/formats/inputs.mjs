/** The files that are measured: made here, in a folder for temporary files, and kept there between runs. */
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readSync,
  renameSync,
  statSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Builder } from "flatbuffers";
import { head, int, ints, message, oneInt, text, value, writeModel } from "./wire-writer.mjs";

const FOLDER = join(tmpdir(), "npulab-bench");
const CHUNK = 1 << 20;
/** Goes into the names of files: raise it when a generator changes. */
const GENERATION = 1;

/** Returns noise that does not repeat within a page; the same at every run. */
function noise(length) {
  const data = Buffer.alloc(length);
  let state = 0x9e3779b9;
  for (let at = 0; at + 4 <= length; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    data.writeUInt32LE(state, at);
  }
  return data;
}

const conv = (index, name, input, kernel) =>
  message(1, [
    text(1, input),
    text(1, `${name}.weight`),
    text(2, `${name}_output_0`),
    text(3, `${name}`),
    text(4, "Conv"),
    oneInt("group", 1 + (index % 3)),
    ints("kernel_shape", [kernel, kernel]),
    ints("pads", [1, 1, 1, 1]),
    ints("strides", [1 + (index % 2), 1 + (index % 2)]),
  ]);

/** `layers` convolutions whose weights are `floats` numbers of raw data each. */
const rawOnnx = ({ layers, dims }) =>
  function* parts() {
    const weights = noise(4 * dims.reduce((a, b) => a * b, 1));
    const name = (index) => `/model/stage.${index}/conv`;
    for (let i = 0; i < layers; i++)
      yield conv(i, name(i), i === 0 ? "image" : `${name(i - 1)}_output_0`, dims[2]);
    yield text(2, "raw");
    for (let i = 0; i < layers; i++) {
      const fields = [
        ...dims.map((dim) => int(1, dim)),
        int(2, 1),
        text(8, `${name(i)}.weight`),
        head(9, weights.length),
      ];
      const length = fields.reduce((sum, field) => sum + field.length, weights.length);
      yield head(5, length);
      yield* fields;
      yield weights;
    }
    yield value(11, "image", [1, dims[1], 32, 32]);
    yield value(12, `${name(layers - 1)}_output_0`, [1, dims[0], 32, 32]);
  };

/** Many nodes with a small constant and a declared value each. */
const manyOnnx = ({ nodes }) =>
  function* parts() {
    const name = (index) => `/model/stage.${index}/block/conv`;
    for (let i = 0; i < nodes; i++) yield conv(i, name(i), i === 0 ? "image" : `${name(i - 1)}_output_0`, 1);
    yield text(2, "many");
    const weights = noise(16 * 4);
    for (let i = 0; i < nodes; i++) {
      yield message(5, [
        ...[4, 4, 1, 1].map((dim) => int(1, dim)),
        int(2, 1),
        text(8, `${name(i)}.weight`),
        head(9, weights.length),
        weights,
      ]);
    }
    yield value(11, "image", [1, 4, 8, 8]);
    yield value(12, `${name(nodes - 1)}_output_0`, [1, 4, 8, 8]);
    for (let i = 0; i < nodes - 1; i++) yield value(13, `${name(i)}_output_0`, [1, 4, 8 + (i % 5), 8]);
  };

/** Convolutions in a chain; each has weights of its own, or all share one buffer. */
function tflite({ operators, weights, shared }) {
  const b = new Builder(1 << 20);
  const vector = (offsets) => {
    b.startVector(4, offsets.length, 4);
    for (let i = offsets.length - 1; i >= 0; i--) b.addOffset(offsets[i]);
    return b.endVector();
  };
  const int32s = (values) => {
    b.startVector(4, values.length, 4);
    for (let i = values.length - 1; i >= 0; i--) b.addInt32(values[i]);
    return b.endVector();
  };
  const quantization = () => {
    b.startVector(4, 1, 4);
    b.addFloat32(0.5);
    const scale = b.endVector();
    b.startVector(8, 1, 8);
    b.addInt64(0n);
    const zero = b.endVector();
    b.startObject(7);
    b.addFieldOffset(2, scale, 0);
    b.addFieldOffset(3, zero, 0);
    return b.endObject();
  };
  const buffer = (data) => {
    const bytes = data === null ? 0 : b.createByteVector(data);
    b.startObject(1);
    if (data !== null) b.addFieldOffset(0, bytes, 0);
    return b.endObject();
  };
  const [o, i] = weights;
  const data = noise(o * i * 9);
  const buffers = [buffer(null)];
  const tensors = [];
  const tensor = (name, shape, from) => {
    const [label, sizes, scales] = [b.createString(name), int32s(shape), quantization()];
    b.startObject(8);
    b.addFieldOffset(0, sizes, 0);
    b.addFieldInt8(1, 9, 0);
    b.addFieldInt32(2, from, 0);
    b.addFieldOffset(3, label, 0);
    b.addFieldOffset(4, scales, 0);
    tensors.push(b.endObject());
    return tensors.length - 1;
  };
  const calls = [];
  let last = tensor("image", [1, 8, 8, i], 0);
  const input = last;
  if (shared) buffers.push(buffer(data));
  for (let index = 0; index < operators; index++) {
    if (!shared) buffers.push(buffer(data));
    const weight = tensor(`stage_${index}/weights`, [o, 3, 3, i], buffers.length - 1);
    const result = tensor(`stage_${index}/conv`, [1, 8, 8, o], 0);
    b.startObject(6);
    b.addFieldInt32(1, 1, 0);
    b.addFieldInt32(2, 1, 0);
    const options = b.endObject();
    const [inputs, outputs] = [int32s([last, weight, -1]), int32s([result])];
    b.startObject(5);
    b.addFieldOffset(1, inputs, 0);
    b.addFieldOffset(2, outputs, 0);
    b.addFieldInt8(3, 1, 0);
    b.addFieldOffset(4, options, 0);
    calls.push(b.endObject());
    last = result;
  }
  b.startObject(4);
  b.addFieldInt8(0, 3, 0);
  b.addFieldInt32(3, 3, 0);
  const code = b.endObject();
  const [tensorList, callList, inputs, outputs, name] = [
    vector(tensors),
    vector(calls),
    int32s([input]),
    int32s([last]),
    b.createString("main"),
  ];
  b.startObject(5);
  for (const [field, offset] of [tensorList, inputs, outputs, callList, name].entries())
    b.addFieldOffset(field, offset, 0);
  const subgraph = b.endObject();
  const [codes, subgraphs, description, bufferList] = [
    vector([code]),
    vector([subgraph]),
    b.createString("bench"),
    vector(buffers),
  ];
  b.startObject(5);
  b.addFieldInt32(0, 3, 0);
  for (const [field, offset] of [codes, subgraphs, description, bufferList].entries())
    b.addFieldOffset(field + 1, offset, 0);
  b.finish(b.endObject(), "TFL3");
  return b.asUint8Array();
}

const onnx = (parts) => (write) => writeModel({ write, parts });

/** Each file by its name: what it is made of, and how. */
const INPUTS = {
  "raw-300.onnx": {
    holds: "150 Conv, 150 constants of 2.1 MB raw data",
    make: onnx(rawOnnx({ layers: 150, dims: [256, 228, 3, 3] })),
  },
  "raw-629.onnx": {
    holds: "300 Conv, 300 constants of 2.1 MB raw data",
    make: onnx(rawOnnx({ layers: 300, dims: [256, 228, 3, 3] })),
  },
  "many.onnx": {
    holds: "100,000 Conv with 4 attributes, 100,000 small constants, 100,000 declared values",
    make: onnx(manyOnnx({ nodes: 100_000 })),
  },
  "raw-314.tflite": {
    holds: "150 CONV_2D, 150 constants of 2.1 MB",
    make: (write) => write(tflite({ operators: 150, weights: [483, 483], shared: false })),
  },
  "many.tflite": {
    holds: "20,000 CONV_2D, constants that share one buffer",
    make: (write) => write(tflite({ operators: 20_000, weights: [8, 8], shared: true })),
  },
};

function sha256Of(path) {
  const hash = createHash("sha256");
  const file = openSync(path, "r");
  const chunk = Buffer.alloc(CHUNK);
  for (let count = readSync(file, chunk); count > 0; count = readSync(file, chunk))
    hash.update(chunk.subarray(0, count));
  closeSync(file);
  return hash.digest("hex");
}

/** Returns where a file is, what it holds and what identifies it; makes it when it is not there. */
export function prepare(name) {
  const { holds, make } = INPUTS[name];
  mkdirSync(FOLDER, { recursive: true });
  const path = join(FOLDER, `g${GENERATION}-${name}`);
  if (!existsSync(path)) {
    const file = openSync(`${path}.part`, "w");
    make((chunk) => writeSync(file, chunk));
    closeSync(file);
    renameSync(`${path}.part`, path);
  }
  return { name, path, holds, bytes: statSync(path).size, sha256: sha256Of(path) };
}
