// The report that the process with the user's file sends to the process that prints it, for `routes`.
import type { ExportSettings } from './load-export.ts'

/** The environment variable that holds {@link ExportSettings} as JSON. */
export const ROUTES_VARIABLE = 'FASTIFY_MCP_MOUNT_ROUTES'

export type RoutesSettings = ExportSettings

/** A route that is a tool. */
export interface ReportedTool {
  readonly tool: string
  readonly method: string
  readonly url: string
  /** What its annotations say: `read-only`, `destructive`, `idempotent`, `open world`. */
  readonly hints: readonly string[]
  /** The approximate size of its name, its description and the schema of its arguments. */
  readonly tokens: number
}

/** A route that is a resource. */
export interface ReportedResource {
  /** The URI, or the template of URIs. */
  readonly resource: string
  readonly method: string
  readonly url: string
}

/** A route that is neither. */
export interface ReportedRoute {
  readonly method: string
  readonly url: string
  /** Why it is neither; continues "the route …". */
  readonly reason: string
}

/** A mount that exposes routes. */
export interface ReportedRoutes {
  readonly mount: string
  /** The path of its endpoint. */
  readonly path: string
  readonly tools: readonly ReportedTool[]
  readonly resources: readonly ReportedResource[]
  readonly leftOut: readonly ReportedRoute[]
}
