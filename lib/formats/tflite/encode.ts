/** A graph as a TFLite file: nodes and tensors in, records (schema.ts) out; the mirror image of decode.ts. */
import { LabError } from "../../errors.js";
import type { Graph, Model, Signature } from "../../graph/graph.js";
import type { Node } from "../../graph/node.js";
import { type Constant, constantOf, Tensor } from "../../graph/tensor.js";
import { BUILTIN_OPERATORS, codeFields } from "./builtin-operators.js";
import { BufferList, signatureTensor, TensorList } from "./draft-tensors.js";
import { FlatBufferWriter } from "./flatbuffer-writer.js";
import { optionsTable } from "./options.js";
import { raise } from "./raise.js";
import {
  model as modelTable,
  type OperatorCodeDraft,
  type OperatorDraft,
  type SubgraphDraft,
} from "./schema.js";
import { builtinVersion } from "./versions.js";

export interface EncodeTfliteOptions {
  /**
   * Where the bytes of constants lie: inside of the FlatBuffer, which ends at 2 GiB, or behind it, which only
   * runtimes of 2024 and later read. Inside unless they are too many.
   */
  readonly constants?: "inside" | "behind";
}

const IDENTIFIER = "TFL3";
const SCHEMA_VERSION = 3;
/** Constants beyond this do not fit beside the structure in a FlatBuffer of 2 GiB. */
const INSIDE_LIMIT = 2 ** 31 - 2 ** 26;

/**
 * Returns the bytes of a `.tflite` file that decodes to the same model. Nodes become the operators that they
 * came from; those built in code, the ones that they stand for. Tensors that nothing refers to are not written.
 * Reads each constant once, straight into its place. Throws a LabError that names the first node which TFLite
 * cannot express, such as a convolution that is not NHWC.
 *
 * @example
 * const file = encodeTflite(findPreset("resnet8_32").build());
 */
export function encodeTflite(model: Model, options: EncodeTfliteOptions = {}): Uint8Array {
  const graphs = [model.graph, ...(model.subgraphs ?? [])];
  const where = options.constants ?? (constantBytes(graphs) > INSIDE_LIMIT ? "behind" : "inside");
  const buffers = new BufferList({ behind: where === "behind" });
  const codes = new CodeList();
  const lists = graphs.map(() => new TensorList());
  const operators = graphs.map((graph, index) => {
    for (const input of graph.inputs) lists[index]!.number(input);
    return graph.nodes.map((node) =>
      draftOperator(node, { tensors: lists[index]!, codes, behind: where === "behind" }),
    );
  });
  const signatures = (model.signatures ?? []).map((signature) => draftSignature(signature, graphs, lists));
  const subgraphs = graphs.map((graph, index): SubgraphDraft => {
    const tensors = lists[index]!;
    return {
      inputs: graph.inputs.map((tensor) => tensors.number(tensor)),
      outputs: graph.outputs.map((tensor) => tensors.number(tensor)),
      operators: operators[index],
      tensors: tensors.drafts(buffers),
      name: graph.name,
      debugMetadata: graph.debugMetadata,
    };
  });
  const metadata = metadataContents(model).map(([name, data]) => ({ name, buffer: buffers.add(data) }));

  const out = new FlatBufferWriter();
  const root = out.reserve(4 + IDENTIFIER.length, 4);
  for (const [index, char] of [...IDENTIFIER].entries())
    out.view.setUint8(root + 4 + index, char.charCodeAt(0));
  const draft = {
    version: SCHEMA_VERSION,
    operatorCodes: codes.drafts,
    subgraphs,
    description: model.producer,
    buffers: buffers.drafts,
    ...(metadata.length > 0 ? { metadata } : {}),
    ...(signatures.length > 0 ? { signatureDefs: signatures } : {}),
  };
  modelTable.write(out, draft, root);
  return out.finish();
}

function constantBytes(graphs: readonly Graph[]): number {
  const all = new Set(graphs.flatMap((graph) => graph.constants().map((tensor) => tensor.data!)));
  return [...all].reduce((total, { byteLength }) => total + byteLength, 0);
}

/** Texts of metadata that have no bytes behind them are written as UTF-8. */
function metadataContents({ metadata, metadataBytes }: Model): [string, Constant][] {
  const texts = [...metadata].map(([name, text]): [string, Constant] => [
    name,
    constantOf(new TextEncoder().encode(text)),
  ]);
  return [...new Map([...texts, ...(metadataBytes ?? [])])];
}

/** The operator codes of a file: each builtin, custom name and version once. */
class CodeList {
  readonly drafts: OperatorCodeDraft[] = [];
  readonly #numbers = new Map<string, number>();

  number(builtin: string, customCode: string | null, version: number): number {
    const key = `${builtin} ${version} ${customCode ?? ""}`;
    const known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.drafts.push({ ...codeFields(BUILTIN_OPERATORS.indexOf(builtin)), customCode, version });
    this.#numbers.set(key, this.drafts.length - 1);
    return this.drafts.length - 1;
  }
}

function draftOperator(
  node: Node,
  {
    tensors,
    codes,
    behind,
  }: { readonly tensors: TensorList; readonly codes: CodeList; readonly behind: boolean },
): OperatorDraft {
  const { builtin, inputs, options, customCode } = raise(node);
  const { recorded, op } = node.source;
  const { outputs } = node;
  const asRecorded = op === builtin || customCode !== null;
  const version =
    asRecorded && recorded ? recorded.version : builtinVersion({ builtin, inputs, outputs, options });
  const number = (tensor: Tensor | null) => (tensor ? tensors.number(tensor) : -1);
  const facts = optionsTable(builtin, options);
  const { customOptions } = node.attributes;
  return {
    opcodeIndex: codes.number(builtin, customCode, version),
    inputs: inputs.map(number),
    outputs: outputs.map(number),
    ...(facts?.union === 1 ? { optionsType: facts.kind, options: facts.table } : {}),
    ...(facts?.union === 2 ? { options2Type: facts.kind, options2: facts.table } : {}),
    ...(customOptions instanceof Tensor ? draftCustomOptions(customOptions, behind) : {}),
    mutatingVariableInputs: recorded?.mutatingInputs,
    intermediates: recorded?.intermediates?.map(number),
    debugMetadata: recorded?.debugMetadata,
  };
}

/** Where constants lie behind the FlatBuffer, so do the bytes of custom operators: they may be as large. */
function draftCustomOptions({ data }: Tensor, behind: boolean): OperatorDraft {
  if (!behind || data === null || data.byteLength === 0) return { customOptions: data };
  return { largeCustomOptionsOffset: data, largeCustomOptionsSize: data.byteLength };
}

function draftSignature(signature: Signature, graphs: readonly Graph[], lists: readonly TensorList[]) {
  const { key, graph } = signature;
  const [tensors, { inputs, outputs }] = [lists[graph], graphs[graph] ?? {}];
  if (tensors === undefined || inputs === undefined || outputs === undefined) {
    throw new LabError({
      code: "SIGNATURE",
      message: `Cannot write signature '${key}': it calls graph ${graph}, the model has ${graphs.length}`,
    });
  }
  const draft = (named: ReadonlyMap<string, string>, ports: readonly Tensor[]) =>
    [...named].map(([name, tensor]) => ({
      name,
      tensorIndex: signatureTensor(tensors, { key, name: tensor, ports }),
    }));
  return {
    inputs: draft(signature.inputs, inputs),
    outputs: draft(signature.outputs, outputs),
    signatureKey: key,
    subgraphIndex: graph,
  };
}
