/**
 * A graph as a small picture: one box per operator, below all that it reads. Rows follow the longest way from
 * the inputs; long networks go on in a second column at the top.
 *
 *     a ─▶ b ─▶ d        row 0: a
 *     └──▶ c ───┘   ->   row 1: b c
 *                        row 2: d
 */
import type { MimeBundle } from "../display.js";
import type { Graph } from "./graph.js";
import type { Node } from "./node.js";
import { formatShape } from "./shape.js";

/** More boxes than this nobody reads; the picture says how many there are. */
const MAX_NODES = 200;
const ROWS_PER_COLUMN = 28;
const BOX = { width: 168, height: 30 } as const;
const STEP = { x: BOX.width + 14, y: BOX.height + 16 } as const;
const EDGE = 16;
const CHARACTERS = 26;

export interface PlacedNode {
  readonly node: Node;
  readonly row: number;
  /** Place within its row, from the left. */
  readonly slot: number;
}

/** Returns the first `limit` operators with their rows; those of one row stand in the order of what they read. */
export function placeNodes(graph: Graph, limit = MAX_NODES): PlacedNode[] {
  const placed = new Map<Node, PlacedNode>();
  const widths: number[] = [];
  for (const node of graph.nodes.slice(0, limit)) {
    const before = node.inputs.flatMap((tensor) => {
      const producer = tensor ? graph.producer(tensor) : undefined;
      const place = producer ? placed.get(producer) : undefined;
      return place ? [place.row] : [];
    });
    const row = before.reduce((most, each) => Math.max(most, each + 1), 0);
    const slot = widths[row] ?? 0;
    widths[row] = slot + 1;
    placed.set(node, { node, row, slot });
  }
  return [...placed.values()];
}

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const escapeXml = (text: string) =>
  text
    .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 allows no others, not even escaped
    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd");
const short = (text: string) => (text.length > CHARACTERS ? `${text.slice(0, CHARACTERS - 1)}…` : text);

/** Returns the picture and, in words, what goes in, what comes out, and how often each operator is there. */
export function graphBundle(graph: Graph): MimeBundle {
  const text = summaryOf(graph);
  return { "image/svg+xml": pictureOf(graph, text), "text/plain": text };
}

function summaryOf(graph: Graph): string {
  const ports = (tensors: Graph["inputs"]) =>
    tensors.map(({ name, dtype, shape }) => `${name} ${formatShape(shape)} ${dtype}`).join(", ");
  const counts = new Map<string, number>();
  for (const { op } of graph.nodes) counts.set(op, (counts.get(op) ?? 0) + 1);
  const operators = [...counts].sort((a, b) => b[1] - a[1]).map(([op, count]) => `${count} ${op}`);
  return [
    `Graph '${graph.name}': ${graph.nodes.length} operators (${operators.join(", ")})`,
    `in: ${ports(graph.inputs)}`,
    `out: ${ports(graph.outputs)}`,
  ].join("\n");
}

function pictureOf(graph: Graph, words: string): string {
  const placed = placeNodes(graph);
  const columns: { x: number; slots: number }[] = [];
  for (const { row, slot } of placed) {
    const index = Math.floor(row / ROWS_PER_COLUMN);
    while (columns.length <= index) columns.push({ x: 0, slots: 1 });
    columns[index]!.slots = Math.max(columns[index]!.slots, slot + 1);
  }
  let x = EDGE;
  for (const column of columns) {
    column.x = x;
    x += column.slots * STEP.x + EDGE;
  }
  const hidden = graph.nodes.length - placed.length;
  const notice = hidden > 0 ? `The first ${placed.length} of ${graph.nodes.length} operators` : "";
  const top = EDGE + (notice === "" ? 0 : 22);
  const corners = new Map(
    placed.map(({ node, row, slot }) => [
      node,
      {
        x: columns[Math.floor(row / ROWS_PER_COLUMN)]!.x + slot * STEP.x,
        y: top + (row % ROWS_PER_COLUMN) * STEP.y,
      },
    ]),
  );
  const rows = Math.min(ROWS_PER_COLUMN, 1 + placed.reduce((most, { row }) => Math.max(most, row), 0));
  const height = top + rows * STEP.y;
  const edges = placed.flatMap(({ node }) =>
    node.inputs.flatMap((tensor) => {
      const producer = tensor ? graph.producer(tensor) : undefined;
      const [from, to] = [producer ? corners.get(producer) : undefined, corners.get(node)!];
      return from ? [edge(from, to)] : [];
    }),
  );
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${x}" height="${height}" viewBox="0 0 ${x} ${height}" role="img" font-family="system-ui, sans-serif" font-size="11" fill="#1f2430">`,
    `<title>${escapeXml(words)}</title>`,
    '<rect width="100%" height="100%" fill="#ffffff"/>',
    notice === "" ? "" : `<text x="${EDGE}" y="${EDGE + 6}">${notice}</text>`,
    `<g fill="none" stroke="#8A8F98">${edges.join("")}</g>`,
    ...placed.map(({ node }) => box(node, corners.get(node)!)),
    "</svg>",
  ]
    .filter((line) => line !== "")
    .join("\n");
}

interface Corner {
  readonly x: number;
  readonly y: number;
}

function edge(from: Corner, to: Corner): string {
  const [x1, y1] = [from.x + BOX.width / 2, from.y + BOX.height];
  const [x2, y2] = [to.x + BOX.width / 2, to.y];
  // Past other rows, or on in the next column, a curve keeps clear of the boxes between.
  if (y2 > y1 && y2 - y1 <= STEP.y) return `<path d="M${x1} ${y1}L${x2} ${y2}"/>`;
  const side = x1 === x2 ? BOX.width / 2 + 10 : 0;
  return `<path d="M${x1} ${y1}C${x1 + side} ${y1 + 24} ${x2 + side} ${y2 - 24} ${x2} ${y2}"/>`;
}

function box(node: Node, { x, y }: Corner): string {
  const [output] = node.outputs;
  const shape = output ? formatShape(output.shape) : "";
  return [
    `<g><title>${escapeXml(node.describe())}</title>`,
    `<rect x="${x}" y="${y}" width="${BOX.width}" height="${BOX.height}" rx="5" fill="#eef4fa" stroke="#0072B2"/>`,
    `<text x="${x + 8}" y="${y + 13}" font-weight="600">${escapeXml(short(node.op))}</text>`,
    `<text x="${x + 8}" y="${y + 25}" fill="#5b6570" font-size="10">${escapeXml(short(shape))}</text></g>`,
  ].join("");
}
