// Runs nginx and Caddy with the configurations that docs/proxies.md prints, with other addresses and paths.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'

/** Ends the programs that were started. */
type Owner = Pick<Test, 'teardown'>

const page = readFileSync(new URL('../../docs/proxies.md', import.meta.url), 'utf8')

/** Why a proxy cannot be run; false where it can. In CI it has to be there. */
export function missing (...commands: readonly string[]): string | false {
  const absent = commands.filter((command) => spawnSync(command, ['-h'], { stdio: 'ignore' }).error !== undefined)
  return absent.length === 0 || process.env['CI'] === 'true'
    ? false
    : `not installed: ${absent.join(', ')} (apt-get install ${absent.join(' ')})`
}

/** The configurations that the page shows: the first one is for one node, the second for several. */
export function configurationsOf (language: string): [one: string, several: string] {
  const [one, several] = [...page.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, 'gm'))]
    .map(([, block]) => block)
  if (one === undefined || several === undefined) throw new Error(`the page lacks a configuration of ${language}`)
  return [one, several]
}

/** Replaces addresses and paths, each of which must be there. */
export function replaceAll (configuration: string, changes: Readonly<Record<string, string>>): string {
  return Object.entries(changes).reduce((text, [from, to]) => {
    if (!text.includes(from)) throw new Error(`the configuration has no '${from}'`)
    return text.replaceAll(from, to)
  }, configuration)
}

/** The changes that send requests to these ports. */
export function nodesAt (ports: readonly string[]): Record<string, string> {
  return Object.fromEntries(ports.map((port, index) => [`10.0.0.${index + 1}:8000`, `127.0.0.1:${port}`]))
}

/** A directory of its own that other users may read, because nginx serves as a user without rights. */
export function createDirectory (t: Owner): string {
  const directory = mkdtempSync(join(tmpdir(), 'proxy-'))
  chmodSync(directory, 0o755)
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}

/** Runs a proxy until the test ends; comes back when it listens. */
async function start (
  t: Owner, port: number, [command, ...args]: readonly [string, ...string[]], env: NodeJS.ProcessEnv = process.env
): Promise<void> {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] })
  const output: string[] = []
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => { output.push(String(chunk)) })
  const ended = once(child, 'close')
  t.teardown(async () => { child.kill('SIGTERM'); await ended })

  const failed = ended.then(() => { throw new Error(`${command} ended:\n${output.join('')}`) })
  failed.catch(() => {})
  let isListening = false
  while (!isListening) isListening = await Promise.race([failed, tryToConnect(port)])
}

function tryToConnect (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => setImmediate(resolve, false))
  })
}

/** Replaces the one server of a site of nginx by several nodes. */
export function withNodes (site: string, upstream: string): string {
  return site.replace(/^upstream mcp \{[\s\S]*?^\}\n/m, upstream)
}

/** Runs nginx with a site, which listens on the port. */
export async function startNginx (t: Owner, port: number, site: string): Promise<void> {
  const directory = createDirectory(t)
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${directory}/${name};`
  )
  const configuration = join(directory, 'nginx.conf')
  // The directives around a site in Debian's nginx.conf.
  writeFileSync(
    configuration,
    `daemon off;\npid ${directory}/nginx.pid;\nerror_log stderr;\nevents {}\nhttp ` +
      `{\naccess_log off;\ngzip on;\n${temporary.join('\n')}\n${site}}\n`
  )
  await start(t, port, ['nginx', '-p', directory, '-e', 'stderr', '-c', configuration])
}

/** Runs Caddy with a site, which listens on the port. */
export async function startCaddy (t: Owner, port: number, site: string): Promise<void> {
  const directory = createDirectory(t)
  writeFileSync(join(directory, 'Caddyfile'), `{\n  admin off\n}\n${site}`)
  await start(t, port, ['caddy', 'run', '--config', join(directory, 'Caddyfile')], {
    ...process.env,
    HOME: directory,
    XDG_DATA_HOME: directory,
    XDG_CONFIG_HOME: directory
  })
}
