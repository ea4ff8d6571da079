import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { ROOT, read } from './markdown.js';

const DIRECTORY = '.github/ISSUE_TEMPLATE';
interface Field {
  readonly type: string;
  readonly id: string;
  readonly attributes: { readonly label: string; readonly description?: string; readonly options?: readonly string[] };
  readonly validations?: { readonly required: boolean };
}
const forms = readdirSync(join(ROOT, DIRECTORY))
  .filter((file) => file !== 'config.yml')
  .map(
    (file) =>
      [file, parse(read(`${DIRECTORY}/${file}`)) as { name: string; description: string; body: Field[] }] as const,
  );

describe('forms for issues', () => {
  it('are there for a bug, a feature and a new metric', () => {
    expect(forms.map(([file]) => file).sort()).toEqual(['bug.yml', 'feature.yml', 'metric.yml']);
  });

  it.each(forms)('%s is one that GitHub takes', (_, form) => {
    expect(form).toMatchObject({ name: expect.any(String), description: expect.any(String) });
    for (const { type, id, attributes } of form.body) {
      expect(['input', 'textarea', 'dropdown', 'checkboxes', 'markdown']).toContain(type);
      expect(id).toMatch(/^[\w-]+$/);
      expect(attributes.label).toMatch(/^\S/);
      if (type === 'dropdown') expect(attributes.options?.every((option) => typeof option === 'string')).toBe(true);
    }
    expect(new Set(form.body.map(({ id }) => id)).size).toBe(form.body.length);
  });

  it('let nobody ask for a metric without saying how many series it makes', () => {
    const metric = forms.find(([file]) => file === 'metric.yml')?.[1];
    expect(metric?.body.find(({ id }) => id === 'cardinality')?.validations?.required).toBe(true);
  });

  it('send a weakness in security elsewhere', () => {
    expect(parse(read(`${DIRECTORY}/config.yml`)).contact_links[0].url).toMatch(/security\/advisories\/new$/);
  });
});

describe('the form for a pull request', () => {
  it('asks for cardinality, invariants and changes of metrics', () => {
    expect(read('.github/PULL_REQUEST_TEMPLATE.md')).toMatch(
      /## Metrics[\s\S]*\*\*Cardinality:\*\*[\s\S]*## Invariants/,
    );
  });
});

describe('CONTRIBUTING.md', () => {
  it('names npm scripts that there are, and each that a newcomer looks for', () => {
    const { scripts } = JSON.parse(read('package.json'));
    const text = read('CONTRIBUTING.md');
    const named = [...text.matchAll(/npm run ([\w:]+)/g)].map((match) => match[1] ?? '');
    expect(named.filter((name) => !Object.hasOwn(scripts, name))).toEqual([]);
    for (const script of ['build', 'clean', 'lint', 'ci', 'changelog', 'changelog:preview', 'release:patch'])
      expect(named).toContain(script);
    expect(text).toMatch(/`npm start`, `npm stop`/);
    for (const script of ['start', 'stop', 'test']) expect(Object.hasOwn(scripts, script)).toBe(true);
  });
});
