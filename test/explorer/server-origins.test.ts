import type { ServerResponse } from 'node:http'
import t, { type Test } from 'tap'
import { ServerOrigins } from '../../lib/explorer/server-origins.ts'
import { createIssuer } from '../support/issuer.ts'

const PATH = '/.well-known/oauth-authorization-server'

async function createOrigins (t: Test) {
  const issuer = await createIssuer(t)
  const clock = { now: 0 }
  const warnings: string[] = []
  const log = { warn: (_fields: unknown, text: string) => { warnings.push(text) } }
  const origins = new ServerOrigins(issuer.url, { log: log as never, now: () => clock.now })
  const answer = (endpoints: object): void => { issuer.answers.set(PATH, { issuer: issuer.url, ...endpoints }) }
  return { issuer, clock, warnings, origins, answer }
}

t.test('the origins of the endpoints that a page sends requests to are known', async (t) => {
  const { origins, answer, warnings } = await createOrigins(t)
  answer({
    authorization_endpoint: 'https://pages.example/authorize',
    token_endpoint: 'https://tokens.example/token',
    registration_endpoint: 'http://localhost:4000/register',
    revocation_endpoint: 'https://tokens.example:8443/revoke'
  })

  t.strictSame(await origins.list(), ['https://tokens.example', 'http://localhost:4000', 'https://tokens.example:8443'])
  t.strictSame(warnings, [])
})

t.test('an endpoint without https, or whose host has a meaning in a policy, is left out', async (t) => {
  for (const url of ['http://tokens.example', 'https://*', 'https://a.example;b', 'data:text/plain,a', '/token', 7]) {
    const { origins, answer } = await createOrigins(t)
    answer({ token_endpoint: url, revocation_endpoint: 'https://good.example' })

    t.strictSame(await origins.list(), ['https://good.example'], String(url))
  }
})

t.test('metadata is read again after an hour', async (t) => {
  const { origins, answer, clock, issuer } = await createOrigins(t)
  answer({ token_endpoint: 'https://old.example' })
  await Promise.all([origins.list(), origins.list()])
  answer({ token_endpoint: 'https://new.example' })

  clock.now = 3_599_999
  t.strictSame(await origins.list(), ['https://old.example'])
  t.equal(issuer.asked.length, 1)
  clock.now = 3_600_000
  t.strictSame(await origins.list(), ['https://new.example'])
})

t.test('a server that fails is asked again after half a minute, and what was known stays', async (t) => {
  const { origins, answer, clock, issuer, warnings } = await createOrigins(t)

  t.strictSame(await origins.list(), [])
  t.match(warnings, [`the metadata of ${issuer.url} cannot be read`])
  answer({ token_endpoint: 'https://tokens.example' })
  clock.now = 29_999
  t.strictSame(await origins.list(), [])
  clock.now = 30_000
  t.strictSame(await origins.list(), ['https://tokens.example'])
  issuer.answers.clear()
  clock.now = 3_630_000
  t.strictSame(await origins.list(), ['https://tokens.example'])
})

t.test('a server that is slow holds up nobody, and its answer is used later', async (t) => {
  const { origins, issuer } = await createOrigins(t)
  const asked = new Promise<ServerResponse>((resolve) => {
    issuer.answers.set(PATH, (_request, response) => { resolve(response) })
  })

  t.strictSame(await origins.list(), [])
  const response = await asked
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify({ issuer: issuer.url, token_endpoint: 'https://tokens.example' }))
  let known: readonly string[] = []
  while (known.length === 0) {
    await new Promise(setImmediate)
    known = await origins.list()
  }

  t.strictSame(known, ['https://tokens.example'])
})
