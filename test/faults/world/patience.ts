/** Milliseconds in which whatever is awaited comes about, however busy the machine is; only what never comes takes so long. */
export const PATIENCE = 180_000;
