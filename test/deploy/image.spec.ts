import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { ROOT, VERSION } from './chart.js';
import { describeWith, runTool } from './tools.js';

const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
/** Instructions of the Dockerfile, each on one line. */
const instructions = dockerfile
  .replace(/^#.*\n/gm, '')
  .replace(/\\\n\s*/g, ' ')
  .split('\n')
  .filter((line) => line !== '');
const stage = (name: string) => {
  const start = instructions.findIndex((line) => line.endsWith(` AS ${name}`));
  const next = instructions.findIndex((line, index) => index > start && line.startsWith('FROM '));
  return instructions.slice(start, next < 0 ? undefined : next);
};

describeWith(['hadolint'], 'hadolint', () => {
  it('finds nothing in the Dockerfile', () => {
    expect(runTool('hadolint', [join(ROOT, 'Dockerfile')])).toEqual({ ok: true, text: '' });
  });
});

describe('the Dockerfile', () => {
  it('ends in the exporter, without a shell in what runs', () => {
    expect(instructions.findLast((line) => line.startsWith('FROM '))).toBe('FROM runtime AS exporter');
    const running = [...stage('runtime'), ...stage('exporter'), ...stage('simulator')];
    expect(running.filter((line) => line.startsWith('RUN'))).toEqual([]);
    for (const line of running.filter((line) => /^(ENTRYPOINT|CMD)|^HEALTHCHECK/.test(line)))
      expect(line).toMatch(/\[".*"\]$/);
  });

  it('runs as a user by number, which Kubernetes can tell from root', () => {
    expect(stage('runtime').at(-1)).toBe('USER 65532:65532');
  });

  it('installs for production only, and runs no script of a package', () => {
    const installs = instructions.filter((line) => line.includes('npm ci'));
    expect(installs.every((line) => line.includes('--ignore-scripts'))).toBe(true);
    expect(installs.filter((line) => line.includes('--omit=dev'))).toHaveLength(1);
  });

  it('builds each application that the image starts', () => {
    const started = instructions.flatMap((line) => line.match(/(?<=dist\/apps\/)\w+(?=\/main\.js)/g) ?? []);
    const built = instructions
      .find((line) => line.includes('nest build'))
      ?.split('nest build ')[1]
      ?.split(' ');
    expect(built).toEqual(expect.arrayContaining([...started, 'cli']));
  });

  it('bears the labels of the OCI, the revision among them', () => {
    const names = [...dockerfile.matchAll(/org\.opencontainers\.image\.([a-z.]+)=/g)].map((match) => match[1]);
    expect(names).toEqual(
      expect.arrayContaining(['title', 'description', 'licenses', 'source', 'version', 'revision', 'created']),
    );
    expect(stage('exporter')).toContainEqual(expect.stringMatching(/^ENV BUILD_REVISION=\$\{BUILD_REVISION\}$/));
  });

  it('is of the version in package.json', () => {
    expect(stage('exporter')).toContain(`ARG BUILD_VERSION=${VERSION}`);
  });

  it('copies only what is there and what .dockerignore lets in', () => {
    const allowed: readonly string[] = readFileSync(join(ROOT, '.dockerignore'), 'utf8').match(/(?<=^!).+$/gm) ?? [];
    const copied = instructions
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) =>
        line
          .replace(/--\S+ /g, '')
          .split(' ')
          .slice(1, -1),
      );
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(copied.filter((path) => !allowed.includes(path))).toEqual([]);
    expect(allowed.filter((path) => !copied.includes(path))).toEqual([]);
  });
});

async function healthcheck(server: Server | null): Promise<number | null> {
  if (server !== null) await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const port = server === null ? 1 : (server.address() as AddressInfo).port;
  const argv = [join(ROOT, 'docker/healthcheck.mjs')];
  const child = spawn(process.execPath, argv, { env: { METRICS_PORT: String(port) }, stdio: 'ignore' });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  await new Promise<void>((resolve) => (server === null ? resolve() : server.close(() => resolve())));
  return code;
}

describe('the health check', () => {
  it('is content with an exporter that lives', async () => {
    const server = createServer((request, response) => response.writeHead(request.url === '/livez' ? 200 : 404).end());
    expect(await healthcheck(server)).toBe(0);
  });

  it('fails where nobody listens, and where the answer is an error', async () => {
    expect(await healthcheck(null)).toBe(1);
    expect(await healthcheck(createServer((_, response) => response.writeHead(500).end()))).toBe(1);
  });
});
