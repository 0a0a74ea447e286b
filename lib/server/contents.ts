// What a definition offers, in short, so that processes can find out whether they serve the same.
import { createHash } from 'node:crypto'
import { toCanonicalJson } from './call/request-state.ts'
import type { Features } from './features/capabilities.ts'

/** What a definition offers, in short. */
export interface Contents {
  /** Each tool, prompt, resource and template by its label, with a hash of how it is listed. */
  readonly entries: ReadonlyMap<string, string>
  /** The fingerprints of the keys that seal `requestState`, one group for each server; the first of a group seals. */
  readonly keys: ReadonlyArray<readonly string[]>
}

const HASH_BYTES = 6

/** Returns what is registered and enabled. @param keys The fingerprints of the keys of the server. */
export function summarize (
  { tools, prompts, resources: { statics, templates } }: Pick<Features, 'tools' | 'prompts' | 'resources'>,
  keys: readonly string[]
): Contents {
  const others = [...prompts.enabled, ...statics.enabled, ...templates.enabled]
  const listed: ReadonlyArray<readonly [label: string, item: object]> = [
    ...tools.enabled.map(({ label, listed }) => [label, listed.modern] as const),
    ...others.map(({ label, listed }) => [label, listed] as const)
  ]
  return { entries: new Map(listed.map(([label, item]) => [label, hash(toCanonicalJson(item))])), keys: [keys] }
}

/** Joins the contents of several definitions. */
export function joinContents (all: readonly Contents[]): Contents {
  return {
    entries: new Map(all.flatMap(({ entries }) => [...entries])),
    keys: all.flatMap(({ keys }) => keys)
  }
}

function hash (text: string): string {
  return createHash('sha256').update(text).digest().subarray(0, HASH_BYTES).toString('base64url')
}
