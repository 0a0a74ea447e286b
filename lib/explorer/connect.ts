// How clients are connected to an endpoint, as the explorer and the page of an endpoint show it. Browsers run it, too.

/** One way to connect: a text to copy, or a link to open. */
export interface Connecting {
  readonly client: string
  /** What to do with the text. */
  readonly how: string
  readonly text: string
  /** The link that does it all; absent where there is none. */
  readonly link?: string
}

/** Lists the ways to connect. @param name The name of the server. @param url The URL that clients use. */
export function listConnecting (name: string, url: string): readonly Connecting[] {
  const key = keyOf(name)
  const json = (value: object): string => JSON.stringify(value, null, 2)
  return [
    {
      client: 'Claude Code',
      how: 'Run in a terminal',
      text: `claude mcp add --transport http ${key} ${shellQuote(url)}`
    },
    { client: 'Claude', how: 'Settings, Connectors, Add custom connector: paste the URL', text: url },
    { client: 'ChatGPT', how: 'Settings, Apps & Connectors, Create: paste the URL', text: url },
    {
      client: 'VS Code',
      how: 'Put into .vscode/mcp.json',
      text: json({ servers: { [key]: { type: 'http', url } } }),
      // https://code.visualstudio.com/api/extension-guides/ai/mcp
      link: `vscode:mcp/install?${encodeURIComponent(JSON.stringify({ name: key, type: 'http', url }))}`
    },
    {
      client: 'Cursor',
      how: 'Put into .cursor/mcp.json',
      text: json({ mcpServers: { [key]: { url } } }),
      // https://cursor.com/docs/context/mcp/install-links
      link: `cursor://anysphere.cursor-deeplink/mcp/install?name=${encodeURIComponent(key)}&config=` +
        encodeURIComponent(base64(JSON.stringify({ url })))
    },
    { client: 'Terminal', how: 'Run in a terminal', text: `npx fastify-mcp-mount inspect ${shellQuote(url)}` },
    { client: 'curl', how: 'Run in a terminal', text: curlDiscover(url) }
  ]
}

// Clients take names of letters, digits and dashes.
function keyOf (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'server'
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
