/**
 * Spans and metrics of OpenTelemetry for the mounts of an app.
 * @packageDocumentation
 */
import type { FastifyInstance } from 'fastify'
import fp from 'fastify-plugin'
import { explainImport } from './errors.ts'
import { resolveRegistry } from './registry.ts'
import { startMetrics } from './telemetry/otel/metrics.ts'
import { resolveOtelOptions, type OtelOptions } from './telemetry/otel/options.ts'
import { startQuestionSpans } from './telemetry/otel/question-spans.ts'
import { startSpans } from './telemetry/otel/spans.ts'
import { ofApp } from './telemetry/read-event.ts'

export type { OtelOptions }

/**
 * Returns the plugin that makes spans and metrics of all requests to the mounts of an app, until the app closes. It
 * uses the SDK that the process has registered with `@opentelemetry/api`, which must be installed.
 *
 * @throws MCP_ERR_INVALID_OPTION
 * @see https://github.com/open-telemetry/semantic-conventions-genai/blob/main/docs/gen-ai/mcp.md
 * @example app.register(otel())
 */
export function otel (options: OtelOptions = {}): (app: FastifyInstance) => Promise<void> {
  const resolved = resolveOtelOptions(options)

  async function mcpOtel (app: FastifyInstance): Promise<void> {
    const api = await import('@opentelemetry/api').catch((error: unknown) => {
      throw explainImport(error, '@opentelemetry/api', 'otel()')
    })
    const isOwn = ofApp(app)
    const ends: Array<() => void> = []
    if (resolved.spans) ends.push(startSpans({ ...resolved, api, isOwn }), startQuestionSpans({ api, isOwn }))
    if (resolved.metrics) ends.push(startMetrics({ api, mounts: resolveRegistry(app), isOwn }))
    app.addHook('onClose', async function endOtel () { for (const end of ends) end() })
  }

  return fp(mcpOtel, { name: 'fastify-mcp-mount-otel', fastify: '5.x' })
}
