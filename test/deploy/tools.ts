import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, it } from '@jest/globals';
import { findTool } from '../../scripts/deploy/tools.mjs';

/** Programs that npm test itself installs, by a name on the PATH. */
const ON_PATH = ['promtool'];

function pathOf(tool: string): string | undefined {
  if (!ON_PATH.includes(tool)) return findTool(tool);
  const directories = (process.env.PATH ?? '').split(delimiter);
  return directories.map((directory) => join(directory, tool)).find((path) => existsSync(path));
}

/** A suite that needs tools of scripts/deploy/tools.mjs; where one is missing it is skipped, with the tool's name in its own. */
export function describeWith(tools: readonly string[], name: string, suite: () => void): void {
  const missing = tools.filter((tool) => pathOf(tool) === undefined);
  if (missing.length === 0) describe(name, suite);
  else describe.skip(`${name} (not run: ${missing.join(' and ')} missing, see npm run test:deploy)`, suite);
  if (missing.length > 0 && process.env.CI_STRICT === '1') {
    it(`${name}: needs ${missing.join(', ')}`, () => {
      throw new Error(`missing: ${missing.join(', ')}`);
    });
  }
}

/** Where an installed tool is. */
export function toolPath(tool: string): string {
  const path = pathOf(tool);
  if (path === undefined) throw new Error(`${tool} is not installed: npm run test:deploy`);
  return path;
}

/** How a program ended, and all it said. */
export interface Said {
  readonly ok: boolean;
  readonly text: string;
}

/** Runs a tool to its end. */
export function runTool(tool: string, argv: readonly string[], input = ''): Said {
  const { status, stdout, stderr } = spawnSync(toolPath(tool), argv, { input, encoding: 'utf8', maxBuffer: 64 << 20 });
  return { ok: status === 0, text: `${stdout}${stderr}` };
}

/** What a tool prints; throws with its own words where it fails. */
export function outputOf(tool: string, argv: readonly string[], input = ''): string {
  const options = { input, encoding: 'utf8', maxBuffer: 64 << 20, stdio: 'pipe' } as const;
  return execFileSync(toolPath(tool), argv, options);
}
