/**
 * The list of epochs, in both layouts:
 *
 *   Total number of epochs: 56 of which 1 implemented in software        tools 2.x
 *   epoch 55      HW
 *   epoch 56     -SW-   (      Softmax       )
 *
 *   Total number of epochs                               56              from 3.0 on
 *   >> pure software (SW) epochs                          1
 *   | epoch_56 |  SW  | Softmax |
 *
 * 2.x counts and prints hybrid epochs as software: a transformer of 407 listed epochs, 150 of them -SW-, has 126
 * software and 24 hybrid epochs in its network.c (2.2).
 */
import type { LineCursor } from "../lines.js";
import type { EpochDetails, ReportedEpoch, ReportedEpochKind } from "./records.js";

export const EPOCH_DETAILS = /^\s*Epochs details\s*$/;

const LINES_TOTAL = /^Total number of epochs: (\d+) of which (\d+) implemented in software\s*$/;
const LINES_ROW = /^epoch (\d+)\s+(\S+)\s*(?:\((.*)\))?\s*$/;
const BOXED_TOTAL = /^Total number of epochs\s+(\d+)\s*$/;
const BOXED_SW = /^>> pure software \(SW\) epochs\s+(\d+)\s*$/;
const BOXED_HYBRID = /^>> hybrid epochs \(.*\)\s+(\d+)\s*$/;
const BOXED_HW =
  /^>> pure hardware \(HW or EC\) epochs\s+(\d+)\s+\(implemented in (\d+) epoch controller blobs.*\)\s*$/;
const BOXED_ROW = /^\|\s*epoch_(\d+)(?:\D+(\d+))?\s*\|\s*(\S+)\s*\|\s*(.*?)\s*\|\s*$/;

const KINDS: Readonly<Record<string, ReportedEpochKind>> = {
  HW: "hw",
  EC: "ec",
  SW: "sw",
  HYBRID: "hybrid",
  "??": "unknown",
};

function kindOf(cursor: LineCursor, word: string, path: string): ReportedEpochKind {
  const kind = KINDS[word.replace(/^-|-$/g, "").toUpperCase()];
  if (kind) return kind;
  throw cursor.refuse(path, `one of ${Object.keys(KINDS).join(", ")}`, `'${word}'`);
}

function readRows(
  cursor: LineCursor,
  row: RegExp,
  read: (found: RegExpExecArray) => ReportedEpoch,
): readonly ReportedEpoch[] {
  const epochs: ReportedEpoch[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(row);
    if (!found) return epochs;
    epochs.push(read(found));
  }
}

/** Throws a DecodeError unless the rows stand for as many epochs as the total says. */
function requireAll(cursor: LineCursor, epochs: readonly ReportedEpoch[], total: number): void {
  const listed = epochs.reduce((sum, { index, last }) => sum + last - index + 1, 0);
  if (listed !== total) {
    throw cursor.refuse("list of epochs", `${total}, as its total says`, `${listed} epochs long`);
  }
}

function readLines(cursor: LineCursor, found: RegExpExecArray): EpochDetails {
  const total = cursor.whole(found[1]!, "number of epochs");
  cursor.expect(/^epoch ID\b/, "list of epochs", "its header, epoch ID");
  const epochs = readRows(cursor, LINES_ROW, (row) => {
    const index = cursor.whole(row[1]!, "epoch");
    const operator = row[3]?.trim() || null;
    return { index, last: index, kind: kindOf(cursor, row[2]!, `epoch ${index}`), operator };
  });
  requireAll(cursor, epochs, total);
  const sw = cursor.whole(found[2]!, "software epochs");
  return { layout: "lines", total, sw, hybrid: null, hw: null, blobs: null, epochs };
}

function readBoxed(cursor: LineCursor, found: RegExpExecArray): EpochDetails {
  const total = cursor.whole(found[1]!, "number of epochs");
  const count = (pattern: RegExp, path: string) =>
    cursor.expect(pattern, path, "a line '>> …' with their number");
  const sw = cursor.whole(count(BOXED_SW, "software epochs")[1]!, "software epochs");
  const hybrid = cursor.whole(count(BOXED_HYBRID, "hybrid epochs")[1]!, "hybrid epochs");
  const hw = count(BOXED_HW, "hardware epochs");
  cursor.expect(/^\|\s*epoch ID\s*\|/, "list of epochs", "its header, epoch ID");
  const epochs = readRows(cursor, BOXED_ROW, (row) => {
    const index = cursor.whole(row[1]!, "epoch");
    return {
      index,
      last: row[2] === undefined ? index : cursor.whole(row[2], "epoch"),
      kind: kindOf(cursor, row[3]!, `epoch ${index}`),
      operator: row[4] || null,
    };
  });
  requireAll(cursor, epochs, total);
  return {
    layout: "boxed",
    total,
    sw,
    hybrid,
    hw: cursor.whole(hw[1]!, "hardware epochs"),
    blobs: cursor.whole(hw[2]!, "blobs"),
    epochs,
  };
}

/** Returns the epochs, whichever layout the list has. Throws a DecodeError when rows are missing. */
export function readEpochDetails(cursor: LineCursor): EpochDetails {
  cursor.content();
  const lines = cursor.take(LINES_TOTAL);
  if (lines) return readLines(cursor, lines);
  return readBoxed(cursor, cursor.expect(BOXED_TOTAL, "list of epochs", "the total number of epochs"));
}
