/**
 * What the `flatbuffers` package finds in a TFLite file, held against the graph. It checks nothing: files that
 * our reader refuses are not asked for. Slots are those of schema.fbs, 4 + 2 × the position of a field.
 */
import { ByteBuffer } from "flatbuffers";
import type { Graph, Model } from "../../lib/graph/graph.js";
import type { Tensor } from "../../lib/graph/tensor.js";

const utf8 = new TextDecoder();
const plain = (text: string) => text.replace(/[^\x20-\x7e]+/g, "?");

/** A table: its fields by slot. */
class Table {
  readonly #bytes: ByteBuffer;
  readonly #at: number;

  constructor(bytes: ByteBuffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  #place(slot: number): number {
    const offset = this.#bytes.__offset(this.#at, slot);
    return offset === 0 ? 0 : this.#at + offset;
  }

  int8 = (slot: number) => (this.#place(slot) ? this.#bytes.readInt8(this.#place(slot)) : 0);
  int32 = (slot: number, absent = 0) =>
    this.#place(slot) ? this.#bytes.readInt32(this.#place(slot)) : absent;
  uint32 = (slot: number) => (this.#place(slot) ? this.#bytes.readUint32(this.#place(slot)) : 0);

  #vector<T>(slot: number, size: number, read: (at: number) => T): T[] | null {
    const at = this.#place(slot);
    if (at === 0) return null;
    const target = at + this.#bytes.readUint32(at);
    const count = this.#bytes.readUint32(target);
    return Array.from({ length: count }, (_, index) => read(target + 4 + index * size));
  }

  int32s = (slot: number) => this.#vector(slot, 4, (at) => this.#bytes.readInt32(at));
  float32s = (slot: number) => this.#vector(slot, 4, (at) => this.#bytes.readFloat32(at)) ?? [];
  int64s = (slot: number) => this.#vector(slot, 8, (at) => Number(this.#bytes.readInt64(at))) ?? [];
  bytes = (slot: number) => this.#vector(slot, 1, (at) => this.#bytes.readUint8(at));
  text = (slot: number) => plain(utf8.decode(Uint8Array.from(this.bytes(slot) ?? [])));
  tables = (slot: number) =>
    this.#vector(slot, 4, (at) => new Table(this.#bytes, at + this.#bytes.readUint32(at))) ?? [];
  table(slot: number): Table | null {
    const at = this.#place(slot);
    return at === 0 ? null : new Table(this.#bytes, at + this.#bytes.readUint32(at));
  }
}

/** TensorType by code; a second list than the reader's, from schema.fbs too. */
const TYPES =
  "float32 float16 int32 uint8 int64 string bool int16 complex64 int8 float64 complex128 uint64 resource variant uint32 uint16 int4 bfloat16 int2 uint4".split(
    " ",
  );

/** BuiltinOperator: the operator is the one that custom_code names. */
const CUSTOM = 32;

/** Returns where a decoded model says otherwise than the bytes; empty when they agree. */
export function tfliteDifferences(model: Model, bytes: Uint8Array): readonly string[] {
  const differences: string[] = [];
  const equal = (place: string, found: unknown, expected: unknown) => {
    const [a, b] = [found, expected].map((value) => JSON.stringify(value));
    if (a !== b) differences.push(`${place}: ${a}, the oracle has ${b}`);
  };
  const buffer = new ByteBuffer(bytes);
  // Model: 6 operator_codes, 8 subgraphs, 12 buffers. OperatorCode: 4 narrow, 6 custom_code, 10 wide.
  const root = new Table(buffer, buffer.readUint32(0));
  // Builtin operators have no use for a custom code, as in the runtime: damage there is damage to nothing.
  const codes = root.tables(6).map((code) => {
    const number = Math.max(code.int8(4), code.int32(10));
    return { number, custom: number === CUSTOM ? code.text(6) : "" };
  });
  const buffers = root.tables(12);
  const subgraphs = root.tables(8);
  const graphs: readonly Graph[] = [model.graph, ...(model.subgraphs ?? [])];
  equal("subgraphs", graphs.length, subgraphs.length);
  for (const [number, subgraph] of subgraphs.entries()) {
    const graph = graphs[number]!;
    const place = `subgraphs[${number}]`;
    // SubGraph: 4 tensors, 6 inputs, 8 outputs, 10 operators. Tensor: 4 shape, 6 type, 8 buffer, 10 name, 12 quantization.
    const tensors = subgraph.tables(4);
    const nameOf = (index: number) => (index === -1 ? null : tensors[index]!.text(10) || `tensor_${index}`);
    const names = (list: readonly (Tensor | null)[]) => list.map((tensor) => tensor && plain(tensor.name));
    equal(`${place}.inputs`, names(graph.inputs), (subgraph.int32s(6) ?? []).map(nameOf));
    equal(`${place}.outputs`, names(graph.outputs), (subgraph.int32s(8) ?? []).map(nameOf));
    const operators = subgraph.tables(10);
    equal(`${place}.operators`, graph.nodes.length, operators.length);
    for (const [index, operator] of operators.entries()) {
      // Operator: 4 opcode_index, 6 inputs, 8 outputs.
      const node = graph.nodes[index]!;
      const path = `${place}.operators[${index}]`;
      const code = codes[operator.uint32(4)]!;
      const custom = code.number === CUSTOM ? `CUSTOM:${code.custom}` : null;
      if (custom) equal(`${path}.opcode`, plain(node.source.op), custom);
      equal(`${path}.outputs`, names(node.outputs), (operator.int32s(8) ?? []).map(nameOf));
      // Lowered operators have constants of their own making; those that are computed stay, in their order.
      const fed = new Set(node.inputs.map((input) => input && plain(input.name)));
      const read = (operator.int32s(6) ?? []).filter(
        (input) => input >= 0 && !isConstant(tensors[input]!, buffers),
      );
      const missing = read.map(nameOf).filter((name) => !fed.has(name));
      if (node.op === node.source.op || node.inputs.length >= read.length)
        equal(`${path}.inputs`, missing, []);
      for (const [index, output] of (operator.int32s(8) ?? []).entries()) {
        tensor(`${path}.outputs[${index}]`, node.outputs[index]!, tensors[output]!);
      }
    }
    for (const [index, input] of (subgraph.int32s(6) ?? []).entries()) {
      tensor(`${place}.inputs[${index}]`, graph.inputs[index]!, tensors[input]!);
    }
  }
  return differences;

  function tensor(place: string, found: Tensor, expected: Table): void {
    equal(`${place}.type`, found.dtype, TYPES[expected.int8(6)]);
    const shape = expected.int32s(4) ?? [];
    if (shape.length > 0)
      equal(
        `${place}.shape`,
        found.shape,
        shape.map((size) => (size < 0 ? null : size)),
      );
    const quantization = expected.table(12);
    equal(`${place}.scale`, found.quantization?.scale ?? [], quantization?.float32s(8) ?? []);
    const zeros = quantization?.int64s(10) ?? [];
    if (found.quantization && zeros.length === found.quantization.scale.length) {
      equal(`${place}.zero_point`, found.quantization.zeroPoint, zeros);
    }
    const data = buffers[expected.uint32(8)]?.bytes(4);
    const isPlain = !expected.table(16) && expected.uint32(24) === 0 && expected.int8(14) === 0;
    if (found.data && data && data.length > 0 && isPlain)
      equal(`${place}.data`, [...found.data.read()], data);
  }
}

/** Whether a tensor has bytes, inside or beside the file. */
function isConstant(tensor: Table, buffers: readonly Table[]): boolean {
  return (buffers[tensor.uint32(8)]?.bytes(4) ?? []).length > 0 || tensor.uint32(24) !== 0;
}
