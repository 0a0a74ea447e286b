/** Builds the page, unless it was built of the sources as they are. */
export function buildPage (): Promise<void>
