/** Cursor positions: the protocol counts Unicode code points (since 5.2), JavaScript counts UTF-16 units. */

/** Returns the UTF-16 offset of a code-point position; the end for a position past it. */
export function toUtf16(text: string, position: number): number {
  let offset = 0;
  for (let passed = 0; passed < position && offset < text.length; passed++) {
    offset += (text.codePointAt(offset) ?? 0) > 0xffff ? 2 : 1;
  }
  return offset;
}

/** Returns how many code points lie before a UTF-16 offset. */
export function toCodePoints(text: string, offset: number): number {
  return [...text.slice(0, offset)].length;
}
