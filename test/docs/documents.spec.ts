import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { settingsTable } from '@app/config';
import { ALL_FAMILIES } from '@app/metrics';
import { describe, expect, it } from '@jest/globals';
import { anchorsOf, localLinksOf, prose, ROOT, read, repositoryFiles } from './markdown.js';

const files = repositoryFiles();
const documents = files.filter((file) => file.endsWith('.md'));

/** Variables of other programs that the documents speak about. */
const OF_OTHERS = new Set(['DATABASE_SCHEMA', 'NODE_OPTIONS', 'CI_STRICT', 'UPDATE_DOCS']);
/** All caps, but no variables: SQL and our own abbreviations of names (`_PORT`). */
const VARIABLE =
  /\b(?:LITELLM_DB|DATABASE|REDIS|REPLICATION|METRICS|STATE|TELEMETRY|LOG|ROW|WEB|DB)_[A-Z0-9_]*[A-Z0-9]\b/g;

describe('links in Markdown files', () => {
  it.each(documents)('of %s lead to a file, and to a heading in it', (path) => {
    const broken = localLinksOf(path).filter(({ file, anchor }) => {
      if (!existsSync(join(ROOT, file))) return true;
      return anchor !== null && file.endsWith('.md') && !anchorsOf(read(file)).has(anchor);
    });
    expect(broken.map(({ target }) => target)).toEqual([]);
  });
});

describe('environment variables', () => {
  const known = new Set(
    settingsTable().flatMap((row) => (row.fileTwin === null ? [row.name] : [row.name, row.fileTwin])),
  );
  const naming = files.filter((file) => /^(README|POSTGRES_SETUP|CONTRIBUTING)\.md$|^(k8s|helm|docs)\//.test(file));

  it.each(naming)('that %s names are settings', (path) => {
    const named = read(path).match(VARIABLE) ?? [];
    const unknown = named.filter((name) => !OF_OTHERS.has(name) && !(known as Set<string>).has(name));
    expect([...new Set(unknown)]).toEqual([]);
  });
});

describe('POSTGRES_SETUP.md', () => {
  it('has every section that a message of the exporter names', () => {
    const sources = files.filter((file) => /^(libs|apps)\/.*\.ts$/.test(file) && !file.endsWith('.spec.ts'));
    const named = sources.flatMap((file) =>
      [...read(file).matchAll(/(?:section: '|POSTGRES_SETUP\.md)(#[\w-]+)/g)].map((match) => match[1] ?? ''),
    );
    const anchors = anchorsOf(read('POSTGRES_SETUP.md'));
    expect([...new Set(named)].filter((anchor) => !anchors.has(anchor))).toEqual([]);
  });
});

describe('metrics', () => {
  const named = (path: string): string[] => read(path).match(/\blitellm_[a-z_]+[a-z]\b/g) ?? [];

  it('that README.md and POSTGRES_SETUP.md name are exposed', () => {
    const families = new Set(ALL_FAMILIES.map((family) => family.name));
    const selfMetrics = files.filter((file) => file.startsWith('libs/metrics/src/') && !file.endsWith('.spec.ts'));
    const sources = selfMetrics.map(read).join('\n');
    // Names of a role, publications, slots and a chart, and the wildcards of METRICS_DISABLED.
    const others = new Set([
      'litellm_exporter',
      'litellm_exporter_entities',
      'litellm_exporter_litellm',
      'litellm_params',
      'litellm_current',
    ]);
    const unknown = [...named('README.md'), ...named('POSTGRES_SETUP.md')].filter(
      (name) =>
        !families.has(name) &&
        !others.has(name) &&
        !sources.includes(`'${name}'`) &&
        !sources.includes(`'${name.replace('litellm_exporter_', '')}'`),
    );
    expect([...new Set(unknown)]).toEqual([]);
  });

  it('of the polling exporter are as many as README.md says', () => {
    const kept = ALL_FAMILIES.filter((family) => family.kept).length;
    expect(read('README.md')).toContain(`The ${kept} families`);
  });
});

describe('README.md', () => {
  it('names the two commands on its first screen', () => {
    const firstScreen = read('README.md').split('\n').slice(0, 40).join('\n');
    expect(firstScreen).toContain('npm run quickstart');
    expect(firstScreen).toContain('npm test');
  });

  it('names only commands that package.json has', () => {
    const scripts = Object.keys(JSON.parse(read('package.json')).scripts);
    const named = ['README.md', 'CONTRIBUTING.md'].flatMap((file) =>
      [...read(file).matchAll(/npm run (?:-s )?([a-z][\w:-]*)/g)].map((match) => match[1] ?? ''),
    );
    expect([...new Set(named)].filter((name) => !scripts.includes(name))).toEqual([]);
  });

  it('keeps the READMEs of the rooms to 40 lines', () => {
    const rooms = files.filter((file) => /^libs\/[^/]+\/README\.md$/.test(file));
    expect(rooms.filter((file) => prose(read(file)).trimEnd().split('\n').length > 40)).toEqual([]);
  });
});
