import type { SizeName } from '../../../apps/simulator/src/index.js';
import { type AppProcess, startApp } from '../../support/exporter-process.js';
import type { BenchDatabase } from './bench-database.js';

/**
 * The simulator as a process of its own, writing `rate` rows a second in small transactions until it is disposed. `more` are further
 * options of its command line.
 */
export async function startTraffic(
  database: BenchDatabase,
  rate: number,
  size: SizeName = 'medium',
  ...more: readonly string[]
): Promise<AppProcess> {
  const argv = ['--database-url', database.url, '--seed', 'bench', '--size', size, '--rate', String(rate)];
  argv.push('--batch', '1-20', '--step-every', '0', '--flush-every', '5', ...more);
  const app = startApp({ app: 'simulator', argv });
  // Entities of the same seed are there already; a process that can't write ends at once.
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  if (!app.isRunning()) throw new Error(`the simulator has ended: ${app.logs.join('\n')}`);
  return app;
}
