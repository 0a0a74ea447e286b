// Runs programs in process groups of their own, as terminals do.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { untilListening } from './ports.mjs'

// Milliseconds, for a busy machine.
const timeout = 120_000

/** Runs a program to its end, which must be a success. Returns what it prints. */
export async function runToEnd (command, args, options) {
  const running = start(command, args, options)
  const code = await inTime(running, running.ended)
  assert.equal(code, 0, `${[command, ...args].join(' ')}\n${running.output()}`)
  return running.output()
}

/** Starts a server and waits until it listens. `stop(signal)` resolves to the code or signal with which it ended. */
export async function startServer (port, [command, ...args], options) {
  const running = start(command, args, options)
  await inTime(running, untilListening(port, running.child, running.output))
  return { output: running.output, stop: (signal) => inTime(running, running.end(signal)) }
}

function start (command, args, { cwd, env }) {
  const child = spawn(command, args, {
    cwd, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => { output += text })
  }
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code)
  return { child, ended, output: () => output, end }

  function end (signal) {
    if (child.exitCode === null && child.signalCode === null) process.kill(-child.pid, signal)
    return ended
  }
}

async function inTime ({ end }, promise) {
  const timer = setTimeout(() => end('SIGKILL'), timeout)
  return await promise.finally(() => clearTimeout(timer))
}
