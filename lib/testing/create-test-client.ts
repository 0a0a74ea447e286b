// Connects an official client to a mount, without a port.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance } from 'fastify'
import type { Era } from '../protocol/revisions.ts'
import { findMounted } from '../registry.ts'
import { resolveClientOptions, type ResolvedClientOptions, type TestClientOptions } from './client-options.ts'
import type { ClientOf, ClientV1, ClientV2, ClientVersion } from './client-type.ts'
import { findMount, resolveEndpoint } from './endpoint.ts'
import { injectFetch, type InjectFetch, type InjectFetchOptions } from './inject-fetch.ts'
import { loadClient } from './official-client.ts'
import { readRefusal, RefusedError } from './refused-error.ts'

// The order of the overloads matters: TypeScript infers the return type of `elicit: () => …` only once, in the first
// overload that takes two arguments, and widens `action: 'accept'` to `string` if that overload has no type for it.
/**
 * Connects an official client to the only mount of an app, as the signature with a name does to one of several.
 *
 * @throws RefusedError if the mount refuses the client.
 * @throws MCP_ERR_UNKNOWN_MOUNT, MCP_ERR_INVALID_OPTION, MCP_ERR_MISSING_PACKAGE
 * @example
 * // The client answers every ctx.elicit of a handler.
 * const client = await createTestClient(app, { elicit: () => ({ action: 'accept', content: {} }) })
 */
export function createTestClient<
  Version extends ClientVersion | undefined = undefined,
  ClientEra extends Era | undefined = undefined
> (
  app: FastifyInstance, options: TestClientOptions<Version, ClientEra>
): Promise<ClientOf<Version, ClientEra>>
/**
 * Connects an official client to a mount over `app.inject()`. The app becomes ready, but need not listen. Streams,
 * questions to the client, Host, Origin and authorization work as over a network.
 *
 * The promise of a legacy client resolves once its GET stream is open. `client.close()` ends its session, too.
 *
 * @param name The mount's name in `app.mcp`; optional if there is only one mount.
 * @throws RefusedError if the mount refuses the client.
 * @throws MCP_ERR_UNKNOWN_MOUNT, MCP_ERR_INVALID_OPTION, MCP_ERR_MISSING_PACKAGE
 * @example
 * const client = await createTestClient(app, 'Notes', { era: 'legacy', auth: token })
 * const { content } = await client.callTool({ name: 'add_note', arguments: { text: 'Buy milk' } })
 */
export function createTestClient<
  Version extends ClientVersion | undefined = undefined,
  ClientEra extends Era | undefined = undefined
> (
  app: FastifyInstance, name?: string, options?: TestClientOptions<Version, ClientEra>
): Promise<ClientOf<Version, ClientEra>>
export async function createTestClient (
  app: FastifyInstance, nameOrOptions?: string | TestClientOptions, more: TestClientOptions = {}
): Promise<ClientV1 | ClientV2> {
  const [name, given] = typeof nameOrOptions === 'object' ? [undefined, nameOrOptions] : [nameOrOptions, more]
  const options = resolveClientOptions(given)
  const makeClient = await loadClient(options)
  await app.ready()
  const mount = findMount(app, name)
  const watched = watch(injectFetch(app, fetchOptions(options)))
  const { eventStore, cluster } = findMounted(mount).parts.options
  const isResumable = eventStore !== undefined || cluster !== undefined
  const url = resolveEndpoint(mount, options)
  const { client, connect } = makeClient(options, { url, fetch: watched.fetch, isResumable })

  try {
    await connect()
  } catch (error) {
    throw await watched.explain(error)
  }
  await watched.listening()
  return client
}

function fetchOptions ({ auth, headers, origin }: ResolvedClientOptions): InjectFetchOptions {
  return {
    headers: { ...headers, ...(auth !== undefined && { authorization: `Bearer ${auth}` }) },
    ...(origin !== undefined && { origin })
  }
}

/** Watches the requests of a client that connects, because the client's own errors say less. */
interface Watched {
  readonly fetch: InjectFetch
  /** Resolves to the refusal because of which the client failed to connect, or to the client's error. */
  explain (error: unknown): Promise<unknown>
  /** Resolves when the GET stream is open that a legacy client opens after it has connected. */
  listening (): Promise<void>
}

function watch (fetch: InjectFetch): Watched {
  let refused: Response | RefusedError | undefined
  let listening: Promise<unknown> | undefined
  let isConnecting = true

  async function watchReply (reply: Promise<Response>): Promise<void> {
    try {
      const response = await reply
      refused = response.ok ? undefined : response.clone()
    } catch (error) {
      if (error instanceof RefusedError) refused = error
    }
  }

  return {
    async fetch (url, init) {
      const reply = fetch(url, init)
      if (isConnecting) {
        const watching = watchReply(reply)
        if (init?.method === 'GET') listening = watching
        else await watching
      }
      return await reply
    },
    async explain (error) {
      if (!(refused instanceof Response)) return refused ?? error
      const { status } = refused
      return await readRefusal(refused, (text) => `connecting was refused by ${status}: ${text}`, { cause: error })
    },
    async listening () {
      await nextTurn()
      isConnecting = false
      await listening
    }
  }
}
