// How the form library draws its fields: plain elements in the style of the page, each with a name for screen readers.
import type {
  ArrayFieldItemTemplateProps, ArrayFieldTemplateProps, FieldErrorProps, FieldTemplateProps,
  IconButtonProps, MultiSchemaFieldTemplateProps, ObjectFieldTemplateProps, TemplatesType, UnsupportedFieldProps,
  WrapIfAdditionalTemplateProps
} from '@rjsf/utils'
import { ADDITIONAL_PROPERTY_FLAG, buttonId, canExpand, descriptionId, errorId } from '@rjsf/utils'
import type { JSX } from 'preact'
import { visible } from '../parts/text.tsx'

function FieldTemplate (props: FieldTemplateProps): JSX.Element {
  const { id, label, children, errors, description, hidden, required, displayLabel, schema, rawErrors = [] } = props
  if (hidden === true) return <div hidden>{children}</div>
  const isCheckbox = schema.type === 'boolean' && displayLabel === true
  return (
    <WrapIfAdditional {...props}>
      {displayLabel === true && !isCheckbox && (
        <label for={id} class='field-label'>
          <code>{visible(label)}</code>
          {required === true && <span class='required'>required</span>}
          <span class='quiet'>{typeOf(schema)}</span>
        </label>
      )}
      {displayLabel === true && description}
      {children}
      {rawErrors.length > 0 && errors}
    </WrapIfAdditional>
  )
}

function typeOf ({ type, format }: { readonly type?: unknown, readonly format?: unknown }): string {
  const name = [type].flat().filter((one) => typeof one === 'string').join(' | ')
  if (typeof format !== 'string') return name
  return format === 'data-url' ? 'file' : format
}

function WrapIfAdditional (
  { id, label, schema, children, rawErrors, onKeyRenameBlur, onRemoveProperty, registry }: WrapIfAdditionalTemplateProps
): JSX.Element {
  const tone = rawErrors !== undefined && rawErrors.length > 0 ? 'field wrong' : 'field'
  if (!(ADDITIONAL_PROPERTY_FLAG in schema)) return <div class={tone}>{children}</div>
  const { RemoveButton } = registry.templates.ButtonTemplates
  return (
    <div class={`${tone} additional`}>
      <input
        id={`${id}-key`} class='input' type='text' aria-label='Name'
        defaultValue={label} onBlur={onKeyRenameBlur}
      />
      <div class='grow'>{children}</div>
      <RemoveButton id={buttonId(id, 'remove')} onClick={onRemoveProperty} registry={registry} />
    </div>
  )
}

function ObjectFieldTemplate (props: ObjectFieldTemplateProps): JSX.Element | null {
  const { fieldPathId, title, description, properties, schema, uiSchema, formData, onAddProperty, registry } = props
  const isUnion = (schema.oneOf !== undefined || schema.anyOf !== undefined) && properties.length === 0
  if (isUnion) return null
  const fields = properties.map(({ name, content }) => <div key={name} class='contents'>{content}</div>)
  const { AddButton } = registry.templates.ButtonTemplates
  const add = canExpand(schema, uiSchema, formData) &&
    <AddButton id={buttonId(fieldPathId, 'add')} onClick={onAddProperty} registry={registry} />
  if (fieldPathId.path.length === 0) return <div id={fieldPathId.$id}>{fields}{add}</div>
  return (
    <fieldset id={fieldPathId.$id}>
      <legend><code>{visible(title === '' ? String(fieldPathId.path.at(-1)) : title)}</code></legend>
      <Description id={descriptionId(fieldPathId)} description={description} />
      {fields}
      {add}
    </fieldset>
  )
}

function ArrayFieldTemplate (
  { fieldPathId, title, schema, items, canAdd, onAddClick, registry, required }: ArrayFieldTemplateProps
): JSX.Element {
  const { AddButton } = registry.templates.ButtonTemplates
  return (
    <fieldset id={fieldPathId.$id}>
      <legend><code>{visible(title)}</code>{required === true && <span class='required'>required</span>}</legend>
      <Description id={descriptionId(fieldPathId)} description={schema.description} />
      {items}
      {canAdd && <AddButton id={buttonId(fieldPathId, 'add')} onClick={onAddClick} registry={registry} />}
    </fieldset>
  )
}

function ArrayFieldItemTemplate (
  { children, buttonsProps, hasToolbar, registry }: ArrayFieldItemTemplateProps
): JSX.Element {
  const { MoveUpButton, MoveDownButton, RemoveButton } = registry.templates.ButtonTemplates
  const { fieldPathId, hasMoveUp, hasMoveDown, hasRemove, onMoveUpItem, onMoveDownItem, onRemoveItem } = buttonsProps
  const idOf = (button: 'moveUp' | 'moveDown' | 'remove'): string => buttonId(fieldPathId, button)
  return (
    <div class='array-item'>
      <div class='grow'>{children}</div>
      {hasToolbar && (
        <div class='array-buttons'>
          {hasMoveUp && <MoveUpButton id={idOf('moveUp')} onClick={onMoveUpItem} registry={registry} />}
          {hasMoveDown && <MoveDownButton id={idOf('moveDown')} onClick={onMoveDownItem} registry={registry} />}
          {hasRemove && <RemoveButton id={idOf('remove')} onClick={onRemoveItem} registry={registry} />}
        </div>
      )}
    </div>
  )
}

function MultiSchemaFieldTemplate ({ selector, optionSchemaField }: MultiSchemaFieldTemplateProps): JSX.Element {
  return <div class='union'><div class='union-choice'>{selector}</div>{optionSchemaField}</div>
}

function Description ({ id, description }: { id: string, description?: unknown }): JSX.Element | null {
  if (typeof description !== 'string' || description === '') return null
  return <div id={id} class='hint' dir='auto'>{visible(description)}</div>
}

function FieldErrorTemplate ({ errors = [], fieldPathId }: FieldErrorProps): JSX.Element | null {
  if (errors.length === 0) return null
  return (
    <ul id={errorId(fieldPathId)} class='faults'>
      {errors.map((error, index) => <li key={index}>{typeof error === 'string' ? visible(error) : error}</li>)}
    </ul>
  )
}

function UnsupportedFieldTemplate ({ reason }: UnsupportedFieldProps): JSX.Element {
  const why = reason === undefined ? '' : ` (${reason})`
  return <p class='quiet'>The form cannot show this part of the schema{why}. Write it as JSON.</p>
}

function buttonOf (text: string, name: string) {
  return function FormButton ({ id, onClick, disabled }: IconButtonProps): JSX.Element {
    return (
      <button
        type='button' class='button small' {...(id !== undefined && { id })} aria-label={name} title={name}
        disabled={disabled === true} onClick={onClick}
      >
        {text}
      </button>
    )
  }
}

/** The templates of the form. */
export const templates: Partial<Omit<TemplatesType, 'ButtonTemplates'>> & {
  ButtonTemplates: Partial<TemplatesType['ButtonTemplates']>
} = {
  ArrayFieldItemTemplate,
  ArrayFieldTemplate,
  DescriptionFieldTemplate: Description as TemplatesType['DescriptionFieldTemplate'],
  FieldErrorTemplate: FieldErrorTemplate as TemplatesType['FieldErrorTemplate'],
  FieldTemplate: FieldTemplate as TemplatesType['FieldTemplate'],
  MultiSchemaFieldTemplate,
  ObjectFieldTemplate: ObjectFieldTemplate as TemplatesType['ObjectFieldTemplate'],
  UnsupportedFieldTemplate,
  ButtonTemplates: {
    AddButton: buttonOf('+ Add', 'Add'),
    MoveDownButton: buttonOf('↓', 'Move down'),
    MoveUpButton: buttonOf('↑', 'Move up'),
    RemoveButton: buttonOf('×', 'Remove')
  }
}
