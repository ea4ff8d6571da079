// Looked up once: in a context of its own, as specs run in, each look at a global costs as much as a thousand characters.
const { imul } = Math;

/** 32 bits without sign that differ where the texts differ, mostly (FNV-1a over UTF-16 units). */
export function hashOfTexts(texts: readonly string[]): number {
  let hash = 0x811c9dc5;
  for (const text of texts) {
    for (let at = 0; at < text.length; at++) hash = imul(hash ^ text.charCodeAt(at), 0x01000193);
    // So that ['a', 'b'] and ['ab'] differ; U+FFFF is no character.
    hash = imul(hash ^ 0xffff, 0x01000193);
  }
  return hash >>> 0;
}
