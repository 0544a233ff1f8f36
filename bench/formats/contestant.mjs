/**
 * One tool in a process of its own: opens a file when the parent says so, and reports the time and the memory.
 * Arguments: the tool, the file. Each round is from the closed file to what the tool gives out.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(import.meta.url);
const [tool, path] = process.argv.slice(2);

/** Asks each node for all that it makes only when asked: counted apart. */
function walk(graph) {
  let characters = 0;
  for (const { name, inputs, outputs, source } of graph.nodes) {
    characters += name.length + source.op.length;
    for (const tensor of inputs) characters += tensor?.name.length ?? 0;
    for (const tensor of outputs) characters += tensor.name.length;
  }
  return characters;
}

const TOOLS = {
  npulab: async () => {
    const { fileSource } = await import("../../dist/lib/node/file-source.js");
    const { openModel } = await import("../../dist/lib/formats/open.js");
    return () => {
      const source = fileSource(path);
      const { graph } = openModel(source);
      return { held: graph, nodes: graph.nodes.length, walk: () => walk(graph), close: () => source.close() };
    };
  },
  protobufjs: async () => {
    const { ModelProto } = await import("./schema.mjs");
    return () => {
      const model = ModelProto.decode(readFileSync(path));
      return { held: model, nodes: model.graph.node.length };
    };
  },
  "onnx-proto": async () => {
    const { onnx } = require("onnx-proto");
    return () => {
      const model = onnx.ModelProto.decode(readFileSync(path));
      return { held: model, nodes: model.graph.node.length };
    };
  },
};

const open = await TOOLS[tool]();
let rounds = 0;
process.send("ready");
process.on("message", () => {
  // Once, for the memory of the first round: each forced collection also throws compiled code away.
  if (rounds++ === 0) globalThis.gc();
  const before = process.memoryUsage.rss();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const { held, nodes, walk, close } = open();
  const ms = performance.now() - start;
  const { user, system } = process.cpuUsage(cpu);
  const grown = process.memoryUsage.rss() - before;
  const walkStart = performance.now();
  const characters = walk?.() ?? 0;
  const walkMs = performance.now() - walkStart;
  close?.();
  process.send({
    ms,
    cpuMs: (user + system) / 1000,
    grownMB: grown / 1e6,
    peakMB: process.resourceUsage().maxRSS / 1000,
    nodes: held ? nodes : 0,
    ...(walk && { walkMs, characters }),
  });
});
