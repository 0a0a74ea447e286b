// What `dev` prints once the servers are up: where they are, what they offer, and how clients are told of them.
import { callAsHost } from '../host-call.ts'
import type { Mount } from '../mount.ts'
import { findMounted } from '../registry.ts'
import type { DevSettings } from './dev-settings.ts'
import { formatList, LIST_NAMES } from './inspect-output.ts'
import { listAll } from './lists.ts'
import { cleanLine } from './clean.ts'
import { type Terminal } from './terminal.ts'

/** Prints all there is to know of the mounts of an app. */
export async function announce (mounts: Iterable<Mount>, { name }: DevSettings, terminal: Terminal): Promise<void> {
  const { bold, dim, out } = terminal
  for (const mount of mounts) {
    out([`${bold(cleanLine(mount.name))}  ${mount.url}`, '', ...await formatOffer(mount, terminal), ...formatClients(mount, terminal)].join('\n'))
  }
  out(dim(`Runs ${cleanLine(name)} again when it changes. Ctrl-C ends it.`))
}

async function formatOffer (mount: Mount, terminal: Terminal): Promise<readonly string[]> {
  const { parts } = findMounted(mount)
  const lines: string[] = []
  for (const { title, method } of Object.values(LIST_NAMES).flat()) {
    // A server that has no such list says so by an error, and one that fails is no reason not to serve.
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

// What every client takes as a name, and no shell as anything else.
function slug (name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9_-]+/g, '-').replace(/^-+|-+$/g, '') || 'server'
}
