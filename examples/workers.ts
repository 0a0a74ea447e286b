// Processes that share one port with node:cluster. A worker that dies is replaced, and a signal ends all of them. Set
// PORT and WORKERS to configure it. Legacy clients get no sessions unless REDIS_URL names a Redis that stores them.
import cluster from 'node:cluster'
import { randomBytes, randomInt } from 'node:crypto'
import { availableParallelism } from 'node:os'
import Fastify from 'fastify'
import mcpPlugin, { closeOnSignal, McpServer, Type } from 'fastify-mcp-mount'
import { redisCluster } from 'fastify-mcp-mount/redis'

const {
  PORT = '8000',
  WORKERS = String(availableParallelism()),
  REDIS_URL,
  MCP_STATE_KEY = randomBytes(32).toString('hex')
} = process.env

// Milliseconds until a worker that failed to start is replaced.
const RESTART_DELAY = 1000

if (cluster.isPrimary) runPrimary()
else await runWorker()

function runPrimary (): void {
  let isClosing = false
  const started = new Set<number>()
  // The workers share a key, because each must be able to open the state that another one has sealed.
  const start = (): unknown => isClosing || cluster.fork({ MCP_STATE_KEY })

  cluster.on('listening', ({ id, process: { pid } }, { port }) => {
    started.add(id)
    console.log(`Worker ${pid} serves http://127.0.0.1:${port}/mcp`)
  })
  cluster.on('exit', ({ id, process: { pid } }, code, signal) => {
    if (isClosing) return
    console.log(`Worker ${pid} has ended: ${signal ?? code}`)
    setTimeout(start, started.delete(id) ? 0 : RESTART_DELAY)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      isClosing = true
      for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGTERM')
    })
  }
  for (let count = 0; count < Number(WORKERS); count++) start()
}

async function runWorker (): Promise<void> {
  const app = Fastify({ logger: { level: 'warn' } })
  app.register(mcpPlugin, {
    server: createDice(),
    health: true,
    ...(REDIS_URL === undefined ? { stateless: true } : { cluster: redisCluster({ url: REDIS_URL }) })
  })

  // A worker receives Ctrl-C from the terminal and again from the primary, which counts as one signal.
  closeOnSignal(app)
  // Its channel to the primary would keep the worker running.
  app.addHook('onClose', () => { process.channel?.unref() })
  await app.listen({ host: '127.0.0.1', port: Number(PORT) })
}

function createDice (): McpServer {
  const dice = new McpServer({ name: 'Dice', version: '1.0.0' }, { requestState: { keys: [MCP_STATE_KEY] } })

  dice.registerTool('which_worker', { description: 'Tell which process answers.' }, () => `Process ${process.pid}`)

  dice.registerTool('roll', {
    description: 'Roll a die whose number of sides the user chooses.'
  }, async (_args, ctx) => {
    const answer = await ctx.elicit(
      'How many sides?',
      Type.Object({ sides: Type.Integer({ minimum: 2, maximum: 100 }) })
    )
    if (answer.action !== 'accept') return 'Not rolled'
    return `Rolled ${randomInt(answer.content.sides) + 1} of ${answer.content.sides} in process ${process.pid}`
  })

  return dice
}
