import { readFileSync } from "node:fs";
import { beforeAll, expect, it } from "vitest";
import { openModel } from "../../lib/formats/open.js";
import { layerGeometry } from "../../lib/graph/geometry.js";
import type { Graph, Model } from "../../lib/graph/graph.js";
import { formatShape } from "../../lib/graph/shape.js";
import type { Tensor } from "../../lib/graph/tensor.js";
import { bufferSource } from "../../lib/source.js";
import { describeShared, requireShared, sharedPath } from "../shared.js";

interface Row {
  readonly file: string;
  readonly bytes: number;
  readonly format: string;
  readonly quantized: string;
  readonly inputs: string;
  readonly outputs: string;
  readonly macs: string;
  readonly depthwiseBytes: string;
  readonly weightBytes: string;
  readonly biasBytes: string;
  readonly ops: string;
}

/** Splits a line of the manifest; no field of the columns we read holds a quote within. */
function cells(line: string): string[] {
  return [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) => cell!.replace(/^"|"$/g, ""));
}

function manifest(): Row[] {
  const path = sharedPath("models/MANIFEST.csv");
  if (path === null) return [];
  const [head, ...lines] = readFileSync(path, "utf8").trim().split("\n");
  const columns = cells(head!);
  return lines.map((line) => {
    const row = cells(line);
    const column = (name: string) => row[columns.indexOf(name)] ?? "";
    return {
      file: column("file"),
      bytes: Number(column("bytes")),
      format: column("format"),
      quantized: column("quantized"),
      inputs: column("input_shape"),
      outputs: column("output_shape"),
      macs: column("macs"),
      depthwiseBytes: column("dw_weight_bytes"),
      weightBytes: column("weight_bytes"),
      biasBytes: column("bias_bytes"),
      ops: column("ops"),
    };
  });
}

/** The manifest leaves operators that its reader could not name as codes. */
const UNNAMED: Readonly<Record<string, string>> = { "69": "TILE", "82": "REDUCE_MAX", "90": "FLOOR_DIV" };

/** Returns counts of operators as the file names them, domains aside. */
function operatorCounts(graph: Graph): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { source } of graph.nodes) {
    const op = source.format === "onnx" ? source.op.replace(/^.*:/, "") : source.op;
    counts.set(op, (counts.get(op) ?? 0) + 1);
  }
  return counts;
}

function recordedCounts(ops: string): Map<string, number> {
  return new Map(
    ops.split(" ").map((entry) => {
      const cut = entry.lastIndexOf(":");
      const name = entry.slice(0, cut);
      return [UNNAMED[name] ?? name, Number(entry.slice(cut + 1))];
    }),
  );
}

const shapes = (tensors: readonly Tensor[]) => tensors.map(({ shape }) => formatShape(shape)).join(";");
const withoutTypes = (shape: string) => shape.replaceAll(/:\w+/g, "");
const total = (tensors: Iterable<Tensor>) => [...tensors].reduce((sum, { bytes }) => sum + bytes, 0);

const rows = manifest();
const tflite = rows.filter(({ file }) => file.endsWith(".tflite"));
const onnx = rows.filter(({ file }) => file.endsWith(".onnx"));

describeShared("openModel() on real files", () => {
  const models = new Map<string, Model>();
  beforeAll(() => {
    for (const { file } of rows) {
      const data = readFileSync(requireShared(`models/${file}`));
      models.set(file, openModel(bufferSource(file, data)));
    }
  });

  it("opens all 107", () => {
    expect([tflite.length, onnx.length]).toEqual([89, 18]);
    expect(models.size).toBe(107);
  });

  it.each(rows.filter(({ ops }) => ops !== ""))("finds the operators of $file", ({ file, ops }) => {
    expect(operatorCounts(models.get(file)!.graph)).toEqual(recordedCounts(ops));
  });

  it.each(tflite.filter(({ inputs }) => inputs !== ""))("finds the inputs and outputs of $file", (row) => {
    const { graph } = models.get(row.file)!;
    expect(shapes(graph.inputs)).toBe(withoutTypes(row.inputs));
    expect(shapes(graph.outputs)).toBe(withoutTypes(row.outputs));
  });

  it.each(tflite.filter(({ macs }) => macs !== ""))("weighs and counts the layers of $file", (row) => {
    const { graph } = models.get(row.file)!;
    const weights = new Set<Tensor>();
    const biases = new Set<Tensor>();
    const depthwise = new Set<Tensor>();
    let macs = 0;
    for (const node of graph.nodes) {
      const layer = layerGeometry(node);
      if (layer === null) continue;
      macs += layer.macs;
      weights.add(layer.weights);
      if (layer.bias) biases.add(layer.bias);
      if (node.source.op === "DEPTHWISE_CONV_2D") depthwise.add(layer.weights);
    }
    expect({ macs, weights: total(weights), biases: total(biases), depthwise: total(depthwise) }).toEqual({
      macs: Number(row.macs),
      weights: Number(row.weightBytes),
      biases: Number(row.biasBytes),
      depthwise: Number(row.depthwiseBytes),
    });
  });

  // For ONNX the manifest adds up constants by type, zero points among them.
  it.each(onnx.filter(({ quantized }) => quantized.startsWith("QDQ")))(
    "weighs the constants of $file",
    (row) => {
      if (row.weightBytes === "") return;
      const constants = models.get(row.file)!.graph.constants();
      const of = (dtype: string) => total(constants.filter((tensor) => tensor.dtype === dtype));
      expect([of("int8"), of("int32")]).toEqual([Number(row.weightBytes), Number(row.biasBytes)]);
    },
  );

  it("keeps free sizes of ONNX files by name", () => {
    const { graph } = models.get("mobilenetv2/mobilenet_v2_0.35_128_tfs_channel_first.onnx")!;
    expect(graph.inputs[0]!.shape).toEqual(["unk__608", 3, 128, 128]);
  });

  it("reads every constant to its declared length", () => {
    for (const { graph } of models.values()) {
      for (const { data } of graph.constants()) expect(data!.read().byteLength).toBe(data!.byteLength);
    }
  });
});
