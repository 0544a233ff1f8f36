/** Small files in the vendor's formats, written by hand: a network of two layers. */

const RULE = "------ ---------------- ------------------- ---------- ------ ---------------- ";
const POOLS = [
  "\tnpuRAM5    [0x342E0000 - 0x34350000]:      1.500 kB /    448.000 kB  (  0.33 % used) -- weights:          0  B (  0.00 % used)  activations:      1.500 kB (  0.33 % used)",
  "\toctoFlash  [0x71000000 - 0x78000000]:        497  B /    112.000 MB  (  0.00 % used) -- weights:        497  B (  0.00 % used)  activations:          0  B (  0.00 % used)",
];

const EPOCHS = {
  lines: [
    "Total number of epochs: 3 of which 1 implemented in software",
    "---",
    "epoch ID   HW/SW/EC Operation (SW only)",
    "epoch 1       HW    ",
    "epoch 2       EC    ",
    "epoch 3      -SW-   (      Softmax       )",
  ],
  boxed: [
    "Total number of epochs                               3",
    ">> pure software (SW) epochs                          1",
    ">> hybrid epochs (using both software and hardware)   0",
    ">> pure hardware (HW or EC) epochs                    2  (implemented in 1 epoch controller blobs/meta epochs)",
    "---",
    "+----------+------+---------+",
    "| epoch ID | Type | Details |",
    "+----------+------+---------+",
    "| epoch_1  |  HW  |         |",
    "| epoch_2  |  EC  |         |",
    "| epoch_3  |  SW  | Softmax |",
    "+----------+------+---------+",
  ],
} as const;

export interface SampleOptions {
  readonly release?: string;
  readonly layout?: keyof typeof EPOCHS;
}

/** A generate report of a network with three epochs. */
export function sampleReport({ release = "2.1", layout = "lines" }: SampleOptions = {}): string {
  return [
    `ST Edge AI Core v${release}.0-12345 0123abcde`,
    "Created date          : 2026-01-02 03:04:05",
    "Parameters            : generate --target stm32n6 -m tiny.tflite --st-neural-art default@profiles.json",
    "",
    "Model name - tiny",
    RULE,
    "m_id   layer (original) oshape              param/size   macc  connected to     ",
    RULE,
    "0      input_0 ()       [b:1,h:8,w:8,c:3]                                       ",
    "       conv_0 (CONV_2D) [b:1,h:8,w:8,c:16]  448/496    28,688           input_0 ",
    RULE,
    "1      add_1 (ADD)      [b:1,h:8,w:8,c:16]              1,024            conv_0 ",
    "                                                                        input_0 ",
    RULE,
    "model: macc=29,712 weights=496 activations=-- io=--",
    "",
    "Compilation details",
    "------------------------------",
    "Compiler version: 1.1.0-31",
    'Compiler arguments:  -i tiny.onnx --load-mpool "my pools.mpool" -O3 --Omax-ca-pipe 4 --enable-epoch-controller',
    "==============================",
    "Memory usage information  (input/output buffers are included in activations)",
    "------------------------------",
    ...POOLS,
    "---",
    "Total:                                             1.985 kB                                  -- weights:        497  B                  activations:      1.500 kB",
    "==============================",
    "Used memory ranges",
    "------------------------------",
    "\tnpuRAM5    [0x342E0000 - 0x34350000]: 0x342E0000-0x342E0600",
    "\toctoFlash  [0x71000000 - 0x78000000]: 0x71000000-0x71000200",
    "==============================",
    "Epochs details",
    "------------------------------",
    ...EPOCHS[layout],
    "==============================",
    ' Requested memory size by section - "stm32n6npu" target',
    " ---------- ------- -------- ------ -------- ",
    " module        text   rodata   data      bss ",
    " ---------- ------- -------- ------ -------- ",
    " network.o      312    2,188      0        0 ",
    " weights          0      497      0        0 ",
    " activations      0        0      0    1,536 ",
    " ---------- ------- -------- ------ -------- ",
    " TOTAL          312    2,685      0    1,536 ",
    " a line of a later version",
    "",
  ].join("\n");
}

/** A validate report of the same network. */
export function sampleValidation(): string {
  return [
    "ST Edge AI Core v2.2.0-1 abc",
    "Parameters            : validate --target stm32n6 -m tiny.tflite",
    "Model name - tiny",
    RULE,
    "m_id   layer (original) oshape              param/size   macc  connected to     ",
    RULE,
    "0      input_0 ()       [b:1,h:8,w:8,c:3]                                       ",
    "model: macc=0 weights=0 activations=-- io=--",
    "  Summary 'network' - ['network']",
    "  ---------",
    "  device.attrs                 :   fpu,npu_cache=1,mcu_freq=600MHz,noc_freq=400MHz,npu_freq=800MHz,nic_freq=800MHz   ",
    "  ---------",
    '  ST.AI Profiling results v2.0 - "network"',
    "  nb sample(s)   :   10       ",
    "  duration       :   1.250 ms by sample (1.2/1.3/0.003)   ",
    "   Inference time per node",
    "   c_id    m_id   type            dur (ms)       %    cumul  CPU cycles                   name           ",
    "   0       -      epoch (EC)         1.000   80.0%    80.0%  [  1,921  11,843     794 ]   EpochBlock_1 -> 2   ",
    "   1       -      epoch (SW)         0.250   20.0%   100.0%  [  5,689       0   2,527 ]   EpochBlock_3   ",
    "   ------------------",
    "   total                             1.250                   [  7,610  11,843   3,321 ]                  ",
    "                            800.00 inf/s                   [  22.4%   67.8%    9.8% ]                  ",
    "",
  ].join("\n");
}

const node = (
  id: number,
  name: string,
  mapping: string,
  part: string,
  kind: string,
  inputs: readonly number[],
) => ({
  attributes: {},
  description: "",
  id,
  inputs,
  macc: 0,
  mapping,
  name,
  original_nodes: [],
  outputs: [],
  scratchs: [],
  subgraph_nodes: [
    {
      attributes: {},
      description: `Node kind=${kind}`,
      id: id + 100,
      inputs,
      macc: 0,
      mapping: "NODE_HW",
      name: part,
      original_nodes: [],
      outputs: [],
      scratchs: [],
      subgraph_nodes: [],
      sw_functions: [],
    },
  ],
  sw_functions: [],
});

const buffer = (id: number, name: string, size: number, shape: readonly number[]) => ({
  id,
  name,
  mpool_id: 1,
  offset_start: 0,
  size_bytes: size,
  is_param: true,
  epochs: { start: 0, end: 4 },
  shape,
  format: "STAI_FORMAT_S8",
  nbits: 8,
});

/** A C-info document of the same network; `extra` adds keys to its outermost object. */
export function sampleCInfo(extra: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify(
    {
      json_schema_version: "2.0",
      environment: {
        tools: [
          { name: "ST.EdgeAI.Core", version: "2.1.0-12345 0123abcde", arguments: "generate -m tiny.tflite" },
          { name: "ATONN Compiler", version: "1.1.0-31", arguments: "-O3 --enable-epoch-controller" },
        ],
      },
      buffers: [
        buffer(1, "Conv2D_1_weights", 432, [16, 3, 3, 3]),
        buffer(2, "Conv2D_1_off_bias_4", 64, [16]),
      ],
      memory_pools: [
        {
          id: 1,
          name: "octoFlash",
          address: "1895825408",
          size_bytes: 117440512,
          used_size_bytes: 497,
          rights: "ACC_READ",
          subpools: [],
          buffers: [1, 2],
          attributes: { throughput: "MID", latency: "HIGH", byte_width: 1, freq_ratio: 6 },
        },
      ],
      graphs: [
        {
          id: 1,
          name: "network",
          inputs: [],
          outputs: [],
          nodes: [
            node(1, "epoch_0", "NODE_HW", "Conv2D_1_weights", "Param", []),
            node(2, "epoch_1", "NODE_HW", "Identity_inserted_id8", "Identity", []),
            node(3, "epoch_2", "NODE_EC", "Conv2D_1", "Conv", [1, 2]),
            node(4, "epoch_3", "NODE_SW", "Softmax_3", "Softmax", []),
            node(5, "epoch_4", "NODE_SW", "__NN__RETURN__", "Return", []),
          ],
          edges: [],
        },
      ],
      memory_footprint: { weights: 497, activations: 1536 },
      ...extra,
    },
    null,
    1,
  );
}

export const SAMPLE_TRAFFIC = [
  "epochs,ram (r),ram (w),ram (r+w),ram (r cycles),ram (w cycles),ram (cycles),epoch OPS,epoch compute (cyles),max (cycles),power",
  "0 ,0,0,0,0,0,0,0,0,0,0",
  "1 ,64,32,96,10,20,30,128,12,40,1.5",
  "",
  "Total,64,32,96,10,20,30,",
  "BW,1e6,2e6,3e6,,,,",
  "",
  "ram , 1.50 KB , total bytes r/w BW,3e6",
  "flash , ?",
  "",
  "Total cycles,40",
  "Frames/sec(1000 MHz),25.5",
  "",
].join("\n");

export const SAMPLE_PROFILES = `// profiles of the project
{ "Globals": {}, /* none */
  "Profiles": { "default": { "memory_pool": "./a//b.mpool", "options": "-O3 --Omax-ca-pipe 4", "nice": 1 } } }
`;

/** Four bytes at 0x70380000, four behind a gap, and an entry point. */
export const SAMPLE_HEX = [
  ":02000004703852",
  ":0400000001020304F2",
  ":0400100005060708D2",
  ":04000005703800014E",
  ":00000001FF",
  "",
].join("\n");
