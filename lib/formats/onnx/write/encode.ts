/** A graph as an ONNX file: the mirror of decode.ts. */
import { LabError } from "../../../errors.js";
import type { Model } from "../../../graph/graph.js";
import { writeEntry } from "./entry.js";
import { domainsOf, GraphWriter } from "./graph.js";
import { MessageBuilder, type Piece, readConstant } from "./message.js";
import { DataFile } from "./tensor.js";

/** Readers of protocol buffers refuse files from here on (protobuf.dev, "Proto Limits": 2 GiB). */
const FILE_LIMIT = 2 ** 31 - 1;

/** Opsets before this one are written as this one: their operators mean the same there. */
const OLDEST_OPSET = 11;
const NEWEST_OPSET = 28;
/** What a network that names no opset is written as: the first with 16-bit QuantizeLinear. */
const DEFAULT_OPSET = 21;

/** The version of the format that came with an opset. Source: onnx/helper.py, VERSION_TABLE (onnx 1.23). */
const IR_OF_OPSET: readonly (readonly [opset: number, ir: number])[] = [
  [28, 14],
  [25, 13],
  [24, 12],
  [23, 11],
  [21, 10],
  [19, 9],
  [15, 8],
  [12, 7],
  [11, 6],
];

export interface EncodeOnnxOptions {
  /** Version of the format; default is that of the file, or of the opset where that is newer. */
  readonly ir?: number;
  /** Version of ONNX's own operators, 11 or later; default is that of the file. */
  readonly opset?: number;
  readonly externalData?: {
    /** Name of the data file beside the model; default is the model's name and `.onnx.data`. */
    readonly name?: string;
    /** Puts weights there even where the model would stay below the limit. */
    readonly always?: boolean;
    /** Bytes up to which a model is one file; default and largest is 2 GiB. */
    readonly limit?: number;
  };
}

/** Bytes to be written, in order; each walk through `chunks` reads the weights anew, one tensor at a time. */
export interface EncodedFile {
  readonly size: number;
  chunks(): Iterable<Uint8Array>;
}

export interface EncodedOnnx {
  readonly model: EncodedFile;
  /** What goes beside the model, under this name; null when the model is one file. */
  readonly data: (EncodedFile & { readonly name: string }) | null;
}

/**
 * Returns the model as an ONNX file, and as a data file beside it when it is too large for one. Names,
 * metadata, producer and versions are kept; doc strings of attributes, notes beside functions that were inlined,
 * and constants that nothing reads are not, and constants that were inputs too are constants alone. No weight is read before its chunk is. Throws a LabError that
 * names the node when it is no ONNX: convertToOnnx rewrites such networks first.
 *
 * @example
 * const { model } = encodeOnnx(convertToOnnx(load("network.tflite")));
 * for (const chunk of model.chunks()) writeSync(file, chunk);
 */
export function encodeOnnx(model: Model, options: EncodeOnnxOptions = {}): EncodedOnnx {
  const { name = `${model.name}.onnx.data`, always = false, limit = FILE_LIMIT } = options.externalData ?? {};
  const versions = versionsOf(model, options);
  const whole = always ? null : writeModel(model, versions, null);
  if (whole && whole.size <= Math.min(limit, FILE_LIMIT)) return { model: encoded(whole), data: null };
  const dataFile = new DataFile(name);
  const message = writeModel(model, versions, dataFile);
  if (message.size > FILE_LIMIT) {
    throw new LabError({
      code: "TOO_LARGE",
      message: `Cannot write '${model.name}' as ONNX: it takes ${message.size} bytes without its weights, expected at most ${FILE_LIMIT}`,
    });
  }
  return { model: encoded(message), data: dataFile.size === 0 ? null : { name, ...encodedData(dataFile) } };
}

/** Returns the model as the bytes of one ONNX file; throws a LabError when it does not fit into one. */
export function onnxBytes(model: Model, options: Omit<EncodeOnnxOptions, "externalData"> = {}): Uint8Array {
  const { model: file, data } = encodeOnnx(model, options);
  if (data !== null) {
    throw new LabError({
      code: "TOO_LARGE",
      message: `Cannot write '${model.name}' as one ONNX file: with its weights it takes over ${FILE_LIMIT} bytes`,
      hint: "use encodeOnnx, which gives a data file beside the model",
    });
  }
  const bytes = new Uint8Array(file.size);
  let at = 0;
  for (const chunk of file.chunks()) {
    bytes.set(chunk, at);
    at += chunk.byteLength;
  }
  return bytes;
}

function encoded(message: MessageBuilder): EncodedFile {
  const pieces = message.pieces();
  return { size: message.size, chunks: () => chunksOf(pieces) };
}

function* chunksOf(pieces: readonly Piece[]): Generator<Uint8Array> {
  for (const piece of pieces) {
    yield piece instanceof Uint8Array ? piece : readConstant(piece.name, piece.constant);
  }
}

function encodedData({ parts, size }: DataFile): EncodedFile {
  function* chunks(): Generator<Uint8Array> {
    let done = 0;
    for (const { at, name, constant } of parts) {
      if (at > done) yield new Uint8Array(at - done);
      yield readConstant(name, constant);
      done = at + constant.byteLength;
    }
  }
  return { size, chunks };
}

interface Versions {
  readonly ir: number;
  readonly opset: number;
  /** Of other domains. */
  readonly domains: ReadonlyMap<string, number>;
}

/** The model says its versions as decode.ts writes them: `IR 8, opset 13, com.microsoft 1`. */
function versionsOf(model: Model, options: EncodeOnnxOptions): Versions {
  const said = new Map<string, number>();
  if (model.format === "onnx") {
    for (const [, name, version] of model.version.matchAll(/([^\s,]+) (\d+)/g))
      said.set(name!, Number(version));
  }
  const opset = options.opset ?? Math.max(said.get("opset") ?? DEFAULT_OPSET, OLDEST_OPSET);
  if (!Number.isInteger(opset) || opset < OLDEST_OPSET || opset > NEWEST_OPSET) {
    throw new LabError({
      code: "OPSET",
      message: `Cannot write '${model.name}' in opset ${opset}: expected a whole number from ${OLDEST_OPSET} to ${NEWEST_OPSET}`,
    });
  }
  const needed = IR_OF_OPSET.find(([since]) => opset >= since)![1];
  const domains = new Map([...said].filter(([name]) => name !== "IR" && name !== "opset"));
  for (const domain of domainsOf(model.graph)) {
    if (domain !== "" && !domains.has(domain)) domains.set(domain, 1);
  }
  return { ir: options.ir ?? Math.max(said.get("IR") ?? needed, needed), opset, domains };
}

function spellingsOf({ recorded }: Model) {
  return recorded?.attributeNames === undefined ? {} : { spellings: recorded.attributeNames };
}

function writeModel(
  model: Model,
  { ir, opset, domains }: Versions,
  dataFile: DataFile | null,
): MessageBuilder {
  const message = new MessageBuilder();
  // 1: ir_version, 2: producer_name, 3: producer_version, 4: domain, 5: model_version, 6: doc_string, 7: graph,
  // 8: opset_import, 14: metadata_props
  message.int64(1, ir);
  const { recorded } = model;
  const texts = {
    2: recorded?.producerName ?? model.producer,
    3: recorded?.producerVersion ?? "",
    4: recorded?.domain ?? "",
    6: recorded?.text ?? "",
  };
  for (const [field, text] of Object.entries(texts)) if (text !== "") message.string(Number(field), text);
  if (recorded && recorded.modelVersion !== 0) message.int64(5, recorded.modelVersion);
  for (const [domain, version] of [["", opset] as const, ...domains]) {
    const set = new MessageBuilder();
    // 1: domain, 2: version
    if (domain !== "") set.string(1, domain);
    set.int64(2, version);
    message.message(8, set);
  }
  for (const [key, value] of model.metadata) message.message(14, writeEntry(key, value));
  message.message(7, new GraphWriter({ opset, dataFile, ...spellingsOf(model) }).write(model.graph));
  return message;
}
