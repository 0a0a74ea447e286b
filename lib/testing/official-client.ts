// Loads the official clients on demand, and hides their differences.
import type { ClientCapabilities } from '@modelcontextprotocol/client'
import type { CreateMessageRequest } from '@modelcontextprotocol/sdk/types.js'
import { explainImport, isNotInstalled } from '../errors.ts'
import { Method } from '../protocol/methods.ts'
import { MODERN_REVISION, type Era } from '../protocol/revisions.ts'
import { capabilitiesOf, type ResolvedClientOptions } from './client-options.ts'
import type { ClientV1, ClientV2 } from './client-type.ts'
import type { InjectFetch } from './inject-fetch.ts'

/** The endpoint that a client connects to. */
export interface Target {
  readonly url: URL
  readonly fetch: InjectFetch
  /** Whether the server can resume a stream. */
  readonly isResumable: boolean
}

/** A client that can be connected once. */
export interface OfficialClient {
  readonly client: ClientV1 | ClientV2
  connect (): Promise<void>
}

/** Creates a client. */
export type MakeClient = (options: ResolvedClientOptions, target: Target) => OfficialClient

interface ClosableTransport {
  close (): Promise<void>
  terminateSession (): Promise<void>
}

/**
 * Loads the client that the options ask for, or else the newest that is installed.
 * @throws MCP_ERR_MISSING_PACKAGE
 */
export async function loadClient ({ client, era }: ResolvedClientOptions): Promise<MakeClient> {
  const needsV2 = client === 'v2' || era === 'modern'
  if (client !== 'v1') {
    try {
      return await loadV2()
    } catch (error) {
      const name = '@modelcontextprotocol/client'
      if (needsV2 || !isNotInstalled(error, name)) {
        throw explainImport(error, name, 'a test client v2, the only one that speaks the modern era,')
      }
    }
  }
  return await loadV1()
}

async function loadV2 (): Promise<MakeClient> {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client')

  return function makeV2 (options, target) {
    const { clientInfo, era = 'modern', elicit, sample, listRoots } = options
    // Here and below, the casts are between the SDKs' types of the same JSON.
    const capabilities = capabilitiesOf(options) as ClientCapabilities
    const client = new Client(clientInfo, { capabilities, versionNegotiation: { mode: modeOf(era) } })
    if (elicit) client.setRequestHandler(Method.ElicitationCreate, ({ params }) => elicit(params))
    if (sample) {
      client.setRequestHandler(Method.SamplingCreateMessage, ({ params }) => {
        return sample(params as CreateMessageRequest['params'])
      })
    }
    if (listRoots) client.setRequestHandler(Method.RootsList, async () => ({ roots: await listRoots() }))
    const transport = endSessionOnClose(new StreamableHTTPClientTransport(target.url, transportOptions(target)))
    return { client, connect: () => client.connect(transport) }
  }
}

async function loadV1 (): Promise<MakeClient> {
  const name = '@modelcontextprotocol/sdk'
  try {
    const [{ Client }, { StreamableHTTPClientTransport }, types] = await Promise.all([
      import('@modelcontextprotocol/sdk/client/index.js'),
      import('@modelcontextprotocol/sdk/client/streamableHttp.js'),
      import('@modelcontextprotocol/sdk/types.js')
    ])

    return function makeV1 (options, target) {
      const { clientInfo, elicit, sample, listRoots } = options
      const client = new Client(clientInfo, { capabilities: capabilitiesOf(options) })
      if (elicit) client.setRequestHandler(types.ElicitRequestSchema, ({ params }) => elicit(params))
      if (sample) client.setRequestHandler(types.CreateMessageRequestSchema, ({ params }) => sample(params))
      if (listRoots) client.setRequestHandler(types.ListRootsRequestSchema, async () => ({ roots: await listRoots() }))
      const transport = endSessionOnClose(new StreamableHTTPClientTransport(target.url, transportOptions(target)))
      // The SDK's optional members are not declared for exactOptionalPropertyTypes.
      return { client, connect: () => client.connect(transport as Parameters<typeof client.connect>[0]) }
    }
  } catch (error) {
    throw explainImport(error, name, 'a test client v1')
  }
}

function modeOf (era: Era): 'legacy' | { pin: string } {
  return era === 'modern' ? { pin: MODERN_REVISION } : 'legacy'
}

// If no stream can be resumed, the client must not reconnect: its timer would keep the process alive.
function transportOptions ({ fetch, isResumable }: Target) {
  const reconnectionOptions = {
    maxRetries: 0,
    initialReconnectionDelay: 1000,
    maxReconnectionDelay: 30_000,
    reconnectionDelayGrowFactor: 1.5
  }
  return { fetch, ...(!isResumable && { reconnectionOptions }) }
}

// Otherwise the next test would find the session still open.
function endSessionOnClose<Transport extends ClosableTransport> (transport: Transport): Transport {
  const close = transport.close.bind(transport)
  transport.close = async function closeWithSession () {
    // The session may have ended already, or the app may have closed.
    await transport.terminateSession().catch(() => {})
    await close()
  }
  return transport
}
