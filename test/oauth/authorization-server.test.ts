import Fastify from 'fastify'
import t from 'tap'
import { authorizationServer } from '../../lib/oauth/index.ts'
import { createStage, KEY, PUBLIC_URL, testSignIn } from './stage.ts'

t.test('without a store, production is warned that sign-ins are lost', async (t) => {
  const { NODE_ENV } = process.env
  t.teardown(() => {
    if (NODE_ENV === undefined) delete process.env['NODE_ENV']
    else process.env['NODE_ENV'] = NODE_ENV
  })
  process.env['NODE_ENV'] = 'production'
  const warnings: string[] = []
  const stream = { write: (line: string) => { warnings.push(JSON.parse(line).msg) } }
  const app = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => app.close())

  await app.register(authorizationServer({ publicUrl: PUBLIC_URL, signIn: testSignIn, keys: [KEY] }))

  t.match(warnings, [/^authorizationServer has no 'store': sign-ins are lost when this process ends/])
})

t.test('a body that is too long, or is not JSON where it must be, gets an OAuth error', async (t) => {
  const { fetch } = await createStage(t)
  const post = async (path: string, body: string, type: string): Promise<unknown> => {
    const response = await fetch(`${PUBLIC_URL}/oauth/${path}`, { method: 'POST', headers: { 'content-type': type }, body })
    return { status: response.status, ...await response.json() as object }
  }

  t.same(await post('token', 'x'.repeat(57 * 1024), 'application/x-www-form-urlencoded'),
    { status: 413, error: 'invalid_request' })
  t.match(await post('register', 'no JSON', 'application/json'), { status: 400, error: /^invalid_/ })
})
