import { ExporterFailure } from '@app/change';

/** Where Prometheus itself listens, which is also the default of METRICS_PORT. */
const PROMETHEUS_PORT = 9_090;

/** What the system says of an address that no interface of this machine has, of none at all, or of one of a family it lacks. */
const NOT_OUR_ADDRESS: ReadonlySet<string> = new Set(['EADDRNOTAVAIL', 'EINVAL', 'EAFNOSUPPORT']);

/** Where a server was to listen, and which setting says so. */
export interface ListenPlace {
  readonly setting: 'METRICS_PORT' | 'TELEMETRY_PORT';
  readonly port: number;
  /** Null: all addresses. */
  readonly host: string | null;
}

/** What a failed listen means to whoever chose the port; the error itself where it is none of the known ones. */
export function listenFailure(error: unknown, { setting, port, host }: ListenPlace): unknown {
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  const place = `${setting} ${port}${host === null ? '' : ` of ${host}`}`;
  if (code === 'EADDRINUSE') {
    const remark = port === PROMETHEUS_PORT ? ` (${port} is also the port of Prometheus)` : '';
    return refused(`${place} is taken by another program${remark}`, `set ${setting} to a free port`);
  }
  if (code === 'EACCES') {
    return refused(`${place} can't be listened on (${code})`, `set ${setting} to a port above 1023`);
  }
  if (syscall === 'getaddrinfo') return hostRefused(`"${host}" is a name that leads to no address (${code})`);
  if (code !== undefined && NOT_OUR_ADDRESS.has(code)) return hostRefused(`"${host}" can't be listened on (${code})`);
  return error;
}

function hostRefused(why: string): ExporterFailure {
  const accepted = 'expected a host name or an IP address of this machine';
  const remedy = 'set METRICS_HOST to an address of this machine, or leave it unset to listen on all addresses';
  return refused(`METRICS_HOST: ${why}, ${accepted}`, remedy);
}

function refused(message: string, remedy: string): ExporterFailure {
  return new ExporterFailure({ kind: 'setting-invalid', message, remedy });
}
