/** An ONNX file as a graph, read straight from its bytes. */
import { DecodeError } from "../../errors.js";
import type { Graph, Model } from "../../graph/graph.js";
import type { ByteSource } from "../../source.js";
import { locatedError } from "../shared/located.js";
import { modelName } from "../shared/model-name.js";
import { Context } from "./context.js";
import { readEntry } from "./entry.js";
import { type FunctionBody, functionKey, readFunction, readOpset } from "./function.js";
import { type GraphSite, readGraph } from "./graph.js";
import { Message, WIRE, WireFile } from "./wire.js";

/** Versions of the format; 1 and 2 had no operator sets and mean opset 1. Source: onnx.proto, enum Version. */
const OPSETS_SINCE_IR = 3;
/** Far above any version, far below what other files have in that place. */
const HIGHEST_IR = 1000;

/** Fields of a ModelProto: number and wire type. Source: onnx.proto (IR 13). */
const MODEL_FIELDS: Readonly<Record<number, number>> = {
  1: WIRE.varint, // ir_version
  2: WIRE.bytes, // producer_name
  3: WIRE.bytes, // producer_version
  4: WIRE.bytes, // domain
  5: WIRE.varint, // model_version
  6: WIRE.bytes, // doc_string
  7: WIRE.bytes, // graph
  8: WIRE.bytes, // opset_import
  14: WIRE.bytes, // metadata_props
  20: WIRE.bytes, // training_info
  25: WIRE.bytes, // functions
  26: WIRE.bytes, // configuration
};

export interface OnnxOptions {
  /** Opens a file beside the model, for weights that are stored in files of their own. */
  readonly siblings?: (name: string) => ByteSource;
}

/**
 * Returns whether the bytes look like an ONNX model: fields of a ModelProto and no others, the version of
 * the format and a graph among them. A model that was cut short still looks like one.
 */
export function isOnnx(source: ByteSource): boolean {
  const message = new Message({ file: new WireFile(source) });
  const seen = new Set<number>();
  try {
    while (message.next()) {
      const { field, wire } = message;
      if (MODEL_FIELDS[field] !== wire) return false;
      if (field === 1) {
        const version = message.int64();
        if (version < 1 || version > HIGHEST_IR) return false;
      }
      seen.add(field);
    }
    return seen.has(1) && seen.has(7);
  } catch (error) {
    if (error instanceof DecodeError) return seen.has(1);
    throw error;
  }
}

/**
 * Returns the model in an ONNX file, in the vocabulary of the current opset; weights are read when asked
 * for. Free sizes stay free. Throws a DecodeError that says the byte and the field when the file is damaged, or
 * uses what is not handled.
 */
export function decodeOnnx(source: ByteSource, options: OnnxOptions = {}): Model {
  const message = new Message({ file: new WireFile(source) });
  const opsets = new Map<string, number>();
  const metadata = new Map<string, string>();
  const functions = new Map<string, FunctionBody>();
  let [producerName, producerVersion, domain, text] = ["", "", "", ""];
  let modelVersion = 0;
  let version = 0;
  let graph: Message | null = null;
  while (message.next()) {
    // 1: ir_version, 2: producer_name, 3: producer_version, 4: domain, 5: model_version, 6: doc_string,
    // 7: graph, 8: opset_import, 14: metadata_props, 20: training_info, 25: functions, 26: configuration
    switch (message.field) {
      case 1:
        version = message.int64();
        break;
      case 2:
        producerName = message.string();
        break;
      case 3:
        producerVersion = message.string();
        break;
      case 4:
        domain = message.string();
        break;
      case 5:
        modelVersion = message.int64();
        break;
      case 6:
        text = message.string();
        break;
      case 7:
        graph = message.message("graph");
        break;
      case 8: {
        const [domain, opset] = readOpset(message.message("opset_import"));
        opsets.set(domain, opset);
        break;
      }
      case 14: {
        const [key, value] = readEntry(message.message("metadata_props"));
        metadata.set(key, value);
        break;
      }
      case 25: {
        const body = readFunction(message.message("functions", functions.size));
        functions.set(functionKey(body), body);
        break;
      }
    }
  }
  if (version < 1 || version > HIGHEST_IR) {
    throw new DecodeError({
      code: "VERSION",
      message: `Cannot read '${source.name}' as ONNX: its ir_version is ${version}, expected 1 to ${HIGHEST_IR}`,
      offset: 0,
      path: "ir_version",
    });
  }
  if (graph === null) throw message.broken("it holds no graph");
  if (version < OPSETS_SINCE_IR && opsets.size === 0) opsets.set("", 1);
  const context: Context = new Context({
    siblings: options.siblings,
    functions,
    readGraph: (body, { scope, opsets, actuals, prefix }) =>
      readGraph(body, { context, opsets, actuals, prefix, parent: scope }),
  });
  const main = readMain(graph, { context, opsets, actuals: null, prefix: "", parent: null });
  const { attributeNames } = context;
  return {
    name: modelName(source.name),
    format: "onnx",
    graph: main,
    version: [
      `IR ${version}`,
      ...[...opsets].map(([domain, opset]) => `${domain === "" ? "opset" : domain} ${opset}`),
    ].join(", "),
    producer: `${producerName} ${producerVersion}`.trim(),
    metadata,
    recorded: { producerName, producerVersion, domain, modelVersion, text, attributeNames },
  };
}

/** Returns the main graph; an error that knows no place in the file gets that of the node being read. */
function readMain(message: Message, site: GraphSite): Graph {
  try {
    return readGraph(message, site);
  } catch (error) {
    throw locatedError(error, site.context.place ?? message);
  }
}
