// node --import ./scripts/setup/register-typescript.mjs test/faults/main.ts
// Runs TypeScript of this repository file by file, so that files find each other by import.meta.url (a bundle would not).
import { register } from 'node:module';

register('./typescript-hooks.mjs', import.meta.url);
