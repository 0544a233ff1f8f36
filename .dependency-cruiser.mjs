/**
 * Which room may import which. Arrows point one way; whatever a room does not list is forbidden. The core runs
 * anywhere: only the rooms at the rim (`node: true`) may import what exists in Node alone.
 */
const ROOMS = {
  "lib/graph": { imports: [] },
  "lib/formats/onnx": { imports: ["lib/graph", "lib/formats/shared"] },
  "lib/formats/tflite": { imports: ["lib/graph", "lib/formats/shared"] },
  "lib/formats/shared": { imports: ["lib/graph"] },
  "lib/formats/front-end": { imports: ["lib/graph", "lib/formats/vendor/json"] },
  "lib/formats/vendor": { imports: [] },
  "lib/models": { imports: ["lib/graph"] },
  "lib/targets": { imports: ["lib/graph"] },
  "lib/memory": { imports: [] },
  "lib/cost": { imports: ["lib/graph", "lib/targets"] },
  "lib/reference": { imports: ["lib/graph"] },
  "lib/stream": { imports: ["lib/targets/rule"] },
  "lib/analyze": {
    imports: ["lib/graph", "lib/formats", "lib/targets", "lib/memory", "lib/cost", "lib/stream"],
  },
  "lib/image": {
    imports: ["lib/graph", "lib/formats", "lib/targets", "lib/memory", "lib/analyze"],
  },
  "lib/table": {
    imports: [
      "lib/analyze/record",
      "lib/analyze/compare-record",
      "lib/analyze/k210-record",
      "lib/analyze/moves-record",
      "lib/analyze/offload-record",
      "lib/stream/record",
      "lib/stream/maixpy",
      "lib/targets/neural-art/records",
      "lib/targets/stored-form",
    ],
  },
  "lib/plot": {
    imports: [
      "lib/analyze/record",
      "lib/analyze/compare-record",
      "lib/analyze/k210-record",
      "lib/analyze/moves-record",
      "lib/analyze/offload-record",
      "lib/stream/record",
      "lib/stream/maixpy",
      "lib/targets/neural-art/records",
      "lib/targets/stored-form",
      "lib/table",
      "lib/memory/what-if-shared-flash",
    ],
  },
  "lib/report": {
    imports: [
      "lib/analyze/record",
      "lib/analyze/compare-record",
      "lib/analyze/k210-record",
      "lib/analyze/moves-record",
      "lib/analyze/offload-record",
      "lib/stream/record",
      "lib/stream/maixpy",
      "lib/targets/neural-art/records",
      "lib/targets/stored-form",
      "lib/table",
      "lib/plot",
    ],
  },
  "lib/node": {
    imports: ["lib/graph", "lib/formats", "lib/models", "lib/analyze", "lib/cost", "lib/table"],
    node: true,
  },
  "lib/run": { imports: ["lib/graph", "lib/models", "lib/formats/onnx", "lib/image/erase"], node: true },
  "lib/mod": { imports: ["lib"], node: true },
  kernel: { imports: ["lib/table/show", "lib/table/pager"], node: true },
  cli: { imports: ["lib", "kernel"], node: true },
};

/** Leaves that every room may import: units, errors, byte sources, the display key. */
const LEAVES = "^lib/(units|errors|source|display)\\.ts$";

const inside = (path) => `^${path}(/|\\.ts$)`;

const arrows = Object.entries(ROOMS).map(([room, { imports }]) => ({
  name: `arrows-of-${room.replaceAll("/", "-")}`,
  comment: `${room} may import ${imports.length > 0 ? imports.join(", ") : "nothing of ours"}`,
  severity: "error",
  from: { path: inside(room) },
  to: { path: "^(lib|kernel|cli)/", pathNot: [LEAVES, inside(room), ...imports.map(inside)] },
}));

const core = Object.entries(ROOMS)
  .filter(([, { node }]) => !node)
  .map(([room]) => ({
    name: `core-runs-anywhere-${room.replaceAll("/", "-")}`,
    comment: "the core imports nothing that exists in Node alone",
    severity: "error",
    from: { path: inside(room) },
    to: { dependencyTypes: ["core"] },
  }));

export default {
  forbidden: [
    ...arrows,
    ...core,
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ["type-only"] } },
    },
    { name: "nothing-unresolved", severity: "error", from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["import", "node", "types", "default"],
    },
  },
};
