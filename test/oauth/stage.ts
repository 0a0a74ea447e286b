// An app with an authorization server and two mounts, an identity provider, and the official clients.
import {
  Client as ClientV2, StreamableHTTPClientTransport as TransportV2, type OAuthClientProvider as ProviderV2
} from '@modelcontextprotocol/client'
import type { OAuthClientProvider as ProviderV1 } from '@modelcontextprotocol/sdk/client/auth.js'
import { Client as ClientV1 } from '@modelcontextprotocol/sdk/client/index.js'
import { StreamableHTTPClientTransport as TransportV1 } from '@modelcontextprotocol/sdk/client/streamableHttp.js'
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js'
import Fastify, { type FastifyInstance } from 'fastify'
import type { Test } from 'tap'
import mcpPlugin, { McpServer } from '../../lib/index.ts'
import {
  authorizationServer, custom, type AuthorizationServer, type AuthorizationServerOptions
} from '../../lib/oauth/index.ts'
import { createAuthProvider, type Kept } from '../support/oauth-client.ts'
import { Browser, readForm, type Seen } from './browser.ts'

export const PUBLIC_URL = 'https://api.example.com'
export const NOTES = `${PUBLIC_URL}/notes/mcp`
export const TASKS = `${PUBLIC_URL}/tasks/mcp`
export const REDIRECT_URL = 'https://client.example.com/callback'
const SELF = { name: 'Official client', redirectUrl: REDIRECT_URL }
export const KEY = 'a secret of at least thirty-two characters'
export const SCOPES = { 'notes:read': 'Read your notes', 'notes:write': 'Change your notes' }

/** A user of the sign-in of tests. */
export interface TestUser { readonly id: string }

/** A sign-in whose page is outside of the servers, and which signs in any user that a test names. */
export const LOGIN_PAGE = 'https://login.example.com/'
export const testSignIn = custom<TestUser>({
  start: ({ callbackUrl, state }) => ({ url: `${LOGIN_PAGE}?${new URLSearchParams({ to: callbackUrl, state })}` }),
  finish: ({ url }) => ({ id: String(url.searchParams.get('user')) }),
  identify: ({ id }) => ({ subject: id, label: `${id}@example.com` })
})

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>

/** Signs every browser in as Ada, without a page. */
export const signInOfAda = custom<TestUser>({
  start: ({ callbackUrl, state }) => ({ url: `${callbackUrl}?state=${state}` }),
  finish: () => ({ id: 'ada' }),
  identify: testSignIn.identify
})

/** An app under test. */
export interface Stage {
  readonly app: FastifyInstance
  readonly login: AuthorizationServer
  readonly address: string
  /** Fetches from the app by its public name. */
  readonly fetch: Fetch
  readonly openBrowser: () => Browser
  readonly warnings: readonly string[]
}

/** Starts an app with two mounts: /notes, whose tools need scopes, and /tasks. */
export async function createStage (
  t: Test, options: Partial<AuthorizationServerOptions<TestUser>> = {}, publicUrl = PUBLIC_URL
): Promise<Stage> {
  const warnings: string[] = []
  const stream = { write: (line: string) => { warnings.push(JSON.parse(line).msg) } }
  const app = Fastify({ logger: { level: 'warn', stream } })
  t.teardown(() => app.close())
  const login = authorizationServer({ publicUrl, signIn: testSignIn, keys: [KEY], scopes: SCOPES, ...options })
  app.register(login)
  app.register(mcpPlugin, { prefix: '/notes', server: createNotes('Notes'), publicUrl, auth: login.auth })
  app.register(mcpPlugin, { prefix: '/tasks', server: createNotes('Tasks'), publicUrl, auth: login.auth })
  const address = await app.listen({ port: 0, host: '127.0.0.1' })
  // A proxy that removes the path of the public URL, except before well-known paths.
  const rewrite = (url: string): string => url.startsWith(`${new URL(publicUrl).origin}/.well-known`)
    ? url.replace(new URL(publicUrl).origin, address)
    : url.replace(publicUrl, address)
  return {
    app,
    login,
    address,
    warnings,
    fetch: async (url, init) => await fetch(rewrite(String(url)), init),
    openBrowser: () => new Browser(rewrite, (url) => url.startsWith(REDIRECT_URL) || url.startsWith(LOGIN_PAGE))
  }
}

function createNotes (name: string): McpServer {
  const server = new McpServer({ name, version: '1.0.0' })
  server.registerTool('who_am_i', {}, (_args, { auth }) => `${auth?.subject} with ${auth?.scopes.join(' ')}`)
  server.registerTool('write_note', { scopes: ['notes:write'] }, (_args, { auth }) => `${auth?.subject} wrote`)
  server.registerTool('call_upstream', {}, async (_args, { auth }) => (await auth?.upstream?.())?.accessToken ?? 'none')
  server.registerTool('explain_upstream', {}, async (_args, { auth }) => {
    const problem = await auth?.upstream?.().catch((error: unknown) => error)
    return String(problem)
  })
  // As if the API had answered 401 to the token.
  server.registerTool('refuse_upstream', {}, async (_args, { auth }) => {
    const refused = String((await auth?.upstream?.())?.accessToken)
    return (await auth?.upstream?.({ refused }))?.accessToken ?? 'none'
  })
  server.registerTool('stream_upstream', {}, async (_args, ctx) => {
    await ctx.reportProgress(1)
    return String(await ctx.auth?.upstream?.())
  })
  return server
}

/** Signs in at the page of the tests' sign-in, and goes on to the next page. */
export async function signIn (browser: Browser, url: string | URL, user = 'ada'): Promise<Seen> {
  const seen = await browser.visit(url)
  if (!seen.url.startsWith(LOGIN_PAGE)) return seen
  const { searchParams } = new URL(seen.url)
  return await browser.visit(`${searchParams.get('to')}?${new URLSearchParams({ state: String(searchParams.get('state')), user })}`)
}

/** Answers the consent page. */
export async function answer (browser: Browser, page: Seen, decision: 'allow' | 'deny'): Promise<URLSearchParams> {
  const { action, fields } = readForm(page)
  const seen = await browser.visit(action, { ...fields, decision })
  if (!seen.url.startsWith(REDIRECT_URL)) throw new Error(`the user ends at ${seen.url}: ${seen.text}`)
  return new URL(seen.url).searchParams
}

/** The steps of an official client. */
export interface OfficialClient {
  connect (): Promise<void>
  finish (params: URLSearchParams): Promise<void>
  call (tool: string): Promise<unknown>
  close (): Promise<void>
}

/** Options of an official client. */
export interface ClientOptions {
  readonly kept: Kept
  readonly fetch: Fetch
  readonly endpoint?: string
  /** The URL of the metadata document that is its id. */
  readonly documentUrl?: string
}

function createV1 ({ kept, fetch, endpoint = NOTES, documentUrl }: ClientOptions): OfficialClient {
  // The stored record comes from the client itself.
  const options = { authProvider: createAuthProvider(kept, { ...SELF, documentUrl }) as unknown as ProviderV1, fetch }
  let client = new ClientV1({ name: 'e2e', version: '1.0.0' })
  let transport = new TransportV1(new URL(endpoint), options)
  return {
    // Its optional fields are not declared for exactOptionalPropertyTypes.
    connect: () => client.connect(transport as Transport),
    finish: async (params) => {
      await transport.finishAuth(String(params.get('code')))
      client = new ClientV1({ name: 'e2e', version: '1.0.0' })
      transport = new TransportV1(new URL(endpoint), options)
    },
    call: async (name) => (await client.callTool({ name })).content,
    close: () => client.close()
  }
}

function createV2 (
  { kept, fetch, endpoint = NOTES, documentUrl }: ClientOptions, mode: 'legacy' | { pin: string }
): OfficialClient {
  // The stored record comes from the client itself.
  const options = { authProvider: createAuthProvider(kept, { ...SELF, documentUrl }) as unknown as ProviderV2, fetch }
  const create = (): ClientV2 => new ClientV2({ name: 'e2e', version: '1.0.0' }, { versionNegotiation: { mode } })
  let client = create()
  let transport = new TransportV2(new URL(endpoint), options)
  return {
    connect: () => client.connect(transport),
    finish: async (params) => {
      await transport.finishAuth(params)
      client = create()
      transport = new TransportV2(new URL(endpoint), options)
    },
    call: async (name) => (await client.callTool({ name })).content,
    close: () => client.close()
  }
}

/** The official clients, by their names. */
export const CLIENTS: ReadonlyArray<readonly [string, (options: ClientOptions) => OfficialClient]> = [
  ['the v1 client', createV1],
  ['the v2 client, legacy', (options) => createV2(options, 'legacy')],
  ['the v2 client, modern', (options) => createV2(options, { pin: '2026-07-28' })]
]
