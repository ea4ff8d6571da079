/** Disposes of parts, the last one first; what one of them throws keeps none of the others. @throws the first error, at the end */
export async function disposeAll(parts: readonly AsyncDisposable[]): Promise<void> {
  const errors: unknown[] = [];
  for (const part of [...parts].reverse()) {
    try {
      await part[Symbol.asyncDispose]();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
