import { ProblemError } from '../model/problem.ts'
import type { Failure, Registration } from '../registrations/registration.ts'

/** What the caller is told of a provider that did not do what it was asked to: its status, its words, and what to do. */
export function problemOf(
  failure: Failure,
  { name, permission }: Registration,
  { isRemoval = false } = {},
): ProblemError {
  switch (failure.kind) {
    case 'refused': {
      const { status, message } = failure
      const hint = hintOf(status, permission)
      const way = isRemoval ? ' With `?forget=true` the hook is left as it is, and only forgotten here.' : ''
      return new ProblemError('provider_refused', `${said(name, status, message)}${hint}${way}`)
    }
    case 'limited': {
      const headers = { 'retry-after': String(failure.retryAfterSeconds) }
      const detail = `${said(name, failure.status, failure.message)} It wants fewer requests: wait, then repeat the call.`
      return new ProblemError('provider_unavailable', detail, { headers })
    }
    case 'unreachable':
      return new ProblemError(
        'provider_unavailable',
        `${name} did not do it: ${sentence(failure.message)} Repeating the call is safe.`,
      )
  }
}

function said(name: string, status: number, message: string): string {
  return message === '' ? `${name} answered ${status}.` : `${name} answered ${status}: ${sentence(message)}`
}

function sentence(text: string): string {
  return /[.?!…]$/.test(text) ? text : `${text}.`
}

function hintOf(status: number, permission: string): string {
  if (status === 401) return ' Check the credentials.'
  if (status === 403) return ` The credentials need ${permission}.`
  if (status === 404) return ` Check the target and \`baseUrl\`, and that the credentials have ${permission}.`
  return ''
}
