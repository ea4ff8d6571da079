import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ExporterFailure } from '@app/change';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { freePort } from '../../../../scripts/servers/free-port.mjs';
import { RedisDeployment } from '../../../../test/contracts/redis-deployment.js';
import { contentOf } from '../../../../test/contracts/state-content.js';
import { StepMaker } from '../../../../test/contracts/state-steps.js';
import { awaitUntil } from '../../../../test/support/await-until.js';
import { type RedisServer, startRedis } from '../../../../test/support/redis-server.js';

const directory = mkdtempSync(join(tmpdir(), 'exporter-tls-'));
const tuning = { commandTimeout: 1_000 };

function file(name: string): string {
  return join(directory, name);
}

function openssl(...argv: string[]): void {
  execFileSync('openssl', argv, { cwd: directory, stdio: 'ignore' });
}

function makeAuthority(name: string): void {
  const subject = ['-subj', `/CN=${name}`, '-days', '2', '-nodes'];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-keyout', `${name}.key`, '-out', `${name}.pem`, ...subject);
}

function makeCertificate(name: string, authority: string, names: string): void {
  openssl(
    'req',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    `${name}.key`,
    '-out',
    `${name}.csr`,
    '-subj',
    '/CN=redis',
  );
  writeFileSync(file(`${name}.ext`), `subjectAltName=${names}\n`);
  const signed = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', '2'];
  openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
}

describe('a Redis that speaks TLS', () => {
  let server: RedisServer;
  let deployment: RedisDeployment;
  let port: number;
  let ca: string;

  beforeAll(async () => {
    makeAuthority('ca');
    makeAuthority('stranger');
    makeCertificate('server', 'ca', 'DNS:localhost');
    ca = readFileSync(file('ca.pem'), 'utf8');
    port = await freePort();
    const settings = {
      'tls-port': String(port),
      'tls-cert-file': file('server.pem'),
      'tls-key-file': file('server.key'),
      'tls-ca-cert-file': file('ca.pem'),
      'tls-auth-clients': 'no',
    };
    server = await startRedis({ settings });
  }, 60_000);
  afterAll(async () => {
    await server?.[Symbol.asyncDispose]();
    rmSync(directory, { recursive: true, force: true });
  });
  beforeEach(() => {
    deployment = new RedisDeployment(server);
  });
  afterEach(async () => {
    await deployment[Symbol.asyncDispose]();
  });

  async function failureOf(url: string, tlsCa: string | null): Promise<string> {
    const store = deployment.store({ options: { url, tlsCa, tuning } });
    return store.refresh().then(String, (failure: ExporterFailure) => failure.explain());
  }

  it('takes and gives state as a user who may do no more than that', async () => {
    const rights = `+@read +@write +@scripting +@connection +info ~{${deployment.keyPrefix}}:*`.split(' ');
    await deployment.client.acl('SETUSER', 'exporter', 'on', '>p@ss word', ...rights);
    const url = `rediss://exporter:p%40ss%20word@localhost:${port}`;
    const options = { url, tlsCa: ca, tuning };
    const maker = new StepMaker();
    const store = deployment.store({ options });
    await store.open();
    await store.claim(maker.epoch);
    await store.replace(maker.generation());
    await store.commit(maker.take(maker.largeRecord(5_000)));
    await store.fold();
    // A server that knows WAITAOF syncs within a second.
    await awaitUntil(async () => (await store.durable()) === store.checkpoint?.next, { timeout: 20_000 });
    const other = deployment.store({ options });
    await other.open();
    expect(contentOf(other.state)).toEqual(contentOf(maker.state));
    expect(await deployment.client.hget(deployment.key('meta'), 'base')).toBe(String(maker.state.version));
    await deployment.client.acl('SETUSER', 'exporter', '-@scripting');
    const refused = await store.commit(maker.step()).then(String, (failure: ExporterFailure) => failure.explain());
    expect(refused).toMatch(/NOPERM.*remedy: allow the user of REDIS_URL/s);
    expect(refused).not.toMatch(/p@ss|p%40ss/);
  });

  it('is refused where its certificate was signed by others, or for another name', async () => {
    const stranger = readFileSync(file('stranger.pem'), 'utf8');
    for (const authorities of [stranger, null]) {
      expect(await failureOf(`rediss://localhost:${port}`, authorities)).toMatch(/can't be reached: .*certificate/);
    }
    expect(await failureOf(`rediss://127.0.0.1:${port}`, ca)).toMatch(/does not match certificate/);
  });

  it('is not reached without TLS, nor a plain one with it', async () => {
    expect(await failureOf(`redis://localhost:${port}`, null)).toMatch(/can't be reached/);
    expect(await failureOf(`rediss://localhost:${server.port}`, ca)).toMatch(/can't be reached/);
  });
});
