// Loads the official client once.
import type * as client from './client.ts'

/** What the page uses of the official client. */
export type OfficialClient = typeof client

/** The official client; undefined until it is loaded. A connection that is open has loaded it. */
export let official: OfficialClient | undefined

let loading: Promise<OfficialClient> | undefined

/** Loads the official client. */
export async function loadClient (): Promise<OfficialClient> {
  loading ??= import('./client.ts')
  official = await loading
  return official
}
