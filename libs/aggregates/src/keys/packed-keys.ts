import type { KeyEntity } from '@app/litellm';
import { AddressIndex } from '../address-index.js';
import { SharedTexts } from './shared-texts.js';

/** Addresses count units of eight bytes, so that 32 bits reach over 32 GB. */
const UNIT = 8;
const PAGE_UNITS = 131_072;

/** Where the parts of a packed key stand, in bytes from its beginning. */
const SPEND = 32;
const USER = 40;
const TEAM = 44;
const ORGANIZATION = 48;
const PAIR_HASH = 52;
const NAME_LENGTH = 56;
const ALIAS_LENGTH = 58;
const TEXTS = 60;

const TOKEN = /^[0-9a-f]{64}$/;
const TOKEN_WORDS = 8;
const LONGEST_TEXT = 1_024;

/** What all packed keys have in common. */
const UNRESTRICTED = {
  budgetId: '',
  models: [],
  ...{ maxBudget: null, budgetResetAt: null, expires: null, blocked: false },
  ...{ maxParallelRequests: null, tpmLimit: null, rpmLimit: null },
} as const;

/** True for a key that nothing restricts: no limit, budget, expiry, list of models or block. */
export function isUnrestricted(key: KeyEntity): boolean {
  const { maxParallelRequests, tpmLimit, rpmLimit, maxBudget, budgetResetAt, expires } = key;
  const none = (maxParallelRequests ?? tpmLimit ?? rpmLimit ?? maxBudget ?? budgetResetAt ?? expires) === null;
  return none && !key.blocked && key.budgetId === '' && key.models.length === 0;
}

/** True for a key that can be packed: an unrestricted one with a token and names as LiteLLM makes them. */
export function canBePacked(key: KeyEntity): boolean {
  return (
    isUnrestricted(key) &&
    TOKEN.test(key.token) &&
    key.keyName.length <= LONGEST_TEXT &&
    key.keyAlias.length <= LONGEST_TEXT
  );
}

/**
 * Keys that nothing restricts, some 100 bytes each: a site may know a million of them, and as objects they would take
 * ten times as much. A key is bytes in a page; the ids of its owners are kept once for all keys.
 */
export class PackedKeys {
  readonly #pages: Buffer[] = [];
  readonly #words: Int32Array[] = [];
  readonly #owners = new SharedTexts();
  readonly #index = new AddressIndex((address) => hashOfWords(this.#wordsOf(address), (address % PAGE_UNITS) * 2));
  /** Addresses that are free again, by how many units there are. */
  readonly #free = new Map<number, number[]>();
  /** The first unit is never used: 0 is no address. */
  #end = 1;
  readonly #sought = Buffer.alloc(SPEND);
  readonly #soughtWords = new Int32Array(this.#sought.buffer, this.#sought.byteOffset, TOKEN_WORDS);

  get size(): number {
    return this.#index.size;
  }

  /** The address of a token; undefined where no packed key has it. */
  find(token: string): number | undefined {
    if (!TOKEN.test(token)) return undefined;
    this.#sought.write(token, 'hex');
    return this.#index.find(hashOfWords(this.#soughtWords, 0), this.#isSought);
  }

  /** The key at an address, as it was put there; who knows its token saves the time of spelling it. */
  read(address: number, token?: string): KeyEntity {
    const { page, at } = this.#place(address);
    const nameEnd = at + TEXTS + page.readUInt16LE(at + NAME_LENGTH);
    return {
      table: 'key',
      token: token ?? page.toString('hex', at, at + SPEND),
      keyName: page.toString('utf8', at + TEXTS, nameEnd),
      keyAlias: page.toString('utf8', nameEnd, nameEnd + page.readUInt16LE(at + ALIAS_LENGTH)),
      userId: this.#owners.text(page.readUInt32LE(at + USER)),
      teamId: this.#owners.text(page.readUInt32LE(at + TEAM)),
      organizationId: this.#owners.text(page.readUInt32LE(at + ORGANIZATION)),
      spend: page.readDoubleLE(at + SPEND),
      ...UNRESTRICTED,
    };
  }

  /** Sets what the key at an address has spent. */
  setSpend(address: number, spend: number): void {
    const { page, at } = this.#place(address);
    page.writeDoubleLE(spend, at + SPEND);
  }

  /** Adds a key that {@link canBePacked} and is not there yet. @returns its address */
  add(key: KeyEntity, pairHash: number): number {
    const name = Buffer.byteLength(key.keyName);
    const alias = Buffer.byteLength(key.keyAlias);
    const address = this.#allocate(unitsOf(name + alias));
    const { page, at } = this.#place(address);
    page.write(key.token, at, 'hex');
    page.writeDoubleLE(key.spend, at + SPEND);
    page.writeUInt32LE(this.#owners.use(key.userId), at + USER);
    page.writeUInt32LE(this.#owners.use(key.teamId), at + TEAM);
    page.writeUInt32LE(this.#owners.use(key.organizationId), at + ORGANIZATION);
    page.writeUInt32LE(pairHash, at + PAIR_HASH);
    page.writeUInt16LE(name, at + NAME_LENGTH);
    page.writeUInt16LE(alias, at + ALIAS_LENGTH);
    page.write(key.keyName, at + TEXTS, 'utf8');
    page.write(key.keyAlias, at + TEXTS + name, 'utf8');
    this.#index.add(address);
    return address;
  }

  /** What was given as hash of the pair of labels. */
  pairHash(address: number): number {
    const { page, at } = this.#place(address);
    return page.readUInt32LE(at + PAIR_HASH);
  }

  /** Removes the key at an address, which may be used again from now on. */
  remove(address: number): void {
    this.#index.remove(address);
    const { page, at } = this.#place(address);
    for (const part of [USER, TEAM, ORGANIZATION]) this.#owners.release(page.readUInt32LE(at + part));
    const units = unitsOf(page.readUInt16LE(at + NAME_LENGTH) + page.readUInt16LE(at + ALIAS_LENGTH));
    const free = this.#free.get(units) ?? [];
    this.#free.set(units, free);
    free.push(address);
  }

  *all(): Iterable<KeyEntity> {
    for (const address of this.#index.addresses()) yield this.read(address);
  }

  readonly #isSought = (address: number): boolean => {
    const words = this.#wordsOf(address);
    const from = (address % PAGE_UNITS) * 2;
    for (let word = 0; word < TOKEN_WORDS; word++) if (words[from + word] !== this.#soughtWords[word]) return false;
    return true;
  };

  #wordsOf(address: number): Int32Array {
    return this.#words[Math.floor(address / PAGE_UNITS)] as Int32Array;
  }

  #place(address: number): { readonly page: Buffer; readonly at: number } {
    const page = this.#pages[Math.floor(address / PAGE_UNITS)] as Buffer;
    return { page, at: (address % PAGE_UNITS) * UNIT };
  }

  #allocate(units: number): number {
    const free = this.#free.get(units)?.pop();
    if (free !== undefined) return free;
    if ((this.#end % PAGE_UNITS) + units > PAGE_UNITS) this.#end = this.#pages.length * PAGE_UNITS;
    if (this.#end >= this.#pages.length * PAGE_UNITS) {
      const page = Buffer.allocUnsafeSlow(PAGE_UNITS * UNIT);
      this.#pages.push(page);
      this.#words.push(new Int32Array(page.buffer, page.byteOffset, page.length / 4));
    }
    const address = this.#end;
    this.#end += units;
    return address;
  }
}

function unitsOf(textBytes: number): number {
  return Math.ceil((TEXTS + textBytes) / UNIT);
}

/** Of the whole token (MurmurHash3): mostly it is a hash, of which any word would do, but somebody may name keys `000…041`, `000…042`. */
function hashOfWords(words: Int32Array, from: number): number {
  let hash = 0;
  for (let word = 0; word < TOKEN_WORDS; word++) {
    const mixed = Math.imul(words[from + word] as number, 0xcc9e2d51);
    hash ^= Math.imul((mixed << 15) | (mixed >>> 17), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  return hash >>> 0;
}
