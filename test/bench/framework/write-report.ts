import { writeFileSync } from 'node:fs';
import type { Bench } from './bench.js';
import { plotSvg } from './plot.js';
import { type Chapter, renderReport } from './report.js';
import { allResults, DOCS } from './result-file.js';

/** Writes docs/BENCHMARKS.md and the plots from the committed results, and nothing else. */
export function writeReport(benches: readonly Bench[], chapters: readonly Chapter[]): void {
  const results = allResults(benches);
  for (const { name } of benches) {
    const { small, target, full } = results.get(name) ?? {};
    const plots = (full ?? target ?? small)?.plots ?? [];
    for (const plot of plots) writeFileSync(`${DOCS}benchmarks/${plot.name}.svg`, plotSvg(plot));
  }
  writeFileSync(`${DOCS}BENCHMARKS.md`, renderReport({ benches, results, chapters }));
}
