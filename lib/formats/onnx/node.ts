/** NodeProto: an operator, a constant written as one, or a call of a function that the file defines. */
import { LabError } from "../../errors.js";
import { type Attributes, type AttributeValue, Node } from "../../graph/node.js";
import { Tensor } from "../../graph/tensor.js";
import { readAttribute } from "./attribute.js";
import { canonical } from "./canonical.js";
import { constantTensor } from "./constant-node.js";
import type { Site } from "./context.js";
import { domainName, type FunctionBody, functionKey } from "./function.js";
import { outputType } from "./output-types.js";
import { Scope } from "./scope.js";
import type { ValueType } from "./value-type.js";
import type { Message } from "./wire.js";

interface NodeFields {
  readonly op: string;
  readonly domain: string;
  readonly overload: string;
  readonly name: string;
  readonly inputs: readonly string[];
  /** Empty names are results that nobody asks for. */
  readonly outputs: readonly string[];
  readonly attributes: Attributes;
}

function readFields(message: Message, site: Site): NodeFields {
  const inputs: string[] = [];
  const outputs: string[] = [];
  const attributes: Record<string, AttributeValue> = {};
  let count = 0;
  let name = "";
  let op = "";
  let domain = "";
  let overload = "";
  while (message.next()) {
    // 1: input, 2: output, 3: name, 4: op_type, 5: attribute, 6: doc_string, 7: domain, 8: overload,
    // 9: metadata_props, 10: device_configurations
    switch (message.field) {
      case 1:
        inputs.push(message.string());
        break;
      case 2:
        outputs.push(message.string());
        break;
      case 3:
        name = message.string();
        break;
      case 4:
        op = message.string();
        break;
      case 5:
        addAttribute(attributes, message.message("attribute", count++), site);
        break;
      case 7:
        domain = domainName(message.string());
        break;
      case 8:
        overload = message.string();
        break;
    }
  }
  if (op === "") throw message.broken("it names no operator");
  while (outputs.at(-1) === "") outputs.pop();
  return { op, domain, overload, name, inputs, outputs, attributes };
}

function addAttribute(attributes: Record<string, AttributeValue>, message: Message, site: Site): void {
  const [name, value] = readAttribute(message, site);
  if (value !== undefined) attributes[name] = value;
}

/** Reads a node into `site.nodes`; `index` is its place in the main graph, or that of the call around it. */
export function readNode(message: Message, site: Site, index: number): void {
  const { context, scope, prefix } = site;
  context.countNode(message);
  const fields = readFields(message, site);
  const { op, domain, overload, attributes } = fields;
  const qualified = domain === "" ? op : `${domain}:${op}`;
  const name = prefix + (fields.name || (fields.outputs[0] ?? "") || `${op}_${index}`);
  const inputs = fields.inputs.map((input) => (input === "" ? null : scope.use(input)));

  const define = (output: string, place: number, implied?: ValueType): Tensor => {
    if (output === "")
      return new Tensor({ name: `${name}/${place}`, dtype: "float32", shape: null, ...implied });
    const tensor = scope.define(output, implied);
    if (tensor) return tensor;
    throw message.broken(`'${output}' has a value already, expected every value to be computed once`);
  };

  const body = context.functions.get(functionKey({ domain, name: op, overload }));
  if (body) {
    const outputs = fields.outputs.map((output, place) => define(output, place));
    context.nested(message, () => inline({ body, site, inputs, outputs, attributes, name, index, message }));
    return;
  }
  const [first] = fields.outputs;
  if (qualified === "Constant" && first !== undefined) {
    const { dtype, shape, data } = constantTensor(prefix + first, attributes);
    const tensor = define(first, 0, { dtype, shape });
    Object.assign(tensor, { dtype, shape, data });
    return;
  }
  const opset = opsetOf(message, site, domain);
  const call = canonical({ op: qualified, opset, inputs, attributes, name });
  const outputs = fields.outputs.map((output, place) =>
    define(output, place, { dtype: outputType({ ...call, opset }, place), shape: null }),
  );
  site.nodes.push(
    new Node({
      name,
      op: call.op,
      inputs: call.inputs,
      attributes: call.attributes,
      outputs,
      source: { format: "onnx", op: qualified, index },
    }),
  );
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
  const scope = new Scope({ prefix });
  const passed = body.outputs.find((output) => body.inputs.includes(output));
  const left = body.inputs.find((_, place) => !inputs[place]);
  if (passed !== undefined || left !== undefined) {
    const why =
      passed === undefined ? `input '${left}' is left out` : `'${passed}' goes in and out unchanged`;
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
  const inner: Site = { ...site, scope, opsets: body.opsets, actuals: {}, prefix };
  const actuals: Record<string, AttributeValue> = {};
  for (const attribute of body.defaults) addAttribute(actuals, attribute.again(), inner);
  const called: Site = { ...inner, actuals: { ...actuals, ...attributes } };
  for (const node of body.nodes) readNode(node.again(), called, index);
  const [missing] = scope.unresolved;
  if (missing !== undefined) {
    throw message.broken(`function '${body.name}' reads or gives '${missing}', which nothing computes`);
  }
}
