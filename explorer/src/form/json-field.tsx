// A field that is written as JSON, for values that the schema says nothing of.
import { ariaDescribedByIds, type ErrorSchema, type FieldProps } from '@rjsf/utils'
import { useState } from 'preact/hooks'
import type { JSX } from 'preact'
import { readJson } from '../schema/json-text.ts'

/** A field that is written as JSON. A text that is no JSON is taken as it is, where the schema allows texts. */
export function JsonField (
  { fieldPathId, formData, schema, required, disabled, readonly, rawErrors, onChange, onBlur }: FieldProps
): JSX.Element {
  const [text, setText] = useState(() => formData === undefined ? '' : writeValue(formData))
  const { $id } = fieldPathId
  const isText = schema.type === undefined || [schema.type].flat().includes('string')

  const change = (typed: string): void => {
    setText(typed)
    const read = readValue(typed, isText)
    const faults = read.problem === undefined ? undefined : { __errors: [read.problem] } as unknown as ErrorSchema
    onChange(read.value, fieldPathId.path, faults, $id)
  }
  return (
    <textarea
      id={$id} class='form-control code' rows={Math.min(Math.max(text.split('\n').length, 2), 16)} value={text}
      spellcheck={false} placeholder={PLACEHOLDERS[String([schema.type].flat()[0])] ?? 'JSON, or a text'}
      required={required === true} disabled={disabled === true || readonly === true}
      aria-invalid={rawErrors !== undefined && rawErrors.length > 0} aria-describedby={ariaDescribedByIds($id)}
      onInput={(event) => change(event.currentTarget.value)} onBlur={() => onBlur($id, formData)}
    />
  )
}

const PLACEHOLDERS: Readonly<Record<string, string>> = { object: '{ "name": "value" }', array: '[1, "two"]' }

function writeValue (value: unknown): string {
  return typeof value === 'string' && readValue(value, true).value === value ? value : JSON.stringify(value, null, 2)
}

interface ReadValue { readonly value?: unknown, readonly problem?: string | undefined }

function readValue (text: string, isText: boolean): ReadValue {
  if (text.trim() === '') return { value: undefined }
  let problem: string | undefined
  try {
    const value = readJson(text, (rounding) => { problem = `${rounding}, so write it as a string.` })
    return { value, problem }
  } catch (error) {
    // A text that begins as JSON is meant as JSON.
    return isText && !/^\s*[[{"]/.test(text) ? { value: text } : { value: undefined, problem: (error as Error).message }
  }
}
