import { spawnSync } from 'node:child_process'
import t, { type Test } from 'tap'
import { clientKinds, type Answer, type ClientKind } from '../support/clients.ts'
import { findPort } from '../support/free-port.ts'
import { run, type Running } from '../support/child.ts'

// Processes take long to start on a busy machine.
t.setTimeout(300_000)

const absent = ['redis-server', 'nginx'].filter(
  (command) => spawnSync(command, ['-v'], { stdio: 'ignore' }).error !== undefined
)
const skip =
  absent.length === 0 || process.env['CI'] === 'true'
    ? false
    : `not installed: ${absent.join(', ')} (apt-get install redis-server nginx-light)`

async function startExample (
  t: Test
): Promise<{ readonly running: Running, readonly url: string, readonly pids: readonly number[] }> {
  const running = await run(t, 'examples/cluster/start.ts', {
    env: { PORT: String(await findPort()) },
    until: { line: /^MCP endpoint /, times: 1 }
  })
  const url = running.lines.map((line) => /^MCP endpoint (\S+)$/.exec(line)?.[1]).find((found) => found !== undefined)
  if (url === undefined) throw new Error('the example printed no endpoint')
  return {
    running,
    url,
    pids: running.lines.flatMap((line) => [...line.matchAll(/process (\d+)$/g)].map(([, pid]) => Number(pid)))
  }
}

function textOf ({ content }: Answer): string {
  const [block] = content as ReadonlyArray<{ readonly text: string }>
  return block?.text ?? ''
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function useExample (t: Test, kind: ClientKind, url: string): Promise<void> {
  const client = await kind.connect(url, kind.title, { elicit: () => ({ action: 'accept', content: { sure: true } }) })
  t.teardown(() => client.close())
  const answers = await Promise.all(Array.from({ length: 9 }, () => client.callTool('which_node')))
  const counted: object[] = []

  t.equal(new Set(answers.map(textOf)).size, 3, 'all nodes answer')
  t.equal(textOf(await client.callTool('pin', { text: 'Buy milk' })), 'Pinned')
  t.match(await client.readResource('board://notes'), { contents: [{ text: 'Buy milk' }] })
  t.match(
    textOf(
      await client.callTool(
        'count',
        { to: 3 },
        {
          onprogress: (progress) => { counted.push(progress) }
        }
      )
    ),
    /^Counted to 3/
  )
  t.match(counted, [{ progress: 1 }, { progress: 2 }, { progress: 3 }])
  t.equal(textOf(await client.callTool('clear')), 'Cleared')
  t.match(await client.readResource('board://notes'), { contents: [{ text: '' }] })
}

// nginx answers 502 to a request that it sent to a node that has just died. Such a call may have taken effect.
async function callAgain (client: Awaited<ReturnType<ClientKind['connect']>>): Promise<Answer> {
  try {
    return await client.callTool('which_node')
  } catch (error) {
    if (Object(error).code !== 502) throw error
    return await client.callTool('which_node')
  }
}

t.test('the nodes of the example serve every client together, and go on when one of them dies', { skip }, async (t) => {
  const { running, url, pids } = await startExample(t)
  for (const kind of clientKinds) await t.test(kind.title, (t) => useExample(t, kind, url))
  const [kind] = clientKinds
  if (kind === undefined) throw new Error('there is no client')
  const client = await kind.connect(url)
  const [dying = 0, ...others] = pids
  process.kill(dying, 'SIGKILL')
  const answers: string[] = []
  for (let call = 1; call <= 6; call++) answers.push(textOf(await callAgain(client)))
  await client.close()

  t.equal(pids.length, 3)
  t.same([...new Set(answers)].sort(), others.map((pid) => `Process ${pid}`).sort())
  t.same(await running.stop('SIGINT'), { code: 0, signal: null })
  t.same(pids.filter(isAlive), [])
})
