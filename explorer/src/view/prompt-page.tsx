// One prompt: its arguments with completions, and the messages that it becomes.
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { Prompt } from '@modelcontextprotocol/client'
import { Badge } from '../parts/badge.tsx'
import { Icon } from '../parts/icon.tsx'
import { estimateTokens, formatTokens } from '../schema/tokens.ts'
import type { Connection } from '../state/connection.ts'
import { lastRunOf, startRun } from '../state/runs.ts'
import { CompletingFields, type FieldValues } from './completing-fields.tsx'
import { Definition } from './definition.tsx'
import { ItemHead } from './item-head.tsx'
import { RunPanel } from './run-panel.tsx'

/** One prompt. */
export function PromptPage ({ connection, prompt }: { connection: Connection, prompt: Prompt }): JSX.Element {
  const { name, title, description, arguments: fields = [] } = prompt
  const [values, setValues] = useState<FieldValues>({})
  const run = lastRunOf(connection.mount.name, 'prompt', name)
  const get = (event: Event): void => {
    event.preventDefault()
    const args = Object.fromEntries(Object.entries(values).filter(([, value]) => value !== ''))
    startRun(connection, { kind: 'prompt', name, args })
  }
  return (
    <article class='item'>
      <ItemHead kind='prompt' name={name} title={title} description={description} meta={prompt._meta}>
        <Badge title='Estimated tokens that a model reads for this prompt'>
          {formatTokens(estimateTokens(prompt))} tokens
        </Badge>
      </ItemHead>
      <div class='workbench'>
        <form class='panel' onSubmit={get}>
          <h3>Arguments</h3>
          {fields.length === 0 && <p class='quiet'>No arguments.</p>}
          <CompletingFields
            connection={connection} reference={{ type: 'ref/prompt', name }}
            fields={fields} values={values} onChange={setValues}
          />
          <button type='submit' class='button primary'><Icon name='play' /> Get</button>
        </form>
        <div class='panel results'>
          {run === undefined ? <p class='quiet empty'>The messages appear here.</p> : <RunPanel run={run} />}
        </div>
      </div>
      <Definition item={prompt} />
    </article>
  )
}
