/** Where a server listens. */
export interface ServerAddress {
  readonly host: string;
  readonly port: number;
}

/** What one node of a cluster says of it. */
export interface ClusterView {
  /** The primary that owns the slot; null while no node does. */
  readonly owner: ServerAddress | null;
  /** All nodes, replicas too. */
  readonly nodes: readonly ServerAddress[];
}

/**
 * Reads the answer of CLUSTER SLOTS (redis.io): `[first slot, last slot, primary, replica, …]`, a node being `[host,
 * port, …]`. A node that does not know how others reach it answers no host, which means the one it was asked at; `?`
 * stands for a name that is not known yet.
 */
export function clusterView(answer: readonly unknown[], slot: number, asked: string): ClusterView {
  const nodes = new Map<string, ServerAddress>();
  let owner: ServerAddress | null = null;
  for (const range of answer as readonly (readonly [number, number, ...(readonly unknown[])[]])[]) {
    const [first, last, ...members] = range;
    const addresses = members.map((member) => addressOf(member, asked));
    for (const address of addresses) if (address !== null) nodes.set(`${address.host} ${address.port}`, address);
    if (first <= slot && slot <= last) owner = addresses[0] ?? null;
  }
  return { owner, nodes: [...nodes.values()] };
}

function addressOf([host, port]: readonly unknown[], asked: string): ServerAddress | null {
  if (host === '?') return null;
  return { host: host === null || host === '' ? asked : String(host), port: Number(port) };
}
