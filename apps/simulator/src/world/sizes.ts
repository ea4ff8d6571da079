/** How many of each a world has. */
export interface WorldSize {
  readonly organizations: number;
  readonly teams: number;
  readonly users: number;
  readonly keys: number;
  readonly models: number;
  readonly tags: number;
}

/** Names of the sizes that the command line offers. */
export type SizeName = 'small' | 'medium' | 'large';

/** A department, a company, and a company that gives LiteLLM to everybody. */
export const worldSizes: Readonly<Record<SizeName, WorldSize>> = {
  small: { organizations: 3, teams: 8, users: 20, keys: 40, models: 8, tags: 12 },
  medium: { organizations: 10, teams: 60, users: 300, keys: 500, models: 24, tags: 60 },
  large: { organizations: 40, teams: 500, users: 5_000, keys: 10_000, models: 60, tags: 300 },
};
