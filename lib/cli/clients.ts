// Where MCP clients keep their configuration, and in which form.
import { posix, win32 } from 'node:path'
import { UsageError } from './command.ts'
import { setEntry, type JsonDialect } from './json-edit.ts'
import { setTable, tomlString } from './toml-edit.ts'

/** What a client is to connect to: a URL, or a command that it starts. */
export type Target =
  | { readonly url: string, readonly headers: { readonly [name: string]: string } }
  | { readonly command: string, readonly args: readonly string[], readonly env: { readonly [name: string]: string } }

/** Where the configuration of a client is looked for. */
export interface Place {
  readonly platform: NodeJS.Platform
  readonly env: { readonly [name: string]: string | undefined }
  readonly home: string
  readonly cwd: string
}

export type Scope = 'user' | 'project'

/** One MCP client. */
export interface McpClient {
  readonly id: string
  readonly title: string
  /** The file of each scope that the client has. */
  readonly files: { readonly [Known in Scope]?: (place: Place) => string }
  /** Puts a server into the text of the configuration. @throws SyntaxError if the text cannot be read. */
  write (text: string, name: string, target: Target): string
  /** What the user does next. */
  readonly next: string
}

const STRICT: JsonDialect = Object.freeze({ comments: false })
const WITH_COMMENTS: JsonDialect = Object.freeze({ comments: true })

/** The clients that `install` knows, each with the page that documents its configuration. */
export const CLIENTS: readonly McpClient[] = Object.freeze([
  // https://code.claude.com/docs/en/mcp
  {
    id: 'claude-code',
    title: 'Claude Code',
    files: {
      user: ({ env, ...place }) => join(place, env.CLAUDE_CONFIG_DIR ?? place.home, '.claude.json'),
      project: (place) => join(place, place.cwd, '.mcp.json')
    },
    write: jsonWriter('mcpServers', STRICT, typed),
    next: 'Run /mcp in Claude Code to see the server.'
  },
  // https://modelcontextprotocol.io/docs/develop/connect-local-servers
  {
    id: 'claude-desktop',
    title: 'Claude Desktop',
    files: { user: (place) => join(place, applicationData(place), 'Claude', 'claude_desktop_config.json') },
    write: jsonWriter('mcpServers', STRICT, throughMcpRemote),
    next: 'Quit Claude Desktop and start it again.'
  },
  // https://code.visualstudio.com/docs/copilot/reference/mcp-configuration
  {
    id: 'vscode',
    title: 'VS Code',
    files: {
      user: (place) => join(place, applicationData(place), 'Code', 'User', 'mcp.json'),
      project: (place) => join(place, place.cwd, '.vscode', 'mcp.json')
    },
    write: jsonWriter('servers', WITH_COMMENTS, typed),
    next: "Run 'MCP: List Servers' in VS Code to start the server."
  },
  // https://cursor.com/docs/mcp
  {
    id: 'cursor',
    title: 'Cursor',
    files: {
      user: (place) => join(place, place.home, '.cursor', 'mcp.json'),
      project: (place) => join(place, place.cwd, '.cursor', 'mcp.json')
    },
    write: jsonWriter('mcpServers', STRICT, plain),
    next: 'Restart Cursor.'
  },
  // https://developers.openai.com/codex/mcp
  {
    id: 'codex',
    title: 'Codex',
    files: {
      user: ({ env, ...place }) => join(place, env.CODEX_HOME ?? join(place, place.home, '.codex'), 'config.toml'),
      project: (place) => join(place, place.cwd, '.codex', 'config.toml')
    },
    write: writeCodex,
    next: 'Run /mcp in Codex to see the server. Codex reads the file of a project only if you trust the project.'
  },
  // https://geminicli.com/docs/tools/mcp-server
  {
    id: 'gemini',
    title: 'Gemini CLI',
    files: {
      user: (place) => join(place, place.home, '.gemini', 'settings.json'),
      project: (place) => join(place, place.cwd, '.gemini', 'settings.json')
    },
    write: jsonWriter('mcpServers', WITH_COMMENTS, forGemini),
    next: 'Run /mcp in Gemini CLI to see the server.'
  }
])

function join ({ platform }: Pick<Place, 'platform'>, ...parts: string[]): string {
  return (platform === 'win32' ? win32 : posix).join(...parts)
}

// The folder in which apps of each platform keep the settings of a user.
function applicationData (place: Pick<Place, 'platform' | 'home'> & Partial<Pick<Place, 'env'>>): string {
  const { platform, home, env = {} } = place
  if (platform === 'win32') return env.APPDATA ?? join(place, home, 'AppData', 'Roaming')
  if (platform === 'darwin') return join(place, home, 'Library', 'Application Support')
  return env.XDG_CONFIG_HOME ?? join(place, home, '.config')
}

type Entry = (target: Target) => object

function jsonWriter (section: string, dialect: JsonDialect, entryFor: Entry): McpClient['write'] {
  return function writeJson (text, name, target) {
    return setEntry(text, [section, name], entryFor(target), dialect)
  }
}

function command (target: Extract<Target, { command: string }>): object {
  const { command, args, env } = target
  return { command, args, ...(Object.keys(env).length > 0 && { env }) }
}

function headersOf ({ headers }: Extract<Target, { url: string }>): object {
  return Object.keys(headers).length > 0 ? { headers } : {}
}

function typed (target: Target): object {
  return 'url' in target
    ? { type: 'http', url: target.url, ...headersOf(target) }
    : { type: 'stdio', ...command(target) }
}

function plain (target: Target): object {
  return 'url' in target ? { url: target.url, ...headersOf(target) } : command(target)
}

function forGemini (target: Target): object {
  return 'url' in target ? { httpUrl: target.url, ...headersOf(target) } : command(target)
}

// The file of Claude Desktop takes commands only. https://www.npmjs.com/package/mcp-remote connects one to a URL.
function throughMcpRemote (target: Target): object {
  if ('command' in target) return command(target)
  const { protocol, hostname } = new URL(target.url)
  // mcp-remote refuses http:// for other hosts than localhost unless it is allowed.
  const allow = protocol === 'http:' && hostname !== 'localhost' && hostname !== '127.0.0.1' ? ['--allow-http'] : []
  const headers = Object.entries(target.headers).flatMap(([name, value]) => ['--header', `${name}:${value}`])
  return { command: 'npx', args: ['-y', 'mcp-remote', target.url, ...allow, ...headers] }
}

function writeCodex (text: string, name: string, target: Target): string {
  const path = ['mcp_servers', name]
  const table = (pairs: { readonly [name: string]: string }): string => {
    return `{ ${Object.entries(pairs).map(([key, value]) => `${tomlString(key)} = ${tomlString(value)}`).join(', ')} }`
  }
  const lines = [`[mcp_servers.${/^[\w-]+$/.test(name) ? name : tomlString(name)}]`]
  if ('url' in target) {
    lines.push(`url = ${tomlString(target.url)}`)
    if (Object.keys(target.headers).length > 0) lines.push(`http_headers = ${table(target.headers)}`)
  } else {
    lines.push(`command = ${tomlString(target.command)}`, `args = [${target.args.map(tomlString).join(', ')}]`)
    if (Object.keys(target.env).length > 0) lines.push(`env = ${table(target.env)}`)
  }
  return setTable(text, path, lines)
}

/** Finds a client by its id. @throws UsageError */
export function findClient (id: string): McpClient {
  const client = CLIENTS.find((known) => known.id === id)
  if (client !== undefined) return client
  throw new UsageError(`there is no client '${id}'; there are ${CLIENTS.map(({ id }) => id).join(', ')}`)
}
