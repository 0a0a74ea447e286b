// The `health` option of a mount.
import type { FastifyRequest } from 'fastify'
import { func, kindOf, nested, switchable, WHICH } from '../../options/checks.ts'
import type { ResolvedOf, TableOf } from '../../options/table.ts'

/** Where the health checks of a mount are served, and what they check. */
export interface HealthOptions {
  /**
   * The path below the prefix: readiness is served at `path` and `path/ready`, liveness at `path/live`.
   * @default '/health'
   */
  readonly path?: string
  /**
   * Returns whether everything that the mount needs is available; with `false`, the check gets 503. It is called for
   * each readiness check. If it throws, the error is logged and the check gets 503.
   * @default () => true
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   health: { ready: async () => (await fetch('https://db.example.com/status')).ok }
   * })
   */
  readonly ready?: () => boolean | Promise<boolean>
  /**
   * Returns whether the answer to a request has the load of the mount, too, as `stats()` returns it. Everybody can send
   * the request, so check who does. If it throws, the error is logged, and the answer is as without it.
   * @default () => false
   * @example
   * app.register(mcpPlugin, {
   *   server,
   *   health: { details: ({ headers }) => headers['x-monitoring-key'] === process.env.MONITORING_KEY }
   * })
   */
  readonly details?: (request: FastifyRequest) => boolean | Promise<boolean>
}

const path = kindOf<string>("must begin with '/' and end with something else",
  (value) => typeof value === 'string' && /^\/.*[^/]$/.test(value))
const ready = kindOf<NonNullable<HealthOptions['ready']>>('must be a function', (value) => typeof value === 'function')

const HEALTH = {
  path: path('/health'),
  ready: ready(() => true),
  details: func<NonNullable<HealthOptions['details']>>()
} satisfies TableOf<HealthOptions>

/** Options that have been checked and completed. */
export type ResolvedHealth = ResolvedOf<typeof HEALTH>

/** The `health` option. */
export const healthOption = switchable(
  nested(HEALTH, "must be true, false or an object, such as { path: '/health' }", WHICH))
