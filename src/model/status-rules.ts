import { z } from 'zod'

const RULES_MAX = 50
const FORM = /^(!?)([1-5]\d\d)(?:-([1-5]\d\d))?$/

interface Rule {
  includes: boolean
  from: number
  to: number
}

const ruleSchema = z
  .string()
  .refine((rule) => parseRule(rule) !== undefined, 'a status, a range such as 500-599, or ! before either')

/** Which statuses are meant: `408`, `500-599`, `!501`. Of those that match, the last decides. */
export const statusRulesSchema = z.array(ruleSchema).min(1).max(RULES_MAX)

const parsed = new WeakMap<readonly string[], Rule[]>()

/** Undefined: none of the rules speaks of the status. */
export function decides(rules: readonly string[], status: number): boolean | undefined {
  const known = parsed.get(rules) ?? rules.flatMap((rule) => parseRule(rule) ?? [])
  parsed.set(rules, known)
  return known.findLast(({ from, to }) => from <= status && status <= to)?.includes
}

function parseRule(rule: string): Rule | undefined {
  const [, not, low, high = low] = FORM.exec(rule) ?? []
  const [from, to] = [Number(low), Number(high)]
  return from <= to ? { includes: not === '', from, to } : undefined
}
