// The parts of one mount, as the handlers of its requests use them.
import type { FastifyBaseLogger, FastifyRequest } from 'fastify'
import type { Authenticator } from '../auth/authenticator.ts'
import type { Membership } from '../session/nodes/membership.ts'
import type { ChangeHub } from '../notify/change-hub.ts'
import type { ResolvedOptions } from './resolve-options.ts'
import type { ServerDefinition } from '../server/definition.ts'
import type { Sessions } from '../session/sessions.ts'
import type { Places } from '../shares/shares.ts'
import type { MountIdentity } from '../telemetry/events.ts'
import type { OutcomeCounts } from '../telemetry/outcome-counts.ts'
import type { Expiry } from './reply/expiry.ts'
import type { Withdrawal } from './reply/withdrawal.ts'
import type { OpenExchanges } from './reply/open-exchanges.ts'

/** The parts of one mount. */
export interface MountParts {
  /** The mount's name in `app.mcp`. */
  readonly name: string
  /** Names the mount in events. */
  readonly identity: MountIdentity
  /** Counts how requests end. */
  readonly outcomes: OutcomeCounts
  readonly options: ResolvedOptions
  /** The definition that the mount serves. */
  readonly definition: ServerDefinition
  /** The log of the app; each line names the mount. */
  readonly log: FastifyBaseLogger
  /** The legacy sessions. */
  readonly sessions: Sessions
  /** Makes the mount a node of a cluster; undefined if the process serves its clients alone. */
  readonly cluster: Membership | undefined
  /** Notifies the clients of changes. */
  readonly changes: ChangeHub
  /** The requests being served. */
  readonly exchanges: OpenExchanges
  /** The streams on which clients listen. */
  readonly streams: OpenExchanges
  /** Authenticates the callers; undefined if everybody may call. */
  readonly auth: Authenticator | undefined
  /** Ends streams when their tokens are no longer good; undefined if everybody may call. */
  readonly expiry: Expiry | undefined
  /** Ends streams when access is withdrawn; undefined if it cannot be. */
  readonly withdrawal: Withdrawal | undefined
  /** Returns who holds the places that a request takes; undefined if places are not counted by caller. */
  readonly holderOf: (request: FastifyRequest) => string | undefined
  /** The places of the calls in flight, including those whose clients have left. */
  readonly calls: Places
  /** The `holderOf` of calls; undefined if calls are not counted by caller. */
  readonly callHolderOf: MountParts['holderOf'] | undefined
  /** The value of the lifespan. It is set when the mount starts. */
  lifespan: unknown
  /** Whether the app has begun to close. */
  isClosing: boolean
}
