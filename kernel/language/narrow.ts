/**
 * Text in one byte a character. V8 keeps a text in two bytes a character when one of them needs two, and among
 * the three million of the libraries some thirty do, all in comments:
 *
 *     Node’s        Node\u2019s       the same to the compiler, in names and strings too
 */

export function narrow(text: string): string {
  return text.replace(/[^\0-\xff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Returns what `narrow` was given, of a comment. */
export function widen(text: string): string {
  return text.replace(/\\u([0-9a-f]{4})/g, (written, digits: string) => {
    const code = Number.parseInt(digits, 16);
    return code > 0xff ? String.fromCharCode(code) : written;
  });
}
