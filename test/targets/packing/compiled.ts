/** The tables of compiled networks, read as rows, and the real models that some of them were made from. */
import { readFileSync } from "node:fs";
import { openModel } from "../../../lib/formats/open.js";
import type { Graph } from "../../../lib/graph/graph.js";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { bufferSource } from "../../../lib/source.js";
import type { WeightedLayer } from "../../../lib/targets/neural-art/packing/layer.js";
import {
  type CompileOptions,
  TOOL_VERSIONS,
  type ToolVersion,
} from "../../../lib/targets/neural-art/records.js";
import { type CsvRow, readCsv } from "../../csv.js";
import { requireShared } from "../../shared.js";

type Row = CsvRow;

export function readRows(table: string): readonly Row[] {
  return readCsv(`compiled/${table}.csv`);
}

export function toolOf(row: Row): ToolVersion {
  const version = row.stai_branch!.replace("STAI-", "") || (row.stedgeai ?? "").slice(0, 3);
  const tool = TOOL_VERSIONS.find((candidate) => candidate === version);
  if (tool === undefined)
    throw new Error(`Cannot read the tool version of row ${row.id ?? row.model}: '${version}'`);
  return tool;
}

export function optionsOf(row: Row): CompileOptions {
  // Every compiled network of the tables says optimization=3.
  return { tool: toolOf(row), epochController: row.epoch_controller === "True", profile: "O3" };
}

const shapesOf = (row: Row) => row.mem_shapes!.split("|").map((shape) => shape.split("x").map(Number));

/** Returns kernel rows, columns, inputs per kernel and kernels of one buffer from its shape in memory. */
function fromShape(shape: readonly number[], layout: string) {
  if (layout === "M") {
    const [outputs, blocks, height, width, block] = shape as [number, number, number, number, number];
    return { outputs, height, width, inputs: blocks * block };
  }
  const [outputs, a, b, c] = shape as [number, number, number, number];
  return layout === "L"
    ? { outputs, height: a, width: b, inputs: c }
    : { outputs, height: b, width: c, inputs: a };
}

/** Returns a row as a layer. Rows without a source model take their geometry from the shape of their buffer. */
export function layerOf(row: Row): WeightedLayer {
  const number = (name: string) => Number(row[name]);
  const shared = {
    inputZeroPoint: null,
    weights: row.wtype === "DataType_FLOAT" ? "float" : "int8",
    perChannel: Number(row.scale_bytes) > 0,
    hasBias: true,
    onCpu: row.wtype === "DataType_FLOAT",
  } as const;
  if (row.kh !== "") {
    const dilation = row.dil!.split("x").map(Number) as [number, number];
    return {
      ...shared,
      kind: row.op === "DepthwiseConv" ? "depthwise" : row.op === "FC" ? "dense" : "conv",
      kernelHeight: number("kh"),
      kernelWidth: number("kw"),
      inputChannels: number("cin"),
      outputChannels: number("cout"),
      groups: number("groups"),
      inputHeight: number("ih"),
      inputWidth: number("iw"),
      outputHeight: number("oh"),
      outputWidth: number("ow"),
      strides: [number("sh"), number("sw")],
      dilations: dilation,
    };
  }
  const layout = row.layout!.split("|")[0]!;
  const parts = shapesOf(row).map((shape) => fromShape(shape, layout));
  const depthwise = row.op === "DepthwiseConv";
  const height = parts.reduce((total, part) => total + part.height, 0);
  const { width, inputs, outputs } = parts[0]!;
  const channels = depthwise ? outputs : inputs;
  // The width of the output follows from the repeated vectors where there are any.
  const columns = outputs > 512 && Number(row.bias_bytes) > 0 ? Number(row.bias_bytes) / (2 * outputs) : 1;
  return {
    ...shared,
    kind: depthwise ? "depthwise" : "conv",
    kernelHeight: height,
    kernelWidth: width,
    inputChannels: channels,
    outputChannels: outputs,
    groups: depthwise ? channels : 1,
    inputHeight: 1,
    inputWidth: columns,
    outputHeight: 1,
    outputWidth: columns,
    strides: [1, 1],
    dilations: [1, 1],
  };
}

/** Compiled networks whose source model is at hand, and what the compiler was told. */
export const MODELS = {
  ic_mbv1_025_96_nucleo: "mobilenetv1/flowers_mobilenet_v1_0.25_96_tfs_int8.tflite",
  od_styoloxnano480_dk: "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite",
  xc_people_styolox480: "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite",
  reid_network_dk: "st_yolo_x/st_yolo_x_nano_480_1.0_0.25_3_st_int8.tflite",
  xc_face_detector: "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
  fd_blazeface_dk: "facedetect_front/blazeface_front_128_quant_pc_ff_od_wider_face.tflite",
  xc_palm_detector: "hand_landmarks/033_palm_detection_full_quant_pc_uf_od.tflite",
  reid_reid_nucleo: "mobilenetv2_reid/mobilenetv2_a100_256_128_fft_int8.tflite",
  bcph_rppg: "rppg/spatial_cnn_int8.tflite",
} as const;
export type CompiledNetwork = keyof typeof MODELS;

export function openGraph(path: string): Graph {
  const bytes = new Uint8Array(readFileSync(requireShared(`models/${path}`)));
  return normalizeModel(openModel(bufferSource(path, bytes))).graph;
}
