// How the form library draws the inputs of fields, where its own would lose something or need a mouse.
import { ariaDescribedByIds, descriptionId, getTemplate, type ErrorSchema, type WidgetProps } from '@rjsf/utils'
import CheckboxesWidget from '@rjsf/core/lib/components/widgets/CheckboxesWidget.js'
import LibrarySelect from '@rjsf/core/lib/components/widgets/SelectWidget.js'
import type { JSX, TargetedKeyboardEvent } from 'preact'
import { useState } from 'preact/hooks'
import { visible } from '../parts/text.tsx'
import { describeRounding } from '../schema/json-text.ts'

/** A text. It grows with its lines, which an `<input>` would join. */
export function TextWidget (props: WidgetProps): JSX.Element {
  const { id, schema, value, options, required, disabled, readonly, placeholder, onChange, onBlur, onFocus } = props
  if (![schema.type].flat().includes('string')) return <NumberWidget {...props} />
  // Only an `<input>` has a list of examples.
  if (schema.examples !== undefined) {
    const Input = getTemplate('BaseInputTemplate', props.registry, options)
    return <Input {...props} /> as JSX.Element
  }
  const text = value === undefined || value === null ? '' : String(value)
  return (
    <textarea
      id={id} class='form-control line' rows={Math.min(text.split('\n').length, 16)} value={text}
      placeholder={placeholder} required={required === true} disabled={disabled === true} readOnly={readonly === true}
      aria-describedby={ariaDescribedByIds(id)} onKeyDown={submitAtEnter}
      onInput={({ currentTarget }) => onChange(currentTarget.value === '' ? options.emptyValue : currentTarget.value)}
      onBlur={({ currentTarget }) => onBlur(id, currentTarget.value)}
      onFocus={({ currentTarget }) => onFocus(id, currentTarget.value)}
    />
  )
}

// As in an `<input>`, as long as the text has one line. Shift and Enter begin another one.
function submitAtEnter (event: TargetedKeyboardEvent<HTMLTextAreaElement>): void {
  const { currentTarget, key, shiftKey, isComposing } = event
  if (key !== 'Enter' || shiftKey || isComposing || currentTarget.value.includes('\n')) return
  event.preventDefault()
  if (!event.ctrlKey && !event.metaKey) currentTarget.form?.requestSubmit()
}

// A number. What has to be rounded stays as it is typed, and is reported as a fault.
function NumberWidget (props: WidgetProps): JSX.Element {
  const { value, registry, options, onChange } = props
  const [typed, setTyped] = useState<string>()
  const Input = getTemplate('BaseInputTemplate', registry, options)
  const change = (text: string | undefined): void => {
    const rounding = describeRounding(text ?? '')
    setTyped(rounding === undefined ? undefined : text)
    const problem = `${rounding}, because it has too many digits.`
    onChange(text, rounding === undefined ? undefined : { __errors: [problem] } as unknown as ErrorSchema)
  }
  const shown = typed !== undefined && Number(typed) === value ? typed : value
  return <Input {...props} value={shown} onChange={change} /> as JSX.Element
}

/** A time of day. JSON Schema wants an offset, which no `<input>` for times has. */
export function TimeWidget (props: WidgetProps): JSX.Element {
  return <TextWidget {...props} placeholder='14:30:00Z' />
}

/** A choice, or several. */
export function SelectWidget (props: WidgetProps): JSX.Element {
  if (/__(?:any|one)of_select$/.test(props.id)) return <UnionWidget {...props} />
  if (props.multiple !== true) return <LibrarySelect {...props} /> as JSX.Element
  return <div role='group' aria-label={visible(props.label)}><CheckboxesWidget {...props} /></div>
}

// Which alternative of a union is filled in below. Its value is a place in the list.
function UnionWidget ({ id, label, value, options, disabled, onChange }: WidgetProps): JSX.Element {
  return (
    <select
      id={id} class='form-control' aria-label={visible(`Kind of ${label === '' ? 'arguments' : label}`)}
      value={value} disabled={disabled === true} onChange={({ currentTarget }) => onChange(currentTarget.value)}
    >
      {options.enumOptions?.map((option, index) => <option key={index} value={index}>{visible(option.label)}</option>)}
    </select>
  )
}

/** Yes or no. */
export function CheckboxWidget (props: WidgetProps): JSX.Element {
  const { id, schema, label, value, disabled, readonly, options, onChange, onBlur } = props
  const description = options.description ?? schema.description
  return (
    <>
      <div class='checkbox'>
        <label>
          <input
            id={id} type='checkbox' checked={value === true} disabled={disabled === true || readonly === true}
            aria-describedby={ariaDescribedByIds(id)} onChange={({ currentTarget }) => onChange(currentTarget.checked)}
            onBlur={() => onBlur(id, value)}
          />
          <span>{visible(label)}</span>
        </label>
      </div>
      {typeof description === 'string' && description !== '' && (
        <div id={descriptionId(id)} class='hint' dir='auto'>{visible(description)}</div>
      )}
    </>
  )
}
