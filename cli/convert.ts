import { basename, dirname, join } from "node:path";
import { Command, Option } from "commander";
import type { LoadedModel } from "../lib/analyze/loaded.js";
import { LabError } from "../lib/errors.js";
import { fail } from "./fail.js";
import { inputOption } from "./options.js";

interface ConvertFlags {
  readonly input?: ReadonlyMap<string, readonly number[]>;
  readonly state: "ports" | "reset";
}

/** What is to be written where, one file after another. */
type Files = readonly { readonly path: string; readonly chunks: Iterable<Uint8Array> }[];

async function asOnnx({ model }: LoadedModel, out: string, { input, state }: ConvertFlags): Promise<Files> {
  const { convertToOnnx } = await import("../lib/formats/onnx/write/convert.js");
  const { encodeOnnx } = await import("../lib/formats/onnx/write/encode.js");
  const native =
    model.format === "onnx"
      ? model
      : convertToOnnx(model, { state, ...(input ? { inputShapes: input } : {}) });
  const encoded = encodeOnnx(native, { externalData: { name: `${basename(out)}.data` } });
  const data = encoded.data
    ? [{ path: join(dirname(out), encoded.data.name), chunks: encoded.data.chunks() }]
    : [];
  return [...data, { path: out, chunks: encoded.model.chunks() }];
}

async function asTflite({ model }: LoadedModel, out: string): Promise<Files> {
  const { encodeTflite } = await import("../lib/formats/tflite/encode.js");
  return [{ path: out, chunks: [encodeTflite(model)] }];
}

async function encode(loaded: LoadedModel, out: string, flags: ConvertFlags): Promise<Files> {
  if (out.endsWith(".onnx")) return asOnnx(loaded, out, flags);
  if (out.endsWith(".tflite")) return asTflite(loaded, out);
  throw new LabError({
    code: "OPTION",
    message: `Cannot tell the format of '${out}': expected a name that ends in .onnx or .tflite`,
  });
}

export function convertCommand(): Command {
  return new Command("convert")
    .description(
      "write a model anew: TFLite as ONNX with quantisation kept, a preset as either, a file as itself",
    )
    .argument("<model>", "a .tflite or .onnx file, or built:<preset>")
    .argument("<out>", "a file that ends in .onnx or .tflite")
    .addOption(inputOption())
    .addOption(
      new Option("--state <how>", "what a TFLite network keeps between runs: an input and an output, or lost")
        .choices(["ports", "reset"])
        .default("ports"),
    )
    .action(async (from: string, out: string, flags: ConvertFlags) => {
      try {
        const { load } = await import("../lib/node/load.js");
        const { writeChunks } = await import("../lib/node/write-chunks.js");
        for (const { path, chunks } of await encode(load(from), out, flags)) {
          process.stderr.write(
            `npulab: ${path}, ${writeChunks(path, chunks).toLocaleString("en-US")} bytes\n`,
          );
        }
      } catch (error) {
        fail(error);
      }
    });
}
