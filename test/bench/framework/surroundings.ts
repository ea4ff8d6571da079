import { cpus, loadavg, totalmem } from 'node:os';

/** Where a run took place. */
export interface Machine {
  readonly cores: number;
  readonly model: string;
  /** In GiB. */
  readonly memory: number;
  /** Load average of the last minute before the run: what else the machine was busy with. */
  readonly load: number;
}

/** This machine, now. */
export function machine(): Machine {
  const processors = cpus();
  const [load = 0] = loadavg();
  return {
    cores: processors.length,
    model: processors[0]?.model.trim() ?? 'unknown',
    memory: Math.round(totalmem() / 2 ** 30),
    load: Math.round(load * 10) / 10,
  };
}
