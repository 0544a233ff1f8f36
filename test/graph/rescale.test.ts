import { readFileSync } from "node:fs";
import onnxProto from "onnx-proto";
import { expect, test } from "vitest";
import { LabError } from "../../lib/errors.js";
import { openModel } from "../../lib/formats/open.js";
import type { Model } from "../../lib/graph/graph.js";
import { inferShapes } from "../../lib/graph/infer/infer-shapes.js";
import { normalizeModel } from "../../lib/graph/passes/normalize.js";
import { isStatic, type StaticShape } from "../../lib/graph/shape.js";
import { bufferSource } from "../../lib/source.js";
import { describeShared, requireShared } from "../shared.js";
import { modelFiles, readModel } from "./models.js";
import { exposeAll, type OracleType, runOnnx, zeroTensor } from "./onnx-oracle.js";

const { onnx } = onnxProto;

/** Image sizes times a factor where that gives whole sizes, or another batch. */
const CHANGES = {
  half: (size: number) => (size % 2 === 0 ? size / 2 : size),
  double: (size: number) => 2 * size,
  batch: (size: number) => size,
} as const;

type Change = keyof typeof CHANGES;

const CONVOLUTIONS = new Set(["Conv", "ConvTranspose", "QLinearConv"]);

/** Returns another shape for the model's first input; null for networks without convolutions. */
function changedInput({ graph, format }: Model, change: Change): StaticShape | null {
  const recorded = graph.inputs[0]?.shape?.map((dim) => (typeof dim === "number" ? dim : 1));
  if (!recorded || recorded.length < 3 || !graph.nodes.some(({ op }) => CONVOLUTIONS.has(op))) return null;
  const channels = format === "onnx" && recorded.length === 4 && recorded[3]! > 4 ? 1 : recorded.length - 1;
  const series = format === "onnx" && recorded.length === 3;
  const shape = recorded.map((size, axis) => {
    if (axis === 0) return change === "batch" ? 2 : size;
    return (series ? axis === 1 : axis === channels) ? size : CHANGES[change](size);
  });
  return shape.every((size, axis) => size === recorded[axis]) ? null : shape;
}

/** Returns what inference says of a file at another input: null where it goes through. */
function refusal(model: Model, shape: StaticShape): LabError | null {
  try {
    const { graph } = normalizeModel(model, { inputShapes: new Map([[model.graph.inputs[0]!.name, shape]]) });
    expect([...graph.tensors()].every((tensor) => isStatic(tensor.shape))).toBe(true);
    return null;
  } catch (error) {
    if (error instanceof LabError) return error;
    throw error;
  }
}

const cases = [...modelFiles(".tflite"), ...modelFiles(".onnx")].flatMap((file) =>
  (Object.keys(CHANGES) as Change[]).map((change) => [file, change] as const),
);

/** Writes another shape of the first input into an ONNX file, and takes away what it records of others. */
function withInput(bytes: Uint8Array, name: string, shape: StaticShape): Uint8Array {
  const model = onnx.ModelProto.decode(bytes);
  const graph = model.graph!;
  const input = graph.input!.find((own) => own.name === name)!;
  input.type!.tensorType!.shape = { dim: shape.map((dimValue) => ({ dimValue })) };
  graph.valueInfo = [];
  for (const output of graph.output!) output.type!.tensorType!.shape = null;
  return onnx.ModelProto.encode(model).finish();
}

describeShared("networks at another input size", () => {
  test("go through, or are refused with the node that holds the old size: listed file by file", async () => {
    const rows = cases.flatMap(([file, change]) => {
      const model = readModel(file);
      const shape = changedInput(model, change);
      if (!shape) return [];
      const error = refusal(model, shape);
      if (!error) return [`${file},${change},${shape.join("x")},,`];
      expect(error.at).toBeDefined();
      const why = error.message.slice(error.message.lastIndexOf(": ") + 2);
      const blamed = error.hint?.match(/^(.*) gives (.*) at any/);
      const holds = blamed ? `; ${blamed[1]} holds ${blamed[2]}` : "";
      return [`${file},${change},${shape.join("x")},"${error.at}","${why}${holds}"`];
    });
    const table = ["file,change,input,refused at,why", ...rows, ""].join("\n");
    await expect(table).toMatchFileSnapshot("rescale.csv");
  });

  test.each(cases.filter(([file, change]) => file.endsWith(".onnx") && change !== "double"))(
    "ONNX Runtime agrees about %s at another %s",
    async (file, change) => {
      const bytes = readFileSync(requireShared(`models/${file}`));
      const model = openModel(bufferSource(file, bytes));
      const [input] = model.graph.inputs;
      const shape = changedInput(model, change);
      if (!shape) return;
      const edited = withInput(bytes, input!.name, shape);
      const run = () =>
        runOnnx(exposeAll(edited), { [input!.name]: zeroTensor(input!.dtype as OracleType, shape) });
      const error = refusal(model, shape);
      if (error) {
        // ONNX Runtime divides towards zero: a strided window larger than its map gives one position there.
        if (!error.message.includes("does not fit")) await expect(run()).rejects.toThrow();
        return;
      }
      inferShapes(model.graph, { inputShapes: new Map([[input!.name, shape]]) });
      const observed = await run();
      for (const { name, shape: inferred } of model.graph.nodes.flatMap((node) => node.outputs)) {
        expect([name, inferred]).toEqual([name, observed.get(name)?.shape]);
      }
    },
    60_000,
  );
});
