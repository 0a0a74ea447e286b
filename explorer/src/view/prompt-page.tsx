// One prompt: its arguments with completions, and the messages that it becomes.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Prompt } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { LongText } from '../parts/text.tsx'
import { estimateTokens, formatTokens } from '../schema/tokens.ts'
import { writeJson } from '../schema/json-text.ts'
import type { Connection } from '../state/connection.ts'
import { lastRunOf, startRun } from '../state/runs.ts'
import { CompletingInput } from './completing-input.tsx'
import { ItemHead } from './item-head.tsx'
import { complete } from './resource-page.tsx'
import { RunPanel } from './run-panel.tsx'

/** One prompt. */
export function PromptPage ({ connection, prompt }: { connection: Connection, prompt: Prompt }): JSX.Element {
  const { name, title, description, arguments: parameters = [] } = prompt
  const [values, setValues] = useState<Readonly<Record<string, string>>>({})
  const run = lastRunOf(connection.mount.name, 'prompt', name)
  const completes = connection.server.value?.capabilities.completions !== undefined
  const get = (event: Event): void => {
    event.preventDefault()
    const given = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
    startRun(connection, { kind: 'prompt', name, args: given })
  }
  return (
    <article class='item'>
      <ItemHead kind='prompt' name={name} title={title} description={description}>
        <Badge>{formatTokens(estimateTokens(prompt))} tokens</Badge>
      </ItemHead>
      <div class='workbench'>
        <form class='panel' onSubmit={get}>
          <h3>Arguments</h3>
          {parameters.length === 0 && <p class='quiet'>No arguments.</p>}
          {parameters.map((parameter) => (
            <CompletingInput
              key={parameter.name} label={parameter.name} description={parameter.description}
              isRequired={parameter.required === true}
              value={values[parameter.name] ?? ''}
              onChange={(value) => setValues({ ...values, [parameter.name]: value })}
              complete={completes
                ? (value) => complete(connection, { type: 'ref/prompt', name }, { name: parameter.name, value }, values)
                : undefined}
            />
          ))}
          <button type='submit' class='button primary'><Icon name='play' /> Get</button>
        </form>
        <div class='panel results'>
          {run === undefined ? <p class='quiet empty'>The messages appear here.</p> : <RunPanel run={run} />}
        </div>
      </div>
      <details class='raw'><summary>Definition</summary><LongText text={writeJson(prompt)} isCode /></details>
    </article>
  )
}
