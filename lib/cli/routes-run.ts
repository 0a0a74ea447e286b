// Makes the app of a file ready, and reports which of its routes are tools.
import type { ToolAnnotations } from '@modelcontextprotocol/sdk/types.js'
import { callAsHost } from '../host-call.ts'
import { Method } from '../protocol/methods.ts'
import { findMounted, findRegistry, type McpRegistry } from '../registry.ts'
import type { Candidate, Choice } from '../routes/choose.ts'
import type { RoutesDecided } from '../routes/decided.ts'
import { Failure } from './command.ts'
import { createDevLog } from './dev-log.ts'
import { listAll, type Item } from './lists.ts'
import type { ReportedRoute, ReportedRoutes, ReportedTool, RoutesSettings } from './routes-report.ts'
import { createServedApp } from './served-app.ts'
import type { Terminal } from './terminal.ts'

/** The settings of a run, and the terminal that it prints to. */
export interface RoutesRun {
  readonly settings: RoutesSettings
  /** The decisions of the file's mounts, added as they are published. */
  readonly decided: readonly RoutesDecided[]
  readonly terminal: Terminal
}

/**
 * Resolves to what each mount has decided on the routes of an app.
 * @throws Failure if no mount exposes routes, and whatever the app throws.
 */
export async function readRoutes (
  exported: unknown, { settings: { name }, decided, terminal }: RoutesRun
): Promise<readonly ReportedRoutes[]> {
  const app = await createServedApp(exported, {
    name,
    logger: { level: 'warn', stream: createDevLog(terminal) },
    createMount: () => ({})
  })
  try {
    // The cast holds, because an app without a registry has been refused.
    const registry = findRegistry(app) as McpRegistry
    const own = decided.filter((one) => one.app.server === app.server)
    if (own.length > 0) return await Promise.all(own.map((one) => describeMount(one, registry)))
  } finally {
    await app.close()
  }
  throw new Failure(`No mount of ${name} exposes routes: register the plugin with expose: true, ` +
    'and add config: { mcp: true } to the routes that models may call.')
}

async function describeMount (
  { mount, tools, choices }: RoutesDecided, registry: McpRegistry
): Promise<ReportedRoutes> {
  const face = registry.get(mount)
  const { parts } = findMounted(face)
  const chosen = [...tools]
  const asTools = chosen.filter(([, { config }]) => config.resource === undefined)
  // A server without tools has no such list.
  const listed = asTools.length === 0
    ? []
    : await listAll(Method.ToolsList, (params) => callAsHost(parts, Method.ToolsList, params))
  const items = new Map(listed.map((item) => [item.name, item]))
  return {
    mount,
    path: face.url,
    tools: asTools.map(([tool, { candidate }]) => describeTool(tool, candidate, items.get(tool))),
    resources: chosen.flatMap(([, { candidate: { method, url }, config: { resource } }]) => {
      return resource === undefined ? [] : [{ resource, method, url }]
    }),
    leftOut: describeLeftOut(choices, listEndpoints(registry))
  }
}

// Roughly what the tokenizers of models make of JSON in English.
const CHARACTERS_PER_TOKEN = 4

function describeTool (tool: string, { method, url }: Candidate, item: Item | undefined): ReportedTool {
  // Clients give a model these three; the rest is for themselves.
  const shown = JSON.stringify({ name: tool, description: item?.description, inputSchema: item?.inputSchema })
  return {
    tool,
    method,
    url,
    // The cast trusts this package's own list.
    hints: listHints(item?.annotations as ToolAnnotations | undefined),
    tokens: Math.ceil(shown.length / CHARACTERS_PER_TOKEN)
  }
}

const HINTS = Object.freeze({
  readOnlyHint: 'read-only',
  destructiveHint: 'destructive',
  idempotentHint: 'idempotent',
  openWorldHint: 'open-world'
} satisfies { [Hint in keyof ToolAnnotations]: string })

function listHints (annotations: ToolAnnotations | undefined): readonly string[] {
  return Object.entries(HINTS)
    .filter(([hint]) => annotations?.[hint as keyof typeof HINTS] === true)
    .map(([, word]) => word)
}

function listEndpoints (registry: McpRegistry): ReadonlySet<string> {
  return new Set([...registry].flatMap((face) => [...findMounted(face).endpoints.values()]))
}

// The author of the app has not written the endpoints, nor the HEAD route that Fastify adds to each GET route.
function describeLeftOut (choices: readonly Choice[], endpoints: ReadonlySet<string>): readonly ReportedRoute[] {
  const gets = new Set(choices.flatMap(({ candidate: { method, url } }) => method === 'GET' ? url : []))
  return choices.flatMap((choice) => {
    if (!('reason' in choice)) return []
    const { candidate: { method, url }, reason } = choice
    const isOwn = endpoints.has(url) || endpoints.has(url.replace(/\/$/, ''))
    return isOwn || (method === 'HEAD' && gets.has(url)) ? [] : [{ method, url, reason }]
  })
}
