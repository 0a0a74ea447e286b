// Loading a client when one of the official clients is not installed, or neither.
import { register } from 'node:module'
import { Client as ClientV2 } from '@modelcontextprotocol/client'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import t from 'tap'
import { createTestClient } from '../../lib/testing.ts'
import { createServer } from '../support/app.ts'
import { createMounts } from './clients.ts'

const PACKAGES = ['@modelcontextprotocol/client', '@modelcontextprotocol/sdk']

// Makes imports of the packages fail, as if they were missing or broken.
const HOOK = `
let state
export function initialize ({ shared }) { state = new Int32Array(shared) }
export async function resolve (specifier, context, next) {
  const index = ${JSON.stringify(PACKAGES)}.findIndex((name) => specifier.startsWith(name))
  const isClient = index !== -1 && /\\/lib\\/testing\\//.test(context.parentURL)
  if (!isClient || state[index] === 0) return next(specifier, context)
  const code = state[index] === 1 ? 'ERR_MODULE_NOT_FOUND' : 'ERR_BROKEN'
  throw Object.assign(new Error("Cannot find package '" + specifier + "'"), { code })
}`

const shared = new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT)
const state = new Int32Array(shared)
const OK = 0
const MISSING = 1
const BROKEN = 2

t.before(() => register(`data:text/javascript,${encodeURIComponent(HOOK)}`, { data: { shared } }))

// Node.js caches the modules that it has loaded, so the missing ones are tested first.
t.test('if neither client is installed, the error names the one that is needed', async (t) => {
  state.set([MISSING, MISSING])
  const { app } = createMounts(t, { server: createServer() })
  const v1 = {
    code: 'MCP_ERR_MISSING_PACKAGE',
    message:
      "'@modelcontextprotocol/sdk' is not installed, which a test client v1 needs; install it beside this package",
    cause: { code: 'ERR_MODULE_NOT_FOUND' }
  }
  const v2 = {
    code: 'MCP_ERR_MISSING_PACKAGE',
    message:
      "'@modelcontextprotocol/client' is not installed, which a test client v2, the only one that speaks the " +
        'modern era, needs; install it beside this package'
  }

  await t.rejects(createTestClient(app, { client: 'v1' }), v1)
  await t.rejects(createTestClient(app, { era: 'legacy' }), v1)
  await t.rejects(createTestClient(app, { client: 'v2' }), v2)
  await t.rejects(createTestClient(app, { era: 'modern' }), v2)
})

t.test('an error while loading a client is passed on', async (t) => {
  state.set([BROKEN, BROKEN])
  const { app } = createMounts(t, { server: createServer() })

  await t.rejects(createTestClient(app), { code: 'ERR_BROKEN' })
  await t.rejects(createTestClient(app, { client: 'v1' }), { code: 'ERR_BROKEN' })
})

t.test('if the client v2 is not installed, the client v1 is used, which speaks the legacy era', async (t) => {
  state.set([MISSING, OK])
  const { app } = createMounts(t, { server: createServer() })

  const client: unknown = await createTestClient(app)

  t.ok(client instanceof ClientV1)
  t.equal(app.mcp.get('Notes').sessions.size, 1)
  await (client as ClientV1).close()
})

t.test('if both are installed, the client v2 is used, which speaks the modern era by default', async (t) => {
  state.set([OK, OK])
  const { app } = createMounts(t, { server: createServer() })

  const [modern, legacy] = await Promise.all([createTestClient(app), createTestClient(app, { era: 'legacy' })])

  t.ok(modern instanceof ClientV2)
  t.equal(modern.getNegotiatedProtocolVersion(), '2026-07-28')
  t.ok(legacy instanceof ClientV2)
  t.equal(legacy.getNegotiatedProtocolVersion(), '2025-11-25')
  await Promise.all([modern.close(), legacy.close()])
})
