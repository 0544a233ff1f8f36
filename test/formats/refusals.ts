import { DecodeError, type LabError } from "../../lib/errors.js";

/**
 * Why damaged bytes are refused that a reader without these rules may accept: protobufjs knows wire types and
 * lengths alone, `flatbuffers` checks nothing.
 */
const RULES: readonly (readonly [rule: string, message: RegExp])[] = [
  // Both formats.
  [
    "a thing lies inside of the file",
    /the file ends at byte|Cannot follow|takes \d+ bytes, expected at most/,
  ],
  [
    "a constant has as many bytes as its shape and type say",
    /has (\d+ bytes|no data)|data has (\d+|more)|\d+ strings, expected|breaks off inside|is no list of|of numbers, expected at least/,
  ],
  [
    "external data is plain bytes below the folder of the model",
    /external data|data (is said to )?(lie|end)s?|expected plain bytes/,
  ],
  ["an operator has the inputs and attributes that its kind has", /Cannot take over/],
  [
    "a number of an enumeration is one that it has",
    /data type is|type is \d+, expected|code is -?\d+, expected|is of kind/,
  ],
  ["a version is one that exists", /ir_version|TFLite schema/],
  ["a file unfolds to no more than four times itself", /unfolds without bounds/],
  ["a size is no less than −1, and can be counted", /a size|too large to count|unfolds to/],
  ["a tensor has at most 64 dimensions", /\d+ dimensions, expected at most/],
  // ONNX.
  [
    "every value that is read is an input, a constant or a result",
    /is read, and is neither|which nothing computes/,
  ],
  ["every value is computed once, every input listed once", /has a value already|is listed twice/],
  ["no node needs its own result", /needs its own result/],
  ["a field has the wire type of its kind", /wire type|number 0, expected/],
  ["numbers end where their field ends", /does not end|over the end|inside of a number/],
  ["an attribute holds what its type says", /says \w+ and holds|has no value|refers to/],
  [
    "constants are stored in the field of their type",
    /expected \w+_data or raw_data|as raw_data|in segments/,
  ],
  ["annotations name constants of the file", /quantisation annotation/],
  [
    "a node names its operator, a model its graph and operator set",
    /names no operator|holds no graph|imports no operator set/,
  ],
  ["functions can be inlined", /Cannot inline/],
  ["sparse constants have an index for each value, in order", /sparse|index \d+|its index/],
  ["graphs and types nest no deeper than any model's", /nests deeper/],
  // TFLite.
  ["the file says that it is TFLite", /as TFLite: bytes/],
  ["a table agrees with its vtable", /its vtable/],
  ["an index is one of its list", /Cannot find|Cannot name/],
  ["scales are finite, one or one for each index", /Cannot use the quantisation/],
  ["64-bit numbers are exact", /expected less than 2\^53/],
  ["a file holds a subgraph", /holds no subgraph/],
];

/** Returns the rule that a refusal follows; throws when it follows none, or says no place in the file. */
export function ruleOf(error: LabError): string {
  // The other file is read when its weights are: the error names the tensor and that file.
  if (!(error instanceof DecodeError) && error.code !== "EXTERNAL_DATA")
    throw new Error(`A refusal without a place: ${error.describe()}`);
  const rule = RULES.find(([, message]) => message.test(error.message));
  if (rule) return rule[0];
  throw new Error(`A refusal by no stated rule: ${error.describe()}`);
}
