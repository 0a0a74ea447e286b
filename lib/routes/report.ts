// What a mount says of the routes of its app: which are tools, and why the others are not.
import type { ServerDefinition } from '../server/definition.ts'

/** A route, and what became of it in a mount. */
export interface ReportedRoute {
  readonly method: string
  /** The URL with all prefixes. */
  readonly url: string
  /** The tool or resource that the route is; absent where it is none. */
  readonly exposed?: {
    readonly name: string
    /** The URI of a resource, or its template; undefined for a tool. */
    readonly resource: string | undefined
    /** Characters of what lists show of it, as JSON. */
    readonly size: number
  }
  /** Why the route is neither; continues "the route …". */
  readonly reason?: string
}

const reports = new WeakMap<ServerDefinition, () => readonly ReportedRoute[]>()

/** Keeps the report of the routes that a definition exposes. */
export function keepReport (definition: ServerDefinition, report: () => readonly ReportedRoute[]): void {
  reports.set(definition, report)
}

/**
 * Reports on the routes of the app that a definition was entered in, in the order in which they were registered;
 * undefined for a definition that exposes none.
 */
export function reportRoutes (definition: ServerDefinition): readonly ReportedRoute[] | undefined {
  return reports.get(definition)?.()
}
