/**
 * What a board measured:
 *
 *   c_id    m_id   type            dur (ms)       %    cumul  CPU cycles                   name
 *   0       -      epoch              0.018   42.8%    42.8%  [  1,921  11,843     794 ]   EpochBlock_2
 */
import { hertz, milliseconds } from "../../../units.js";
import type { LineCursor } from "../lines.js";
import type { Clocks, MeasuredNode, Validation } from "./records.js";

export const RUNNER_SUMMARY = /^\s*Summary '(.*)' - \[.*\]\s*$/;
export const PROFILING = /^\s*ST\.AI Profiling results v\S+ - "(.*)"\s*$/;
export const TIME_PER_NODE = /^\s*Inference time per node\s*$/;

const ENTRY = /^\s*(\S.*?)\s+:\s{2,}(.*\S)?\s*$/;
const NODE =
  /^\s*(\d+)\s+(\S+)\s+(\S.*?)\s+([\d.,]+)\s+([\d.]+)%\s+[\d.]+%\s+(?:\[\s*([\d,]+)\s+([\d,]+)\s+([\d,]+)\s*\]\s+)?(\S.*?)\s*$/;
const TOTAL = /^\s*total\s+([\d.,]+)\b/;
const RATE = /^\s*[\d.,]+ inf\/s\b/;
const BLOCK = /^EpochBlock_(\d+)(?:\s*->\s*(?:EpochBlock_)?(\d+))?$/;
const CLOCK = /\b(mcu|noc|npu|nic)_freq=(\d+)MHz/g;

type Entries = Validation["device"];

/** Returns pairs of key and value up to the first line that is none. */
export function readEntries(cursor: LineCursor): Entries {
  const entries: { key: string; value: string }[] = [];
  for (;;) {
    cursor.content();
    const found = cursor.take(ENTRY);
    if (!found) return entries;
    entries.push({ key: found[1]!, value: found[2] ?? "" });
  }
}

export function clocksOf(device: Entries): Clocks {
  const attributes = device.find(({ key }) => key === "device.attrs")?.value ?? "";
  return Object.fromEntries(
    [...attributes.matchAll(CLOCK)].map(([, name, megahertz]) => [name!, hertz(Number(megahertz) * 1e6)]),
  );
}

function kindOf(type: string): MeasuredNode["kind"] {
  if (!type.startsWith("epoch")) return "cpu";
  const word = /\((.*)\)/.exec(type)?.[1] ?? "HW";
  if (word.startsWith("extra")) return "extra";
  const kinds = { HW: "hw", EC: "ec", SW: "sw", HYBRID: "hybrid" } as const;
  return kinds[word as keyof typeof kinds] ?? "unknown";
}

/** Returns the rows of the table of times, down to its total. */
export function readTimes(cursor: LineCursor): readonly MeasuredNode[] {
  cursor.expect(/^\s*c_id\s+m_id\s+type\b/, "times per node", "its header");
  const nodes: MeasuredNode[] = [];
  for (;;) {
    cursor.content();
    if (cursor.take(TOTAL)) {
      cursor.content();
      cursor.take(RATE);
      return nodes;
    }
    const found = cursor.expect(NODE, "times per node", "a node with its time, or the total");
    const [, index, , type, ms, share, before, inside, after, name] = found as unknown as string[];
    const block = BLOCK.exec(name!);
    const first = block ? cursor.whole(block[1]!, name!) : null;
    nodes.push({
      index: cursor.whole(index!, "c_id"),
      type: type!,
      kind: kindOf(type!),
      ms: milliseconds(cursor.real(ms!, name!)),
      share: cursor.real(share!, name!) / 100,
      cycles:
        before === undefined
          ? null
          : [cursor.whole(before, name!), cursor.whole(inside!, name!), cursor.whole(after!, name!)],
      name: name!,
      epochs:
        first === null
          ? null
          : { first, last: block?.[2] === undefined ? first : cursor.whole(block[2], name!) },
    });
  }
}

/** Returns mean time and number of samples from the profiling section's entries. */
export function timesOf(cursor: LineCursor, entries: Entries): Pick<Validation, "samples" | "ms"> {
  const value = (key: string) => entries.find((entry) => entry.key === key)?.value ?? "";
  const samples = /^\d+/.exec(value("nb sample(s)"))?.[0];
  const ms = /^([\d.,]+) ms\b/.exec(value("duration"))?.[1];
  return {
    samples: samples === undefined ? null : cursor.whole(samples, "nb sample(s)"),
    ms: ms === undefined ? null : milliseconds(cursor.real(ms, "duration")),
  };
}
