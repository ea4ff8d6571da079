import { ExporterFailure } from '@app/change';

/** Where Prometheus itself listens, which is also the default of METRICS_PORT. */
const PROMETHEUS_PORT = 9_090;

/** Where a server was to listen, and which setting says so. */
export interface ListenPlace {
  readonly setting: 'METRICS_PORT' | 'TELEMETRY_PORT';
  readonly port: number;
  /** Null: all addresses. */
  readonly host: string | null;
}

/** What a failed listen means to whoever chose the port; the error itself where it is none of the known ones. */
export function listenFailure(error: unknown, { setting, port, host }: ListenPlace): unknown {
  const code = (error as NodeJS.ErrnoException | null)?.code;
  const place = `${setting} ${port}${host === null ? '' : ` of ${host}`}`;
  if (code === 'EADDRINUSE') {
    const remark = port === PROMETHEUS_PORT ? ` (${port} is also the port of Prometheus)` : '';
    const message = `${place} is taken by another program${remark}`;
    return new ExporterFailure({ kind: 'setting-invalid', message, remedy: `set ${setting} to a free port` });
  }
  if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
    const message = `${place} can't be listened on (${code})`;
    const remedy = `set ${setting} to a port above 1023, and METRICS_HOST to an address of this machine`;
    return new ExporterFailure({ kind: 'setting-invalid', message, remedy });
  }
  return error;
}
