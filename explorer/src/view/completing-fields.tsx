// Fields whose values the server completes as the user types: the arguments of a prompt, or the variables of a
// template.
import { useEffect, useId, useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { Combobox } from '../parts/combobox.tsx'
import { visible } from '../parts/text.tsx'
import type { Connection } from '../state/connection.ts'

/** The values of the fields by their names. */
export type FieldValues = Readonly<Record<string, string>>

/** One field. */
interface FieldDescription {
  readonly name: string
  readonly description?: string | undefined
  readonly required?: boolean | undefined
}

interface CompletingFieldsProps {
  readonly connection: Connection
  /** The prompt or the template, as the server knows it. */
  readonly reference: Parameters<Connection['client']['complete']>[0]['ref']
  readonly fields: readonly FieldDescription[]
  readonly values: FieldValues
  onChange (values: FieldValues): void
}

/** Fields with completions, if the server offers them. */
export function CompletingFields (props: CompletingFieldsProps): JSX.Element {
  const { connection, reference, fields, values, onChange } = props
  const canComplete = connection.server.value?.capabilities.completions !== undefined
  const complete = async (name: string, value: string): Promise<readonly string[]> => {
    if (!canComplete) return []
    const { [name]: _own, ...others } = values
    const { completion } = await connection.client.complete({
      ref: reference, argument: { name, value }, context: { arguments: others }
    })
    return completion.values
  }
  return (
    <>
      {fields.map((field) => (
        <CompletingField
          key={field.name} field={field} value={values[field.name] ?? ''}
          onChange={(value) => onChange({ ...values, [field.name]: value })}
          complete={(value) => complete(field.name, value)}
        />
      ))}
    </>
  )
}

interface CompletingFieldProps {
  readonly field: FieldDescription
  readonly value: string
  onChange (value: string): void
  complete (value: string): Promise<readonly string[]>
}

const PAUSE_MS = 150

function CompletingField ({ field, value, onChange, complete }: CompletingFieldProps): JSX.Element {
  const { name, description, required = false } = field
  const [suggestions, setSuggestions] = useState<readonly string[]>([])
  const [isFocused, setFocused] = useState(false)
  const id = useId()

  useEffect(() => {
    if (!isFocused) return
    let isCurrent = true
    // The answer to an earlier text may arrive after that to a later one.
    const show = (found: readonly string[]): void => { if (isCurrent) setSuggestions(found) }
    const timer = setTimeout(() => { complete(value).then(show, () => show([])) }, PAUSE_MS)
    return () => { isCurrent = false; clearTimeout(timer) }
  }, [value, isFocused])

  return (
    <div class='field'>
      <label for={id} class='field-label'>
        <code>{visible(name)}</code>
        {required && <span class='required'>required</span>}
      </label>
      {description !== undefined && <div id={`${id}-hint`} class='hint' dir='auto'>{visible(description)}</div>}
      <Combobox
        id={id} value={value} suggestions={suggestions} isRequired={required}
        describedBy={description === undefined ? undefined : `${id}-hint`}
        onChange={onChange} onFocus={() => setFocused(true)} onBlur={() => { setFocused(false); setSuggestions([]) }}
      />
    </div>
  )
}
