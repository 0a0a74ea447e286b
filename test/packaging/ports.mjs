// Ports of this machine.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

/** Finds a port that is free. */
export async function findPort () {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

/** Says whether something listens on a port. */
export async function isListening (port) {
  const socket = connect(port, '127.0.0.1')
  try {
    await once(socket, 'connect')
    return true
  } catch {
    return false
  } finally {
    socket.destroy()
  }
}

/** Waits until a process listens on a port. It asks again and again: not every server prints a line when it listens. */
export async function untilListening (port, child, output = () => '') {
  while (!await isListening(port)) {
    assert.ok(child.exitCode === null && child.signalCode === null, `the server has ended\n${output()}`)
    await sleep(50)
  }
}
