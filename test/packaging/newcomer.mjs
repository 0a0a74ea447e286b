// Follows pages of the guide from an empty folder, as a newcomer would: saves their files, runs their commands, servers
// and programs, and compares what these print. `npm install fastify-mcp-mount` installs the packed tarball.
// `node test/packaging/newcomer.mjs [TARBALL]` packs unless it gets a tarball.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { askAcross } from './ask.mjs'
import { installedVersion, tarballFor } from './pack.mjs'
import { blocksOf } from './page.mjs'
import { findPort, untilListening } from './ports.mjs'
import { Reader } from './reader.mjs'

// The pages, each with the blocks that cannot be followed here: a part of the block, and the reason.
const PAGES = {
  'getting-started.md': {
    'claude mcp add': 'Claude Code is not installed, and needs an account',
    '"servers"': 'VS Code is not installed'
  },
  'mounting.md': {},
  'authorization.md': {
    'curl -s https://auth.example.com': 'there is no authorization server at this address'
  },
  'deployment.md': {
    '[Unit]': 'systemd runs as process 1; test/examples/deployment.test.ts has systemd check the unit',
    kill_timeout: 'pm2 is not installed; test/examples/deployment.test.ts reads the file',
    'FROM node': 'no Docker daemon; test/examples/deployment.test.ts runs what the image runs',
    '!package.json': 'no Docker daemon; test/examples/deployment.test.ts reads the file',
    'docker build': 'no Docker daemon'
  },
  'scaling.md': {
    'replicas: 3': 'there is no Kubernetes'
  }
}

const folder = mkdtempSync(join(tmpdir(), 'newcomer-'))
process.on('exit', () => rmSync(folder, { recursive: true, force: true }))

const tarball = tarballFor(join(folder, 'packed'))
const redis = await startRedis()
const reader = new Reader(folder, {
  env: {
    REDIS_URL: redis.url,
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_update_notifier: 'false'
  },
  // The versions that this project has, so that a release of another package breaks nothing here.
  sourceOf: (name) => name === 'fastify-mcp-mount' ? tarball : `${name}@${installedVersion(name)}`
})
try {
  for (const [page, reasons] of Object.entries(PAGES)) await follow(page, reasons)
  await reader.runCommands('npx tsc')
} finally {
  await reader.killServers()
  redis.stop()
}
console.log('newcomer: passed')

async function follow (page, reasons) {
  const start = performance.now()
  const blocks = blocksOf(page)
  const skipped = Object.keys(reasons).map((part) => {
    const found = blocks.filter(({ code }) => code.includes(part))
    assert.equal(found.length, 1, `${page} has ${found.length} blocks with ${part}`)
    return found[0]
  })

  for (const block of blocks.filter((block) => !skipped.includes(block))) {
    await reader.follow(block).catch((error) => {
      throw new Error(`${page}, line ${block.line}: ${error.message}`, { cause: error })
    })
  }
  if (page === 'scaling.md') await askAcross(reader.urlOf('8001', '/mcp'), reader.urlOf('8002', '/mcp'))
  await reader.stopServers()
  const seconds = Math.round((performance.now() - start) / 1000)
  console.log(`${page}: followed ${blocks.length - skipped.length} of ${blocks.length} blocks in ${seconds} s`)
}

async function startRedis () {
  const port = await findPort()
  const child = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'])
  await once(child, 'spawn')
  await untilListening(port, child)
  return { url: `redis://127.0.0.1:${port}`, stop: () => child.kill() }
}
