/** Reading a figure's JSON and writing text into SVG. */
import type { Json } from "../../display.js";

export type Fields = { readonly [key: string]: Json };

export function fields(value: Json | undefined): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

/** Returns the items of a list, or a list of nothing. */
export function list(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

export function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

export function stringOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** Returns what holds for item `index` of a trace: a list says it per item, anything else for all. */
export function itemOf(value: Json | undefined, index: number): Json | undefined {
  return Array.isArray(value) ? value[index] : value;
}

/** Returns Plotly's small HTML as the words in it: `<b>a</b><br>b` → `a b`. */
export function wordsOf(value: Json | undefined): string {
  if (typeof value !== "string" && typeof value !== "number") return "";
  return String(value)
    .replace(/<br\s*\/?>/gi, " ")
    .replace(/<[^>]*>/g, "")
    .trim();
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export function escapeXml(text: string): string {
  return (
    text
      .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 allows no others, not even escaped
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
  );
}

/** Mean advance of a character in the system's sans-serif fonts, of the font size. */
const ADVANCE = 0.56;

/** Returns about how wide a text is; nothing here can measure a font. */
export function textWidth(text: string, size: number): number {
  return text.length * size * ADVANCE;
}

/** Returns a coordinate as SVG writes it: a hundredth of a pixel is enough. */
export function px(value: number): string {
  return String(Math.round(value * 100) / 100);
}

export interface TextStyle {
  readonly x: number;
  readonly y: number;
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly colour?: string;
  readonly weight?: number;
  /** Degrees, clockwise, around the text's own place. */
  readonly turn?: number;
}

export function textElement(text: string, style: TextStyle): string {
  const { x, y, size = 12, anchor = "start", colour, weight, turn = 0 } = style;
  const attributes = [
    `x="${px(x)}"`,
    `y="${px(y)}"`,
    `font-size="${px(size)}"`,
    anchor === "start" ? "" : `text-anchor="${anchor}"`,
    colour === undefined ? "" : `fill="${escapeXml(colour)}"`,
    weight === undefined ? "" : `font-weight="${weight}"`,
    turn === 0 ? "" : `transform="rotate(${px(turn)} ${px(x)} ${px(y)})"`,
  ];
  return `<text ${attributes.filter((each) => each !== "").join(" ")}>${escapeXml(text)}</text>`;
}
