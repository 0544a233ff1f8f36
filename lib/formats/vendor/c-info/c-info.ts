/** `network_c_info.json` → plain records. */
import type { z } from "zod";
import { bytes, cycles, macs, milliseconds } from "../../../units.js";
import { parseOptions } from "../command-line.js";
import { type JsonPath, type LocatedJson, parseJson } from "../json.js";
import { unknownKeys } from "../unknown-keys.js";
import type { CInfo, CInfoGraph, CInfoMapping, CInfoNode, CInfoPool, CInfoTool } from "./records.js";
import { type CInfoDocument, cInfoSchema } from "./schema.js";

type Raw<K extends keyof CInfoDocument> = NonNullable<CInfoDocument[K]>;
type RawNode = Raw<"graphs">[number]["nodes"][number];
type RawInner = NonNullable<RawNode["subgraph_nodes"]>[number];

const MAPPINGS: Readonly<Record<string, CInfoMapping>> = {
  NODE_HW: "hw",
  NODE_EC: "ec",
  NODE_SW: "sw",
  NODE_SW_INTEGER: "sw",
  NODE_SW_HW: "hybrid",
};

const KIND = /^Node kind=(.*)$/;

function nodeOf(raw: RawNode | RawInner): CInfoNode {
  const unit = raw.attributes?.HWUnit;
  return {
    id: raw.id,
    name: raw.name,
    mapping: MAPPINGS[raw.mapping] ?? "other",
    mappingName: raw.mapping,
    // Before 3.0 the kind stands in the description.
    kind: raw.type ?? KIND.exec(raw.description ?? "")?.[1] ?? "",
    inputs: raw.inputs,
    outputs: raw.outputs,
    originals: raw.original_nodes ?? [],
    unit: typeof unit === "string" ? unit : null,
    macs: raw.macc === undefined ? null : macs(raw.macc),
    parts: ((raw.subgraph_nodes ?? []) as readonly RawInner[])
      .filter((part) => part.id !== undefined)
      .map(nodeOf),
  };
}

function graphOf(raw: Raw<"graphs">[number]): CInfoGraph {
  return {
    name: raw.name,
    inputs: raw.inputs,
    outputs: raw.outputs,
    nodes: raw.nodes.map(nodeOf),
    edges: raw.edges.map((edge) => ({
      id: edge.id,
      kind: edge.edge_kind,
      bufferId: edge.buffer,
      from: { nodeId: edge.start.node_id, port: edge.start.port },
      to: { nodeId: edge.end.node_id, port: edge.end.port },
    })),
  };
}

function poolOf(raw: Raw<"memory_pools">[number], refuse: Refuse, index: number): CInfoPool {
  const address = /^\d+$/.test(raw.address) ? Number(raw.address) : null;
  if (address !== null && !Number.isSafeInteger(address)) {
    throw refuse(
      ["memory_pools", index, "address"],
      `is ${raw.address}, expected an address of at most 53 bits`,
    );
  }
  return {
    id: raw.id,
    name: raw.name,
    address,
    sizeBytes: raw.size_bytes < 0 ? null : bytes(raw.size_bytes),
    usedBytes: bytes(raw.used_size_bytes),
    rights: raw.rights === "ACC_READ" ? "read" : "write",
    subpools: raw.subpools,
    byteWidth: raw.attributes.byte_width ?? null,
    freqRatio: raw.attributes.freq_ratio ?? null,
    score: raw.attributes.score ?? null,
  };
}

function toolOf({
  name,
  version,
  arguments: commandLine,
  input_model: model,
}: Raw<"environment">["tools"][number]): CInfoTool {
  return {
    name,
    version,
    commandLine,
    options: parseOptions(commandLine),
    model: model
      ? {
          name: model.name,
          type: model.type ?? "",
          bytes: model.size === undefined ? null : bytes(model.size),
          params: model.n_params ?? null,
        }
      : null,
  };
}

type Refuse = (path: JsonPath, problem: string) => Error;

function refuser(json: LocatedJson): Refuse {
  return (path, problem) =>
    json.refuse({
      code: "C_INFO",
      what: "C-info file",
      path,
      problem,
      hint: "network_c_info.json of ST Edge AI Core, schema 2.0, is what can be read",
    });
}

/** Throws a DecodeError for an id that stands for nothing, so that readers may follow ids blindly. */
function requireKnownPools({ buffers = [], memory_pools = [] }: CInfoDocument, refuse: Refuse): void {
  const ids = new Set(memory_pools.map(({ id }) => id));
  const index = buffers.findIndex(({ mpool_id }) => !ids.has(mpool_id));
  if (index < 0) return;
  throw refuse(
    ["buffers", index, "mpool_id"],
    `is ${buffers[index]!.mpool_id}, expected the id of a memory pool`,
  );
}

const nullable = (value: number | null | undefined) => (value == null ? null : bytes(value));

function expectation(issue: z.core.$ZodIssue): string {
  return `is wrong: ${issue.message}`;
}

/**
 * Returns what a `network_c_info.json` says. Reads schema 2.0 of tools 2.1 to 4.0, as generate and analyze write
 * it and as validate overwrites it; what the schema does not name is listed in `unread`. Throws a DecodeError
 * with line, column and field.
 */
export function parseCInfo(text: string, title = "network_c_info.json"): CInfo {
  const json = parseJson(text, title);
  const refuse = refuser(json);
  const parsed = cInfoSchema.safeParse(json.value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw refuse(issue.path as JsonPath, expectation(issue));
  }
  const document = parsed.data;
  const { environment, graphs, memory_footprint: footprint, aton_execution_time: times } = document;
  if (!graphs && !times && !document.validation) {
    throw refuse([], "lacks all of graphs, aton_execution_time and validation, expected one of them");
  }
  requireKnownPools(document, refuse);
  return {
    title,
    kind: graphs ? "compiled" : "validated",
    tools: environment.tools.map(toolOf),
    networkSignature: environment.network_signature ?? null,
    device: environment.device ?? null,
    generatedAt: environment.generated_model?.generated_time ?? null,
    buffers: (document.buffers ?? []).map((raw) => ({
      id: raw.id,
      name: raw.name,
      poolId: raw.mpool_id,
      offset: raw.offset_start,
      bytes: bytes(raw.size_bytes),
      isParameter: raw.is_param,
      epochs: { start: raw.epochs.start, end: raw.epochs.end },
      shape: raw.shape,
      format: raw.format.replace(/^STAI_FORMAT_/, ""),
      bits: raw.nbits,
      scales: raw.intq?.scales ?? [],
      zeroPoints: raw.intq?.offsets ?? [],
    })),
    pools: (document.memory_pools ?? []).map((raw, index) => poolOf(raw, refuse, index)),
    graphs: (graphs ?? []).map(graphOf),
    blobs: (document.ec_blobs_info ?? []).map(({ name, nodes_id }) => ({ name, nodeIds: nodes_id })),
    footprint: footprint
      ? {
          weights: bytes(footprint.weights),
          activations: bytes(footprint.activations),
          io: (footprint.io ?? []).map((size) => bytes(size)),
          kernelFlash: nullable(footprint.kernel_flash),
          kernelRam: nullable(footprint.kernel_ram),
        }
      : null,
    accesses: (document.memory_accesses ?? []).map((raw) => ({
      nodeId: raw.node_id,
      poolId: raw.mpool_id,
      readBytes: raw.reads,
      readCycles: cycles(raw.read_cycles),
      writeBytes: raw.writes,
      writeCycles: cycles(raw.write_cycles),
    })),
    power: (document.power_estimates ?? []).map((raw) => ({
      nodeId: raw.node_id,
      ops: raw.ops,
      computeCycles: cycles(raw.compute_cycles),
      maxCycles: cycles(raw.max_cycles),
      unitsMilliwatts: raw.average_acc_power_mw,
      memoryMilliwatts: raw.average_memory_power_mw,
    })),
    execution: (times ?? []).map((raw) => ({
      counters: raw.counters,
      ms: milliseconds(raw.duration_ms),
      share: raw.percentage / 100,
    })),
    metrics: document.validation?.val_metrics ?? [],
    unread: unknownKeys(cInfoSchema, json.value),
  };
}
