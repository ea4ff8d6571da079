import { createConnection, isIP, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { type ConnectionOptions, checkServerIdentity, connect as connectTls } from 'node:tls';
import { AbstractConnector, Redis, type RedisOptions } from 'ioredis';
import { type ClusterView, clusterView, type ServerAddress } from './cluster-slots.js';

const ROUND_PAUSE = 200;
const CLOSED = 'Connection is closed.';

/** What a connector uses of its client's options. */
type ConnectorOptions = RedisOptions & {
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
};
type Report = (type: string, error: Error) => void;

/**
 * Makes a client of one server speak to the node of a cluster that owns `key`. All our keys are in one slot, so one
 * node is all we need; and one connection keeps what the store relies on and a client of a whole cluster gives up: order,
 * nothing sent twice, and knowing when a connection was replaced.
 */
export function clusterConnector(key: string): NonNullable<RedisOptions['Connector']> {
  return class extends SlotOwnerConnector {
    constructor(options: unknown) {
      super(key, options as ConnectorOptions);
    }
  };
}

class SlotOwnerConnector extends AbstractConnector {
  readonly #key: string;
  readonly #options: ConnectorOptions;
  readonly #seed: ServerAddress;
  #nodes: readonly ServerAddress[] = [];
  /** Moves on with each question: a node that was cut off from the others names a wrong owner for as long as it lives. */
  #turn = 0;
  #asking: Redis | null = null;
  #attempt = 0;

  constructor(key: string, options: ConnectorOptions) {
    super(options.disconnectTimeout ?? 0);
    this.#key = key;
    this.#options = options;
    this.#seed = { host: options.host, port: options.port };
  }

  /** Looks for the owner until there is one; what stands in the way is reported after each round through all nodes. */
  override async connect(report: Report): Promise<Socket> {
    this.connecting = true;
    const attempt = ++this.#attempt;
    for (;;) {
      const owner = await this.#lookFor(attempt, report);
      if (attempt !== this.#attempt) throw new Error(CLOSED);
      if (owner !== null) {
        this.stream = this.#open(owner);
        this.stream.once('error', (error) => {
          this.firstError = error;
        });
        return this.stream as Socket;
      }
      await pause(ROUND_PAUSE, undefined, { ref: false });
    }
  }

  /** False for a node that has become a replica meanwhile. */
  override check(info: { readonly role?: string }): boolean {
    return info.role === undefined || info.role === 'master';
  }

  override disconnect(): void {
    this.#attempt += 1;
    this.#asking?.disconnect();
    super.disconnect();
  }

  async #lookFor(attempt: number, report: Report): Promise<ServerAddress | null> {
    const nodes = [this.#seed, ...this.#nodes];
    let failure = new Error('no node of the cluster owns the slot of our keys');
    for (let asked = 0; asked < nodes.length && attempt === this.#attempt; asked++) {
      const node = nodes[this.#turn++ % nodes.length] as ServerAddress;
      try {
        const view = await this.#ask(node);
        this.#nodes = view.nodes.filter(({ host, port }) => host !== this.#seed.host || port !== this.#seed.port);
        if (view.owner !== null) return view.owner;
      } catch (error) {
        failure = error as Error;
      }
    }
    if (attempt === this.#attempt) report('error', failure);
    return null;
  }

  async #ask(node: ServerAddress): Promise<ClusterView> {
    const { username, password, connectTimeout, disconnectTimeout } = this.#options;
    const client = new Redis({
      ...node,
      ...(username == null ? {} : { username }),
      ...(password == null ? {} : { password }),
      ...(this.#options.tls === undefined ? {} : { tls: this.#tlsOf(node) }),
      connectionName: 'litellm-exporter-slots',
      protocol: 2,
      lazyConnect: true,
      enableReadyCheck: false,
      connectTimeout: connectTimeout / 2,
      commandTimeout: connectTimeout / 2,
      disconnectTimeout: disconnectTimeout ?? 0,
      maxRetriesPerRequest: 0,
      retryStrategy: () => null,
    });
    let failure: Error | undefined;
    client.on('error', (error: Error) => {
      failure = error;
    });
    this.#asking = client;
    try {
      await client.connect();
      const [slot, slots] = await Promise.all([client.cluster('KEYSLOT', this.#key), client.cluster('SLOTS')]);
      return clusterView(slots as unknown[], slot as number, node.host);
    } catch (error) {
      throw failure ?? error;
    } finally {
      client.disconnect();
      this.#asking = null;
    }
  }

  #open(node: ServerAddress): Socket {
    if (this.#options.tls === undefined) return createConnection({ ...node });
    return connectTls({ ...node, ...this.#tlsOf(node) });
  }

  /**
   * Nodes are mostly known by address, certificates mostly made out to a name: one that is made out to the host of the
   * URL is as good as one for the node, because that is whom we were told to trust.
   */
  #tlsOf({ host }: ServerAddress): ConnectionOptions {
    const { servername: _, ...tls } = this.#options.tls ?? {};
    return {
      ...tls,
      ...(isIP(host) === 0 ? { servername: host } : {}),
      checkServerIdentity: (name, certificate) => {
        const failure = checkServerIdentity(name, certificate);
        if (failure === undefined) return undefined;
        return checkServerIdentity(this.#seed.host, certificate) === undefined ? undefined : failure;
      },
    };
  }
}
