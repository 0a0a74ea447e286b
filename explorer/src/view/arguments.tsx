// The arguments of a call: a form, or JSON that is checked as it is written.
import { signal } from '@preact/signals'
import { useEffect, useMemo, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { SchemaFormProps } from '../form/schema-form.tsx'
import { Boundary } from '../parts/boundary.tsx'
import { Choice } from '../parts/choice.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { visible } from '../parts/text.tsx'
import { hasProperties, isObject, type JsonSchema } from '../schema/json-schema.ts'
import { findFaults, type Fault } from '../schema/validation.ts'
import { messageOf } from '../state/problem.ts'
import type { Args } from '../state/runs.ts'

const isFormLoaded = signal(false)

/** Whether the arguments of a schema can be filled in: the form has been loaded, or there is none. */
export function isFormReady (schema: JsonSchema): boolean {
  return isFormLoaded.value || !hasProperties(schema)
}

async function loadForm (): Promise<(props: SchemaFormProps) => JSX.Element> {
  const { SchemaForm } = await import('../form/schema-form.tsx')
  isFormLoaded.value = true
  return SchemaForm
}

const SchemaForm = lazyPart<SchemaFormProps>(loadForm, () => <div class='form-waiting' aria-busy='true' />)

/** Loads the form a moment later, so that the next item that has one need not wait. Returns what cancels this. */
export function prepareForm (): () => void {
  const timer = setTimeout(() => { loadForm().catch(() => {}) }, 200)
  return () => clearTimeout(timer)
}

interface ArgumentsProps {
  readonly id: string
  readonly schema: JsonSchema
  readonly value: Args
  onChange (value: Args): void
  onSubmit (value: Args): void
}

const EDITORS = [['form', 'Form'], ['json', 'JSON']] as const

/** The arguments of a call. */
export function Arguments (props: ArgumentsProps): JSX.Element {
  const { id, schema, value, onChange, onSubmit } = props
  const [editor, setEditor] = useState<'form' | 'json'>('form')
  const hasForm = hasProperties(schema)
  return (
    <div class='arguments'>
      <div class='arguments-head'>
        <h3>Arguments</h3>
        <Choice label='Written as' options={EDITORS} chosen={editor} onChoose={setEditor} isSmall />
      </div>
      {editor === 'json' && <JsonArguments {...props} />}
      {editor === 'form' && hasForm && (
        <Boundary instead={<NoForm {...props} />}>
          <SchemaForm
            id={id} schema={schema} value={value}
            onChange={(data) => onChange(asArgs(data))} onSubmit={(data) => onSubmit(asArgs(data))}
          />
        </Boundary>
      )}
      {editor === 'form' && !hasForm && (
        <form id={id} onSubmit={(event) => { event.preventDefault(); onSubmit(value) }}>
          <p class='quiet'>No arguments.</p>
        </form>
      )}
    </div>
  )
}

function NoForm (props: ArgumentsProps): JSX.Element {
  return <><p class='quiet'>The schema of this tool is broken, so there is no form.</p><JsonArguments {...props} /></>
}

function asArgs (value: unknown): Args {
  return isObject(value) ? value : {}
}

function JsonArguments ({ id, schema, value, onChange, onSubmit }: ArgumentsProps): JSX.Element {
  const [text, setText] = useState(() => JSON.stringify(value, null, 2))
  const { args, faults } = useMemo(() => readArgs(text, schema), [text, schema])
  useEffect(() => { if (args !== undefined) onChange(args) }, [args])

  const submit = (event: Event): void => {
    event.preventDefault()
    if (args !== undefined) onSubmit(args)
  }
  return (
    <form id={id} onSubmit={submit}>
      <textarea
        class='input code' rows={Math.min(Math.max(text.split('\n').length, 6), 24)} spellcheck={false}
        aria-label='Arguments as JSON' aria-invalid={faults.length > 0} aria-describedby={`${id}-faults`}
        value={text} onInput={(event) => setText(event.currentTarget.value)}
      />
      <ul id={`${id}-faults`} class='faults' aria-live='polite'>
        {faults.slice(0, 10).map(({ path, message }, index) => (
          <li key={index}>{path !== '' && <code>{visible(path)}</code>} {visible(message)}</li>
        ))}
      </ul>
    </form>
  )
}

interface ReadArgs {
  /** Undefined if the text is no object of JSON. */
  readonly args?: Args
  readonly faults: readonly Fault[]
}

function readArgs (text: string, schema: JsonSchema): ReadArgs {
  try {
    const args: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    if (isObject(args)) return { args, faults: findFaults(schema, args) }
    return { faults: [{ path: '', message: 'Arguments are an object, such as { "name": "value" }.' }] }
  } catch (error) {
    return { faults: [{ path: '', message: messageOf(error) }] }
  }
}
