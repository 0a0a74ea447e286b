// Three nodes behind nginx that share their clients through Redis. This process starts all of them, nginx and Redis
// included, and ends them when it ends. Set PORT and NODES to configure it.
import { fork, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { createConfiguration } from './nginx.ts'

const { PORT = '8000', NODES = '3' } = process.env
const NODE = fileURLToPath(new URL('node.ts', import.meta.url))

const directory = mkdtempSync(join(tmpdir(), 'mcp-cluster-'))
const running: ChildProcess[] = []
let isClosing = false
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL')
  rmSync(directory, { recursive: true, force: true })
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, close)

const redisPort = await findPort()
await startProgram(
  'redis-server',
  ['--port', String(redisPort), '--bind', '127.0.0.1', '--save', '', '--maxmemory-policy', 'noeviction'],
  redisPort
)

const env = {
  ...process.env,
  PORT: '0',
  REDIS_URL: `redis://127.0.0.1:${redisPort}`,
  MCP_STATE_KEY: randomBytes(32).toString('hex')
}
const nodes = await Promise.all(Array.from({ length: Number(NODES) }, () => startNode()))

// The workers of nginx do not run as root, and have to read the directory.
chmodSync(directory, 0o755)
const configuration = join(directory, 'nginx.conf')
writeFileSync(configuration, createConfiguration(directory, PORT, nodes.map(({ address }) => new URL(address).host)))
await startProgram('nginx', ['-p', directory, '-e', 'stderr', '-c', configuration], Number(PORT))

for (const { address, pid } of nodes) console.log(`Node ${address}, process ${pid}`)
console.log('End one by kill, and no call fails. End one by kill -9, and clients go on with the others.')
console.log(`MCP endpoint http://127.0.0.1:${PORT}/mcp`)

// Ends the processes in reverse order, so that each has what it depends on until it has ended.
async function close (): Promise<void> {
  if (isClosing) return
  isClosing = true
  for (const child of running.toReversed()) {
    if (child.exitCode !== null || child.signalCode !== null) continue
    const ended = once(child, 'exit')
    child.kill('SIGTERM')
    await ended
  }
  process.exit()
}

async function startNode (): Promise<{ readonly address: string, readonly pid: number | undefined }> {
  // Detached, so that Ctrl-C reaches this process only.
  const node = fork(NODE, { env, execArgv: process.execArgv, detached: true })
  running.push(node)
  const [address] = await Promise.race([once(node, 'message'), failure(node, 'a node')])
  return { address: String(address), pid: node.pid }
}

async function startProgram (command: string, args: readonly string[], port: number): Promise<void> {
  const child = spawn(command, args, { detached: true, stdio: ['ignore', 'ignore', 'inherit'] })
  running.push(child)
  const failed = failure(child, command)
  while (!await Promise.race([canConnect(port), failed])) await wait(50)
}

async function failure (child: ChildProcess, name: string): Promise<never> {
  // Rejects on 'error', which means that the program is not installed.
  const [code] = await once(child, 'exit')
  throw new Error(`${name} has ended: ${String(code)}`)
}

async function findPort (): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function canConnect (port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('connect', () => { socket.destroy(); resolve(true) })
    socket.once('error', () => resolve(false))
  })
}
