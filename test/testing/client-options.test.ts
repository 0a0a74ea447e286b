import t from 'tap'
import { capabilitiesOf, resolveClientOptions, type TestClientOptions } from '../../lib/testing/client-options.ts'
import { createTestClient } from '../../lib/testing.ts'
import { createServer } from '../support/app.ts'
import { createMounts } from './clients.ts'

t.test('an invalid option is refused with its name and what to write instead', (t) => {
  const wrong: ReadonlyArray<readonly [options: object, message: string]> = [
    [
      { eras: 'legacy' },
      "option 'eras' does not exist; the options are era, client, auth, headers, origin, host, params, clientInfo, " +
        'capabilities, elicit, sample, listRoots'
    ],
    [{ era: 'new' }, "option 'era' must be 'modern' or 'legacy'"],
    [{ client: 2 }, "option 'client' must be 'v1' or 'v2'"],
    [
      { client: 'v1', era: 'modern' },
      "option 'client' contradicts 'era': the client v1 does not speak the modern era; leave one of them out"
    ],
    [{ auth: { token: 'a' } }, "option 'auth' must be a string that is not empty"],
    [{ headers: { a: 1 } }, "option 'headers' must be an object of strings"],
    [{ headers: 'a' }, "option 'headers' must be an object of strings"],
    [
      { headers: { Authorization: 'Basic a' }, auth: 'a' },
      "option 'headers' has 'authorization', the header that 'auth' sets; leave one of them out"
    ],
    [
      { origin: 'https://app.example.com/' },
      "option 'origin' must be an origin as browsers send it, such as 'https://app.example.com'"
    ],
    [
      { host: 'https://api.example.com' },
      "option 'host' must be a host, such as 'api.example.com' or 'localhost:8000'"
    ],
    [{ host: 'a:b' }, "option 'host' must be a host, such as 'api.example.com' or 'localhost:8000'"],
    [{ params: { tenant: 1 } }, "option 'params' must be an object of strings"],
    [{ clientInfo: 'mine' }, "option 'clientInfo' must be an object"],
    [{ capabilities: null }, "option 'capabilities' must be an object"],
    [{ elicit: {} }, "option 'elicit' must be a function"]
  ]

  for (const [options, message] of wrong) {
    // The cast is needed, because the test passes values of wrong types.
    t.throws(() => resolveClientOptions(options as TestClientOptions), { code: 'MCP_ERR_INVALID_OPTION', message })
  }
  t.end()
})

t.test('valid options pass, and all are optional', (t) => {
  resolveClientOptions({})
  resolveClientOptions({
    era: 'legacy',
    client: 'v1',
    auth: 'a',
    headers: {},
    origin: 'null',
    host: '[::1]:8000',
    params: {},
    elicit: () => ({ action: 'cancel' })
  })
  t.end()
})

t.test('no client is made with invalid options', async (t) => {
  const { app } = createMounts(t, { server: createServer() })

  await t.rejects(createTestClient(app, 'Notes', { origin: 'app' }), { code: 'MCP_ERR_INVALID_OPTION' })
})

t.test('capabilities follow from elicit, sample and listRoots, and can be overridden', (t) => {
  const answering: TestClientOptions = {
    elicit: () => ({ action: 'cancel' }),
    sample: () => ({ model: 'm', role: 'assistant', content: { type: 'text', text: '' } }),
    listRoots: () => []
  }

  const declaredBy = (options: TestClientOptions) => capabilitiesOf(resolveClientOptions(options))
  t.strictSame(declaredBy({}), {})
  t.strictSame(declaredBy(answering), { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} })
  t.strictSame(declaredBy({ ...answering, capabilities: { elicitation: {}, sampling: { tools: {} } } }), {
    elicitation: {},
    sampling: { tools: {} },
    roots: {}
  })
  t.end()
})
