/** Separates the parts of a key inside one text; PostgreSQL's text can't contain it. */
export const SEPARATOR = '\u0000';

/** One text for the parts of a key or of label values. */
export function keyText(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] as string) : parts.join(SEPARATOR);
}

/** The parts of a text that {@link keyText} made of at least one. */
export function keyParts(text: string): string[] {
  return text.split(SEPARATOR);
}
