// Why the page has no connection, and what to do.
import type { JSX } from 'preact'
import { Notice } from '../parts/notice.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'
import { SignIn } from './sign-in.tsx'

/** Why the page has no connection. */
export function ProblemView ({ connection }: { connection: Connection }): JSX.Element | null {
  const problem = connection.problem.value
  if (problem === undefined) return null
  return (
    <Notice tone='warn' title={problem.title}>
      <p dir='auto'>{visible(problem.text.slice(0, 2000))}</p>
      {problem.advice !== undefined && <p>{problem.advice}</p>}
      {problem.needsSignIn === true && <SignIn connection={connection} />}
      {problem.needsSignIn !== true && (
        <button type='button' class='button' onClick={() => { connection.reopen() }}>Try again</button>
      )}
    </Notice>
  )
}
