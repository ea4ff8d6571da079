/** The bytes of one message, to be read one by one, and several at a time. */
export interface MessageBytes {
  readonly buffer: Buffer;
  readonly view: DataView;
}

export function bytesOf(buffer: Buffer): MessageBytes {
  return { buffer, view: new DataView(buffer.buffer, buffer.byteOffset, buffer.length) };
}

/** A text as bytes that are looked for. */
export function pattern(text: string): DataView {
  return bytesOf(Buffer.from(text)).view;
}

/** True where these bytes stand at a place. Four are compared at a time: one by one takes a third of the reading of a row. */
export function startsWith(message: DataView, at: number, bytes: DataView): boolean {
  const length = bytes.byteLength;
  if (at < 0 || at + length > message.byteLength) return false;
  let index = 0;
  for (; index < length - 3; index += 4) {
    if (message.getInt32(at + index, true) !== bytes.getInt32(index, true)) return false;
  }
  for (; index < length; index += 1) if (message.getUint8(at + index) !== bytes.getUint8(index)) return false;
  return true;
}
