import type { FieldError } from '../model/problem.ts'
import type { Subscription } from '../model/subscription.ts'
import { compileFilter, type Filter } from './filter.ts'
import { parsePath, type PathStep } from './path.ts'
import { compileTransform, type TransformProgram } from './transform.ts'

type Rules = Pick<Subscription, 'filter' | 'transform' | 'balance'>

/** The rules of a subscription, ready to run. */
export interface Rule {
  filter: Filter | undefined
  transform: TransformProgram | undefined
  balanceKey: PathStep[] | undefined
  /** What does not compile: stored by a version that took it. The subscription holds its events. */
  faults: FieldError[]
}

const compiled = new WeakMap<object, Rule>()

/** Compiled when first needed, and kept as long as the routing table that the subscription is in. */
export function ruleOf(subscription: Subscription): Rule {
  const known = compiled.get(subscription)
  if (known) return known
  const rule = compileRule(subscription, subscription.version ?? 1)
  compiled.set(subscription, rule)
  return rule
}

export function compileRule({ filter, transform, balance }: Rules, version: number): Rule {
  const rule: Rule = { filter: undefined, transform: undefined, balanceKey: undefined, faults: [] }
  if (filter) {
    const made = compileFilter(filter)
    if (made.ok) rule.filter = made.value
    else rule.faults.push(...made.error)
  }
  if (transform) {
    const made = compileTransform(transform, version)
    if (made.ok) rule.transform = made.value
    else rule.faults.push(...made.error)
  }
  if (balance?.key) {
    const path = parsePath(balance.key)
    if (path.ok) rule.balanceKey = path.value
    else rule.faults.push({ path: 'balance.key', message: path.error })
  }
  return rule
}

/** Whether anything but its event types and sources decides what the subscription gets. */
export function hasRules(subscription: Subscription): boolean {
  const { filter, transform, sampleRate = 1, failoverEndpointId, balance, schedule, fault } = subscription
  const rules = [filter, transform, failoverEndpointId, balance, schedule, fault]
  return sampleRate < 1 || rules.some(Boolean)
}
