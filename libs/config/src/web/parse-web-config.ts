import { isAbsolute, join } from 'node:path';
import { parseDocument } from 'yaml';
import type { z } from 'zod';
import { type WebConfig, WebConfigInvalid, type WebTls } from './web-config.js';
import { HASH, HEADER_KEYS, HTTP_KEYS, NOT_TAKEN, SECTIONS, TLS_KEYS, type WebKey } from './web-keys.js';

type Section = Readonly<Record<string, unknown>>;
type Keys = Readonly<Record<string, WebKey>>;
type Values<Table extends Keys> = { readonly [Name in keyof Table]?: z.output<Table[Name]['schema']> };

/**
 * Reads a file in the format of the Prometheus exporter toolkit.
 *
 * @param text what the file holds
 * @param directory where it is: paths in it are relative to that
 * @throws WebConfigInvalid with every problem there is; it repeats no value, as hashes stand in the file.
 */
export function parseWebConfig(text: string, directory: string): WebConfig {
  const problems: string[] = [];
  const sections = sectionOf(contentOf(text), 'the file', problems);
  for (const name of Object.keys(sections)) {
    if (!(SECTIONS as readonly string[]).includes(name)) problems.push(unknownKey(name, SECTIONS));
  }
  const config: WebConfig = {
    tls: tlsOf(sectionOf(sections.tls_server_config, 'tls_server_config', problems), directory, problems),
    headers: headersOf(sectionOf(sections.http_server_config, 'http_server_config', problems), problems),
    users: usersOf(sectionOf(sections.basic_auth_users, 'basic_auth_users', problems), problems),
  };
  if (problems.length > 0) throw new WebConfigInvalid(problems);
  return config;
}

/** The parser's own messages show a part of the text, so only the place of the mistake is told. */
function contentOf(text: string): unknown {
  const document = parseDocument(text, { prettyErrors: true });
  const problems = [...document.errors, ...document.warnings].map(({ code, linePos }) => {
    const [start] = linePos ?? [];
    return `line ${start?.line ?? '?'}, column ${start?.col ?? '?'}: this is not YAML (${code})`;
  });
  if (problems.length > 0) throw new WebConfigInvalid(problems);
  try {
    return document.toJS({ maxAliasCount: 10 });
  } catch {
    throw new WebConfigInvalid(['an alias (*) leads nowhere, or there are too many of them']);
  }
}

/** The keys and values of a section; an absent or empty one has none. */
function sectionOf(value: unknown, place: string, problems: string[]): Section {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value as Section;
  problems.push(`${place}: expected keys and values`);
  return {};
}

function unknownKey(place: string, names: readonly string[]): string {
  const instead = NOT_TAKEN[place];
  return instead === undefined
    ? `${place} is not a key: expected one of ${names.join(', ')}`
    : `${place} is not supported: ${instead}`;
}

/** The values of known keys that are not empty. */
function valuesOf<const Table extends Keys>(section: Section, keys: Table, place: string, problems: string[]) {
  const values: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(section)) {
    const key = Object.hasOwn(keys, name) ? keys[name] : undefined;
    if (key === undefined) problems.push(unknownKey(`${place}.${name}`, Object.keys(keys)));
    else if (value !== null && value !== '') values[name] = checkedValue(value, key, `${place}.${name}`, problems);
  }
  return values as Values<Table>;
}

function checkedValue(value: unknown, { schema, accepted }: WebKey, place: string, problems: string[]): unknown {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  problems.push(`${place}: expected ${accepted}`);
  return undefined;
}

function tlsOf(section: Section, directory: string, problems: string[]): WebTls | null {
  const before = problems.length;
  const values = valuesOf(section, TLS_KEYS, 'tls_server_config', problems);
  if (Object.keys(section).length === 0 || problems.length > before) return null;
  const { cert_file: certFile, key_file: keyFile, client_auth_type: clientAuthType = 'NoClientCert' } = values;
  const place = (path: string): string => (isAbsolute(path) ? path : join(directory, path));
  const tls: WebTls = {
    certFile: place(certFile ?? ''),
    keyFile: place(keyFile ?? ''),
    clientCaFile: values.client_ca_file === undefined ? null : place(values.client_ca_file),
    clientAuthType,
    clientAllowedSans: values.client_allowed_sans ?? [],
    minVersion: values.min_version ?? 'TLSv1.2',
    maxVersion: values.max_version ?? 'TLSv1.3',
    ciphers: joined(values.cipher_suites),
    preferServerCiphers: values.prefer_server_cipher_suites ?? true,
    curves: joined(values.curve_preferences),
  };
  if (certFile === undefined || keyFile === undefined) {
    problems.push('tls_server_config: expected both cert_file and key_file');
  }
  problems.push(...contradictionsOf(tls).map((problem) => `tls_server_config: ${problem}`));
  return tls;
}

function contradictionsOf({ clientAuthType, clientCaFile, clientAllowedSans, minVersion, maxVersion }: WebTls) {
  const problems: string[] = [];
  if (clientAuthType.includes('Verify') && clientCaFile === null) {
    problems.push(`client_auth_type ${clientAuthType} needs client_ca_file`);
  }
  if (clientAuthType === 'NoClientCert' && (clientCaFile !== null || clientAllowedSans.length > 0)) {
    problems.push('client_ca_file and client_allowed_sans need client_auth_type, like RequireAndVerifyClientCert');
  }
  if (minVersion > maxVersion) problems.push('min_version is above max_version');
  return problems;
}

function joined(names: readonly string[] | undefined): string | null {
  return names === undefined || names.length === 0 ? null : names.join(':');
}

function headersOf(section: Section, problems: string[]): Readonly<Record<string, string>> {
  const { headers } = valuesOf(section, HTTP_KEYS, 'http_server_config', problems);
  return { ...valuesOf(headers ?? {}, HEADER_KEYS, 'http_server_config.headers', problems) };
}

function usersOf(section: Section, problems: string[]): ReadonlyMap<string, string> {
  const users = new Map<string, string>();
  for (const [user, hash] of Object.entries(section)) {
    const place = `basic_auth_users.${user}`;
    if (user === '' || user.includes(':')) problems.push(`${place}: expected the name of a user, without a colon`);
    const value = checkedValue(hash, HASH, place, problems);
    if (value !== undefined) users.set(user, value as string);
  }
  return users;
}
