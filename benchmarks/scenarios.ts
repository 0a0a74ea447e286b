// Everything that is measured, in the order of the tables.
import { createComparison, type Comparison, type Entry } from './comparison.ts'
import { MEASURES } from './measures/index.ts'
import type { Scenario } from './scenario.ts'
import type { ServerName } from './servers/index.ts'
import type { WorkloadName } from './workloads.ts'

const BARE = 'bare Fastify route'
const NATIVE = 'fastify-mcp-mount'
const SDK_V1 = 'SDK v1 on Fastify'
const SDK_V2 = 'SDK v2 on Fastify'

const NAMES: Readonly<Record<ServerName, string>> = {
  bare: BARE,
  native: NATIVE,
  'sdk-mount': 'fastify-mcp-mount, SDK v1 server',
  'sdk-v1': SDK_V1,
  'sdk-v2': SDK_V2,
  'fastify-mcp': 'fastify-mcp',
  hono: '@hono/mcp on Hono',
  fastmcp: 'fastmcp'
}
const LEGACY_SERVERS: readonly ServerName[] = [
  'bare',
  'native',
  'sdk-mount',
  'fastify-mcp',
  'sdk-v1',
  'sdk-v2',
  'hono',
  'fastmcp'
]

// The contenders that support a workload; few support revision 2026-07-28.
function serveBy (
  workload: WorkloadName, servers: readonly ServerName[], targets: Readonly<Record<string, number>>
): readonly Entry[] {
  return servers.map((server) => ({
    contender: NAMES[server],
    server,
    workload,
    ...(server === 'native' && { targets })
  }))
}

// Compares one mount by default with the same mount under heavier workloads.
function choose (choices: Readonly<Record<string, WorkloadName>>): readonly Entry[] {
  return Object.entries(choices).map(([contender, workload]) => ({ contender, server: 'native', workload }))
}

const COMPARISONS: readonly Comparison[] = [
  {
    name: 'modern tools/call',
    entries: serveBy('modern call', ['bare', 'native', 'sdk-mount', 'sdk-v2'], { [BARE]: 0.85, [SDK_V2]: 12 })
  },
  {
    name: 'legacy tools/call, stateless',
    entries: serveBy('legacy call', LEGACY_SERVERS, { [BARE]: 0.85, [SDK_V1]: 15 })
  },
  {
    name: 'legacy tools/call, with session',
    entries: serveBy('legacy call, session', LEGACY_SERVERS, { [BARE]: 0.8, [SDK_V1]: 4 })
  },
  {
    name: 'with auth, CORS and guard',
    entries: serveBy('modern call, authorized', ['bare', 'native'], { [BARE]: 0.75 })
  },
  { name: 'tools/list of 100 tools', entries: serveBy('modern list', ['bare', 'native', 'sdk-v2'], { [BARE]: 0.9 }) },
  {
    name: 'structured output, 10 KB',
    entries: serveBy('modern structured', ['bare', 'native', 'sdk-v2'], { [BARE]: 0.8 })
  },
  {
    name: '10 progress events, then the result',
    entries: serveBy('modern progress', ['bare', 'native', 'sdk-v2'], { [BARE]: 0.7 })
  },
  { name: 'initialize, initialized, call, DELETE', entries: serveBy('legacy session', LEGACY_SERVERS, { [BARE]: 0.6 }) }
]

const CHOICES: Comparison = {
  name: 'choices',
  entries: choose({
    'legacy tools/call, stateless': 'legacy call',
    'with a session': 'legacy call, session',
    'with authorization (JWT)': 'legacy call, authorized',
    'with validated output': 'legacy call, output validated',
    'reply as SSE': 'legacy call, SSE',
    'with a session, reply as SSE': 'legacy call, session, SSE',
    'with a session and an event store, reply as SSE': 'legacy call, session, events kept'
  })
}

/** All scenarios. */
export const SCENARIOS: readonly Scenario[] = [
  ...COMPARISONS.map(createComparison),
  ...MEASURES,
  createComparison(CHOICES)
]
