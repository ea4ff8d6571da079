import type { SecureContextOptions } from 'node:tls';
import { ExporterFailure } from '@app/change';
import type { WebConfig } from '@app/config';
import {
  type LoadedWebConfig,
  loadWebConfig,
  readWebConfig,
  sameTexts,
  type WebConfigTexts,
} from './loaded-web-config.js';

/** Milliseconds between two looks at the files; a look reads a few small files. */
const LOOK_EVERY = 2_000;

/** Hears what becomes of changed files. */
export interface WebSecurityReport {
  info(message: string): void;
  warn(message: string): void;
  /** True: what stands in the files is in use. False: it is refused, and what was in use before stays so. */
  reloaded(successful: boolean): void;
}

/**
 * The web configuration in use. Files are read again and again rather than watched: what Kubernetes mounts is swapped by
 * links, of which watchers hear nothing.
 */
export class WebSecurity {
  #loaded: LoadedWebConfig;
  #seen: WebConfigTexts;
  #timer: NodeJS.Timeout | null = null;
  readonly #users = new Set<(secure: SecureContextOptions | null) => void>();

  private constructor(seen: WebConfigTexts, loaded: LoadedWebConfig) {
    this.#seen = seen;
    this.#loaded = loaded;
  }

  /** @throws ExporterFailure `setting-invalid` where the file can't be used. */
  static async load(path: string): Promise<WebSecurity> {
    const texts = await readWebConfig(path);
    return new WebSecurity(texts, loadWebConfig(texts, Date.now()));
  }

  get config(): WebConfig {
    return this.#loaded.config;
  }

  /** What a TLS server is made of; null for plain HTTP. */
  get secure(): SecureContextOptions | null {
    return this.#loaded.secure;
  }

  /** Calls with each new set of certificates, for a server to take on. */
  onChange(take: (secure: SecureContextOptions | null) => void): void {
    this.#users.add(take);
  }

  /** Looks at the files until {@link close}. */
  watch(report: WebSecurityReport): void {
    for (const warning of this.#loaded.warnings) report.warn(warning);
    const again = (): void => {
      this.#timer = setTimeout(async () => {
        await this.look(report);
        if (this.#timer !== null) again();
      }, LOOK_EVERY).unref();
    };
    again();
  }

  /** Takes changed files into use; a change that can't be used is told once, and leaves everything as it is. */
  async look(report: WebSecurityReport): Promise<void> {
    const texts = await readWebConfig(this.#seen.path);
    if (sameTexts(texts, this.#seen)) return;
    this.#seen = texts;
    try {
      const loaded = loadWebConfig(texts, Date.now());
      refuseOtherServer(this.config, loaded.config);
      for (const take of this.#users) take(loaded.secure);
      this.#loaded = loaded;
      report.info(`${texts.path} has changed and is in use: ${summaryOf(loaded.config)}`);
      for (const warning of loaded.warnings) report.warn(warning);
      report.reloaded(true);
    } catch (error) {
      const reason = error instanceof ExporterFailure ? error.explain() : String(error);
      report.warn(`a changed web configuration is not taken, the one before stays in use: ${reason}`);
      report.reloaded(false);
    }
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

/** What is in use, in words without a secret. */
export function summaryOf({ tls, users }: WebConfig): string {
  const login =
    users.size === 0 ? 'no login' : `basic authentication, ${users.size} user${users.size === 1 ? '' : 's'}`;
  return `${tls === null ? 'plain HTTP' : `TLS, client certificates: ${tls.clientAuthType}`}, ${login}`;
}

/** Whether TLS is spoken, and whether clients are asked for certificates, is settled when a server is made. */
function refuseOtherServer(before: WebConfig, after: WebConfig): void {
  const asks = ({ tls }: WebConfig): boolean => tls !== null && tls.clientAuthType !== 'NoClientCert';
  if ((before.tls === null) === (after.tls === null) && asks(before) === asks(after)) return;
  const what = (before.tls === null) === (after.tls === null) ? 'asking for client certificates' : 'TLS';
  throw new ExporterFailure({
    kind: 'setting-invalid',
    message: `${what} can't be switched on or off while the exporter runs`,
    remedy: 'restart the exporter',
  });
}
