/** Numbers in bulk: how many, from where to where, how spread. */
import { inspect } from "node:util";
import { escapeHtml } from "../html/escape.js";
import type { JsonObject } from "../protocol/message.js";

export type Numeric = { readonly length: number; readonly [index: number]: number | bigint };

export function isNumeric(value: object): value is Numeric {
  return ArrayBuffer.isView(value) && !(value instanceof DataView) && !Buffer.isBuffer(value);
}

const BINS = 40;
const WIDTH = 240;
const HEIGHT = 48;

export interface Spread {
  readonly least: number;
  readonly most: number;
  readonly mean: number;
  /** How many of the values are finite; the others count for nothing here. */
  readonly finite: number;
}

/** Returns where many numbers lie; of none that is finite, `least` is above `most`. */
export function spreadOf(values: Numeric): Spread {
  let least = Number.POSITIVE_INFINITY;
  let most = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let finite = 0;
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    finite++;
    sum += value;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return { least, most, mean: sum / finite, finite };
}

const figures = new Intl.NumberFormat("en-US", { maximumSignificantDigits: 6 });
export const figure = (value: number): string => figures.format(value);

/** Returns what one asks of many numbers first, in words: how many, from where to where. */
export function spreadWords(values: Numeric, { least, most, mean, finite }: Spread): string {
  const odd = values.length - finite;
  return [
    `${values.length.toLocaleString("en-US")} values`,
    ...(finite > 0 ? [`from ${figure(least)} to ${figure(most)}`, `mean ${figure(mean)}`] : []),
    ...(odd > 0 ? [`${odd.toLocaleString("en-US")} not finite`] : []),
  ].join(", ");
}

/** The inspection of numbers in bulk, with their spread in words and as a picture. */
export function numbersData(values: Numeric): JsonObject {
  return numbersShown(values, (words) => `${values.constructor.name}, ${words}`);
}

/** The same under a title of one's own; `title` gets the spread in words. */
export function numbersShown(values: Numeric, title: (words: string, spread: Spread) => string): JsonObject {
  const text = inspect(values, { maxArrayLength: 60 });
  const spread = spreadOf(values);
  const summary = title(spreadWords(values, spread), spread);
  const picture = spread.finite > 1 && spread.most > spread.least ? histogram(values, spread) : "";
  return {
    "text/html": `<p>${escapeHtml(summary)}</p>${picture}<pre>${escapeHtml(text)}</pre>`,
    "text/plain": `${text}\n${summary}`,
  };
}

function histogram(values: Numeric, { least, most }: Spread): string {
  const counts = new Array<number>(BINS).fill(0);
  for (let index = 0; index < values.length; index++) {
    const value = Number(values[index]);
    if (!Number.isFinite(value)) continue;
    const bin = Math.min(BINS - 1, Math.floor(((value - least) / (most - least)) * BINS));
    counts[bin] = counts[bin]! + 1;
  }
  const tallest = Math.max(...counts);
  const bars = counts
    .map((count, bin) => {
      const height = (count / tallest) * HEIGHT;
      return `<rect x="${bin * (WIDTH / BINS)}" y="${(HEIGHT - height).toFixed(1)}" width="${WIDTH / BINS - 1}" height="${height.toFixed(1)}"/>`;
    })
    .join("");
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${HEIGHT}" fill="#0072B2">${bars}</svg>`;
  return `<img alt="How the values are spread, in ${BINS} bins" src="data:image/svg+xml;base64,${Buffer.from(svg).toString("base64")}">`;
}
