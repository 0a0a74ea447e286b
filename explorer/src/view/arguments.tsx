// The arguments of a call: a form, or JSON that is checked as it is written.
import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { SchemaFormProps } from '../form/schema-form.tsx'
import { Boundary } from '../parts/boundary.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { visible } from '../parts/text.tsx'
import { hasProperties, isObject, type JsonSchema } from '../schema/json-schema.ts'
import { findFaults, type Fault } from '../schema/validation.ts'

/** Whether the form has been loaded, so that it can be filled in. */
export const isFormLoaded = signal(false)

async function loadForm (): Promise<(props: SchemaFormProps) => JSX.Element> {
  const { SchemaForm } = await import('../form/schema-form.tsx')
  isFormLoaded.value = true
  return SchemaForm
}

const SchemaForm = lazyPart<SchemaFormProps>(loadForm, () => <div class='form-waiting' aria-busy='true' />)

/** Loads the form before it is drawn, once the page has nothing else to do. */
export function prepareForm (): void {
  setTimeout(() => { loadForm() }, 200)
}

/** Arguments by their names. */
export type Args = Readonly<Record<string, unknown>>

interface ArgumentsProps {
  readonly id: string
  readonly schema: JsonSchema
  readonly value: Args
  onChange (value: Args): void
  onSubmit (value: Args): void
}

/** The arguments of a call. */
export function Arguments (props: ArgumentsProps): JSX.Element {
  const { id, schema, value, onChange, onSubmit } = props
  const [isJson, setJson] = useState(false)
  const hasForm = hasProperties(schema)
  return (
    <div class='arguments'>
      <div class='arguments-head'>
        <h3>Arguments</h3>
        <div class='segments small' role='group' aria-label='Written as'>
          <button type='button' aria-pressed={!isJson} onClick={() => setJson(false)}>Form</button>
          <button type='button' aria-pressed={isJson} onClick={() => setJson(true)}>JSON</button>
        </div>
      </div>
      {isJson && <JsonArguments {...props} />}
      {!isJson && hasForm && (
        <Boundary instead={<NoForm {...props} />}>
          <SchemaForm
            id={id} schema={schema} value={value}
            onChange={(data) => onChange(asArgs(data))} onSubmit={(data) => onSubmit(asArgs(data))}
          />
        </Boundary>
      )}
      {!isJson && !hasForm && (
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
  const [faults, setFaults] = useState<readonly Fault[]>([])
  const parsed = parse(text)

  useEffect(() => {
    setFaults('problem' in parsed ? [{ path: '', message: parsed.problem }] : findFaults(schema, parsed.value))
    if ('value' in parsed && isObject(parsed.value)) onChange(parsed.value)
  }, [text])

  const submit = (event: Event): void => {
    event.preventDefault()
    if ('value' in parsed) onSubmit(asArgs(parsed.value))
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

function parse (text: string): { readonly value: unknown } | { readonly problem: string } {
  try {
    const value: unknown = JSON.parse(text.trim() === '' ? '{}' : text)
    return isObject(value) ? { value } : { problem: 'Arguments are an object, such as { "name": "value" }.' }
  } catch (error) {
    return { problem: (error as Error).message }
  }
}
