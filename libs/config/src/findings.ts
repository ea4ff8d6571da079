const LONGEST_QUOTE = 80;
/** A shorter text is in many a secret by chance, and gives nothing of it away; one that is the secret is never shown. */
const SHORTEST_PART_OF_SECRET = 4;

/** Collects what is wrong, what is worth a warning, and what must be in neither. */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  /** Texts of the secrets that are set. */
  readonly secrets: string[] = [];

  /** A value for a message: cut short, and not at all where a secret may have strayed into it. */
  quote(text: string): string {
    const isPart = (secret: string): boolean => text.length >= SHORTEST_PART_OF_SECRET && secret.includes(text);
    const strayed = text.includes('://') || this.secrets.some((secret) => text.includes(secret) || isPart(secret));
    if (strayed) return '(not shown, as it may hold a secret)';
    return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
  }
}
