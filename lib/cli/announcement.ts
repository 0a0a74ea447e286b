// What `dev` prints once the servers are up: their URLs, what they offer, and how to configure clients. After a restart
// it prints only what has changed.
import { writeClientForms } from '../explorer/connect.ts'
import { callAsHost } from '../host-call.ts'
import type { Mount } from '../mount.ts'
import { findMounted } from '../registry.ts'
import { cleanLine } from './clean.ts'
import { readReport, writeReport, type ReportedMount } from './dev-report.ts'
import type { DevSettings } from './dev-settings.ts'
import { formatList, LIST_NAMES, nameOfItem } from './inspect-output.ts'
import { listAll, type Item } from './lists.ts'
import type { Terminal } from './terminal.ts'

/** One list of a server, and its items. */
interface Offer {
  readonly title: string
  readonly items: readonly Item[]
}

/** The settings of an announcement. */
export interface Announced extends DevSettings {
  /** The URL of the explorer; undefined if there is none. */
  readonly explorer: string | undefined
}

/** Prints the mounts of an app, and reports them to the next run. */
export async function announce (mounts: Iterable<Mount>, settings: Announced, terminal: Terminal): Promise<void> {
  const { explorer } = settings
  const { bold, dim, out } = terminal
  const last = settings.report === undefined ? undefined : readReport(settings.report)
  const reported: ReportedMount[] = []
  for (const mount of mounts) {
    const offers = await listOffers(mount)
    const report = reportMount(mount, offers)
    const name = cleanLine(mount.name)
    if (last === undefined) {
      const lists = offers.flatMap(({ title, items }) => formatList(title, items, terminal))
      out([`${bold(name)}  ${mount.url}`, '', ...lists, ...formatClients(mount, terminal)].join('\n'))
    } else {
      const before = last.find((other) => other.name === mount.name)?.offered ?? {}
      out([`${bold(`Restarted ${name}`)}  ${dim(mount.url)}`, ...formatChanges(before, report.offered)].join('\n'))
    }
    reported.push({ ...report, ...(explorer !== undefined && { explorer }) })
  }
  // Written before the last line, which is the sign that the servers are up.
  if (settings.report !== undefined) writeReport(settings.report, reported)
  if (last === undefined) {
    if (explorer !== undefined) out(`${formatExplorer(explorer, terminal)}\n`)
    const name = cleanLine(settings.name)
    if (settings.signIn !== undefined) {
      out('Clients sign in: they open a page in your browser, where you sign in under any name.\n')
    }
    out(dim(`Each call is printed below. ${name} is run again when it changes. Ctrl-C ends it.`))
  }
}

function formatExplorer (url: string, { bold, dim, process: { stdin } }: Terminal): string {
  const hint = stdin.isTTY === true ? `  ${dim('o and Enter open it')}` : ''
  return `${bold('Explorer')}  ${url}${hint}`
}

async function listOffers (mount: Mount): Promise<readonly Offer[]> {
  const { parts } = findMounted(mount)
  const offers: Offer[] = []
  for (const { title, method } of Object.values(LIST_NAMES).flat()) {
    // A server without such a list returns an error. If a list fails for another reason, the server is still served.
    const items = await listAll(method, (params) => callAsHost(parts, method, params)).catch(() => [])
    offers.push({ title, items })
  }
  return offers
}

function reportMount ({ name, url }: Mount, offers: readonly Offer[]): ReportedMount {
  const items = offers.flatMap(({ title, items }) => items.map((item) => {
    const kind = title.toLowerCase().replace(/s$/, '')
    return [`${kind} ${nameOfItem(item)}`, JSON.stringify(item)] as const
  }))
  return { name, url, offered: Object.fromEntries(items) }
}

type Offered = ReportedMount['offered']

function formatChanges (before: Offered, now: Offered): readonly string[] {
  const added = Object.keys(now).filter((item) => before[item] === undefined)
  const changed = Object.keys(now).filter((item) => before[item] !== undefined && before[item] !== now[item])
  const removed = Object.keys(before).filter((item) => now[item] === undefined)
  return [
    ...added.map((item) => `  + ${cleanLine(item)}`),
    ...changed.map((item) => `  ~ ${cleanLine(item)}`),
    ...removed.map((item) => `  - ${cleanLine(item)}`)
  ]
}

function formatClients ({ name, url }: Mount, { bold }: Terminal): readonly string[] {
  const { claudeCode, vscode, cursor, terminal } = writeClientForms(name, url)
  return [
    bold('Clients'),
    `  Claude Code  ${claudeCode}`,
    '  VS Code      .vscode/mcp.json',
    `               ${JSON.stringify(vscode)}`,
    '  Cursor       .cursor/mcp.json',
    `               ${JSON.stringify(cursor)}`,
    `  Terminal     ${terminal}`,
    ''
  ]
}
