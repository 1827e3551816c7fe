/** What visitors are asked before the first message, as it is edited. */
import type { WidgetForm, Words } from '../api/types.ts'
import { wordsDraft, wordsOf } from './words.ts'

/** Something that can be chosen. `value` is what is told; empty: the words themselves. */
export interface OptionDraft {
  value: string
  label: Words
}

/** A field of the form. What can be chosen is kept while it is of another kind. */
export interface QuestionDraft {
  name: string
  kind: string
  label: Words
  isRequired: boolean
  options: OptionDraft[]
}

/** The form in a form. */
export interface FormDraft {
  isOn: boolean
  intro: Words
  questions: QuestionDraft[]
  hasConsent: boolean
  consentText: Words
  consentUrl: string
}

type Question = WidgetForm['fields'][number]

/** More are refused by the server. */
export const mostQuestions = 8
export const mostOptions = 30

export const kinds = [
  { value: 'text', label: 'Text' },
  { value: 'email', label: 'Email address' },
  { value: 'select', label: 'Choice' },
  { value: 'checkbox', label: 'Tick' },
]

/** What is saved in a form; a question for the name where nothing is. */
export function formDraft(saved: WidgetForm | null | undefined): FormDraft {
  const { intro, fields, consent } = saved ?? {}
  return {
    isOn: Boolean(saved),
    intro: wordsDraft(intro),
    questions: fields
      ? fields.map(questionDraft)
      : [{ ...newQuestion([]), name: 'name', label: wordsDraft({ en: 'Name' }) }],
    hasConsent: consent !== undefined,
    consentText: wordsDraft(consent?.text),
    consentUrl: consent?.url ?? '',
  }
}

const questionDraft = ({ name, kind, label, required = false, options = [] }: Question): QuestionDraft => ({
  ...{ name, kind, label: wordsDraft(label), isRequired: required },
  options: options.map(({ value, label }) => ({ value, label: wordsDraft(label) })),
})

/** What is to be saved. Undefined: nothing is asked. */
export function formOf({
  isOn,
  intro,
  questions,
  hasConsent,
  consentText,
  consentUrl,
}: FormDraft): WidgetForm | undefined {
  if (!isOn) return undefined
  const said = wordsOf(intro)
  return {
    ...(said && { intro: said }),
    fields: questions.map(questionOf),
    ...(hasConsent && {
      consent: { text: wordsOf(consentText) ?? {}, ...(consentUrl.trim() && { url: consentUrl.trim() }) },
    }),
  }
}

function questionOf({ name, kind, label, isRequired, options }: QuestionDraft): Question {
  return {
    ...{ name: name.trim(), kind: kind as Question['kind'], label: wordsOf(label) ?? {} },
    ...(isRequired && { required: true }),
    ...(kind === 'select' && { options: options.map(optionOf) }),
  }
}

function optionOf({ value, label }: OptionDraft) {
  const words = wordsOf(label) ?? {}
  return { value: value || words['en'] || Object.values(words)[0] || '', label: words }
}

/** One more question, under a name that no other has. */
export function newQuestion(others: readonly { name: string }[]): QuestionDraft {
  const taken = new Set(others.map(({ name }) => name))
  let count = others.length + 1
  while (taken.has(`question${count}`)) count++
  return { name: `question${count}`, kind: 'text', label: wordsDraft(), isRequired: false, options: [newOption()] }
}

export const newOption = (): OptionDraft => ({ value: '', label: wordsDraft() })

/** A form that can be shown while it is edited: of questions of the same name there is one. */
export function showable(form: WidgetForm): WidgetForm {
  const names = new Set<string>()
  return { ...form, fields: form.fields.filter(({ name }) => !names.has(name) && names.add(name)) }
}
