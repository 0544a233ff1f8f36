/** NodeProto: an operator, a constant written as one, or a call of a function that the file defines. */
import { type DecodeError, LabError } from "../../errors.js";
import type { Documentation } from "../../graph/documentation.js";
import type { DType } from "../../graph/dtype.js";
import { type Attributes, type AttributeValue, Node, type NodeSource } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";
import type { Texts } from "../../graph/texts.js";
import { collectAttributes, NO_ATTRIBUTES, readAttribute, readAttributes } from "./attribute.js";
import { canonical, type OnnxCall } from "./canonical.js";
import { constantTensor } from "./constant-node.js";
import type { Site } from "./context.js";
import { CALL_COST, ELEMENT_COST, ENTRY_COST, RECORD_NODE_COST, TENSOR_COST } from "./costs.js";
import { withEntry, withText } from "./documentation.js";
import { domainName, type FunctionBody, functionKey } from "./function.js";
import { PLACE } from "./interner.js";
import { type InputTypes, outputType } from "./output-types.js";
import { Scope } from "./scope.js";
import type { Message } from "./wire.js";

/** Number of the empty name: an input or output that is left out. */
const NO_NAME = 0;

interface NodeFields {
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  /** A number of a text; 0 where there is none. */
  readonly name: number;
  /** Numbers of names. */
  readonly inputs: readonly number[];
  /** Empty names are results that nobody asks for. */
  readonly outputs: readonly number[];
  readonly attributes: Attributes;
  readonly documentation: Documentation | null;
}

function readFields(message: Message, site: Site): NodeFields {
  const { inputs, outputs } = site.context;
  const [firstInput, firstOutput] = [inputs.top, outputs.top];
  // Mostly all are in one run, whose record is shared with other nodes.
  let attributes: Attributes | null = null;
  let further: Record<string, AttributeValue> | null = null;
  let name = 0;
  let op = "";
  let domain = "";
  let overload = "";
  let documentation: Documentation | null = null;
  while (message.next()) {
    // 1: input, 2: output, 3: name, 4: op_type, 5: attribute, 6: doc_string, 7: domain, 8: overload,
    // 9: metadata_props, 10: device_configurations
    switch (message.field) {
      case 1:
        inputs.push(message.name(PLACE.input + inputs.top - firstInput));
        break;
      case 2:
        outputs.push(message.name(PLACE.output));
        break;
      case 3:
        name = message.lateText();
        break;
      case 4:
        op = message.keyword();
        break;
      case 5:
        if (attributes === null) {
          attributes = readAttributes(message, site);
        } else {
          further ??= { ...attributes };
          Object.assign(further, readAttributes(message, site));
        }
        break;
      case 6:
        documentation = withText(documentation, message);
        break;
      case 7:
        domain = domainName(message.keyword());
        break;
      case 8:
        overload = message.string();
        break;
      case 9:
        documentation = withEntry(documentation, message);
        break;
    }
  }
  if (op === "") throw message.broken("it names no operator");
  const results = outputs.take(firstOutput);
  while (results.length > 0 && results[results.length - 1] === NO_NAME) results.pop();
  return {
    op,
    domain,
    overload,
    name,
    inputs: inputs.take(firstInput),
    outputs: results,
    attributes: further ?? attributes ?? NO_ATTRIBUTES,
    documentation,
  };
}

/** A node as `canonical` takes it, which makes the text of its name and its inputs for the few operators that ask. */
class NodeCall implements OnnxCall, InputTypes {
  readonly op: string;
  readonly opset: number;
  readonly attributes: Attributes;
  readonly #name: string | number;
  readonly #texts: Texts;
  readonly #scope: Scope;
  readonly #edges: readonly number[];
  #inputs: readonly (Tensor | null)[] | null = null;

  constructor({
    op,
    opset,
    attributes,
    name,
    texts,
    scope,
    edges,
  }: Omit<OnnxCall, "name" | "inputs"> & {
    readonly name: string | number;
    readonly texts: Texts;
    readonly scope: Scope;
    /** Numbers of the inputs' names. */
    readonly edges: readonly number[];
  }) {
    this.op = op;
    this.opset = opset;
    this.attributes = attributes;
    this.#name = name;
    this.#texts = texts;
    this.#scope = scope;
    this.#edges = edges;
  }

  get name(): string {
    return typeof this.#name === "string" ? this.#name : this.#texts.text(this.#name);
  }

  get inputs(): readonly (Tensor | null)[] {
    this.#inputs ??= tensorsOf(this.#edges, this.#scope);
    return this.#inputs;
  }

  dtype(input: number): DType | undefined {
    const edge = this.#edges[input] ?? NO_NAME;
    return edge === NO_NAME ? undefined : this.#scope.dtype(edge);
  }
}

function tensorsOf(edges: readonly number[], scope: Scope): (Tensor | null)[] {
  return edges.map((edge) => (edge === NO_NAME ? null : scope.use(edge)));
}

/** Reads a node into `site.nodes`; `index` is its place in the main graph, or that of the call around it. */
export function readNode(message: Message, site: Site, index: number): void {
  const { context, scope, prefix } = site;
  context.countNode(message);
  const fields = readFields(message, site);
  context.place = message;
  const { op, domain, overload, attributes, documentation } = fields;
  const qualified = domain === "" ? op : `${domain}:${op}`;
  const { texts, names } = message.file;
  const first = fields.outputs[0];
  const name =
    prefix === "" && fields.name !== 0
      ? fields.name
      : prefix + (texts.text(fields.name) || names.text(first ?? NO_NAME) || `${op}_${index}`);
  message.spend(ELEMENT_COST * (fields.inputs.length + fields.outputs.length));
  for (const input of fields.inputs) if (input !== NO_NAME) scope.read(input);

  const body =
    context.functions.size === 0
      ? undefined
      : context.functions.get(functionKey({ domain, name: op, overload }));
  if (body) {
    const inputs = tensorsOf(fields.inputs, scope);
    const caller = typeof name === "string" ? name : texts.text(name);
    const outputs = fields.outputs.map((output, place) => define({ message, site, name, output, place }));
    context.nested(message, () =>
      inline({ body, site, inputs, outputs, attributes, name: caller, index, message }),
    );
    return;
  }
  if (qualified === "Constant" && first !== undefined) {
    const { dtype, shape, data } = constantTensor(prefix + names.text(first), attributes);
    const tensor = define({ message, site, name, output: first, place: 0, implied: dtype });
    Object.assign(tensor, { dtype, shape, data, ...(documentation && { recorded: { documentation } }) });
    return;
  }
  const opset = opsetOf(message, site, domain);
  const { inputs: edges } = fields;
  const recorded = new NodeCall({ op: qualified, opset, attributes, name, texts, scope, edges });
  const call = canonical(recorded);
  const { inputs } = call;
  if (inputs) message.spend(costOfConstants(inputs.slice(edges.length)));
  const types: InputTypes = inputs ? { dtype: (input) => inputs[input]?.dtype } : recorded;
  const typed = { op: call.op, attributes: call.attributes, inputs: types };
  const { rows } = site;
  // Most nodes: nothing was added to them, and all that they name has a name.
  const isPlain = inputs === null && documentation === null && overload === "";
  if (rows && isPlain && typeof name === "number" && !fields.outputs.includes(NO_NAME)) {
    for (const [place, output] of fields.outputs.entries()) {
      if (!scope.compute(output, outputType(typed, opset, place))) throw computedTwice(message, output);
    }
    const row = rows.add({ name, op: qualified, index, inputs: edges, outputs: fields.outputs });
    site.nodes.push(new Node({ op: call.op, attributes: call.attributes, rows, row }));
    return;
  }
  message.spend(RECORD_NODE_COST);
  const outputs = fields.outputs.map((output, place) =>
    define({ message, site, name, output, place, implied: outputType(typed, opset, place) }),
  );
  const source: NodeSource = { format: "onnx", op: qualified, index };
  site.nodes.push(
    new Node({
      name: typeof name === "string" ? name : texts.text(name),
      op: call.op,
      inputs: inputs ?? recorded.inputs,
      attributes: call.attributes,
      outputs,
      // Most nodes have neither, and there may be a million.
      source: documentation || overload ? { ...source, ...said(documentation, overload) } : source,
    }),
  );
}

function said(documentation: Documentation | null, overload: string): Partial<NodeSource> {
  return { ...(documentation && { documentation }), ...(overload !== "" && { overload }) };
}

/** What constants take that attributes of an older opset became. */
function costOfConstants(constants: readonly (Tensor | null)[]): number {
  return constants.reduce((sum, tensor) => sum + 2 * TENSOR_COST + (tensor?.data?.byteLength ?? 0), 0);
}

/** Returns the tensor of a node's result. */
function define({
  message,
  site,
  name,
  output,
  place,
  implied = "float32",
}: {
  readonly message: Message;
  readonly site: Site;
  /** Of the node. */
  readonly name: string | number;
  readonly output: number;
  readonly place: number;
  readonly implied?: DType;
}): Tensor {
  if (output === NO_NAME) {
    const node = typeof name === "string" ? name : message.file.texts.text(name);
    return new Tensor({ name: `${node}/${place}`, dtype: implied, shape: null });
  }
  const tensor = site.scope.define(output, implied);
  if (tensor) return tensor;
  throw computedTwice(message, output);
}

function computedTwice(message: Message, output: number): DecodeError {
  const text = message.file.names.text(output);
  return message.broken(`'${text}' has a value already, expected every value to be computed once`);
}

/** Other domains may be used without being imported; ONNX's own must say its version. */
function opsetOf(message: Message, { opsets }: Site, domain: string): number {
  const version = opsets.get(domain);
  if (version !== undefined) return version;
  if (domain !== "") return 1;
  throw message.broken("the file imports no operator set of ONNX's own domain, expected its version");
}

/** Puts the nodes of a function in the place of a call. */
function inline({
  body,
  site,
  inputs,
  outputs,
  attributes,
  name,
  index,
  message,
}: {
  readonly body: FunctionBody;
  readonly site: Site;
  readonly inputs: readonly (Tensor | null)[];
  readonly outputs: readonly Tensor[];
  readonly attributes: Attributes;
  readonly name: string;
  readonly index: number;
  readonly message: Message;
}): void {
  const prefix = `${name}/`;
  const { names } = message.file;
  message.spend(CALL_COST + ENTRY_COST * (body.inputs.length + body.outputs.length));
  const scope = new Scope({ file: message.file, prefix });
  const taken = new Set(body.inputs);
  const passed = body.outputs.find((output) => taken.has(output));
  const left = body.inputs.find((_, place) => !inputs[place]);
  if (passed !== undefined || left !== undefined) {
    const why =
      passed === undefined
        ? `input '${names.text(left!)}' is left out`
        : `'${names.text(passed)}' goes in and out unchanged`;
    throw new LabError({
      code: "UNSUPPORTED",
      message: `Cannot inline function '${body.name}' for node '${name}': ${why}`,
      hint: "inline the functions with onnx.inliner.inline_local_functions",
      at: message.path,
    });
  }
  for (const [place, input] of body.inputs.entries()) scope.bind(input, inputs[place]!);
  for (const [place, output] of body.outputs.entries()) {
    const tensor = outputs[place];
    if (tensor) scope.promise(output, tensor);
  }
  const inner: Site = { ...site, scope, opsets: body.opsets, actuals: {}, prefix, rows: null };
  const defaults = collectAttributes(
    body.defaults.map((attribute) => readAttribute(attribute.again(), inner)),
  );
  const called: Site = { ...inner, actuals: { ...defaults, ...attributes } };
  for (const node of body.nodes) {
    // Its bytes are read at each call, and the names of all calls around go before its own.
    message.spend(prefix.length + node.end - node.start);
    readNode(node.again(), called, index);
  }
  const [missing] = scope.unresolved;
  if (missing !== undefined) {
    throw message.broken(`function '${body.name}' reads or gives '${missing}', which nothing computes`);
  }
}
