// How clients are connected to an endpoint, as the explorer, the page of an endpoint and `dev` show it. Browsers run
// it, too.

/** One way to connect: a text to copy, or a link to open. */
export interface Connecting {
  readonly client: string
  /** What to do with the text. */
  readonly how: string
  readonly text: string
  /** The link that does it all; absent where there is none. */
  readonly link?: string
}

/** What clients are given to connect to a server. */
export interface ClientForms {
  /** The name of the server in the configuration of clients. */
  readonly key: string
  readonly claudeCode: string
  /** The content of `.vscode/mcp.json`. */
  readonly vscode: object
  /** The content of `.cursor/mcp.json`. */
  readonly cursor: object
  readonly terminal: string
}

/** Writes what clients are given. @param name The name of the server. @param url The URL that clients use. */
export function writeClientForms (name: string, url: string): ClientForms {
  const key = slug(name)
  return {
    key,
    claudeCode: `claude mcp add --transport http ${key} ${shellQuote(url)}`,
    vscode: { servers: { [key]: { type: 'http', url } } },
    cursor: { mcpServers: { [key]: { url } } },
    terminal: `npx fastify-mcp-mount inspect ${shellQuote(url)}`
  }
}

/** Lists the ways to connect. @param name The name of the server. @param url The URL that clients use. */
export function listConnecting (name: string, url: string): readonly Connecting[] {
  const { key, claudeCode, vscode, cursor, terminal } = writeClientForms(name, url)
  const json = (value: object): string => JSON.stringify(value, null, 2)
  return [
    { client: 'Claude Code', how: 'Run in a terminal', text: claudeCode },
    { client: 'Claude', how: 'Settings, Connectors, Add custom connector: paste the URL', text: url },
    { client: 'ChatGPT', how: 'Settings, Apps & Connectors, Create: paste the URL', text: url },
    {
      client: 'VS Code',
      how: 'Put into .vscode/mcp.json',
      text: json(vscode),
      // https://code.visualstudio.com/api/extension-guides/ai/mcp
      link: `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: key, type: 'http', url }))}`
    },
    {
      client: 'Cursor',
      how: 'Put into .cursor/mcp.json',
      text: json(cursor),
      // https://cursor.com/docs/context/mcp/install-links
      link: `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(key)}&config=` +
        encodeURIComponent(base64(JSON.stringify({ url })))
    },
    { client: 'Terminal', how: 'Run in a terminal', text: terminal },
    { client: 'curl', how: 'Run in a terminal', text: curlDiscover(url) }
  ]
}

/** Makes a name of a server that every client accepts, and that a shell needs no quotes for. */
export function slug (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'server'
}

/** Quotes a text for a POSIX shell, where that is necessary. */
export function shellQuote (text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`
}

// btoa takes bytes; a URL is ASCII once it was parsed.
function base64 (text: string): string {
  return btoa(text)
}

function curlDiscover (url: string): string {
  const body = {
    jsonrpc: '2.0',
    id: 1,
    method: 'server/discover',
    params: {
      _meta: {
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientInfo': { name: 'curl', version: '1.0.0' },
        'io.modelcontextprotocol/clientCapabilities': {}
      }
    }
  }
  return [
    `curl -s ${shellQuote(url)}`,
    "-H 'Content-Type: application/json'",
    "-H 'Accept: application/json, text/event-stream'",
    "-H 'MCP-Protocol-Version: 2026-07-28'",
    "-H 'Mcp-Method: server/discover'",
    `-d ${shellQuote(JSON.stringify(body))}`
  ].join(' \\\n  ')
}
