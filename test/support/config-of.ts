import { ConfigInvalid, type Environment, type ExporterConfig, loadConfig } from '@app/config';

/** What every certificate and key of these specs reads as. */
export const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';

/** The files that exist in these specs, by path. */
const FILES: Readonly<Record<string, string>> = {
  '/run/secrets/password': 'from file\n',
  '/run/secrets/windows': 'from file\r\n',
  '/run/secrets/two-lines': 'one\n\n',
  '/run/secrets/empty': '\n',
  '/run/secrets/url': 'postgresql://app:pw@db.internal/llm\n',
  '/run/secrets/redis': 'redis://cache:6379/2\n',
  '/tls/ca.pem': PEM,
  '/tls/cert.pem': PEM,
  '/tls/key.pem': PEM,
  '/tls/not-pem': 'hello',
};

/** The settings of an environment in which these files exist. Throws ConfigInvalid as the exporter does. */
export function configOf(env: Environment): ExporterConfig {
  return loadConfig(env, readFile);
}

/** What is wrong with an environment, a line each; nothing where it is right. */
export function problemsOf(env: Environment): readonly string[] {
  try {
    configOf(env);
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
  return [];
}

function readFile(path: string): string {
  const text = FILES[path];
  if (text !== undefined) return text;
  throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
}
