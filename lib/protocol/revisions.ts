// The revisions of the protocol, and how they differ.

/**
 * `modern`: every request is self-contained (2026-07-28). `legacy`: `initialize` opens a session (2024-11-05 to
 * 2025-11-25).
 */
export type Era = 'modern' | 'legacy'

/** The newest modern revision. */
export const MODERN_REVISION = '2026-07-28'

/** The modern revisions served, newest first. */
export const MODERN_REVISIONS: readonly string[] = Object.freeze([MODERN_REVISION])

/** The newest legacy revision. It is offered to a client that asks for an unknown one. */
export const NEWEST_LEGACY_REVISION = '2025-11-25'

/** The legacy revisions served, newest first. */
export const LEGACY_REVISIONS: readonly string[] = Object.freeze([
  NEWEST_LEGACY_REVISION, '2025-06-18', '2025-03-26', '2024-11-05'
])

/**
 * The revision of a legacy request that has neither a session nor a version header (MCP 2025-11-25 transports, Protocol
 * Version Header).
 */
export const ASSUMED_LEGACY_REVISION = '2025-03-26'

/** Returns the revision that answers `initialize`: the requested one if it is served, else the newest legacy one. */
export function negotiateRevision (requested: string): string {
  return LEGACY_REVISIONS.includes(requested) ? requested : NEWEST_LEGACY_REVISION
}

/** Whether a revision has JSON-RPC batches: 2025-03-26 introduced them and 2025-06-18 removed them. */
export function hasBatches (revision: string): boolean {
  return revision === '2025-03-26'
}

/** Whether streams begin with an event that has an id and no data, from which a client can resume: since 2025-11-25. */
export function hasPriming (revision: string): boolean {
  return revision === '2025-11-25'
}
