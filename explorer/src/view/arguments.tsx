// The arguments of a call: a form, or JSON that is checked as it is written.
import { signal } from '@preact/signals'
import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import type { SchemaFormProps } from '../form/schema-form.tsx'
import { Boundary } from '../parts/boundary.tsx'
import { Choice } from '../parts/choice.tsx'
import { lazyPart } from '../parts/lazy.tsx'
import { visible } from '../parts/text.tsx'
import { asSchema, hasProperties, isObject, type JsonSchema } from '../schema/json-schema.ts'
import { readJson } from '../schema/json-text.ts'
import { findFaults, type Fault } from '../schema/validation.ts'
import { messageOf } from '../state/problem.ts'
import type { Args } from '../state/runs.ts'

const isFormLoaded = signal(false)

async function loadForm (): Promise<(props: SchemaFormProps) => JSX.Element> {
  const { SchemaForm } = await import('../form/schema-form.tsx')
  isFormLoaded.value = true
  return SchemaForm
}

const SchemaForm = lazyPart<SchemaFormProps>(loadForm, FormLoading)

// The heights of fields and of what is between them, in rem: a box to tick, any other, and a line of a description.
const [TICKED, FIELD, HINT] = [2.58, 4.65, 1.43]
const LAST_GAP = 1.05

// As high as a form of plain fields will be, so that nothing moves when it is there.
function FormLoading ({ schema }: SchemaFormProps): JSX.Element {
  const heights = Object.values(asSchema(schema.properties)).map(asSchema).map(({ type, description = '' }) => {
    return (type === 'boolean' ? TICKED : FIELD) + (description === '' ? 0 : HINT)
  })
  const height = heights.reduce((sum, one) => sum + one, 0)
  return <div aria-busy='true' style={{ minHeight: `${Math.max(height, FIELD) - LAST_GAP}rem` }} />
}

/** Loads the form a moment later, so that the next item that has one need not wait. Returns what cancels this. */
export function prepareForm (): () => void {
  const timer = setTimeout(() => { loadForm().catch(() => {}) }, 200)
  return () => clearTimeout(timer)
}

interface ArgumentsProps {
  readonly id: string
  readonly title?: string
  readonly schema: JsonSchema
  readonly value: Args
  onChange (value: Args): void
  onSubmit (value: Args): void
  /** Draws what is below, such as the button that submits. @param isReady Whether there is an editor to submit. */
  renderActions (isReady: boolean): JSX.Element
}

const EDITORS = [['form', 'Form'], ['json', 'JSON']] as const

/** The arguments of a call. */
export function Arguments (props: ArgumentsProps): JSX.Element {
  const { id, title = 'Arguments', schema, value, onChange, onSubmit, renderActions } = props
  // It keeps JSON that is not finished while the user looks at the form.
  const draft = useRef<Draft | undefined>(undefined)
  const [editor, setEditor] = useState<'form' | 'json'>('form')
  const hasForm = hasProperties(schema)
  return (
    <>
      <div class='arguments'>
        <div class='arguments-head'>
          <h3>{title}</h3>
          <Choice label='Edit as' options={EDITORS} chosen={editor} onChoose={setEditor} isSmall />
        </div>
        {editor === 'json' && <JsonArguments {...props} draft={draft} />}
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
      {renderActions(editor === 'json' || !hasForm || isFormLoaded.value)}
    </>
  )
}

function NoForm (props: ArgumentsProps): JSX.Element {
  const draft = useRef<Draft | undefined>(undefined)
  return (
    <>
      <p class='quiet'>There is no form, because the schema of the arguments is broken.</p>
      <JsonArguments {...props} draft={draft} />
    </>
  )
}

function asArgs (value: unknown): Args {
  return isObject(value) ? value : {}
}

/** A text that is not JSON yet, and the arguments as they were before. */
interface Draft { readonly text: string, readonly value: string }

interface JsonArgumentsProps extends ArgumentsProps { readonly draft: { current: Draft | undefined } }

function JsonArguments ({ id, schema, value, draft, onChange, onSubmit }: JsonArgumentsProps): JSX.Element {
  const [text, setText] = useState(() => {
    const { current } = draft
    return current?.value === JSON.stringify(value) ? current.text : JSON.stringify(value, null, 2)
  })
  const { args, faults } = useMemo(() => readArgs(text, schema), [text, schema])
  useEffect(() => {
    draft.current = args === undefined ? { text, value: JSON.stringify(value) } : undefined
    if (args !== undefined) onChange(args)
  }, [args, text])

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
  /** Undefined if the text is not a JSON object. */
  readonly args?: Args
  readonly faults: readonly Fault[]
}

function readArgs (text: string, schema: JsonSchema): ReadArgs {
  const rounded: Fault[] = []
  const onRounded = (rounding: string): void => {
    rounded.push({ path: '', message: `${rounding}, so write it as a string.` })
  }
  try {
    const args = readJson(text.trim() === '' ? '{}' : text, onRounded)
    if (isObject(args)) return { args, faults: [...rounded, ...findFaults(schema, args)] }
    return { faults: [{ path: '', message: 'Arguments must be an object, such as { "name": "value" }.' }] }
  } catch (error) {
    return { faults: [{ path: '', message: messageOf(error) }] }
  }
}
