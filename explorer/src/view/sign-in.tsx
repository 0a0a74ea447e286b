// How the user shows a mount who they are: by signing in, by a token, or by other headers.
import { useId, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Icon } from '../parts/icon.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { credentials, setCredentials } from '../state/credentials.ts'
import { messageOf } from '../state/problem.ts'
import { signIn } from '../state/sign-in.ts'

/** How the user shows a mount who they are. */
export function SignIn ({ connection }: { connection: Connection }): JSX.Element {
  const { mount } = connection
  const id = useId()
  const known = credentials.value[mount.name]
  const [token, setToken] = useState('')
  const [headers, setHeaders] = useState(() => formatHeaders(known?.headers))
  const [clientId, setClientId] = useState('')
  const [problem, setProblem] = useState<string>()

  const useToken = (event: Event): void => {
    event.preventDefault()
    setCredentials(mount.name, {
      ...(token !== '' && { token: token.replace(/^Bearer\s+/i, '').trim() }), headers: parseHeaders(headers)
    })
    connection.reopen()
  }
  const forget = (): void => {
    setCredentials(mount.name, undefined)
    connection.reopen()
  }
  const start = async (): Promise<void> => {
    setProblem(undefined)
    try {
      const scopes = mount.auth.kind === 'oauth' ? mount.auth.scopes : []
      const found = await signIn(connection.url, { clientId: clientId.trim(), scopes })
      setCredentials(mount.name, { token: found, isSignedIn: true })
      await connection.reopen()
    } catch (error) {
      setProblem(messageOf(error))
    }
  }
  return (
    <div class='sign-in'>
      {mount.auth.kind === 'oauth' && (
        <div class='field'>
          <button type='button' class='button primary' onClick={start}><Icon name='key' /> Sign in</button>
          <details class='raw'>
            <summary>With a client of your own</summary>
            <label class='field-label' for={`${id}-client`}>Client ID</label>
            <input
              id={`${id}-client`} class='input' autocomplete='off'
              value={clientId} onInput={(event) => setClientId(event.currentTarget.value)}
            />
            <p class='hint'>Its redirect URI is {new URL('callback.html', location.href.split('#')[0]).href}</p>
          </details>
          {problem !== undefined && <p class='faults' role='alert'>{visible(problem)}</p>}
        </div>
      )}
      <form onSubmit={useToken}>
        <label class='field-label' for={`${id}-token`}>Bearer token</label>
        <input
          id={`${id}-token`} class='input' type='password' autocomplete='off'
          value={token} onInput={(event) => setToken(event.currentTarget.value)}
        />
        <details class='raw'>
          <summary>Other headers</summary>
          <textarea
            class='input code' rows={2} aria-label='Headers, one a line' placeholder='X-Api-Key: …'
            value={headers} onInput={(event) => setHeaders(event.currentTarget.value)}
          />
        </details>
        <button type='submit' class='button'>Use</button>
        {known !== undefined && (
          <button type='button' class='button' onClick={forget}>Forget</button>
        )}
        <p class='hint'>Kept in the memory of this page alone.</p>
      </form>
    </div>
  )
}

function parseHeaders (text: string): Readonly<Record<string, string>> {
  const lines = text.split('\n').map((line) => /^\s*([\w-]+)\s*:\s*(.+?)\s*$/.exec(line))
  return Object.fromEntries(lines.flatMap((match) => match === null ? [] : [[String(match[1]), String(match[2])]]))
}

function formatHeaders (headers: Readonly<Record<string, string>> = {}): string {
  return Object.entries(headers).map(([name, value]) => `${name}: ${value}`).join('\n')
}
