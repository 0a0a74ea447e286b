// The official clients' own OAuth code, over real sockets.
import t from 'tap'
import type { Kept } from '../support/oauth-client.ts'
import { answer, CLIENTS, createStage, signIn, SCOPES, REDIRECT_URL } from './stage.ts'

const says = (text: string): object[] => [{ type: 'text', text }]
const DOCUMENT_URL = 'https://client.example.com/metadata.json'

for (const [title, createClient] of CLIENTS) {
  t.test(`${title} registers, gets consent, calls a tool, and refreshes`, async (t) => {
    const { fetch, openBrowser, login } = await createStage(t)
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch })
    t.teardown(() => client.close())

    await t.rejects(client.connect(), /Unauthorized/i)
    const browser = openBrowser()
    const page = await signIn(browser, String(kept.authorizationUrl))
    await client.finish(await answer(browser, page, 'allow'))
    await client.connect()

    t.same(await client.call('who_am_i'), says('ada with '))
    t.match(kept.client, { client_id: String })
    t.equal(login.issuer, 'https://api.example.com')

    const first = kept.tokens?.refresh_token
    kept.tokens = { ...kept.tokens, access_token: 'expired' }
    t.same(await client.call('who_am_i'), says('ada with '))
    t.not(kept.tokens.refresh_token, first, 'the refresh token has been rotated')
  })

  t.test(`${title} uses its metadata document as its id`, async (t) => {
    const fetched: string[] = []
    const { fetch, openBrowser } = await createStage(t, {
      fetchClientDocument: async (url) => {
        fetched.push(url)
        return Response.json({
          client_id: DOCUMENT_URL,
          client_name: 'Documented client',
          redirect_uris: [REDIRECT_URL],
          token_endpoint_auth_method: 'none',
          logo_uri: 'http://169.254.169.254/latest'
        })
      }
    })
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch, documentUrl: DOCUMENT_URL })
    t.teardown(() => client.close())

    await t.rejects(client.connect(), /Unauthorized/i)
    const browser = openBrowser()
    const page = await signIn(browser, String(kept.authorizationUrl))
    await client.finish(await answer(browser, page, 'allow'))
    await client.connect()

    t.match(page.text, 'Documented client')
    t.match(page.text, 'client.example.com')
    t.same(await client.call('who_am_i'), says('ada with '))
    t.equal(kept.client?.client_id, DOCUMENT_URL)
    t.same(fetched, [DOCUMENT_URL])
  })
}

t.test('several users sign in at once, each with a client of their own', async (t) => {
  const { fetch, openBrowser } = await createStage(t)
  const connect = async (user: string, [, createClient]: (typeof CLIENTS)[number]): Promise<unknown> => {
    const kept: Kept = { verifier: '' }
    const client = createClient({ kept, fetch })
    t.teardown(() => client.close())
    await t.rejects(client.connect(), /Unauthorized/i)
    const browser = openBrowser()
    await client.finish(await answer(browser, await signIn(browser, String(kept.authorizationUrl), user), 'allow'))
    await client.connect()
    return await client.call('who_am_i')
  }

  const answers = await Promise.all(CLIENTS.map((client, index) => connect(`user-${index}`, client)))

  t.same(answers, CLIENTS.map((_client, index) => says(`user-${index} with `)))
})

t.test('a tool that needs a scope leads the v2 client through a second consent', async (t) => {
  const { fetch, openBrowser } = await createStage(t)
  const kept: Kept = { verifier: '' }
  const [, createClient] = CLIENTS[2] ?? []
  const client = createClient?.({ kept, fetch })
  if (client === undefined) return
  t.teardown(() => client.close())
  const browser = openBrowser()
  await t.rejects(client.connect(), /Unauthorized/i)
  await client.finish(await answer(browser, await signIn(browser, String(kept.authorizationUrl)), 'allow'))
  await client.connect()

  await t.rejects(client.call('write_note'))
  const page = await signIn(browser, String(kept.authorizationUrl))
  await client.finish(await answer(browser, page, 'allow'))
  await client.connect()

  t.match(page.text, SCOPES['notes:write'])
  t.same(await client.call('write_note'), says('ada wrote'))
})
