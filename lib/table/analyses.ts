/** Analyses as Arquero tables: one row per model, per cause, per tensor or per epoch; units in the names. */
import { type ColumnTable, from } from "arquero";
import type { Analysis } from "../analyze/record.js";
import { ROM_CAUSES, type RomCause } from "../targets/neural-art/records.js";
import { formatCell } from "./columns.js";

/** Returns how people name an analysis: the file without folders and ending. */
export function shortName(analysis: Analysis): string {
  const file = analysis.model.file.split(/[\\/]/).at(-1) ?? analysis.model.file;
  return file.replace(/\.(tflite|onnx)$/, "").replace(/^built:/, "");
}

/** One row per analysis: what the model is. */
export function modelsTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.map((analysis) => ({
      model: shortName(analysis),
      format: analysis.model.format,
      input: analysis.model.inputs.map((port) => `${port.shape.join("x")} ${port.dtype}`).join("; "),
      nodes: analysis.model.nodes,
      multiply_adds_macs: analysis.model.macs,
      weights_and_biases_bytes: analysis.rom.sourceBytes,
      sha256: analysis.model.sha256.slice(0, 12),
    })),
  );
}

/** One row per analysis: ROM before and after packing, and how it grew. */
export function romTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.map((analysis) => ({
      model: shortName(analysis),
      tool: analysis.target.tool,
      controller: analysis.target.epochController ? "on" : "off",
      source_bytes: analysis.rom.sourceBytes,
      image_bytes: analysis.rom.imageBytes,
      growth_ratio:
        analysis.rom.sourceBytes === 0 ? null : analysis.rom.imageBytes / analysis.rom.sourceBytes,
      blobs_bytes: analysis.rom.blobBytes,
    })),
  );
}

/** Returns the bytes of the image by cause; causes that take nothing are left out. */
export function bytesByCause(analysis: Analysis): Map<RomCause, number> {
  const totals = new Map<RomCause, number>();
  for (const cause of Object.keys(ROM_CAUSES) as RomCause[]) totals.set(cause, 0);
  for (const { cause, bytes } of analysis.rom.ledger) totals.set(cause, (totals.get(cause) ?? 0) + bytes);
  return new Map([...totals].filter(([, bytes]) => bytes > 0));
}

/** One row per analysis and cause: the ledger, summed. */
export function causesTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.flatMap((analysis) =>
      [...bytesByCause(analysis)].map(([cause, bytes]) => ({
        model: shortName(analysis),
        tool: analysis.target.tool,
        cause,
        meaning: ROM_CAUSES[cause],
        image_bytes: bytes,
        of_image_share: analysis.rom.imageBytes === 0 ? 0 : bytes / analysis.rom.imageBytes,
      })),
    ),
  );
}

/** One row per analysis, one column per cause: the ledgers side by side. */
export function causesByModelTable(analyses: readonly Analysis[]): ColumnTable {
  const totals = analyses.map(bytesByCause);
  const causes = (Object.keys(ROM_CAUSES) as RomCause[]).filter((cause) =>
    totals.some((byCause) => byCause.has(cause)),
  );
  return from(
    analyses.map((analysis, index) => ({
      model: shortName(analysis),
      tool: analysis.target.tool,
      ...Object.fromEntries(causes.map((cause) => [`${cause}_bytes`, totals[index]!.get(cause) ?? 0])),
      image_bytes: analysis.rom.imageBytes,
    })),
  );
}

/** One row per tensor and cause: the whole ledger, in image order. */
export function ledgerTable(analysis: Analysis): ColumnTable {
  return from(
    analysis.rom.ledger.map(({ tensor, node, op, cause, bytes, rule }) => ({
      tensor,
      node,
      op,
      cause,
      image_bytes: bytes,
      rule,
    })),
  );
}

/** One row per packing rule that shaped the image: what it says, how it is known, the bytes it accounts for. */
export function rulesTable(analysis: Analysis): ColumnTable {
  return from(
    analysis.rom.rules.map(({ id, sentence, evidence, source }) => ({
      rule: id,
      image_bytes: analysis.rom.ledger.reduce(
        (sum, entry) => (entry.rule === id ? sum + entry.bytes : sum),
        0,
      ),
      sentence,
      evidence,
      source,
    })),
  );
}

/** One row per analysis: epochs by kind, the three offload rates, latency with its interval. */
export function latencyTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.map((analysis) => ({
      model: shortName(analysis),
      tool: analysis.target.tool,
      epochs: analysis.epochs.total,
      hw: analysis.epochs.hw,
      hybrid: analysis.epochs.hybrid,
      sw: analysis.epochs.sw,
      by_epochs_share: analysis.offload.epochs,
      by_macs_share: analysis.offload.macs,
      by_time_share: analysis.offload.time,
      inference_ms: analysis.latency.ms,
      interval: `${formatCell("_ms", analysis.latency.low)} to ${formatCell("_ms", analysis.latency.high)}`,
    })),
  );
}

/** One row per epoch: kind, operators, time and what bounds it. */
export function epochsTable(analysis: Analysis): ColumnTable {
  return from(
    analysis.epochs.list.map((epoch) => ({
      epoch: epoch.index,
      kind: epoch.kind,
      operators: epoch.ops.join(" + "),
      nodes: epoch.nodes.join(", "),
      work_macs: epoch.macs,
      time_ms: epoch.ms,
      bound_by: epoch.bound,
      why: epoch.reason?.why ?? epoch.note ?? "",
    })),
  );
}

/**
 * One row per epoch that is not plain hardware: the rule it broke, what would mend it, and what the run of
 * nodes that it belongs to would gain.
 */
export function fallbackTable(analysis: Analysis): ColumnTable {
  const gains = new Map(
    analysis.gains.flatMap(({ epochs, saving }) =>
      epochs.map((index) => [index, saving?.ms ?? null] as const),
    ),
  );
  return from(
    analysis.epochs.list
      .filter((epoch) => epoch.kind !== "hw")
      .map((epoch) => ({
        epoch: epoch.index,
        kind: epoch.kind,
        operators: epoch.ops.join(" + "),
        node: epoch.nodes.join(", "),
        rule: epoch.reason?.rule ?? "",
        why: epoch.reason?.why ?? "",
        fix: epoch.reason?.fix ?? "",
        time_ms: epoch.ms,
        gain_of_run_ms: gains.get(epoch.index) ?? null,
      })),
  );
}

/** Nodes of a run that a table names; the rest are counted. */
const NAMED_NODES = 3;

function named(names: readonly string[]): string {
  const more = names.length > NAMED_NODES ? ` and ${names.length - NAMED_NODES} more` : "";
  return `${names.slice(0, NAMED_NODES).join(", ")}${more}`;
}

function unique(texts: readonly string[]): string[] {
  return [...new Set(texts)];
}

/**
 * One row per connected run of nodes off the NPU, largest gain first: what an inference would save if the
 * compiler accepted them, with its interval; an empty gain where no unit computes such an operator.
 */
export function gainsTable(analysis: Analysis): ColumnTable {
  return from(
    analysis.gains.map(({ nodes, epochs, nowMs, saving, savedEpochs }) => ({
      gain_ms: saving?.ms ?? null,
      interval: saving ? `${formatCell("_ms", saving.low)} to ${formatCell("_ms", saving.high)}` : "unknown",
      of_inference_share: saving && analysis.latency.ms > 0 ? saving.ms / analysis.latency.ms : null,
      operators: named(unique(nodes.map(({ op }) => op))),
      rules: unique(nodes.map(({ rule }) => rule)).join(", "),
      why: unique(nodes.map(({ why }) => why))[0]!,
      fix: unique(nodes.map(({ fix }) => fix))
        .slice(0, NAMED_NODES)
        .join("; "),
      now_ms: nowMs,
      epochs: epochs.length,
      saved_epochs: savedEpochs,
      nodes: named(nodes.map(({ node }) => node)),
    })),
  );
}

/** One row per analysis and memory pool. */
export function memoryTable(analyses: readonly Analysis[]): ColumnTable {
  return from(
    analyses.flatMap((analysis) =>
      analysis.memory.pools.map((pool) => ({
        model: shortName(analysis),
        pool: pool.name,
        size_bytes: pool.sizeBytes,
        weights_bytes: pool.weightBytes,
        activations_bytes: pool.activationBytes,
        used_share: pool.sizeBytes === 0 ? 0 : (pool.weightBytes + pool.activationBytes) / pool.sizeBytes,
      })),
    ),
  );
}
