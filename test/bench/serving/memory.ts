/** Bytes that live JavaScript holds in this process, typed arrays and buffers included, after garbage is collected. */
export async function heldBytes(): Promise<number> {
  const { gc } = globalThis as { gc?: () => void };
  if (gc === undefined) throw new Error('memory is measured only where node runs with --expose-gc');
  // Buffers go one turn after the objects that held them.
  for (let time = 0; time < 2; time++) {
    gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
