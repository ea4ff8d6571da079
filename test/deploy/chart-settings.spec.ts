import { loadConfig, settingsTable } from '@app/config';
import { expect, it } from '@jest/globals';
import { ciFiles, type Manifest, objectsIn, renderCi } from './chart.js';
import { describeWith } from './tools.js';

const EXISTING = 'from a Secret';
const known = new Map(
  settingsTable().flatMap((row) => [
    [row.name as string, row],
    [row.fileTwin ?? row.name, row],
  ]),
);
/** Not a setting: Node's own, in the values of an example. */
const OF_NODE = /^NODE_/;

/** The variables that the container sees, and what the files hold that they name. */
function environmentOf(objects: readonly Manifest[]) {
  const [deployment] = objects.filter(({ kind }) => kind === 'Deployment');
  const pod = deployment.spec.template.spec;
  const [container] = pod.containers;
  const names = (container.envFrom ?? []).flatMap((source: Manifest) => source.configMapRef?.name ?? []);
  const settings = objects.filter(({ kind, metadata }) => kind === 'ConfigMap' && names.includes(metadata.name));
  const env: Record<string, string> = Object.assign({}, ...settings.map(({ data }) => data));
  for (const { name, value } of container.env ?? []) if (!OF_NODE.test(name)) env[name] = value;
  return { env, readFile: (path: string) => contentOf(path, objects, pod) };
}

function contentOf(path: string, objects: readonly Manifest[], pod: Manifest): string {
  const volume = pod.volumes?.find(({ name }: Manifest) => name === 'secrets');
  for (const { secret } of volume?.projected.sources ?? []) {
    const item = secret?.items.find(
      (candidate: Manifest) => path === `/run/secrets/litellm-exporter/${candidate.path}`,
    );
    if (item === undefined) continue;
    const own = objects.find(({ kind, metadata }) => kind === 'Secret' && metadata.name === secret.name);
    return own?.stringData[item.key] ?? standIn(path);
  }
  return standIn(path);
}

function standIn(path: string): string {
  if (/database-url/.test(path)) return 'postgresql://u:p@host/db';
  return /redis-url/.test(path) ? 'rediss://redis' : `-----BEGIN CERTIFICATE-----\n${EXISTING}\n`;
}

describeWith(['helm'], 'what the chart sets, and the table of settings', () => {
  it.each(ciFiles())('agree on ci/%s: every variable is a setting, and the exporter takes them together', (file) => {
    const objects = objectsIn(renderCi(file));
    const { env, readFile } = environmentOf(objects);
    expect(Object.keys(env).filter((name) => !known.has(name))).toEqual([]);
    const config = loadConfig(env, readFile);
    expect(config.warnings).toEqual([]);
  });

  it('never set a secret by value', () => {
    for (const file of ciFiles()) {
      const { env } = environmentOf(objectsIn(renderCi(file)));
      expect(Object.keys(env).filter((name) => known.get(name)?.secret && !name.endsWith('_FILE'))).toEqual([]);
    }
  });
});
