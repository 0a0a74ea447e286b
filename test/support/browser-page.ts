// The script of a web page that uses MCP servers of another origin. It is bundled for browsers, with the official
// clients.
import { v1, v2Legacy, v2Modern, type ClientKind } from './clients.ts'

const kinds: { readonly [name: string]: ClientKind } = { v1, v2Legacy, v2Modern }

/** The results that a page reports. */
export interface Visit {
  readonly origin: string
  readonly era: string
  readonly protocolVersion: string | undefined
  readonly hasSession: boolean
  readonly tools: readonly string[]
  readonly progress: readonly unknown[]
  readonly answer: unknown
}

/** The functions that the test adds to the page. */
interface Page {
  readonly location: { readonly origin: string }
  hasCounted (n: number): Promise<void>
}

// The page's own global object is not declared, because everything else here runs in Node.js.
const page = globalThis as unknown as Page

/** Connects, lists, calls, hears of progress, and closes everything. */
async function visit (kind: string, url: string): Promise<Visit> {
  const client = await connect(kind, url)
  const tools = (await client.listTools()).map(({ name }) => name)
  const progress: unknown[] = []
  const counted = await client.callTool(
    'count',
    { to: 3 },
    {
      onprogress: (step) => { progress.push(Reflect.get(step, 'progress')) }
    }
  )
  const { era, protocolVersion, sessionId } = client
  await client.terminateSession()
  await client.close()
  return {
    origin: page.location.origin,
    era,
    protocolVersion,
    hasSession: sessionId !== undefined,
    tools,
    progress,
    answer: counted['content']
  }
}

/**
 * Calls a tool that takes its time, tells the test how far it has got, and gets to the end whatever happens on the way.
 */
async function count (
  kind: string, url: string, to: number
): Promise<readonly [progress: readonly number[], answer: unknown]> {
  const client = await connect(kind, url)
  const progress: number[] = []
  const answer = await client.callTool('count', { to }, {
    onprogress: (step) => {
      const n = Number(Reflect.get(step, 'progress'))
      progress.push(n)
      page.hasCounted(n)
    }
  })
  await client.terminateSession()
  await client.close()
  return [progress, answer['content']]
}

/**
 * Calls a tool by hand, with an argument mirrored in a header: in a browser the official client sends no such headers.
 */
async function locate (url: string, region: string): Promise<unknown> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': 'locate',
      'mcp-param-region': region
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: {
        name: 'locate',
        arguments: { region },
        _meta: {
          'io.modelcontextprotocol/protocolVersion': '2026-07-28',
          'io.modelcontextprotocol/clientCapabilities': {}
        }
      }
    })
  })
  return await response.json()
}

/** Tries to connect; what it fails with. */
async function fail (kind: string, url: string): Promise<string> {
  return await connect(kind, url).then(() => 'connected', String)
}

async function connect (kind: string, url: string) {
  const known = kinds[kind]
  if (known === undefined) throw new TypeError(`no client is called ${kind}`)
  return await known.connect(url, 'page')
}

Object.assign(globalThis, { visit, count, locate, fail })
