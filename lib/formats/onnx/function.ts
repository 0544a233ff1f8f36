/** FunctionProto: an operator that the file itself defines by other operators. */
import { CURSOR_COST, ELEMENT_COST, ENTRY_COST, FUNCTION_COST } from "./costs.js";
import { PLACE } from "./interner.js";
import type { Message } from "./wire.js";

export interface FunctionBody {
  readonly domain: string;
  readonly name: string;
  readonly overload: string;
  /** Numbers of names. */
  readonly inputs: readonly number[];
  readonly outputs: readonly number[];
  readonly nodes: readonly Message[];
  /** Attributes that have a value when the call gives none. */
  readonly defaults: readonly Message[];
  readonly opsets: ReadonlyMap<string, number>;
}

export type FunctionTable = ReadonlyMap<string, FunctionBody>;

/** Returns what finds a function in the table; a space parts what no identifier may hold. */
export function functionKey({
  domain,
  name,
  overload,
}: Pick<FunctionBody, "domain" | "name" | "overload">): string {
  return `${domain} ${name} ${overload}`;
}

/** Returns a domain under one name: ONNX's own goes by "" and "ai.onnx". */
export function domainName(domain: string): string {
  return domain === "ai.onnx" ? "" : domain;
}

export function readFunction(message: Message): FunctionBody {
  message.spend(FUNCTION_COST);
  const inputs: number[] = [];
  const outputs: number[] = [];
  const nodes: Message[] = [];
  const defaults: Message[] = [];
  const opsets = new Map<string, number>();
  let name = "";
  let domain = "";
  let overload = "";
  while (message.next()) {
    // 1: name, 4: input, 5: output, 6: attribute, 7: node, 8: doc_string, 9: opset_import, 10: domain,
    // 11: attribute_proto, 12: value_info, 13: overload, 14: metadata_props
    switch (message.field) {
      case 1:
        name = message.string();
        break;
      case 4:
        message.spend(ELEMENT_COST);
        inputs.push(message.name(PLACE.other));
        break;
      case 5:
        message.spend(ELEMENT_COST);
        outputs.push(message.name(PLACE.other));
        break;
      case 7:
        message.spend(CURSOR_COST);
        nodes.push(message.message("node", nodes.length));
        break;
      case 9: {
        const [set, version] = readOpset(message.message("opset_import"));
        opsets.set(set, version);
        break;
      }
      case 10:
        domain = domainName(message.string());
        break;
      case 11:
        message.spend(CURSOR_COST);
        defaults.push(message.message("attribute_proto", defaults.length));
        break;
      case 13:
        overload = message.string();
        break;
    }
  }
  return { domain, name, overload, inputs, outputs, nodes, defaults, opsets };
}

/** Returns an OperatorSetIdProto: 1: domain, 2: version. */
export function readOpset(message: Message): readonly [domain: string, version: number] {
  message.spend(ENTRY_COST);
  let domain = "";
  let version = 0;
  while (message.next()) {
    if (message.field === 1) domain = domainName(message.string());
    else if (message.field === 2) version = message.int64();
  }
  return [domain, version];
}
