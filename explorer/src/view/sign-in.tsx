// How the user shows a mount who they are: by signing in, by a token, or by other headers.
import { useId, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { credentials, setCredentials } from '../state/credentials.ts'
import { messageOf } from '../state/problem.ts'
import { redirectUri, signIn } from '../state/sign-in.ts'

/** How the user shows a mount who they are. */
export function SignIn ({ connection }: { connection: Connection }): JSX.Element {
  const { auth } = connection.mount
  return (
    <div class='sign-in'>
      {auth.kind === 'oauth' && <OAuth connection={connection} scopes={auth.scopes} />}
      <CredentialsForm connection={connection} />
    </div>
  )
}

function OAuth ({ connection, scopes }: { connection: Connection, scopes: readonly string[] }): JSX.Element {
  const { mount: { name }, url } = connection
  const [clientId, setClientId] = useState('')
  const [problem, setProblem] = useState<string>()
  const id = useId()
  const start = async (): Promise<void> => {
    setProblem(undefined)
    try {
      const token = await signIn(url, { clientId: clientId.trim(), scopes })
      setCredentials(name, { ...credentials.peek()[name], token })
      await connection.reopen()
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <div class='field'>
      <button type='button' class='button primary' onClick={start}><Icon name='key' /> Sign in</button>
      <details class='raw'>
        <summary>Use a client of your own</summary>
        <label class='field-label' for={id}>Client ID</label>
        <input
          id={id} class='input' autocomplete='off'
          value={clientId} onInput={(event) => setClientId(event.currentTarget.value)}
        />
        <p class='hint'>Its redirect URI is {redirectUri()}</p>
      </details>
      {problem !== undefined && <p class='faults' role='alert'>{visible(problem)}</p>}
    </div>
  )
}

function CredentialsForm ({ connection }: { connection: Connection }): JSX.Element {
  const { name } = connection.mount
  const known = credentials.value[name]
  const [token, setToken] = useState('')
  const [headers, setHeaders] = useState(() => formatHeaders(known?.headers))
  const id = useId()
  const submit = (event: Event): void => {
    event.preventDefault()
    const given = token.replace(/^Bearer\s+/i, '').trim()
    setCredentials(name, { ...known, ...(given !== '' && { token: given }), headers: parseHeaders(headers) })
    connection.reopen()
  }
  const forget = (): void => {
    setCredentials(name, undefined)
    connection.reopen()
  }
  return (
    <form onSubmit={submit}>
      <label class='field-label' for={id}>Bearer token</label>
      <input
        id={id} class='input' type='password' autocomplete='off'
        value={token} onInput={(event) => setToken(event.currentTarget.value)}
      />
      <details class='raw'>
        <summary>Other headers</summary>
        <textarea
          class='input code' rows={2} aria-label='Headers, one per line' placeholder='X-Api-Key: …'
          value={headers} onInput={(event) => setHeaders(event.currentTarget.value)}
        />
      </details>
      <div class='actions'>
        <button type='submit' class='button'>Connect</button>
        {known !== undefined && <button type='button' class='button' onClick={forget}>Forget</button>}
      </div>
      <p class='hint'>They are kept in memory only, until you close or reload the page.</p>
    </form>
  )
}

function parseHeaders (text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => /^\s*([\w-]+)\s*:\s*(.+?)\s*$/.exec(line))
  return Object.fromEntries(lines.flatMap((match) => match === null ? [] : [[String(match[1]), String(match[2])]]))
}

function formatHeaders (headers: Readonly<Record<string, string>> = {}): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n')
}
