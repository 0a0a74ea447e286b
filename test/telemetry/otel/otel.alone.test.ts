import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { context, diag, DiagLogLevel, metrics, propagation, SpanKind, trace, type Span } from '@opentelemetry/api'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { MeterProvider } from '@opentelemetry/sdk-metrics'
import { InMemorySpanExporter, SimpleSpanProcessor, type SpanExporter } from '@opentelemetry/sdk-trace-base'
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node'
import { FastifyOtelInstrumentation } from '@fastify/otel'
import { createMcpHandler, inputRequired, McpServer as McpServerV2 } from '@modelcontextprotocol/server'
import Fastify, { type FastifyInstance } from 'fastify'
import t, { type Test } from 'tap'
import mcpPlugin, { McpServer, ToolError, Type, type Mountable } from '../../../lib/index.ts'
import { otel, type OtelOptions } from '../../../lib/otel.ts'
import { createFaultyCluster } from '../../support/cluster.ts'
import { listen, readFrames, send } from '../../support/stream.ts'
import { createV1, said } from '../../support/sdk-servers.ts'
import { initialize, JSON_AND_SSE, legacy, modern, modernCall, openSession, openSessionAs, post } from '../../support/app.ts'

// The globals of OpenTelemetry can be set once for a process.
const exported = new InMemorySpanExporter()
let isBroken = false
let isHanging = false
const exporter: SpanExporter = {
  export (spans, done) {
    if (isHanging) return
    if (isBroken) throw new Error('the collector is gone')
    exported.export(spans, done)
  },
  shutdown: () => exported.shutdown()
}
new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
const prometheus = new PrometheusExporter({ port: 0, host: '127.0.0.1' }, () => {})
metrics.setGlobalMeterProvider(new MeterProvider({ readers: [prometheus] }))
t.teardown(() => prometheus.shutdown())

const SILENT = { warn () {}, info () {}, debug () {}, verbose () {} }

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
  server.registerTool('confirm', {}, async (_args, ctx) => {
    try {
      return (await ctx.elicit('Sure?', Type.Object({}))).action
    } catch (error) {
      if (ctx.era === 'legacy') return String(error)
      throw error
    }
  })
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

/** Opens a session, and returns a function that answers the question of a call. It resolves to the `traceparent`. */
async function openAsked (app: FastifyInstance): Promise<(answer: object) => Promise<string>> {
  const address = await listen(app)
  const headers = await openSessionAs(app, 'asked', { elicitation: {} })
  await post(app, { jsonrpc: '2.0', method: 'notifications/initialized' }, headers)
  exported.reset()
  return async (answer) => {
    const call = legacy('tools/call', { name: 'confirm' }, { headers: { ...headers, ...JSON_AND_SSE } })
    const frames = readFrames(await send(address, call))
    let frame = ''
    while (!frame.includes('elicitation/create')) frame = String((await frames.next()).value)
    const { id, params: { _meta } } = JSON.parse(frame.slice(frame.indexOf('{')))
    await post(app, { jsonrpc: '2.0', id, ...answer }, headers)
    while (!frame.includes('"content"')) frame = String((await frames.next()).value)
    return _meta.traceparent
  }
}

t.test('a question to a legacy client is a span below its call, until the answer, and carries its trace context', async (t) => {
  const ask = await openAsked(await createApp(t))

  const traceparent = await ask({ result: { action: 'accept', content: {} } })
  await ask({ error: { code: -1, message: 'not now' } })

  const [question, call, failed] = exported.getFinishedSpans()
  t.match(question, { name: 'elicitation/create', kind: SpanKind.CLIENT, status: { code: 0 } })
  t.equal(question?.parentSpanContext?.spanId, call?.spanContext().spanId)
  t.equal(traceparent, `00-${call?.spanContext().traceId}-${question?.spanContext().spanId}-01`)
  t.match(failed, { status: { code: 2, message: 'not now' }, attributes: { 'error.type': '-1' } })
})

t.test('a question to a modern client is a span that its result carries', async (t) => {
  const app = await createApp(t)
  const other = Fastify()
  t.teardown(() => other.close())
  other.register(mcpPlugin, { server: createShop(), name: 'Other' })
  await other.ready()
  const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {} } }

  const response = await app.inject(modernCall('confirm', {}, { meta }))
  const unobserved = await other.inject(modernCall('confirm', {}, { meta }))

  const [question, call] = exported.getFinishedSpans()
  const [asked] = Object.values<{ readonly params: object }>(response.json().result.inputRequests)
  t.match(question, { name: 'elicitation/create', kind: SpanKind.CLIENT, status: { code: 0 } })
  t.equal(question?.parentSpanContext?.spanId, call?.spanContext().spanId)
  t.match(asked?.params, {
    _meta: { traceparent: `00-${call?.spanContext().traceId}-${question?.spanContext().spanId}-01` }
  })
  t.notMatch(unobserved.body, /traceparent/)
  t.equal(exported.getFinishedSpans().length, 2)
})

const FORM = { message: 'Sure?', requestedSchema: { type: 'object' as const, properties: {} } }

/** The forms of SDK servers that ask their clients, each with a tool that asks. */
const ASKING: Readonly<Record<string, () => Mountable>> = {
  'an SDK v1 server' () {
    const server = createV1()
    server.registerTool('confirm', {}, async () => said((await server.server.elicitInput(FORM)).action))
    return server
  },
  'a factory of SDK v1 servers': () => () => {
    const server = createV1()
    server.registerTool('confirm', {}, async () => said((await server.server.elicitInput(FORM)).action))
    return server
  },
  'a factory of SDK v2 servers': () => createAskingV2,
  'an SDK v2 handler': () => createMcpHandler(createAskingV2)
}

function createAskingV2 (): McpServerV2 {
  const server = new McpServerV2({ name: 'Shop', version: '1.0.0' })
  server.registerTool('confirm', {}, async ({ mcpReq }) => {
    if (mcpReq.envelope === undefined) return said((await server.server.elicitInput(FORM)).action)
    return inputRequired({ inputRequests: { sure: inputRequired.elicit(FORM), roots: inputRequired.listRoots() } })
  })
  return server
}

async function createSdkApp (t: Test, server: Mountable): Promise<FastifyInstance> {
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(otel())
  app.register(mcpPlugin, { server, name: 'Sdk' })
  await app.ready()
  exported.reset()
  return app
}

for (const [form, create] of Object.entries(ASKING).slice(0, 3)) {
  t.test(`a question of ${form} to a legacy client is a span that it carries`, async (t) => {
    const ask = await openAsked(await createSdkApp(t, create()))

    const traceparent = await ask({ result: { action: 'accept', content: {} } })

    const [question, call] = exported.getFinishedSpans()
    t.match(question, { name: 'elicitation/create', kind: SpanKind.CLIENT, status: { code: 0 } })
    t.equal(question?.parentSpanContext?.spanId, call?.spanContext().spanId)
    t.equal(traceparent, `00-${call?.spanContext().traceId}-${question?.spanContext().spanId}-01`)
  })
}

for (const [form, create] of Object.entries(ASKING).slice(2)) {
  t.test(`the questions of ${form} to a modern client are spans that its result carries`, async (t) => {
    const app = await createSdkApp(t, create())
    const meta = { 'io.modelcontextprotocol/clientCapabilities': { elicitation: {}, roots: {} } }

    const response = await app.inject(modernCall('confirm', {}, { meta }))

    const { sure, roots } = response.json().result.inputRequests
    const spans = exported.getFinishedSpans()
    t.strictSame(spans.map(({ name }) => name), ['elicitation/create', 'roots/list', 'tools/call confirm'])
    t.equal(sure.params._meta.traceparent, `00-${spans[2]?.spanContext().traceId}-${spans[0]?.spanContext().spanId}-01`)
    t.match(roots.params._meta.traceparent, spans[1]?.spanContext().spanId)
    t.equal(spans[1]?.parentSpanContext?.spanId, spans[2]?.spanContext().spanId)
  })
}

t.test('beside @fastify/otel, a call is a part of the trace of its HTTP request', async (t) => {
  exported.reset()
  const instrumentation = new FastifyOtelInstrumentation()
  const app = Fastify()
  t.teardown(() => app.close())
  await app.register(instrumentation.plugin())
  app.register(otel())
  app.register(mcpPlugin, { server: createShop(), name: 'Beside' })
  await app.ready()

  await app.inject(modernCall('get_order'))
  await app.inject(modernCall('get_order', {}, { meta: META }))

  const spans = exported.getFinishedSpans()
  const [child, linked] = spans.filter(({ name }) => name === 'tools/call get_order')
  const idsOf = (traceId: string | undefined): readonly string[] =>
    spans.map((span) => span.spanContext()).filter((one) => one.traceId === traceId).map(({ spanId }) => spanId)
  t.ok(spans.some(({ name, parentSpanContext }) => name === 'request' && parentSpanContext === undefined))
  t.ok(idsOf(child?.spanContext().traceId).includes(String(child?.parentSpanContext?.spanId)))
  t.equal(linked?.spanContext().traceId, TRACE_ID)
  t.ok(idsOf(linked?.links[0]?.context.traceId).includes(String(linked?.links[0]?.context.spanId)))
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

t.test('an exporter that never answers does not harm the call', async (t) => {
  const app = await createApp(t)
  isHanging = true
  t.teardown(() => { isHanging = false })

  const response = await app.inject(modernCall('get_order'))

  t.equal(response.statusCode, 200)
  t.strictSame(exported.getFinishedSpans(), [])
})

t.test('a global that throws is reported, and does not harm the call', async (t) => {
  const app = await createApp(t)
  const reported: unknown[] = []
  const report = (message: string): void => { reported.push(message) }
  diag.setLogger({ ...SILENT, error: report }, { suppressOverrideMessage: true })
  t.teardown(() => diag.disable())
  t.intercept(propagation, 'extract', { value: () => { throw new Error('broken') } })

  const response = await app.inject(modernCall('get_order'))

  t.equal(response.statusCode, 200)
  t.strictSame(reported, ['fastify-mcp-mount: a span failed'])
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
  sdk.register(mcpPlugin, { server, name: 'Metered SDK' })
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
  t.match(text, /fastify_mcp_mount_unread_bytes\{[^}]*fastify_mcp_mount_mount="Metered"[^}]*\} 0\n/)
  t.notMatch(text, /made_up|method\/|gone-/)
  t.ok(text.split('\n').filter((line) => line.includes('Metered')).length < 250)
})

t.test('Prometheus is told whether a cluster can be reached', async (t) => {
  const cluster = createFaultyCluster()
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(otel())
  const requestState = { keys: ['0123456789abcdef0123456789abcdef'] }
  app.register(mcpPlugin, { server: new McpServer({ name: 'Shared', version: '1.0.0' }, { requestState }), cluster })
  await app.ready()

  const before = await scrape()
  cluster.beginOutage()
  const during = await scrape()
  cluster.endOutage()

  t.match(before, /fastify_mcp_mount_cluster_reachable\{[^}]*fastify_mcp_mount_mount="Shared"[^}]*\} 1\n/)
  t.match(during, /fastify_mcp_mount_cluster_reachable\{[^}]*fastify_mcp_mount_mount="Shared"[^}]*\} 0\n/)
})

t.test('the dashboard and the alerts use only metrics and labels that are emitted', async (t) => {
  const files = ['grafana-dashboard.json', 'prometheus-rules.yaml']
  const [dashboard = '', rules = ''] = files.map((name) =>
    readFileSync(new URL(`../../../docs/assets/${name}`, import.meta.url), 'utf8'))
  const panels: ReadonlyArray<{ readonly targets: ReadonlyArray<{ readonly expr: string }> }> =
    JSON.parse(dashboard).panels
  const alerts = [...rules.matchAll(/^ +expr: (.+)$/gm)].map(([, expr = '']) => expr)
  const exprs = [...panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)), ...alerts]
  const text = await scrape()

  const names = exprs.join(' ').match(/\b(?:mcp|fastify|gen_ai)_\w+/g) ?? []
  const emitted = new Set(text.match(/\b(?:mcp|fastify|gen_ai)_\w+/g))

  t.ok(panels.length >= 8 && alerts.length >= 4)
  t.ok(exprs.every((expr) => /\b(?:mcp|fastify)_/.test(expr)))
  t.strictSame(names.filter((name) => !emitted.has(name)), [])
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
