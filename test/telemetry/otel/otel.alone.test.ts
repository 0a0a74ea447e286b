import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, diag, DiagLogLevel, metrics, trace, type Span } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, ToolError } from '../../../lib/index.ts'
import { otel, type OtelOptions } from '../../../lib/otel.ts'
import { createV1, said } from '../../support/sdk-servers.ts'
import { initialize, legacy, modern, modernCall, openSession } from '../../support/app.ts'

// The globals of OpenTelemetry can be set once for a process.
const exported = new InMemorySpanExporter()
let isBroken = false
const exporter: SpanExporter = {
  export (spans, done) {
    if (isBroken) throw new Error('the collector is gone')
    exported.export(spans, done)
  },
  shutdown: () => exported.shutdown()
}
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
const prometheus = new PrometheusExporter({ port: 0, host: '127.0.0.1' }, () => {})
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheus] }))
t.teardown(() => prometheus.shutdown())

async function scrape (): Promise<string> {
  // The exporter does not say which port it got.
  const { _server: server } = prometheus as unknown as { readonly _server: Server }
  if (!server.listening) await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
}

function createShop (): McpServer {
  const server = new McpServer({ name: 'Shop', version: '1.0.0' })
  server.registerTool('get_order', {}, () => trace.getActiveSpan()?.spanContext().spanId ?? 'none')
  server.registerTool('refund', {}, () => { throw new ToolError('There is no such order') })
  server.registerTool('crash', {}, () => { throw new TypeError('boom') })
  server.registerPrompt('ask', {}, () => 'a')
  return server
}

async function createApp (t: Test, options: OtelOptions = {}, name = 'Shop'): Promise<FastifyInstance> {
  exported.reset()
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(otel(options))
  app.register(mcpPlugin, { server: createShop(), name })
  await app.ready()
  return app
}

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const PARENT = 'b7ad6b7169203331'
const META = { traceparent: `00-${TRACE_ID}-${PARENT}-01` }

t.test('a call is a span below the trace context of its message, with a link to the span of its HTTP request', async (t) => {
  const app = await createApp(t)
  const http: Span = trace.getTracer('test').startSpan('POST /mcp')

  const response = await context.with(trace.setSpan(context.active(), http), async () =>
    await app.inject(modernCall('get_order', {}, { id: 7, meta: META })))

  const [span] = exported.getFinishedSpans()
  t.equal(span?.name, 'tools/call get_order')
  t.equal(span?.kind, 1)
  t.equal(span?.spanContext().traceId, TRACE_ID)
  t.equal(span?.parentSpanContext?.spanId, PARENT)
  t.strictSame(span?.links.map(({ context }) => context.spanId), [http.spanContext().spanId])
  t.match(span?.attributes, {
    'mcp.method.name': 'tools/call',
    'mcp.protocol.version': '2026-07-28',
    'gen_ai.tool.name': 'get_order',
    'gen_ai.operation.name': 'execute_tool',
    'jsonrpc.request.id': '7',
    'network.transport': 'tcp',
    'network.protocol.name': 'http',
    'network.protocol.version': '1.1',
    'client.address': '127.0.0.1',
    'fastify_mcp_mount.outcome': 'ok'
  })
  t.notMatch(Object.keys(span?.attributes ?? {}).join(), /error\.type|gen_ai\.tool\.call/)
  t.match(response.body, span?.spanContext().spanId)
})

t.test('without a trace context in its message, a call is a child of the HTTP request', async (t) => {
  const app = await createApp(t)
  const http = trace.getTracer('test').startSpan('POST /mcp')

  await context.with(trace.setSpan(context.active(), http), async () => await app.inject(modernCall('get_order')))
  await app.inject(modernCall('get_order', {}, { meta: { traceparent: 1 } }))

  const [child, root] = exported.getFinishedSpans()
  t.equal(child?.parentSpanContext?.spanId, http.spanContext().spanId)
  t.strictSame(child?.links, [])
  t.equal(root?.parentSpanContext, undefined)
})

t.test('a span says how its request ended', async (t) => {
  const app = await createApp(t)

  await app.inject(modernCall('refund'))
  await app.inject(modernCall('crash'))
  await app.inject(modernCall('nope'))
  await app.inject(modern('prompts/get', { name: 'ask' }))
  await app.inject(modern('resources/read', { uri: 'x://1' }))
  await app.inject(modern('made/up'))
  const headers = await openSession(app)
  await app.inject(legacy('ping', {}, { headers }))

  const spans = exported.getFinishedSpans()
  t.strictSame(spans.map(({ name, attributes, status }) => [name, attributes['error.type'], status.code]), [
    ['tools/call refund', 'tool_error', 2],
    ['tools/call crash', 'crash', 2],
    ['tools/call nope', '-32602', 0],
    ['prompts/get ask', undefined, 0],
    ['resources/read', '-32601', 0],
    ['made/up', '-32601', 0],
    ['initialize', undefined, 0],
    ['ping', undefined, 0]
  ])
  t.equal(spans[0]?.status.message, 'There is no such order')
  t.match(spans[2]?.attributes, { 'rpc.response.status_code': '-32602' })
  t.match(spans[4]?.attributes, { 'mcp.resource.uri': 'x://1' })
  t.match(spans[5]?.attributes, { 'mcp.method.name': '_other' })
  t.match(spans[7]?.attributes, { 'mcp.session.id': /^[\da-f]{16}$/ })
})

t.test('arguments and results are captured only if they shall be', async (t) => {
  const app = await createApp(t, { captureArguments: true, captureResults: true })

  await app.inject(modernCall('get_order', { id: 1 }))
  await app.mcp.get('Shop').call('get_order')
  await app.inject(modernCall('nope', { id: 1 }))
  await app.inject(modern('prompts/get', { name: 'ask' }))

  const [captured, own, refused, prompt] = exported.getFinishedSpans().map(({ attributes }) => attributes)
  t.equal(captured?.['gen_ai.tool.call.arguments'], '{"id":1}')
  t.match(captured?.['gen_ai.tool.call.result'], /"content"/)
  t.match(own?.['gen_ai.tool.call.result'], /"content"/)
  t.notOk('network.transport' in Object(own))
  t.notOk('gen_ai.tool.call.result' in Object(refused))
  t.notOk('gen_ai.tool.call.arguments' in Object(prompt))
})

t.test('an exporter that throws does not harm the call', async (t) => {
  const app = await createApp(t)
  const reported: unknown[] = []
  const report = (...args: unknown[]): void => { reported.push(args) }
  diag.setLogger({ error: report, warn: report, info: report, debug: report, verbose: report }, DiagLogLevel.ERROR)
  isBroken = true

  const response = await app.inject(modernCall('get_order'))
  isBroken = false
  diag.disable()

  t.equal(response.statusCode, 200)
})

t.test('Prometheus gets durations, refusals and load, with few labels however many callers there are', async (t) => {
  const app = await createApp(t, {}, 'Metered')
  app.mcp.get('Metered')
  const headers = await openSession(app)
  const sdk = Fastify()
  t.teardown(() => sdk.close())
  const server = createV1()
  server.registerTool('fail', {}, () => ({ ...said('no'), isError: true }))
  sdk.register(otel({ spans: false }))
  sdk.register(mcpPlugin, { server, name: 'Sdk' })
  await sdk.ready()

  await app.inject(modernCall('get_order'))
  for (let n = 0; n < 200; n++) {
    await app.inject(modernCall(`made_up_${n}`))
    await sdk.inject(modernCall(`made_up_${n}`))
    await app.inject(modern(`method/${n}`))
    await app.inject(legacy('ping', {}, { headers: { 'mcp-session-id': `gone-${n}` } }))
  }
  await app.inject(initialize())
  await app.inject({ method: 'DELETE', url: '/mcp', headers })
  const text = await scrape()

  t.match(text, /mcp_server_operation_duration_bucket\{[^}]*gen_ai_tool_name="get_order"[^}]*le="0\.01"\}/)
  t.match(text, /mcp_server_operation_duration_count\{[^}]*gen_ai_tool_name="_other"[^}]*\} 200\n/)
  t.match(text, /mcp_server_session_duration_count\{[^}]*fastify_mcp_mount_mount="Metered"[^}]*\} 1\n/)
  t.match(text, /fastify_mcp_mount_refusals_total\{[^}]*fastify_mcp_mount_mount="Metered",[^}]*reason="session"[^}]*\} 200\n/)
  t.match(text, /fastify_mcp_mount_sessions\{[^}]*fastify_mcp_mount_mount="Metered"[^}]*\} 1\n/)
  t.match(text, /fastify_mcp_mount_exchanges\{/)
  t.match(text, /fastify_mcp_mount_streams\{/)
  t.notMatch(text, /made_up|method\/|gone-/)
  t.ok(text.split('\n').length < 400)
})

t.test('nothing is recorded after the app has closed, or of other apps', async (t) => {
  const app = await createApp(t)
  const other = Fastify()
  t.teardown(() => other.close())
  other.register(mcpPlugin, { server: createShop() })
  await other.ready()

  await other.inject(modernCall('get_order'))
  await app.close()
  await other.inject(modernCall('get_order'))

  t.strictSame(exported.getFinishedSpans(), [])
})

t.test('wrong options are refused', async (t) => {
  t.throws(() => otel({ span: true } as OtelOptions), { code: 'MCP_ERR_INVALID_OPTION' })
})
