/** Protocol buffers by hand, for what no writer writes. */

export const varint = (value: number): number[] => {
  const bytes: number[] = [];
  let left = value;
  for (; left >= 0x80; left = Math.floor(left / 0x80)) bytes.push((left % 0x80) | 0x80);
  return [...bytes, left];
};

export type Bytes = ArrayLike<number>;

export function joined(parts: readonly Bytes[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** Returns the parts `count` times over. */
export function times(count: number, ...parts: readonly Bytes[]): Uint8Array {
  const one = joined(parts);
  const all = new Uint8Array(count * one.length);
  for (let index = 0; index < count; index++) all.set(one, index * one.length);
  return all;
}

/** Returns what `part` makes of 0, 1, …, count − 1. */
export const series = (count: number, part: (index: number) => Bytes): Uint8Array =>
  joined(Array.from({ length: count }, (_, index) => part(index)));

export const int = (field: number, value: number) => [...varint(field * 8), ...varint(value)];

export const bytesOf = (field: number, ...parts: readonly Bytes[]): Uint8Array => {
  const content = joined(parts);
  return joined([varint(field * 8 + 2), varint(content.length), content]);
};

export const text = (field: number, value: string) => bytesOf(field, new TextEncoder().encode(value));

/** A model of IR 8 and opset 17 with these fields of its graph, and further ones of its own. */
export const modelOf = (graph: readonly Bytes[], ...further: readonly Bytes[]): Uint8Array =>
  joined([int(1, 8), bytesOf(7, ...graph), bytesOf(8, text(1, ""), int(2, 17)), ...further]);

/** Field 1 of a graph, 7 of a function. */
export const nodeOf = (
  op: string,
  inputs: readonly string[],
  outputs: readonly string[],
  ...further: readonly Bytes[]
): Uint8Array =>
  joined([
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...further,
  ]);
