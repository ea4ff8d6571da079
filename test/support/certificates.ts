import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What a certificate is made out to. */
export interface CertificateFacts {
  /** As OpenSSL writes them: `DNS:localhost,IP:127.0.0.1`. */
  readonly names?: string;
  /** Common name; 'localhost' without. */
  readonly commonName?: string;
  /** The authority's name; 'ca' without. */
  readonly authority?: string;
  readonly days?: number;
}

/** Certificates for specs, made with the `openssl` program in a directory that goes with this. */
export class Certificates implements Disposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'exporter-certificates-'));

  /** The path of a file in the directory. */
  file(name: string): string {
    return join(this.directory, name);
  }

  read(name: string): string {
    return readFileSync(this.file(name), 'utf8');
  }

  /** Makes an authority: `<name>.pem` and `<name>.key`. */
  authority(name = 'ca'): void {
    const request = ['-subj', `/CN=${name}`, '-days', '2', '-nodes', ...NEW_KEY];
    this.#openssl('req', '-x509', ...request, '-keyout', `${name}.key`, '-out', `${name}.pem`);
  }

  /** Makes a certificate signed by an authority: `<name>.pem` and `<name>.key`. */
  certificate(
    name: string,
    { names, commonName = 'localhost', authority = 'ca', days = 2 }: CertificateFacts = {},
  ): void {
    const subject = ['-nodes', ...NEW_KEY, '-subj', `/CN=${commonName}`];
    this.#openssl('req', ...subject, '-keyout', `${name}.key`, '-out', `${name}.csr`);
    writeFileSync(this.file(`${name}.ext`), names === undefined ? '' : `subjectAltName=${names}\n`);
    const signed = ['-CA', `${authority}.pem`, '-CAkey', `${authority}.key`, '-CAcreateserial', '-days', String(days)];
    this.#openssl('x509', '-req', '-in', `${name}.csr`, ...signed, '-extfile', `${name}.ext`, '-out', `${name}.pem`);
    chmodSync(this.file(`${name}.key`), 0o600);
  }

  [Symbol.dispose](): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  #openssl(...argv: string[]): void {
    execFileSync('openssl', argv, { cwd: this.directory, stdio: 'pipe' });
  }
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'];
