/** Networks of the vendor's front end: float weights in the file, how they are stored in a table beside it. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { applyQuantizationTable } from "../../../lib/formats/front-end/apply.js";
import { parseQuantizationTable } from "../../../lib/formats/front-end/table.js";
import { decodeOnnx } from "../../../lib/formats/onnx/decode.js";
import { onnxBytes } from "../../../lib/formats/onnx/write/encode.js";
import { tensorNumbers } from "../../../lib/graph/elements.js";
import type { Graph } from "../../../lib/graph/graph.js";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { fileSource } from "../../../lib/node/file-source.js";
import { load } from "../../../lib/node/load.js";
import type { RunTensor } from "../../../lib/run/onnxruntime.js";
import { formEpochs } from "../../../lib/targets/neural-art/epochs/form.js";
import { packModel } from "../../../lib/targets/neural-art/packing/pack-model.js";
import { runSeeded } from "../../run/sessions.js";
import { describeShared, requireShared } from "../../shared.js";
import { decodeGraph, type GraphDraft, value } from "../onnx/drafts.js";

/** A layer as the front end writes it: marks around the data, float weights; the mean behind it has no marks. */
const LAYER: GraphDraft = {
  name: "layer",
  input: [value("x", [1, 2], 3)],
  output: [value("r", [1, 2], 1)],
  initializer: [
    { name: "s", dataType: 1, floatData: [0.5] },
    { name: "z", dataType: 3, int32Data: [-1] },
    { name: "w", dataType: 1, dims: [2, 2], floatData: [0.25, 1, -0.5, 2] },
    { name: "b", dataType: 1, dims: [1, 2], floatData: [0.25, 1] },
  ],
  node: [
    { name: "dq", opType: "DequantizeLinear", input: ["x", "s", "z"], output: ["d"] },
    { name: "gemm", opType: "Gemm", input: ["d", "w", "b"], output: ["g"] },
    { name: "relu", opType: "Relu", input: ["g"], output: ["r"] },
  ],
};
const integer = (type: string, scale: readonly number[], zero: readonly number[]) => ({
  format: { class: "integer", type, params: [scale, zero] },
});
const FORMATS = {
  x: integer("S8", [0.5], [-1]),
  w: integer("S8", [0.25, 0.5], [0, 0]),
  b: integer("S32", [0.125, 0.25], [0, 0]),
  g: integer("S8", [0.1], [3]),
  r: integer("S8", [0.05], [-128]),
  gone: integer("S8", [1], [0]),
  d: { format: { class: "float", type: "F32" } },
};
const table = (tensors: unknown, signature?: string) =>
  JSON.stringify({
    ...(signature && { environment: { generated_model: { model_files: [{ name: "n", signature }] } } }),
    tensors,
  });
const apply = (tensors: unknown) =>
  applyQuantizationTable(decodeGraph(LAYER).graph, parseQuantizationTable(table(tensors), "net.Q.json"));
const opsOf = ({ nodes }: Graph) => nodes.map(({ op }) => op);

describe("applyQuantizationTable()", () => {
  it("marks weights, biases and results that the file has in float, and keeps its own marks", () => {
    const graph = apply(FORMATS);
    expect(opsOf(graph)).toEqual([
      ..."DequantizeLinear DequantizeLinear DequantizeLinear Gemm".split(" "),
      ..."QuantizeLinear DequantizeLinear Relu QuantizeLinear DequantizeLinear".split(" "),
    ]);
    const folded = normalizeModel({ ...decodeGraph(LAYER), graph }).graph;
    expect(opsOf(folded)).toEqual(["Gemm", "Relu", "DequantizeLinear"]);
    const [gemm] = folded.nodes;
    const [, w, b] = gemm!.inputs;
    // Columns of w are channels: 0.25 and −0.5 in steps of 0.25, 1 and 2 in steps of 0.5.
    expect([...tensorNumbers(w!)]).toEqual([1, 2, -2, 4]);
    expect(w).toMatchObject({ name: "w", dtype: "int8", quantization: { scale: [0.25, 0.5], axis: 1 } });
    expect([...tensorNumbers(b!)]).toEqual([2, 4]);
    expect(gemm!.output().quantization).toMatchObject({ zeroPoint: [3], axis: null });
  });

  it("leaves the given graph as it is", () => {
    const { graph } = decodeGraph(LAYER);
    const before = opsOf(graph);
    applyQuantizationTable(graph, parseQuantizationTable(table(FORMATS), "t"));
    expect(opsOf(graph)).toEqual(before);
    expect(graph.outputs[0]!.name).toBe("r");
  });

  it.each<[claim: string, tensors: Record<string, unknown>, message: RegExp]>([
    ["that knows none of the tensors", { other: FORMATS.x }, /how none of the tensors of 'layer' is stored/],
    [
      "with other scales than the marks",
      { ...FORMATS, x: integer("S8", [0.25], [-1]) },
      /stores 'x' with scale 0.25 and zero point -1, the file has 0.5 and -1/,
    ],
    [
      "with other zero points",
      { ...FORMATS, x: integer("S8", [0.5], [0]) },
      /zero point 0, the file has 0.5 and -1/,
    ],
    [
      "with scales for other channels",
      { ...FORMATS, w: integer("S8", [1, 1, 1], [0, 0, 0]) },
      /3 scales for 'w' of shape 2x2/,
    ],
    [
      "with scales per channel of a result",
      { ...FORMATS, g: integer("S8", [1, 1], [0, 0]) },
      /2 scales for 'g'/,
    ],
  ])("refuses a table %s", (_, tensors, message) => {
    expect(() => apply(tensors)).toThrow(message);
  });

  it("refuses weights that are no number of steps of their type", () => {
    const { nodes } = apply({ ...FORMATS, w: integer("S8", [0.001], [0]) });
    const stored = nodes.find(({ name }) => name === "w/dequantize")!.input(0);
    expect(() => stored.data!.read()).toThrow("element 0 of 'w' would be 250, expected -128 to 127 of int8");
  });
});

describe("parseQuantizationTable()", () => {
  it.each<[claim: string, text: string, message: RegExp, place: RegExp]>([
    ["broken JSON", '{\n"tensors": {', /found the end of the file/, /line 2/],
    ["no table", '{"a": 1}', /tensors does not fit/, /line 1/],
    ["a scale of zero", table({ x: integer("S8", [0], [0]) }), /params.0.0 does not fit/, /line 1/],
    [
      "an unknown type",
      table({ x: integer("Q7", [1], [0]) }),
      /tensors.x.format.type is Q7, expected one of S4/,
      /line 1/,
    ],
    [
      "more scales than zero points",
      table({ x: integer("S8", [1, 2], [0]) }),
      /2 scales and 1 zero points/,
      /line 1/,
    ],
    [
      "an integer format without scales",
      table({ x: { format: { class: "integer", type: "S8" } } }),
      /without params/,
      /line 1/,
    ],
  ])("refuses %s", (_, text, message, place) => {
    expect(() => parseQuantizationTable(text, "net.Q.json")).toThrow(
      expect.objectContaining({
        message: expect.stringMatching(message),
        at: expect.stringMatching(place),
      }),
    );
  });
});

describe("load()", () => {
  let folder = "";
  const path = (name: string) => join(folder, name);
  const bytes = onnxBytes(decodeGraph(LAYER));
  const md5 = createHash("md5").update(bytes).digest("hex");
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "npulab-front-end-"));
    for (const name of ["a", "b", "c", "d"]) writeFileSync(path(`${name}.onnx`), bytes);
    writeFileSync(path("a.Q.json"), table(FORMATS, `0x${md5}`));
    writeFileSync(path("b_Q.json"), table(FORMATS));
    writeFileSync(path("c.Q.json"), table(FORMATS, "0x1234"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it.each(["a", "b"])("takes the table beside %s.onnx, and says so", (name) => {
    const { model, notes } = load(path(`${name}.onnx`));
    expect(model.graph.nodes).toHaveLength(9);
    expect(notes).toHaveLength(1);
    expect(notes![0]).toContain(`was read from '${name}`);
  });

  it("refuses a table that was written for another file", () => {
    expect(() => load(path("c.onnx"))).toThrow(
      `it was written for a file of MD5 ${"1234".padStart(32, "0")}, 'c.onnx' has ${md5}`,
    );
  });

  it("reads a network without a table as it is", () => {
    const { model, notes } = load(path("d.onnx"));
    expect([model.graph.nodes.length, notes]).toEqual([3, []]);
  });
});

describeShared("a real network of the front end", () => {
  const FILE = "models/mobilenetv2/mobilenet_v2_128_0.5_QDQ_frontend.onnx";
  const OPTIONS = { tool: "2.1", epochController: false, profile: "O3" } as const;

  it("is int8 throughout", () => {
    const { graph } = normalizeModel(load(requireShared(FILE)).model);
    expect(graph.nodes).toHaveLength(83);
    for (const node of graph.nodes) {
      expect([node.input(0).dtype, node.output().dtype], node.name).toEqual(["int8", "int8"]);
      if (node.op === "Conv")
        expect(node.inputs.map((input) => input!.dtype)).toEqual(["int8", "int8", "int32"]);
    }
  });

  it("packs alike when the table alone says the scales of its data", () => {
    const bare = decodeOnnx(fileSource(requireShared(FILE)));
    const { graph } = bare;
    // Marks go, but for those of the input and of the output, which are int8 in the file.
    const [input, output] = [graph.inputs[0]!, graph.outputs[0]!];
    for (const node of [...graph.nodes]) {
      if (node.op !== "QuantizeLinear" && node.op !== "DequantizeLinear") continue;
      if (node.input(0) === input || node.output() === output) continue;
      graph.replaceUses(node.output(), node.input(0));
      graph.removeNodes(new Set([node]));
    }
    expect(opsOf(graph).filter((op) => op === "QuantizeLinear")).toHaveLength(1);
    const text = readFileSync(requireShared(FILE.replace(".onnx", ".Q.json")), "utf8");
    const marked = applyQuantizationTable(graph, parseQuantizationTable(text, "table"));
    const folded = normalizeModel({ ...bare, graph: marked }).graph;
    const plan = formEpochs(folded, OPTIONS);
    expect(packModel({ graph: folded, options: OPTIONS, plan }).imageBytes).toBe(367_233);
  });

  it("computes what the float weights compute, up to a step", async () => {
    const { model } = load(requireShared(FILE));
    const [[, float]] = (await runSeeded(requireShared(FILE), "front-end")) as [[string, RunTensor]];
    const [[, int8]] = (await runSeeded(onnxBytes(model), "front-end")) as [[string, RunTensor]];
    const [a, b] = [float, int8].map(({ data }) =>
      Array.from(new Int8Array(data.buffer, data.byteOffset, 2)),
    );
    expect(a).toHaveLength(2);
    for (const [index, one] of a!.entries()) expect(Math.abs(one - b![index]!)).toBeLessThanOrEqual(1);
  });
});
