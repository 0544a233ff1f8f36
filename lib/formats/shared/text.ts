const utf8 = new TextDecoder();

/** Up to here, one call with all characters beats the decoder's fixed cost ten times. */
const SHORT_TEXT = 128;
/** Lists of characters by length, used over and over. */
const CODES: readonly number[][] = Array.from({ length: SHORT_TEXT + 1 }, (_, length) =>
  new Array<number>(length).fill(0),
);

/** Returns UTF-8 as text; ill-formed bytes become U+FFFD. Most names are short and ASCII. */
export function decodeText(data: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length > SHORT_TEXT) return utf8.decode(data.subarray(start, end));
  const codes = CODES[length]!;
  let seen = 0;
  for (let index = 0; index < length; index++) {
    const byte = data[start + index]!;
    codes[index] = byte;
    seen |= byte;
  }
  return seen < 0x80 ? String.fromCharCode(...codes) : utf8.decode(data.subarray(start, end));
}
