import { parse } from 'postgres-array';

/** A well-formed array: entries are quoted, or have nothing in them that asks for quotes. */
const WELL_FORMED = /^(?:\[[\d:[\]-]+\]=)?\{(?:"(?:[^"\\]|\\.)*"(?=[,}])|[^"\\,{}]+(?=[,}])|[,{}])*\}$/s;
const EMPTY: readonly string[] = Object.freeze([]);

/**
 * Reads PostgreSQL's text of a `text[]` (manual, "Array Input and Output Syntax"), or a JSON array for installs whose
 * column is jsonb. Empty and NULL elements are left out; what can't be read is empty.
 */
export function readTextArray(text: string): readonly string[] {
  if (text === '' || text === '{}' || text === '[]') return EMPTY;
  const elements = text.startsWith('[') ? (parseJsonArray(text) ?? parseArray(text)) : parseArray(text);
  const entries = elements
    .flat(6)
    .filter((element): element is string => typeof element === 'string' && element !== '');
  return entries.length === 0 ? EMPTY : entries;
}

/** postgres-array trusts its input: an unbalanced quote keeps it busy for ever. */
function parseArray(text: string): unknown[] {
  if (!WELL_FORMED.test(text)) return [];
  try {
    return parse(text);
  } catch {
    return [];
  }
}

function parseJsonArray(text: string): unknown[] | null {
  try {
    const json: unknown = JSON.parse(text);
    return Array.isArray(json) ? json : null;
  } catch {
    return null;
  }
}
