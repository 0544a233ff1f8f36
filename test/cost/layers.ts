/** Plans built by hand: an epoch per layer, without a graph around it. */
import type { LayerGeometry } from "../../lib/graph/geometry.js";
import { Node } from "../../lib/graph/node.js";
import { constantOf, Tensor } from "../../lib/graph/tensor.js";
import type { Epoch, EpochPlan, PackedBuffer, RomPlan } from "../../lib/targets/neural-art/records.js";
import { bytes, macs } from "../../lib/units.js";

export interface LayerFields {
  readonly kind?: "conv" | "depthwise";
  readonly input: number;
  readonly output: number;
  readonly cin: number;
  readonly cout: number;
  readonly kernel: number;
  readonly stride?: number;
}

export interface HandEpoch {
  readonly epoch: Epoch;
  readonly buffers: readonly PackedBuffer[];
}

export function tensor(name: string, ...shape: readonly number[]): Tensor {
  return new Tensor({ name, dtype: "int8", shape });
}

function nodeOf(op: string, index: number): Node {
  return new Node({
    name: `${op}_${index}`,
    op,
    inputs: [],
    outputs: [],
    source: { format: "built", op, index },
  });
}

/** Returns the kernel, and the vector widened along the row where there are more than 512 channels. */
export function layerEpoch(index: number, fields: LayerFields): HandEpoch {
  const { kind = "conv", input, output, cin, cout, kernel, stride = 1 } = fields;
  const groups = kind === "depthwise" ? cin : 1;
  const count = kernel * kernel * (cin / groups) * cout;
  const weights = new Tensor({
    name: `w${index}`,
    dtype: "int8",
    shape: [cout, kernel, kernel, cin / groups],
    data: constantOf(new Uint8Array(0)),
  });
  const node = nodeOf("Conv", index);
  const total = macs(output * output * count);
  const geometry: LayerGeometry = {
    kind,
    batch: 1,
    inputHeight: input,
    inputWidth: input,
    inputChannels: cin,
    outputHeight: output,
    outputWidth: output,
    outputChannels: cout,
    kernelHeight: kernel,
    kernelWidth: kernel,
    strides: [stride, stride],
    dilations: [1, 1],
    groups,
    macs: total,
    weights,
    bias: null,
  };
  const packed = (
    role: PackedBuffer["role"],
    mode: PackedBuffer["mode"],
    size: number,
    group = 1,
  ): PackedBuffer => ({
    tensor: `${role}${index}`,
    node,
    role,
    mode,
    group,
    part: null,
    source: { from: "nowhere", why: "only sizes matter here" },
    causes: [],
    offset: bytes(0),
    bytes: bytes(size),
    rule: "test",
    explanation: "by hand",
  });
  const kernelBuffer =
    kind === "depthwise" ? packed("kernel", "inflated", count * 8, 8) : packed("kernel", "deep", count);
  const buffers = [kernelBuffer];
  if (cout > 512) buffers.push(packed("scale", "vector", 2 * cout * output));
  return {
    buffers,
    epoch: {
      index,
      kind: "hw",
      ops: ["Conv"],
      nodes: [node],
      reads: [tensor("x", 1, input, input, cin)],
      writes: [tensor("y", 1, output, output, cout)],
      constants: [weights],
      macs: total,
      layer: { node, geometry },
      reason: null,
      note: null,
    },
  };
}

export function plainEpoch(
  index: number,
  fields: Pick<Epoch, "kind" | "ops"> & { readonly shape: readonly number[]; readonly macs?: number },
): HandEpoch {
  const { kind, ops, shape } = fields;
  return {
    buffers: [],
    epoch: {
      index,
      kind,
      ops,
      nodes: [nodeOf(ops[0] ?? "Copy", index)],
      reads: [tensor("x", ...shape)],
      writes: [tensor("y", ...shape)],
      constants: [],
      macs: macs(fields.macs ?? 0),
      layer: null,
      reason: null,
      note: null,
    },
  };
}

export function planOf(
  epochs: readonly HandEpoch[],
  epochController = true,
): { readonly plan: EpochPlan; readonly rom: RomPlan } {
  const options = { tool: "2.2", epochController, profile: "O3" } as const;
  return {
    plan: {
      options,
      epochs: epochs.map(({ epoch }) => epoch),
      inputs: [],
      outputs: [],
      free: [],
      storage: new Map(),
      blobs: [],
    },
    rom: {
      options,
      sourceBytes: bytes(0),
      imageBytes: bytes(0),
      blobBytes: null,
      buffers: epochs.flatMap(({ buffers }) => buffers),
      ledger: [],
    },
  };
}
