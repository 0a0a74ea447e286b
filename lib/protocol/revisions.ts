// The revisions of the protocol and what tells one from another.

/** `modern`: every request is self-contained (2026-07-28). `legacy`: opened by `initialize` (2024-11-05 to 2025-11-25). */
export type Era = 'modern' | 'legacy'

/** The newest modern revision. */
export const MODERN_REVISION = '2026-07-28'

/** The modern revisions served, newest first. */
export const MODERN_REVISIONS: readonly string[] = Object.freeze([MODERN_REVISION])

/** The newest legacy revision, offered to a client that asks for one nobody knows. */
export const NEWEST_LEGACY_REVISION = '2025-11-25'

/** The legacy revisions served, newest first. */
export const LEGACY_REVISIONS: readonly string[] = Object.freeze([
  NEWEST_LEGACY_REVISION, '2025-06-18', '2025-03-26', '2024-11-05'
])

/** What a legacy request without session and without version header is taken for (MCP 2025-11-25 transports, Protocol Version Header). */
export const ASSUMED_LEGACY_REVISION = '2025-03-26'

/** Chooses the revision that answers `initialize`: the one asked for where it is served, else the newest legacy one. */
export function negotiateRevision (requested: string): string {
  return LEGACY_REVISIONS.includes(requested) ? requested : NEWEST_LEGACY_REVISION
}

/** JSON-RPC batches came with 2025-03-26 and went with 2025-06-18. */
export function hasBatches (revision: string): boolean {
  return revision === '2025-03-26'
}

/** Events that tell a client how to come back before there is anything to tell came with 2025-11-25. */
export function hasPriming (revision: string): boolean {
  return revision === '2025-11-25'
}
