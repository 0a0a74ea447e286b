// One process of `run`: it serves a file until a signal ends it.
import Fastify from 'fastify'
import type { Cluster, McpMountOptions } from '../index.ts'
import type { Mount } from '../mount.ts'
import { findMounted, findRegistry, type McpRegistry } from '../registry.ts'
import { cleanLine } from './clean.ts'
import { Failure } from './command.ts'
import { listen, onSignal, reportFailure, serveOnStdio } from './listening.ts'
import { loadExport } from './load-export.ts'
import type { RunSettings } from './run-settings.ts'
import { createServedApp } from './served-app.ts'
import type { Terminal } from './terminal.ts'

/** Serves what a file exports until a signal or the end of standard input. Resolves to the exit code. */
export async function runServer (settings: RunSettings, terminal: Terminal): Promise<number> {
  const run = settings.transport === 'stdio' ? runOnStdio : runOnHttp
  return await reportFailure(settings.name, terminal, run(settings, terminal))
}

async function runOnStdio (settings: RunSettings, terminal: Terminal): Promise<void> {
  await serveOnStdio(settings, {
    option: '--transport stdio',
    terminal,
    createApp: () => Fastify({ logger: { level: settings.logLevel, stream: terminal.process.stderr } })
  })
}

async function runOnHttp (settings: RunSettings, terminal: Terminal): Promise<void> {
  const ended = new Promise<void>((resolve) => { onSignal(terminal, resolve) })
  const { transport, stateless, isLogLevelGiven, logLevel, workers, drain } = settings
  const app = await createServedApp(await loadExport(settings), {
    ...settings,
    mountOnly: [...transport === 'sse' ? ['transport sse'] : [], ...stateless ? ['stateless'] : []],
    appOnly: isLogLevelGiven ? ['log-level'] : [],
    logger: { level: logLevel, stream: terminal.process.stdout },
    createMount: () => createMountOptions(settings, terminal)
  })
  // The cast holds, because an app without a registry has been refused.
  const mounts = findRegistry(app) as McpRegistry
  if (workers > 1) warnOfOwnSessions(mounts, terminal)
  await listen(app, settings)
  await ended
  await mounts.drain({ delay: drain })
}

async function createMountOptions (
  { transport, stateless, workers }: RunSettings, { process: { env } }: Terminal
): Promise<Partial<McpMountOptions>> {
  const { PUBLIC_URL, ALLOWED_HOSTS, REDIS_URL } = env
  const isShared = !stateless && !isBlank(REDIS_URL)
  if (workers > 1 && !stateless && !isShared) {
    throw new Failure(
      `${workers} workers need sessions that all of them know: set the environment variable REDIS_URL to share the ` +
        'sessions of legacy clients in Redis, or pass --stateless to serve those clients without sessions.'
    )
  }
  return {
    health: true,
    ...(transport === 'sse' && { legacySse: true }),
    ...(stateless && { stateless }),
    ...(isShared && { cluster: await createCluster(REDIS_URL) }),
    ...(!isBlank(PUBLIC_URL) && { publicUrl: PUBLIC_URL }),
    ...(!isBlank(ALLOWED_HOSTS) && { allowedHosts: ALLOWED_HOSTS.split(',').map((host) => host.trim()) })
  }
}

// Loaded only where Redis is used, because `ioredis` is an optional dependency.
async function createCluster (url: string): Promise<Cluster> {
  const { redisCluster } = await import('../redis/index.ts')
  return redisCluster({ url })
}

// A variable that is set to nothing, as in `REDIS_URL= node …`, counts as not set.
function isBlank (value: string | undefined): value is undefined | '' {
  return value === undefined || value === ''
}

function warnOfOwnSessions (mounts: Iterable<Mount>, { err }: Terminal): void {
  for (const mount of mounts) {
    const { parts: { options, cluster } } = findMounted(mount)
    if (cluster !== undefined || options.stateless || !options.legacy) continue
    err(`${cleanLine(mount.name)} keeps the sessions of legacy clients in each worker, so a client whose next ` +
      "connection reaches another worker gets 404. Set 'cluster' or 'stateless' where it is mounted.")
  }
}
