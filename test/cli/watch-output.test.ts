import t from 'tap'
import { editWatchOutput } from '../../lib/cli/watch-output.ts'

const edit = (text: string): string => editWatchOutput(text, 'Waits.')

t.test('the lines of node --watch are removed, in colours and in the words of each version', async (t) => {
  const process = "'/a b/dist/cli/file-server.js server.ts'"
  t.equal(edit(`Restarting ${process}\n`), '')
  t.equal(edit(`\u001b[32mRestarting ${process}\u001b[39m\n`), '')
  t.equal(edit(`\u001b[32mGracefully restarted ${process}\u001b[39m\n`), '')
  t.equal(edit("\u001b[34mChange detected in '/a b/server.ts'\u001b[39m\n"), '')
  t.equal(edit('\u001b[34mWaiting for graceful termination...\u001b[39m\n'), '')
})

t.test('for a run that has ended, the line says that a change starts the next one', async (t) => {
  t.equal(edit("Failed running '/dist/cli/file-server.js a.ts'\n"), 'Waits.\n')
  t.equal(
    edit("Failed running 'dist/cli/file-server.js a.ts'. Waiting for file changes before restarting...\n"),
    'Waits.\n'
  )
  t.equal(
    edit("before\n\u001b[31mCompleted running 'lib/cli/file-server.ts a.ts'\u001b[39m\nafter\n"),
    'before\nWaits.\nafter\n'
  )
})

t.test('lines of the server stay', async (t) => {
  const text = "Restarting the queue\nFailed running 'job'\n  Restarting 'file-server'\n"

  t.equal(edit(text), text)
})
