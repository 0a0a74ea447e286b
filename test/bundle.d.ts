/** Where the bundle is. */
export const BUNDLE: URL

/** Returns whether the bundle was made of the sources as they are. */
export function isFresh (): boolean

/** Makes the bundle, unless it is fresh. */
export function bundleSources (): Promise<void>
