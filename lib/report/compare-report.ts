import type { Comparison } from "../analyze/compare-record.js";
import { type Displayable, JUPYTER_DISPLAY } from "../display.js";
import { comparedBuffersFigure, comparedTimesFigure } from "../plot/compare.js";
import { headerOf } from "../table/columns.js";
import {
  comparedBuffersTable,
  comparedEpochsTable,
  comparedPoolsTable,
  comparedRulesTable,
  comparedTotalsTable,
  sideLabels,
} from "../table/compare.js";
import { show } from "../table/show.js";
import { type Block, code } from "./blocks.js";

const prose = (text: string): Block => ({ kind: "markdown", text });
const display = (value: Displayable): Block => ({ kind: "display", bundle: value[JUPYTER_DISPLAY]() });
const figureOf = (value: Displayable | null): readonly Block[] => (value ? [display(value)] : []);

/** Returns the setting that a side was made with, in words. */
export function settingSentence({ tool, epochController, profile }: Comparison["left"]): string {
  const setting = [
    tool === null ? null : `ST Edge AI ${tool}`,
    epochController === null ? null : `epoch controller ${epochController ? "on" : "off"}`,
    profile === null ? null : `profile ${profile}`,
  ].filter((part) => part !== null);
  return setting.length > 0 ? setting.join(", ") : "setting not stated";
}

function sideProse(side: Comparison["left"]): string {
  return `${side.source === "predicted" ? side.title : code(side.title)}, ${settingSentence(side)}`;
}

/** Returns the verdict in one sentence: how much agrees, how much of the rest is explained. */
export function verdict({ summary, epochs, buffers }: Comparison): string {
  const { differences, explained, equalEpochs, equalBuffers } = summary;
  const agree = [
    ...(epochs.length > 0 ? [`${equalEpochs} of ${epochs.length} epochs agree in kind`] : []),
    ...(buffers && buffers.length > 0
      ? [`${equalBuffers} of ${buffers.length} buffers have equal sizes`]
      : []),
  ].join(", ");
  if (differences === 0) return agree === "" ? "No difference." : `No difference: ${agree}.`;
  const rest = `${differences} ${differences === 1 ? "figure differs" : "figures differ"}, ${explained} of them explained by a rule`;
  return agree === "" ? `${rest}.` : `${agree}; ${rest}.`;
}

/** Returns the page of a comparison: the totals first, then what differs, then everything, folded. */
export function compareReport(comparison: Comparison): Block[] {
  const { left, right, epochs, buffers, pools, notes, network } = comparison;
  const [a, b] = sideLabels(comparison).map(headerOf);
  const differingEpochs = epochs.filter(({ differs }) => differs).length;
  const differingBuffers = (buffers ?? []).filter(({ difference }) => difference !== 0).length;
  const epochBlocks = [
    prose("## Epoch by epoch"),
    ...(differingEpochs > 0
      ? [
          display(
            show(comparedEpochsTable(comparison, { differing: true }), {
              caption: "Epochs that differ",
              limit: 200,
            }),
          ),
        ]
      : [prose(`All ${epochs.length} epochs agree in kind.`)]),
    ...figureOf(comparedTimesFigure(comparison)),
    display(show(comparedEpochsTable(comparison), { caption: "All epochs", limit: 2000, folded: true })),
  ];
  const rules = comparedRulesTable(comparison);
  const bufferBlocks = [
    prose("## Buffer by buffer"),
    ...figureOf(comparedBuffersFigure(comparison)),
    ...(differingBuffers > 0
      ? [
          display(
            show(comparedBuffersTable(comparison, { differing: true }), {
              caption: "Buffers that differ",
              limit: 500,
            }),
          ),
        ]
      : [prose("All buffers have equal sizes.")]),
    ...(rules.numRows() > 0 ? [display(show(rules, { caption: "The rules in full" }))] : []),
    display(
      show(comparedBuffersTable(comparison), {
        caption: "All buffers, in running order",
        limit: 2000,
        folded: true,
      }),
    ),
  ];
  return [
    prose(
      [
        `# ${a!.charAt(0).toUpperCase()}${a!.slice(1)} and ${b}`,
        `Network ${code(network)}.`,
        `- **${a}:** ${sideProse(left)}\n- **${b}:** ${sideProse(right)}`,
        verdict(comparison),
        ...(notes.length > 0 ? ["Assumed on the way:", notes.map((note) => `- ${note}`).join("\n")] : []),
      ].join("\n\n"),
    ),
    prose("## Totals"),
    display(show(comparedTotalsTable(comparison))),
    ...(pools.length > 0 ? [prose("## Memory pools"), display(show(comparedPoolsTable(comparison)))] : []),
    ...(epochs.length > 0 ? epochBlocks : []),
    ...(buffers
      ? bufferBlocks
      : [
          prose(
            "## Buffer by buffer\n\nBuffers are listed in `network_c_info.json` alone: give it to compare them.",
          ),
        ]),
  ];
}
