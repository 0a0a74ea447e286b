// otel() where the API of OpenTelemetry is not installed.
import { register } from 'node:module'
import Fastify from 'fastify'
import t from 'tap'
import { otel } from '../../../lib/otel.ts'

const HOOK = `
export async function resolve (specifier, context, next) {
  if (specifier !== '@opentelemetry/api') return next(specifier, context)
  throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code: 'ERR_MODULE_NOT_FOUND' })
}`

t.test('without the API of OpenTelemetry the app does not start, and the error says what to install', async (t) => {
  register(`data:text/javascript,${encodeURIComponent(HOOK)}`)
  const app = Fastify()
  t.teardown(() => app.close())
  app.register(otel())

  await t.rejects(async () => { await app.ready() }, {
    code: 'MCP_ERR_MISSING_PACKAGE',
    message: "'@opentelemetry/api' is not installed, which otel() needs; install it beside this package"
  })
})
