// A form made of a JSON Schema. It is the largest part of the page, so it is loaded when the first form is drawn.
import Form from '@rjsf/core/lib/components/Form.js'
import type { RJSFSchema, UiSchema, Widget } from '@rjsf/utils'
import { useMemo } from 'preact/hooks'
import type { JSX } from 'preact'
import { asSchema, type JsonSchema } from '../schema/json-schema.ts'
import { FileWidget } from './file-widget.tsx'
import { toFormSchema } from './form-schema.ts'
import { templates } from './templates.tsx'
import { createFormValidator } from './validator.ts'

/** The properties of a form. */
export interface SchemaFormProps {
  /** The id of the element, which buttons outside of it name. */
  readonly id: string
  readonly schema: JsonSchema
  readonly value: unknown
  onChange (value: unknown): void
  onSubmit (value: unknown): void
}

const validator = createFormValidator()
// The library asks for the widgets of React.
const WIDGETS = { FileWidget: FileWidget as unknown as Widget }

/** A form made of a JSON Schema. */
export function SchemaForm ({ id, schema, value, onChange, onSubmit }: SchemaFormProps): JSX.Element {
  // The library draws the whole form anew for another schema or other settings.
  const [formSchema, uiSchema] = useMemo(() => [toFormSchema(schema), createUiSchema(schema)], [schema])
  return (
    <Form
      id={id} idPrefix={id} schema={formSchema as RJSFSchema} uiSchema={uiSchema} formData={value}
      templates={templates} widgets={WIDGETS} experimental_defaultFormStateBehavior={DEFAULTS}
      validator={validator} liveValidate='onBlur' noHtml5Validate
      showErrorList={false} focusOnFirstError onError={SILENT}
      onChange={({ formData }) => onChange(formData)} onSubmit={({ formData }) => onSubmit(formData)}
    />
  )
}

// Defaults are filled in; objects that stay empty are not sent.
const DEFAULTS = { emptyObjectFields: 'skipEmptyDefaults' } as const

// The library would write to the console.
const SILENT = (): void => {}

// Long texts get a larger field.
function createUiSchema (schema: JsonSchema): UiSchema {
  const fields = Object.entries(asSchema(schema.properties)).map(([name, property]) => {
    return [name, widgetFor(asSchema(property))] as const
  })
  return {
    'ui:submitButtonOptions': { norender: true },
    ...Object.fromEntries(fields.filter(([, ui]) => ui !== undefined))
  }
}

const LONG = 200

function widgetFor ({ type, format, contentMediaType, maxLength }: JsonSchema): UiSchema | undefined {
  if (type !== 'string') return undefined
  if (format === 'password') return { 'ui:widget': 'password' }
  if (contentMediaType === 'text/markdown' || format === 'textarea' || Number(maxLength) > LONG) {
    return { 'ui:widget': 'textarea' }
  }
  return undefined
}
