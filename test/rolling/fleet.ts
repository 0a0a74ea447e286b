// Nodes behind a proxy, which are restarted in turn.
import { fork, type ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { LOADER } from '../support/child.ts'
import { findPort } from '../support/free-port.ts'
import { configurationsOf, nodesAt, replaceAll, startCaddy, startNginx, withNodes } from '../support/proxies.ts'
import type { NodeSettings } from './node.ts'

const PROGRAM = fileURLToPath(new URL('node.ts', import.meta.url))

/** The proxies that docs/proxies.md configures. */
export type ProxyKind = 'nginx' | 'caddy'

type Owner = Pick<Test, 'teardown'>

/** Starts a node, which ends with the test. */
async function startNode (t: Owner, settings: NodeSettings): Promise<ChildProcess> {
  // A process that measures its coverage would be measured when it ends, which takes a while.
  const env = { ...process.env, _TAPJS_PROCESSINFO_COVERAGE_: '0' }
  const node = fork(PROGRAM, [JSON.stringify(settings)], { execArgv: [...LOADER], env })
  t.teardown(() => node.kill('SIGKILL'))
  const ended = once(node, 'exit').then(([code]) => { throw new Error(`a node has ended with code ${code}`) })
  ended.catch(() => {})
  await Promise.race([once(node, 'message'), ended])
  return node
}

/** The nodes of a deployment. */
export class Fleet {
  readonly #owner: Owner
  readonly #settings: readonly NodeSettings[]
  readonly #nodes: ChildProcess[]

  private constructor (owner: Owner, settings: readonly NodeSettings[], nodes: ChildProcess[]) {
    this.#owner = owner
    this.#settings = settings
    this.#nodes = nodes
  }

  /** Starts nodes, at most three. */
  static async start (t: Owner, count: number, settings: Omit<NodeSettings, 'port'>): Promise<Fleet> {
    const ports = await Promise.all(Array.from({ length: count }, findPort))
    const all = ports.map((port) => ({ ...settings, port }))
    return new Fleet(t, all, await Promise.all(all.map((one) => startNode(t, one))))
  }

  /** Starts a proxy before the nodes. Resolves to the URL of the endpoint. */
  async serveBy (kind: ProxyKind): Promise<string> {
    const port = await findPort()
    const nodes = nodesAt(this.#settings.map((one) => String(one.port)))
    if (kind === 'nginx') {
      const [site, upstream] = configurationsOf('nginx')
      // Without TLS, because clients do not know the certificate.
      const plain = withNodes(site.replaceAll(/^ *ssl_.*\n/gm, ''), upstream)
      const changes = { 'listen 443 ssl': `listen 127.0.0.1:${port}`, ...nodes }
      await startNginx(this.#owner, port, withoutOthers(replaceAll(plain, changes)))
    } else {
      const [, site] = configurationsOf('caddyfile')
      const changes = { 'mcp.example.com {': `http://:${port} {`, ...nodes }
      await startCaddy(this.#owner, port, withoutOthers(replaceAll(site, changes)))
    }
    return `http://127.0.0.1:${port}/notes/mcp`
  }

  /** Ends a node with SIGTERM, and starts it again once it has ended. Resolves to its exit code. */
  async restart (which: number): Promise<number | null> {
    const index = which % this.#nodes.length
    const [node, settings] = [this.#nodes[index], this.#settings[index]]
    if (node === undefined || settings === undefined) throw new Error('there is no such node')
    const ended = once(node, 'exit') as Promise<[number | null]>
    node.kill('SIGTERM')
    const [code] = await ended
    this.#nodes[index] = await startNode(this.#owner, settings)
    return code
  }

  /** Kills the last node. Resolves once the first one has reported that it is dead. */
  async killLast (): Promise<void> {
    const [reporter, victim] = [this.#nodes[0], this.#nodes.at(-1)]
    if (reporter === undefined || victim === undefined) throw new Error('there is no such node')
    const reports = on(reporter, 'message')
    victim.kill('SIGKILL')
    for await (const [message] of reports) if (message === `dead: ${victim.pid}`) return
  }
}

// The page has three nodes.
function withoutOthers (configuration: string): string {
  return configuration.replaceAll(/^ *server 10\.0\.0\.\d:8000.*\n| 10\.0\.0\.\d:8000/gm, '')
}
