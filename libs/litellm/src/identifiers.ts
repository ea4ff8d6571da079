/** Quotes a name for SQL: LiteLLM's tables and columns are mixed case, and `user` is a reserved word. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** A table qualified by its schema, both quoted: `"public"."LiteLLM_SpendLogs"`. */
export function qualifiedName(schema: string, table: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(table)}`;
}
