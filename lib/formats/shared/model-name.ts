/** Returns what a model is called: the last part of its path, without the extension of its format. */
export function modelName(path: string): string {
  const file = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
  return file.replace(/\.(tflite|onnx)$/i, "") || path;
}
