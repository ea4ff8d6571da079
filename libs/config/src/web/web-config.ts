/** What a server asks of its clients' certificates, in the words of Go's crypto/tls. */
export const CLIENT_AUTH_TYPES = [
  'NoClientCert',
  'RequestClientCert',
  'RequireAnyClientCert',
  'VerifyClientCertIfGiven',
  'RequireAndVerifyClientCert',
] as const;

/** One of {@link CLIENT_AUTH_TYPES}. */
export type ClientAuthType = (typeof CLIENT_AUTH_TYPES)[number];

/** TLS of the endpoint; paths are absolute, or relative to where the process runs. */
export interface WebTls {
  readonly certFile: string;
  readonly keyFile: string;
  readonly clientCaFile: string | null;
  readonly clientAuthType: ClientAuthType;
  /** Empty: any. */
  readonly clientAllowedSans: readonly string[];
  readonly minVersion: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion: 'TLSv1.2' | 'TLSv1.3';
  /** OpenSSL's names for TLS 1.2, joined by colons; null: those of Node.js. */
  readonly ciphers: string | null;
  readonly preferServerCiphers: boolean;
  /** OpenSSL's names, joined by colons; null: those of Node.js. */
  readonly curves: string | null;
}

/** What a web configuration file says. */
export interface WebConfig {
  /** Null: plain HTTP. */
  readonly tls: WebTls | null;
  /** Headers of every answer. */
  readonly headers: Readonly<Record<string, string>>;
  /** Secret: bcrypt hashes by the name of the user. Empty: no login is asked for. */
  readonly users: ReadonlyMap<string, string>;
}

/** A web configuration that can't be used. No problem repeats a value, because hashes and passwords stand in the file. */
export class WebConfigInvalid extends Error {
  /** One line for each problem: the key, and what is accepted. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('; '));
    this.name = 'WebConfigInvalid';
    this.problems = problems;
  }
}
