const LONGEST_QUOTE = 80;

/** Collects what is wrong, what is worth a warning, and what must be in neither. */
export class Findings {
  readonly problems: string[] = [];
  readonly warnings: string[] = [];
  /** Texts of the secrets that are set. */
  readonly secrets: string[] = [];

  /** A value for a message: cut short, and not at all where a secret may have strayed into it. */
  quote(text: string): string {
    const strayed =
      text.includes('://') || this.secrets.some((secret) => text.includes(secret) || secret.includes(text));
    if (strayed) return '(not shown, as it may hold a secret)';
    return JSON.stringify(text.length > LONGEST_QUOTE ? `${text.slice(0, LONGEST_QUOTE)}…` : text);
  }
}
