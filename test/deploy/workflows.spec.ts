import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { type Manifest, ROOT, readYaml } from './chart.js';
import { describeWith, runTool, toolPath } from './tools.js';

const DIRECTORY = '.github/workflows';
const files = readdirSync(join(ROOT, DIRECTORY));
const workflows = files.map((file) => [file, readYaml(`${DIRECTORY}/${file}`)] as const);
const stepsOf = (workflow: Manifest): Manifest[] =>
  Object.values<Manifest>(workflow.jobs).flatMap(({ steps }) => steps);
const ci = readYaml(`${DIRECTORY}/ci.yml`).jobs;
const scripts: Readonly<Record<string, string>> = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).scripts;

describeWith(['actionlint', 'shellcheck'], 'actionlint', () => {
  it('finds nothing in the workflows, nor shellcheck in what they run', () => {
    const argv = ['-color=false', '-shellcheck', toolPath('shellcheck')];
    const paths = files.map((file) => join(ROOT, DIRECTORY, file));
    expect(runTool('actionlint', [...argv, ...paths])).toEqual({ ok: true, text: '' });
    expect(runTool('shellcheck', [join(ROOT, '.ci/run')])).toEqual({ ok: true, text: '' });
  });
});

describe.each(workflows)('workflow %s', (_, workflow) => {
  it('takes actions of others by a commit that can not be moved', () => {
    const used: string[] = stepsOf(workflow).flatMap(({ uses }) => uses ?? []);
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((name) => !/@[0-9a-f]{40}$/.test(name))).toEqual([]);
  });

  it('gives its token no right that it does not need, and each job a time to end', () => {
    expect(workflow.permissions).toEqual({ contents: 'read' });
    for (const job of Object.values<Manifest>(workflow.jobs)) expect(job['timeout-minutes']).toBeGreaterThan(0);
  });

  it('runs npm scripts that there are', () => {
    const named = stepsOf(workflow).flatMap(({ run }) => [...(run ?? '').matchAll(/npm run (?:--silent )?([\w:]+)/g)]);
    expect(named.map((match) => match[1]).filter((name = '') => !Object.hasOwn(scripts, name))).toEqual([]);
  });
});

describe('CI', () => {
  it('runs everything, strictly, on each Node', () => {
    expect(ci.test.strategy.matrix.node).toEqual([20, 22, 24]);
    expect(ci.test.steps.at(-1).run).toBe('npm run ci');
    expect(readFileSync(join(ROOT, scripts.ci ?? ''), 'utf8')).toContain('CI_STRICT=1');
  });

  it('runs session, seed and oracle on each PostgreSQL with each plugin, by specs that there are', () => {
    const { postgres, plugin, include } = ci.postgres.strategy.matrix;
    expect([postgres, plugin]).toEqual([
      [14, 15, 16, 17, 18],
      ['wal2json', 'pgoutput'],
    ]);
    // A pattern that no name matches would skip all and pass.
    const names = ['debian-15 and wal2json', 'embedded-18 and pgoutput', 'round 1: debian-15, wal2json'];
    for (const { specs } of include) expect(names.some((name) => new RegExp(specs).test(name))).toBe(true);
    const spec = readFileSync(join(ROOT, 'libs/postgres/src/session.pg.spec.ts'), 'utf8');
    for (const flavor of ['debian-15', 'embedded-18']) expect(spec).toContain(`'${flavor}'`);
  });

  it('runs the specs of the store on each server that speaks Redis', () => {
    expect(ci.redis.strategy.matrix.image).toEqual(expect.arrayContaining(['redis:7', 'redis:8', 'valkey/valkey:8']));
    const specs: string[] = ci.redis.steps.at(-1).run.match(/(?:libs|test)\/\S+/g);
    const sources = specs.map((path) =>
      readFileSync(join(ROOT, `${path.replace(/[.]redis$/, '')}.redis.spec.ts`), 'utf8'),
    );
    // One that asks for settings would start a Redis of its own.
    for (const source of sources) expect(source).toMatch(/startRedis\((\{ flavor \})?\)/);
  });
});

describe('a release', () => {
  const { image, chart, github } = readYaml(`${DIRECTORY}/release.yml`).jobs;
  const build = image.steps.find(({ id }: Manifest) => id === 'build').with;
  const text = (job: Manifest): string => JSON.stringify(job);

  it('has the image for both processors, with SBOM and provenance, signed without a key', () => {
    expect(build).toMatchObject({
      platforms: 'linux/amd64,linux/arm64',
      sbom: true,
      provenance: 'mode=max',
      push: true,
    });
    expect(image.permissions['id-token']).toBe('write');
    expect(text(image)).toContain('cosign sign --yes --recursive');
  });

  it('has the chart in a registry, signed, and the section of the changelog with the SBOMs', () => {
    expect(text(chart)).toMatch(/helm push .*oci:.*cosign sign/s);
    expect(text(github)).toMatch(/changelog:latest.*gh release create/s);
    expect([github.needs, github.permissions]).toEqual([['image', 'chart'], { contents: 'write' }]);
  });

  it('is of the image and the chart that README and values name', () => {
    const { registry, repository } = readYaml('helm/litellm-exporter/values.yaml').image;
    const { env } = readYaml(`${DIRECTORY}/release.yml`);
    const named = (name: string) =>
      name
        .replace(/\$\{\{ github.repository \}\}/, repository)
        .replace(/\$\{\{ github.repository_owner \}\}/, repository.split('/')[0]);
    expect(named(env.IMAGE)).toBe(`${registry}/${repository}`);
    expect(readFileSync(join(ROOT, 'helm/litellm-exporter/README.md'), 'utf8')).toContain(
      `oci://${named(env.CHARTS)}/litellm-exporter`,
    );
  });
});
