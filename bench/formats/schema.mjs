/**
 * onnx.proto (IR 13) as protobufjs takes it: what a graph is made of, field numbers from the specification.
 * `name: [type, number]`; types in brackets repeat.
 */
import protobuf from "protobufjs";

const MESSAGES = {
  ModelProto: {
    irVersion: ["int64", 1],
    producerName: ["string", 2],
    producerVersion: ["string", 3],
    domain: ["string", 4],
    modelVersion: ["int64", 5],
    docString: ["string", 6],
    graph: ["GraphProto", 7],
    opsetImport: ["[OperatorSetIdProto]", 8],
    metadataProps: ["[StringStringEntryProto]", 14],
    functions: ["[FunctionProto]", 25],
  },
  OperatorSetIdProto: { domain: ["string", 1], version: ["int64", 2] },
  StringStringEntryProto: { key: ["string", 1], value: ["string", 2] },
  GraphProto: {
    node: ["[NodeProto]", 1],
    name: ["string", 2],
    initializer: ["[TensorProto]", 5],
    docString: ["string", 10],
    input: ["[ValueInfoProto]", 11],
    output: ["[ValueInfoProto]", 12],
    valueInfo: ["[ValueInfoProto]", 13],
    quantizationAnnotation: ["[TensorAnnotation]", 14],
    sparseInitializer: ["[SparseTensorProto]", 15],
    metadataProps: ["[StringStringEntryProto]", 16],
  },
  TensorAnnotation: { tensorName: ["string", 1], quantParameterTensorNames: ["[StringStringEntryProto]", 2] },
  NodeProto: {
    input: ["[string]", 1],
    output: ["[string]", 2],
    name: ["string", 3],
    opType: ["string", 4],
    attribute: ["[AttributeProto]", 5],
    docString: ["string", 6],
    domain: ["string", 7],
    overload: ["string", 8],
    metadataProps: ["[StringStringEntryProto]", 9],
  },
  AttributeProto: {
    name: ["string", 1],
    f: ["float", 2],
    i: ["int64", 3],
    s: ["bytes", 4],
    t: ["TensorProto", 5],
    g: ["GraphProto", 6],
    floats: ["[float]", 7],
    ints: ["[int64]", 8],
    strings: ["[bytes]", 9],
    tensors: ["[TensorProto]", 10],
    graphs: ["[GraphProto]", 11],
    docString: ["string", 13],
    tp: ["TypeProto", 14],
    typeProtos: ["[TypeProto]", 15],
    type: ["int32", 20],
    refAttrName: ["string", 21],
    sparseTensor: ["SparseTensorProto", 22],
    sparseTensors: ["[SparseTensorProto]", 23],
  },
  TensorProto: {
    dims: ["[int64]", 1],
    dataType: ["int32", 2],
    floatData: ["[float]", 4],
    int32Data: ["[int32]", 5],
    stringData: ["[bytes]", 6],
    int64Data: ["[int64]", 7],
    name: ["string", 8],
    rawData: ["bytes", 9],
    doubleData: ["[double]", 10],
    uint64Data: ["[uint64]", 11],
    docString: ["string", 12],
    externalData: ["[StringStringEntryProto]", 13],
    dataLocation: ["int32", 14],
    metadataProps: ["[StringStringEntryProto]", 16],
  },
  SparseTensorProto: { values: ["TensorProto", 1], indices: ["TensorProto", 2], dims: ["[int64]", 3] },
  ValueInfoProto: {
    name: ["string", 1],
    type: ["TypeProto", 2],
    docString: ["string", 3],
    metadataProps: ["[StringStringEntryProto]", 4],
  },
  TypeProto: {
    tensorType: ["TensorType", 1],
    sequenceType: ["ElementType", 4],
    mapType: ["MapType", 5],
    denotation: ["string", 6],
    opaqueType: ["OpaqueType", 7],
    sparseTensorType: ["TensorType", 8],
    optionalType: ["ElementType", 9],
  },
  TensorType: { elemType: ["int32", 1], shape: ["TensorShapeProto", 2] },
  ElementType: { elemType: ["TypeProto", 1] },
  OpaqueType: { domain: ["string", 1], name: ["string", 2] },
  MapType: { keyType: ["int32", 1], valueType: ["TypeProto", 2] },
  TensorShapeProto: { dim: ["[Dimension]", 1] },
  Dimension: { dimValue: ["int64", 1], dimParam: ["string", 2], denotation: ["string", 3] },
  FunctionProto: {
    name: ["string", 1],
    input: ["[string]", 4],
    output: ["[string]", 5],
    attribute: ["[string]", 6],
    node: ["[NodeProto]", 7],
    docString: ["string", 8],
    opsetImport: ["[OperatorSetIdProto]", 9],
    domain: ["string", 10],
    attributeProto: ["[AttributeProto]", 11],
    valueInfo: ["[ValueInfoProto]", 12],
    overload: ["string", 13],
    metadataProps: ["[StringStringEntryProto]", 14],
  },
};

const field = ([type, id]) =>
  type.startsWith("[") ? { rule: "repeated", type: type.slice(1, -1), id } : { type, id };

const nested = Object.fromEntries(
  Object.entries(MESSAGES).map(([name, fields]) => [
    name,
    {
      edition: "proto2",
      fields: Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, field(value)])),
    },
  ]),
);

export const ModelProto = protobuf.Root.fromJSON({ nested }).lookupType("ModelProto");
