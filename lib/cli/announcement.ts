// What `dev` prints once the servers are up: their URLs, what they offer, and how to configure clients.
import { callAsHost } from '../host-call.ts'
import type { Mount } from '../mount.ts'
import { findMounted } from '../registry.ts'
import type { DevSettings } from './dev-settings.ts'
import { formatList, LIST_NAMES } from './inspect-output.ts'
import { listAll } from './lists.ts'
import { cleanLine } from './clean.ts'
import { type Terminal } from './terminal.ts'

/** Prints the mounts of an app. */
export async function announce (mounts: Iterable<Mount>, { name }: DevSettings, terminal: Terminal): Promise<void> {
  const { bold, dim, out } = terminal
  for (const mount of mounts) {
    const title = `${bold(cleanLine(mount.name))}  ${mount.url}`
    out([title, '', ...await formatOffer(mount, terminal), ...formatClients(mount, terminal)].join('\n'))
  }
  out(dim(`Runs ${cleanLine(name)} again when it changes. Ctrl-C ends it.`))
}

async function formatOffer (mount: Mount, terminal: Terminal): Promise<readonly string[]> {
  const { parts } = findMounted(mount)
  const lines: string[] = []
  for (const { title, method } of Object.values(LIST_NAMES).flat()) {
    // A server without such a list returns an error. If a list fails for another reason, the server is still served.
    const items = await listAll(method, (params) => callAsHost(parts, method, params)).catch(() => [])
    lines.push(...formatList(title, items, terminal))
  }
  return lines
}

function formatClients ({ name, url }: Mount, { bold }: Terminal): readonly string[] {
  const key = slug(name)
  return [
    bold('Clients'),
    `  Claude Code  claude mcp add --transport http ${key} ${url}`,
    '  VS Code      .vscode/mcp.json',
    `               ${JSON.stringify({ servers: { [key]: { type: 'http', url } } })}`,
    '  Cursor       .cursor/mcp.json',
    `               ${JSON.stringify({ mcpServers: { [key]: { url } } })}`,
    `  Terminal     npx fastify-mcp-mount inspect ${url}`,
    ''
  ]
}

// Every client accepts such a name, and a shell needs no quotes for it.
function slug (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'server'
}
