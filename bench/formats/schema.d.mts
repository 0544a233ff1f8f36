import type protobuf from "protobufjs";

/** ModelProto of IR 13, as protobufjs reads and writes it. */
export declare const ModelProto: protobuf.Type;
