/** What an ONNX file says to people, and the types of values that are no tensors, survive reading and writing. */
import { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import { describe, expect, it } from "vitest";
import { ModelProto } from "../../../bench/formats/schema.mjs";
import { decodeOnnx } from "../../../lib/formats/onnx/decode.js";
import { onnxBytes } from "../../../lib/formats/onnx/write/encode.js";
import type { Model } from "../../../lib/graph/graph.js";
import { normalizeModel } from "../../../lib/graph/passes/normalize.js";
import { bufferSource } from "../../../lib/source.js";

type Draft = Readonly<Record<string, unknown>>;

const bytesOf = (draft: Draft) => ModelProto.encode(ModelProto.fromObject(draft)).finish();
const decode = (draft: Draft): Model => decodeOnnx(bufferSource("draft.onnx", bytesOf(draft)));
/** Returns what a file says after it was read and written. */
const rewritten = (draft: Draft): Draft =>
  ModelProto.toObject(ModelProto.decode(onnxBytes(decode(draft))), { longs: Number, bytes: Array });

const note = (key: string, value: string) => [{ key, value }];
const tensorType = (dims: readonly Draft[], elemType = 1) => ({
  tensorType: { elemType, shape: { dim: dims } },
});

/** Everything that may carry a text or a note does. */
const DOCUMENTED = {
  irVersion: 11,
  producerName: "maker",
  producerVersion: "1.2.3",
  domain: "org.example",
  modelVersion: 7,
  docString: "about the model",
  opsetImport: [
    { domain: "", version: 23 },
    { domain: "org.unused", version: 3 },
  ],
  metadataProps: note("licence", "none"),
  graph: {
    name: "main graph",
    docString: "about the graph",
    metadataProps: note("from", "test"),
    input: [
      {
        name: "x",
        docString: "about the input",
        metadataProps: note("unit", "px"),
        type: {
          ...tensorType([{ dimParam: "n", denotation: "DATA_BATCH" }, { dimValue: 2 }]),
          denotation: "IMAGE",
        },
      },
    ],
    initializer: [
      {
        name: "w",
        dataType: 1,
        dims: [2],
        rawData: [0, 0, 128, 63, 0, 0, 0, 64],
        docString: "about the weights",
        metadataProps: note("seed", "1"),
      },
    ],
    valueInfo: [
      {
        name: "h",
        docString: "between",
        metadataProps: note("k", "v"),
        type: tensorType([{}, { dimValue: 2 }]),
      },
    ],
    output: [
      { name: "y", docString: "about the output", type: tensorType([{ dimParam: "n" }, { dimValue: 2 }]) },
    ],
    node: [
      {
        name: "add",
        opType: "Add",
        input: ["x", "w"],
        output: ["h"],
        docString: "about the node",
        metadataProps: [...note("pkg.torch.onnx.namespace", "m.add"), ...note("line", "12")],
      },
      {
        name: "plugin",
        opType: "Plug",
        domain: "org.other",
        overload: "v2",
        input: ["h"],
        output: ["y"],
        attribute: [
          { name: "keepTopK", type: 2, i: 5 },
          { name: "top_k", type: 2, i: 6 },
          { name: "stage_2", type: 2, i: 7 },
          { name: "parts", type: 9, tensors: [{ name: "p", dataType: 6, dims: [1], rawData: [1, 0, 0, 0] }] },
        ],
      },
    ],
  },
};

const byName = (list: unknown) => new Map((list as readonly Draft[]).map((item) => [item.name, item]));

describe("onnxBytes() of a file that was read", () => {
  const written = rewritten(DOCUMENTED);
  const graph = written.graph as Draft;

  it("gives back what the model says of itself", () => {
    const { graph: _, opsetImport, ...about } = DOCUMENTED;
    expect(written).toMatchObject(about);
    // A domain that a node uses and the file did not import is imported.
    expect(written.opsetImport).toEqual([
      { version: 23 },
      opsetImport[1],
      { domain: "org.other", version: 1 },
    ]);
  });

  it("gives back texts and notes of the graph, its values and constants", () => {
    const { name, docString, metadataProps, input, output, valueInfo, initializer } = DOCUMENTED.graph;
    expect(graph).toMatchObject({ name, docString, metadataProps, input, output, valueInfo, initializer });
  });

  it("gives back texts, notes, overloads and attributes of nodes as they are spelled", () => {
    const nodes = byName(graph.node);
    for (const { attribute, ...node } of DOCUMENTED.graph.node)
      expect(nodes.get(node.name)).toMatchObject(node);
    expect(byName((nodes.get("plugin") as Draft).attribute)).toEqual(
      byName(DOCUMENTED.graph.node[1]!.attribute),
    );
  });

  it("says nothing where the file said nothing", () => {
    const { graph: drafted, irVersion, opsetImport } = DOCUMENTED;
    const bare = rewritten({
      irVersion,
      opsetImport,
      graph: { ...drafted, docString: "", metadataProps: [] },
    });
    expect(Object.keys(bare).sort()).toEqual(["graph", "irVersion", "opsetImport"]);
    expect(bare.graph).not.toHaveProperty("docString");
  });

  it("keeps what bodies and Constant nodes say", () => {
    const body = {
      name: "then",
      docString: "about a body",
      output: [{ name: "t", docString: "about its result" }],
      node: [
        {
          name: "one",
          opType: "Constant",
          output: ["t"],
          docString: "about a constant",
          attribute: [{ name: "value_float", type: 1, f: 1 }],
        },
      ],
    };
    const other = {
      ...body,
      name: "else",
      output: [{ name: "e" }],
      node: [{ ...body.node[0], output: ["e"] }],
    };
    const file = rewritten({
      irVersion: 10,
      opsetImport: [{ version: 21 }],
      graph: {
        input: [{ name: "c", type: tensorType([], 9) }],
        output: [{ name: "y", type: tensorType([]) }],
        node: [
          {
            name: "if",
            opType: "If",
            input: ["c"],
            output: ["y"],
            attribute: [
              { name: "then_branch", type: 5, g: body },
              { name: "else_branch", type: 5, g: other },
            ],
          },
        ],
      },
    });
    const [node] = (file.graph as { node: { attribute: { name: string; g: Draft }[] }[] }).node;
    const then = node!.attribute.find(({ name }) => name === "then_branch")!.g;
    expect(then).toMatchObject({
      docString: "about a body",
      output: [{ name: "t", docString: "about its result" }],
    });
  });
});

const sequence = (elemType: unknown) => ({ sequenceType: { elemType } });
const optional = (elemType: unknown) => ({ optionalType: { elemType } });
const CHILD = tensorType([{ dimParam: "n" }, { dimValue: 3 }]);

describe("values that are no tensors", () => {
  it.each<[text: string, type: Draft]>([
    ["seq(tensor(float))", sequence(CHILD)],
    ["seq(tensor(float))", sequence({ tensorType: { elemType: 1 } })],
    ["optional(tensor(float))", optional(CHILD)],
    ["optional(seq(tensor(float)))", optional(sequence(CHILD))],
    ["seq(map(int64,tensor(float)))", sequence({ mapType: { keyType: 7, valueType: CHILD } })],
    [
      "map(string,seq(tensor(int64)))",
      { mapType: { keyType: 8, valueType: sequence({ tensorType: { elemType: 7 } }) } },
    ],
    ["sparse_tensor(float)", { sparseTensorType: { elemType: 1, shape: { dim: [{ dimValue: 4 }] } } }],
  ])("%s is read, kept and written as an input and an output", (text, type) => {
    const draft = {
      irVersion: 8,
      opsetImport: [{ version: 17 }],
      graph: {
        input: [{ name: "x", type }],
        output: [{ name: "y", type }],
        node: [{ name: "n", opType: "Identity", input: ["x"], output: ["y"] }],
      },
    };
    const { graph } = decode(draft);
    expect(graph.inputs[0]).toMatchObject({ container: text, shape: null });
    expect(rewritten(draft).graph).toMatchObject({ input: draft.graph.input, output: draft.graph.output });
  });

  it("a type that cannot be written is refused by the value's name", () => {
    const draft = {
      irVersion: 8,
      opsetImport: [{ version: 17 }],
      graph: {
        input: [{ name: "x", type: { opaqueType: { domain: "d", name: "o" } } }],
        output: [{ name: "y" }],
        node: [{ opType: "Mine", domain: "mine", input: ["x"], output: ["y"] }],
      },
    };
    expect(() => rewritten(draft)).toThrow("Cannot write the type of 'x': it is 'opaque'");
  });

  it("a network that takes a sequence and makes an optional value runs when written again", async () => {
    const draft = {
      irVersion: 8,
      opsetImport: [{ version: 17 }],
      graph: {
        name: "g",
        input: [{ name: "x", type: CHILD }],
        output: [{ name: "y", type: CHILD }],
        initializer: [{ name: "zero", dataType: 7, rawData: [0, 0, 0, 0, 0, 0, 0, 0] }],
        valueInfo: [{ name: "o", type: optional(sequence(CHILD)) }],
        node: [
          { name: "a", opType: "SequenceConstruct", input: ["x", "x"], output: ["s"] },
          { name: "b", opType: "Optional", input: ["s"], output: ["o"] },
          {
            name: "e",
            opType: "Optional",
            output: ["none"],
            attribute: [{ name: "type", type: 13, tp: sequence(CHILD) }],
          },
          { name: "h", opType: "OptionalHasElement", input: ["none"], output: ["has"] },
          {
            name: "f",
            opType: "Cast",
            input: ["has"],
            output: ["flag"],
            attribute: [{ name: "to", type: 2, i: 1 }],
          },
          { name: "c", opType: "OptionalGetElement", input: ["o"], output: ["t"] },
          { name: "d", opType: "SequenceAt", input: ["t", "zero"], output: ["u"] },
          { name: "i", opType: "Add", input: ["u", "flag"], output: ["y"] },
        ],
      },
    };
    const run = async (bytes: Uint8Array) => {
      const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
      const x = new OrtTensor("float32", Float32Array.of(1, 2, 3), [1, 3]);
      return Array.from((await session.run({ x })).y!.data as Float32Array);
    };
    expect(await run(bytesOf(draft))).toEqual([1, 2, 3]);
    expect(await run(onnxBytes(decode(draft)))).toEqual([1, 2, 3]);
  });

  it("a sequence input is named where shapes are needed", () => {
    const draft = {
      irVersion: 8,
      opsetImport: [{ version: 17 }],
      graph: {
        input: [{ name: "frames", type: sequence(CHILD) }],
        output: [{ name: "y", type: tensorType([{}, { dimValue: 3 }]) }],
        node: [
          {
            name: "cat",
            opType: "ConcatFromSequence",
            input: ["frames"],
            output: ["y"],
            attribute: [{ name: "axis", type: 2, i: 0 }],
          },
        ],
      },
    };
    expect(() => normalizeModel(decode(draft))).toThrow(
      "Cannot infer the shape of 'y' of ConcatFromSequence 'cat' (ConcatFromSequence, node 0)",
    );
    expect(() => normalizeModel(decode(draft), { inputShapes: new Map([["frames", [1]]]) })).toThrow(
      "Cannot set the shape of input 'frames': it is seq(tensor(float)), expected a tensor",
    );
    const { report } = normalizeModel(decode(draft), { onUnknown: "keep" });
    expect(report.unknown.map(({ node }) => node.name)).toEqual(["cat"]);
  });
});
