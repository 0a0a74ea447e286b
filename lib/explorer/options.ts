// The options of the explorer.
import type { FastifyRequest } from 'fastify'
import { MCP_ERR_INVALID_OPTION } from '../errors.ts'
import { flag, func, kind } from '../options/checks.ts'
import { findProblem, complete, type ResolvedOf, type TableOf } from '../options/table.ts'
import { watchOption, type WatchOptions } from './watch-options.ts'

/** Options of {@link mcpExplorer}. */
export interface McpExplorerOptions {
  /** The path of the page, which follows the prefixes of the enclosing scopes. @default '/explorer' */
  readonly prefix?: string
  /**
   * Decides who may open the explorer; everybody else gets 403. The hooks of the app have run before, so it can read
   * what they have set on the request. What it throws reaches the app's error handler.
   * @default everyone
   * @example app.register(mcpExplorer, { authorize: ({ headers }) => headers['x-role'] === 'staff' })
   */
  readonly authorize?: (request: FastifyRequest) => boolean | Promise<boolean>
  /**
   * Serves the explorer if `NODE_ENV` is `production`, although there is no `authorize`. Set it if hooks of the app
   * decide who may open the page, or if everybody may.
   * @default false
   */
  readonly allowInProduction?: boolean
  /**
   * Shows the calls of all clients of the app while they happen, with the names of the users, to everybody who may open
   * the page. Nothing is recorded while no page watches.
   * @default false
   * @example app.register(mcpExplorer, { watch: { arguments: true, redact: ['card.number'] } })
   */
  readonly watch?: boolean | WatchOptions
}

const TABLE = {
  prefix: kind<string>((value) => {
    return typeof value === 'string' && /^\/[^?#]*[^/?#]$/.test(value)
      ? undefined
      : "must begin with '/' and have no '/' at its end, such as '/explorer'"
  })('/explorer'),
  authorize: func<NonNullable<McpExplorerOptions['authorize']>>(),
  allowInProduction: flag(false),
  watch: watchOption
} satisfies TableOf<McpExplorerOptions>

// Fastify adds this option to those of every plugin that is registered with it.
const FASTIFY_OWN = new Set(['logLevel', 'logSerializers'])

/**
 * Checks and completes the options of the explorer.
 * @throws MCP_ERR_INVALID_OPTION
 */
export function resolveExplorerOptions (given: McpExplorerOptions): ResolvedOf<typeof TABLE> {
  const found = findProblem(TABLE, given, (name, known) => {
    return FASTIFY_OWN.has(name) ? undefined : `does not exist; the options are ${known.join(', ')}`
  })
  if (found !== undefined) throw new MCP_ERR_INVALID_OPTION(found.name, found.problem)
  const options = complete(TABLE, given)
  if (process.env['NODE_ENV'] === 'production' && options.authorize === undefined && !options.allowInProduction) {
    throw new MCP_ERR_INVALID_OPTION('authorize', 'is missing, and NODE_ENV is production: everybody could open the ' +
      "explorer; pass authorize: (request) => …, or 'allowInProduction: true' if hooks of the app decide who may")
  }
  return options
}
