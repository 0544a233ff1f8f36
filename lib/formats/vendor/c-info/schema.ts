/**
 * `network_c_info.json`, schema 2.0 ("C-info file", ST Edge AI Core documentation), as the tools write it. Keys
 * that only some versions write are optional: `type` and `HWUnit` come with 3.0, `ec_blobs_info` with 2.2, a
 * CPU-only network has no `memory_accesses`, and the validate command writes only times and metrics.
 */
import { z } from "zod";

const count = z.number().int().nonnegative();
const text = z.string();
const ids = z.array(z.number().int());

const modelFile = z.looseObject({ name: text, signature: text.optional() });

const inputModel = z.looseObject({
  name: text,
  type: text.optional(),
  size: count.optional(),
  n_params: count.optional(),
  generated_time: text.optional(),
  model_files: z.array(modelFile).optional(),
});

const tool = z.looseObject({
  name: text,
  version: text,
  arguments: text,
  environment: z.array(text).optional(),
  input_model: inputModel.optional(),
});

const environment = z.looseObject({
  tools: z.array(tool),
  generated_model: inputModel.optional(),
  network_signature: text.optional(),
  target: text.optional(),
  test_name: text.optional(),
  device: text.optional(),
});

const buffer = z.looseObject({
  id: z.number().int(),
  name: text,
  mpool_id: z.number().int(),
  offset_start: count,
  size_bytes: count,
  alignment: count.optional(),
  is_param: z.boolean(),
  epochs: z.looseObject({ start: z.number().int(), end: z.number().int() }),
  shape: z.array(z.number()),
  shape_map: z.array(text).optional(),
  channel_first: z.boolean().optional(),
  channel_last: z.boolean().optional(),
  batch: z.number().optional(),
  format: text,
  nbits: count,
  flags: text.optional(),
  qmn: z
    .looseObject({ sign: z.number().optional(), m: z.number().optional(), n: z.number().optional() })
    .optional(),
  intq: z
    .looseObject({
      axis: z.number().int().optional(),
      scales: z.array(z.number()).optional(),
      offsets: z.array(z.number()).optional(),
    })
    .optional(),
});

const pool = z.looseObject({
  id: z.number().int(),
  name: text,
  fname: text.optional(),
  /** A decimal number, NULL, or the name of a C array. */
  address: text,
  /** -1: no limit. */
  size_bytes: z.number().int().min(-1),
  used_size_bytes: count,
  offset_start: count.optional(),
  alignment: count.optional(),
  rights: z.enum(["ACC_READ", "ACC_WRITE"]),
  cacheable: text.optional(),
  pipelined: text.optional(),
  persistent: z.boolean().optional(),
  user_allocated: z.boolean().optional(),
  virtual: z.boolean().optional(),
  subpools: ids,
  buffers: ids,
  attributes: z.looseObject({
    throughput: text,
    latency: text,
    score: z.number().optional(),
    byte_width: z.number().positive().optional(),
    freq_ratio: z.number().positive().optional(),
    burst_max_length: z.number().optional(),
    burst_penalty: z.number().optional(),
    read_power: z.number().optional(),
    write_power: z.number().optional(),
    use_for_initrs: z.boolean().optional(),
  }),
});

const nodeFields = {
  id: z.number().int(),
  name: text,
  mapping: text,
  description: text.optional(),
  type: text.optional(),
  inputs: ids,
  outputs: ids,
  scratchs: ids.optional(),
  macc: count.optional(),
  original_nodes: z.array(text).optional(),
  sw_functions: z.array(text).optional(),
  attributes: z.record(text, z.unknown()).optional(),
};
const innerNode = z.looseObject({ ...nodeFields, subgraph_nodes: z.array(z.unknown()).optional() });
const node = z.looseObject({ ...nodeFields, subgraph_nodes: z.array(innerNode).optional() });

const end = z.looseObject({ node_id: z.number().int(), port: z.number().int() });
const edge = z.looseObject({
  id: z.number().int(),
  name: text.optional(),
  edge_kind: text,
  buffer: z.number().int(),
  start: end,
  end,
  attributes: z.record(text, z.unknown()).optional(),
});

const originalPort = z.looseObject({
  name: text,
  shape: z.array(z.number()),
  shape_map: z.array(text).optional(),
  c_shape_map: z.array(text).optional(),
  data_format: z
    .looseObject({
      type: text,
      size: count,
      quantizer: text.optional(),
      scale: z.array(z.number()).optional(),
      zero: z.array(z.number()).optional(),
    })
    .optional(),
});

const graph = z.looseObject({
  id: z.number().int(),
  name: text,
  inputs: ids,
  outputs: ids,
  original_inputs: z.array(originalPort).optional(),
  original_outputs: z.array(originalPort).optional(),
  nodes: z.array(node),
  edges: z.array(edge),
});

const access = z.looseObject({
  node_id: z.number().int(),
  mpool_id: z.number().int(),
  reads: z.number().nonnegative(),
  read_cycles: z.number().nonnegative(),
  writes: z.number().nonnegative(),
  write_cycles: z.number().nonnegative(),
});

const power = z.looseObject({
  node_id: z.number().int(),
  ops: z.number(),
  compute_cycles: z.number().nonnegative(),
  max_cycles: z.number().nonnegative(),
  average_acc_power_mw: z.number(),
  average_memory_power_mw: z.number(),
});

const footprint = z.looseObject({
  weights: count,
  activations: count,
  io: z.array(count).optional(),
  kernel_flash: count.nullable().optional(),
  kernel_ram: count.nullable().optional(),
  toolchain_flash: count.nullable().optional(),
  toolchain_ram: count.nullable().optional(),
  toolchain: text.nullable().optional(),
  series: text.optional(),
});

const execution = z.looseObject({
  counters: z.tuple([count, count, count]),
  cycles: count,
  cycles_by_macc: z.number().optional(),
  duration_ms: z.number().nonnegative(),
  percentage: z.number(),
});

export const cInfoSchema = z.looseObject({
  json_schema_version: z.literal("2.0"),
  environment,
  buffers: z.array(buffer).optional(),
  memory_pools: z.array(pool).optional(),
  graphs: z.array(graph).optional(),
  ec_blobs_info: z
    .array(z.looseObject({ name: text, encrypted: z.boolean().optional(), nodes_id: ids }))
    .optional(),
  memory_footprint: footprint.optional(),
  memory_accesses: z.array(access).optional(),
  power_estimates: z.array(power).optional(),
  aton_execution_time: z.array(execution).optional(),
  validation: z
    .looseObject({
      val_error: z.number().nullable().optional(),
      val_error_desc: text.optional(),
      val_metrics: z.array(z.record(text, z.unknown())).optional(),
    })
    .optional(),
});

export type CInfoDocument = z.infer<typeof cInfoSchema>;
