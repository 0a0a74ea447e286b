// Calls a server as many callers, each of them new and with names that it makes up, and prints how much more memory the
// second half of them took, and which series there are. The argument is the number of callers.
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { metrics } from '@opentelemetry/api'
import {
  AggregationTemporality, InMemoryMetricExporter, MeterProvider, PeriodicExportingMetricReader
} from '@opentelemetry/sdk-metrics'
import Fastify from 'fastify'
import mcpPlugin, { McpServer, Type, type RequestContext } from '../../lib/index.ts'
import { cacheResults, limitCalls, limitConcurrency } from '../../lib/middleware/index.ts'
import { otel } from '../../lib/otel.ts'
import { createNoOpChannel } from '../../lib/conversation/no-op-channel.ts'
import { serveFor } from '../../lib/conversation/serve.ts'
import type { Caller } from '../../lib/server/call/incoming.ts'

const CALLERS = Number(process.argv[2])
// Small bounds, which are full when the memory is first measured.
const MAX_KEPT = 1000

setFlagsFromString('--expose-gc')
const collect: () => void = runInNewContext('gc')

/** The memory in use, once what is unreachable has been collected. */
async function measure (): Promise<number> {
  await new Promise(setImmediate)
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 })
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [reader] }))

function createShop (): McpServer {
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  server.use(limitCalls({ max: 5, window: '1 day', maxCallers: MAX_KEPT }))
  server.use(limitConcurrency({ max: 1 }))
  const by = ({ auth }: RequestContext): string | undefined => auth?.clientId
  server.use(cacheResults({ ttl: '1 day', tools: ['find'], by, maxBytes: MAX_KEPT * 1000 }))
  server.registerTool('find', { inputSchema: Type.Object({ text: Type.String() }) }, ({ text }) => text)
  return server
}

const app = Fastify()
await app.register(otel())
await app.register(mcpPlugin, { server: createShop() })
await app.ready()
const { definition } = app.mcp.get('Shop')

/** A call of a new caller: of a tool that there is, or of a name that there is not. */
async function callAs (n: number): Promise<void> {
  const client = { capabilities: {} }
  const caller: Caller = { era: 'modern', protocolVersion: '2026-07-28', client, principal: `p${n}` }
  const auth = { token: `t${n}`, clientId: `c${n}`, scopes: [] }
  const channel = createNoOpChannel(app.log, undefined, { identity: { mount: 'Shop', app }, auth })
  const calls = [
    { method: 'tools/call', params: { name: 'find', arguments: { text: `text of ${n}` } } },
    { method: 'tools/call', params: { name: `tool_${n}` } },
    { method: 'prompts/get', params: { name: `prompt_${n}` } },
    { method: `method/${n}`, params: {} }
  ] as const
  const message = { id: 1, ...calls[n % 4 as 0 | 1 | 2 | 3] }
  await serveFor(definition, { message, caller, channel }, () => {}).catch(() => {})
}

for (let n = 0; n < CALLERS / 2; n++) await callAs(n)
const before = await measure()
for (let n = CALLERS / 2; n < CALLERS; n++) await callAs(n)
const grown = await measure() - before
await reader.forceFlush()

const series = exporter.getMetrics()
  .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  .flatMap(({ dataPoints }) => dataPoints.map(({ attributes }) => attributes))
console.log(JSON.stringify({ grown, series }))
await reader.shutdown()
await app.close()
