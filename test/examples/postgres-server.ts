// A PostgreSQL server of a test's own, where one is installed.
import { execFile, execFileSync, spawn, spawnSync, type SpawnOptions } from 'node:child_process'
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'
import pg from 'pg'
import type { Test } from 'tap'
import { findPort } from '../support/free-port.ts'

const bin = findBinaries()

/** Why there can be no test with a server; false where there is one. */
export const noPostgres: string | false =
  bin === undefined ? 'not installed: PostgreSQL (apt-get install postgresql)' : false

// Debian keeps them out of the path.
function findBinaries (): string | undefined {
  if (spawnSync('initdb', ['--version'], { stdio: 'ignore' }).error === undefined) return ''
  try {
    const base = '/usr/lib/postgresql'
    const [version] = readdirSync(base).sort().reverse()
    return version === undefined ? undefined : join(base, version, 'bin/')
  } catch {
    return undefined
  }
}

/** Starts a server with an empty database, which ends with the test; the URL of the database. */
export async function startPostgres (t: Test): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'postgres-'))
  const options: SpawnOptions = { stdio: 'ignore', cwd: directory, ...findOwner() }
  if (options.uid !== undefined && options.gid !== undefined) chownSync(directory, options.uid, options.gid)
  const data = join(directory, 'data')
  t.teardown(() => rmSync(directory, { recursive: true }))
  await promisify(execFile)(`${bin}initdb`, ['-D', data, '-U', 'test', '-A', 'trust', '--no-sync'], options as object)

  const port = await findPort()
  const server = spawn(
    `${bin}postgres`,
    ['-D', data, '-p', String(port), '-k', directory, '-c', 'listen_addresses=127.0.0.1', '-c', 'fsync=off'],
    options
  )
  const ended = new Promise((resolve) => server.once('close', resolve))
  t.teardown(async () => {
    // Without waiting for its clients.
    server.kill('SIGINT')
    await ended
  })
  const url = `postgres://test@127.0.0.1:${port}/postgres`
  while (!await isReady(url)) await pause(50)
  return url
}

// The server refuses to run as root.
function findOwner (): { uid: number, gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const [uid, gid] = ['-u', '-g'].map((flag) => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' })))
  return { uid: uid ?? 0, gid: gid ?? 0 }
}

async function isReady (connectionString: string): Promise<boolean> {
  const client = new pg.Client({ connectionString })
  try {
    await client.connect()
    await client.end()
    return true
  } catch {
    return false
  }
}
