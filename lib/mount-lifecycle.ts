// Starts a mount with the app, and stops it when the app closes.
import type { FastifyInstance } from 'fastify'
import type { CallerFilter } from './auth/caller-filter.ts'
import type { RevocationExtent } from './auth/revocations.ts'
import { doNothing } from './do-nothing.ts'
import type { MountParts } from './http/parts.ts'
import type { SessionDisposal } from './server/session-disposal.ts'
import type { Entered } from './server/definition.ts'

/** The start and the end of one mount. */
export interface MountLifecycle {
  /** Enters the lifespan and starts the timers. */
  start (): Promise<void>
  /** Turns readiness to 503. */
  leave (): void
  /** Ends the streams on which clients listen. */
  endStreams (): Promise<void>
  /** Ends the streams, and waits for requests that are being served, but no longer than the grace period. */
  drain (): Promise<void>
  /** Ends the sessions and leaves the lifespan. */
  stop (): Promise<void>
}

/** Creates the lifecycle of one mount. @param disposal The sessions whose servers are being closed. */
export function createLifecycle (app: FastifyInstance, parts: MountParts, disposal: SessionDisposal): MountLifecycle {
  const { definition, options, log, changes, exchanges, streams } = parts
  const home = parts.cluster ?? parts.sessions
  let endCallLog = doNothing
  let entered: Entered<unknown> | undefined
  let endRevocations: (() => void) | undefined

  function beginClosing (): void {
    if (parts.isClosing) return
    parts.isClosing = true
    const load = { exchanges: exchanges.size, streams: streams.size, sessions: parts.sessions.size }
    log.info(load, `MCP server ${parts.name} begins to close`)
  }

  return {
    async start () {
      entered = await definition.enter?.(app).catch(rethrow)
      parts.lifespan = entered?.value
      if (options.log !== false) {
        const { startCallLog } = await import('./telemetry/log/call-log.ts')
        endCallLog = startCallLog(parts.identity, log, options.log)
      }
      changes.start(definition)
      await home.start()
      endRevocations = options.auth?.revocations?.onRevoked((callers, extent) => { revoke(parts, callers, extent) })
      exchanges.start()
      streams.start()
    },
    leave: beginClosing,
    async endStreams () {
      await streams.drain(0)
    },
    async drain () {
      beginClosing()
      await Promise.all([streams.drain(0), exchanges.drain(options.closeGracePeriod)])
    },
    async stop () {
      endRevocations?.()
      parts.outcomes.stop()
      changes.stop()
      await home.stop()
      endCallLog()
      exchanges.stop()
      streams.stop()
      await disposal.done()
      parts.expiry?.stop()
      try {
        await entered?.close?.()
        log.info(`MCP server ${parts.name} has closed`)
      } catch (err) {
        log.error({ err }, 'a lifespan failed to close')
        throw err
      }
    }
  }
}

// A listener of the app's own code: it must neither throw nor reject.
async function revoke (
  { withdrawal, sessions, log }: MountParts, callers: CallerFilter, extent: RevocationExtent = 'all'
): Promise<void> {
  withdrawal?.end(callers, extent)
  if (extent === 'sign-in') return
  try {
    await sessions.revoke(callers)
  } catch (err) {
    log.error({ err }, 'the sessions of callers whose access was withdrawn could not all be ended')
  }
}

// Fastify treats a rejection with null or undefined as success, so replace it with an error.
function rethrow (error: unknown): never {
  throw error ?? new Error(`a lifespan threw ${String(error)}; throw an Error`)
}
