// The message of the diagnostics channel on which a mount publishes its decision about each route of its app.
import type { FastifyInstance } from 'fastify'
import type { Choice, ChosenRoute } from './choose.ts'

/** The name of the diagnostics channel. A mount publishes once, when the app becomes ready. */
export const ROUTES_DECIDED = 'fastify-mcp-mount.routes'

/** What a mount publishes. */
export interface RoutesDecided {
  /** The scope of the mount. */
  readonly app: FastifyInstance
  /** The name of the mount. */
  readonly mount: string
  /** The routes that are tools, by the names of the tools. */
  readonly tools: ReadonlyMap<string, ChosenRoute>
  /** All routes of the app. */
  readonly choices: readonly Choice[]
}
