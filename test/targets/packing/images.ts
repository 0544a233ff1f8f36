/** Flash images of compiled networks beside what is predicted for them. */
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import { parseIntelHex } from "../../../lib/formats/vendor/intel-hex.js";
import type { Graph } from "../../../lib/graph/graph.js";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { load } from "../../../lib/node/load.js";
import { formEpochs } from "../../../lib/targets/neural-art/epochs/form.js";
import { type FilledBuffer, packImage } from "../../../lib/targets/neural-art/packing/pack-image.js";
import { bufferKind } from "../../../lib/targets/neural-art/packing/seen-in-images.js";
import type {
  CompileOptions,
  Epoch,
  EpochPlan,
  ToolVersion,
} from "../../../lib/targets/neural-art/records.js";
import { macs } from "../../../lib/units.js";
import { requireShared } from "../../shared.js";
import { MODELS, openGraph } from "./compiled.js";

/** Returns a plan that knows only which operators run on the CPU, as the table of networks lists them. */
export function softwarePlan(graph: Graph, options: CompileOptions, ops: readonly string[]): EpochPlan {
  const nodes = graph.nodes.filter((node) => ops.includes(node.op));
  const epochs = nodes.map(
    (node, index): Epoch => ({
      index: index + 1,
      kind: "sw",
      ops: [node.op],
      nodes: [node],
      reads: [],
      writes: [],
      constants: [],
      macs: macs(0),
      layer: null,
      reason: null,
      note: null,
    }),
  );
  return { options, epochs, inputs: [], outputs: [], free: [], storage: new Map(), blobs: [] };
}

/** Returns the bytes of an Intel HEX file without a gap. */
function onlySegment(path: string): Uint8Array {
  const { segments } = parseIntelHex(readFileSync(path, "utf8"), path);
  expect(segments).toHaveLength(1);
  return segments[0]!.data;
}

const FRONT_END = "mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend";
export function mobileNetV2(): Graph {
  return normalizeModel(load(requireShared(`models/${FRONT_END}.onnx`)).model).graph;
}

interface ImageCase {
  readonly image: string;
  readonly graph: () => Graph;
  readonly options: CompileOptions;
  /** Operators on the CPU; null: as the epochs' own rules say. */
  readonly onCpu: readonly string[] | null;
}

const compiled = (
  image: string,
  id: keyof typeof MODELS,
  tool: CompileOptions["tool"],
  fields: { readonly onCpu?: readonly string[]; readonly epochController?: boolean } = {},
): ImageCase => ({
  image,
  graph: () => openGraph(MODELS[id]),
  options: { tool, epochController: fields.epochController ?? true, profile: "O3" },
  onCpu: fields.onCpu ?? [],
});
const front = (tool: "2.1" | "2.2" | "3.0"): ImageCase => ({
  image: `mobilenetv2_050_128_${tool}.xSPI2.bin`,
  graph: mobileNetV2,
  options: { tool, epochController: false, profile: tool === "3.0" ? "default" : "O3" },
  onCpu: null,
});

export const IMAGES: readonly ImageCase[] = [
  compiled("ic_mbv1_025_96_nucleo.xSPI2.bin", "ic_mbv1_025_96_nucleo", "2.1", {
    onCpu: ["Softmax", "DequantizeLinear"],
  }),
  compiled("od_styoloxnano480_dk.xSPI2.bin", "od_styoloxnano480_dk", "2.1", { onCpu: ["DequantizeLinear"] }),
  compiled("xc_palm_detector.hex", "xc_palm_detector", "2.1", { onCpu: ["Resize", "DequantizeLinear"] }),
  compiled("xc_face_detector.hex", "xc_face_detector", "2.2"),
  compiled("bcph_rppg.xSPI2.bin", "bcph_rppg", "2.2", { epochController: false }),
  compiled("fd_blazeface_dk.xSPI2.bin", "fd_blazeface_dk", "4.0"),
  front("2.1"),
  front("2.2"),
  front("3.0"),
];

export interface ComparedImage {
  readonly predicted: Uint8Array;
  readonly actual: Uint8Array;
  /** Buffers with a place among those of their length in the image, each place taken once. */
  readonly found: readonly FilledBuffer[];
  readonly missing: readonly FilledBuffer[];
  readonly unknown: readonly FilledBuffer[];
}

/** Returns an image beside its prediction. Where lengths tie, the compiler's order is its own: any place will do. */
export function compareImage({ image, graph: build, options, onCpu }: ImageCase): ComparedImage {
  const path = requireShared(`compiled/images/${image}`);
  const actual = image.endsWith(".hex") ? onlySegment(path) : new Uint8Array(readFileSync(path));
  const graph = build();
  const plan = onCpu === null ? formEpochs(graph, options) : softwarePlan(graph, options, onCpu);
  const { bytes: predicted, buffers } = packImage({ graph, options, plan });
  const places = new Map<number, number[]>();
  for (const { buffer } of buffers)
    places.set(buffer.bytes, [...(places.get(buffer.bytes) ?? []), buffer.offset]);
  const [found, missing, unknown]: FilledBuffer[][] = [[], [], []];
  for (const filled of buffers) {
    const { buffer, content } = filled;
    if (content.status === "unknown") {
      unknown!.push(filled);
      continue;
    }
    const free = places.get(buffer.bytes)!;
    const index = free.findIndex(
      (offset) => Buffer.compare(content.bytes, actual.subarray(offset, offset + buffer.bytes)) === 0,
    );
    if (index >= 0) free.splice(index, 1);
    (index >= 0 ? found : missing)!.push(filled);
  }
  return { predicted, actual, found: found!, missing: missing!, unknown: unknown! };
}

/** Returns the tools whose images hold each kind of buffer with the predicted bytes, kinds in alphabetical order. */
export function seenInImages(): Readonly<Record<string, readonly ToolVersion[]>> {
  const tools = new Map<string, Set<ToolVersion>>();
  for (const image of IMAGES) {
    for (const { buffer } of compareImage(image).found) {
      const kind = bufferKind(buffer);
      tools.set(kind, (tools.get(kind) ?? new Set()).add(image.options.tool));
    }
  }
  const kinds = [...tools.keys()].sort();
  return Object.fromEntries(kinds.map((kind) => [kind, [...tools.get(kind)!].sort()]));
}
