import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { LoadedModel } from "../analyze/loaded.js";
import { LabError } from "../errors.js";
import { applyQuantizationTable } from "../formats/front-end/apply.js";
import { parseQuantizationTable } from "../formats/front-end/table.js";
import { openModel } from "../formats/open.js";
import type { Model } from "../graph/graph.js";
import { findPreset } from "../models/catalog.js";
import { type ByteSource, readInto } from "../source.js";
import { fileSource } from "./file-source.js";
import { siblingsOf } from "./siblings.js";

const HASH_CHUNK = 1024 * 1024;

function digestOf(source: ByteSource, algorithm: "sha256" | "md5"): string {
  const hash = createHash(algorithm);
  const chunk = new Uint8Array(Math.min(HASH_CHUNK, source.size));
  for (let offset = 0; offset < source.size; offset += HASH_CHUNK) {
    const part = chunk.subarray(0, Math.min(HASH_CHUNK, source.size - offset));
    readInto(source, offset, part);
    hash.update(part);
  }
  return hash.digest("hex");
}

/** Returns the file beside a network of the vendor's front end that says how its tensors are stored. */
function tableBeside(path: string): string | null {
  if (!path.endsWith(".onnx")) return null;
  const stem = path.slice(0, -".onnx".length);
  return [`${stem}.Q.json`, `${stem}_Q.json`].find((table) => existsSync(table)) ?? null;
}

/** Returns the model with the scales that a table beside it says, and a note that says so. */
function withTable(model: Model, source: ByteSource, path: string): { model: Model; notes: string[] } {
  const table = parseQuantizationTable(readFileSync(path, "utf8"), basename(path));
  const [expected] = table.signatures;
  if (expected !== undefined) {
    const md5 = digestOf(source, "md5");
    if (!table.signatures.includes(md5)) {
      throw new LabError({
        code: "QUANTIZATION_FOREIGN",
        message: `Cannot use the quantisation table '${basename(path)}' for this network: it was written for a file of MD5 ${expected}, '${basename(source.name)}' has ${md5}`,
        hint: "put the table beside it that was written with it, or take the table away to read the network as float",
      });
    }
  }
  const graph = applyQuantizationTable(model.graph, table);
  const note = `This network holds float weights; how its tensors are stored was read from '${basename(path)}'.`;
  return { model: { ...model, graph }, notes: [note] };
}

/** Stands before the id of a preset where a path is expected. */
export const BUILT = "built:";

/**
 * Returns the model in a `.tflite` or `.onnx` file; weights are read when asked for, and so is the whole file
 * for its `sha256`: leave the file as it is until then. Throws a LabError that says what the file is instead,
 * or where it is broken. A network of the vendor's front end takes its scales from the table beside it.
 * `built:<preset>` gives a preset.
 *
 * @example
 * ```ts
 * import { load } from "npulab";
 * const mine = load("my_model.tflite");
 * ```
 */
export function load(path: string): LoadedModel {
  if (path.startsWith(BUILT)) return preset(path.slice(BUILT.length));
  const source = fileSource(path);
  const opened = openModel(source, { siblings: siblingsOf(path) });
  const table = tableBeside(path);
  const { model, notes } = table === null ? { model: opened, notes: [] } : withTable(opened, source, table);
  let sha256: string | null = null;
  return {
    model,
    file: path,
    get sha256() {
      sha256 ??= digestOf(source, "sha256");
      return sha256;
    },
    notes,
  };
}

/** Returns a hash of everything that an analysis can see of a network: structure, shapes, scales, constants. */
function sha256OfModel({ graph }: Model): string {
  const hash = createHash("sha256");
  const ids = new Map([...graph.tensors()].map((tensor, index) => [tensor, index]));
  for (const tensor of ids.keys()) {
    hash.update(JSON.stringify([tensor.name, tensor.dtype, tensor.shape, tensor.quantization]));
    if (tensor.data) hash.update(tensor.data.read());
  }
  for (const node of graph.nodes) {
    const edges = [...node.inputs, null, ...node.outputs].map((tensor) => (tensor ? ids.get(tensor) : -1));
    hash.update(JSON.stringify([node.op, edges, node.attributes]));
  }
  return hash.digest("hex");
}

/**
 * Returns one of the networks that npulab builds in code, by its id (see `CATALOG`). Weights are seeded noise:
 * sizes, shapes and times are those of the real network, accuracy is not.
 *
 * @example
 * ```ts
 * import { preset } from "npulab";
 * const mobilenet = preset("mobilenet_v1_0.25_96");
 * ```
 */
export function preset(id: string): LoadedModel {
  const model = findPreset(id).build();
  return { model, file: `${BUILT}${id}`, sha256: sha256OfModel(model) };
}
