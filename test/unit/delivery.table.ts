import type { DeliveryEvent, DeliveryState } from '../../src/model/delivery.ts'

/** docs/delivery.md, "Transitions", complete by type: a new state or event does not compile without its cells. */
type Status = DeliveryState['status']
type Kind = DeliveryEvent['kind']
export type Expected = Status | 'same' | 'as before' | 'retrying or dead' | 'retrying now'

const ABSORBED: Record<Kind, Expected> = {
  start: 'same',
  delivered: 'same',
  deferred: 'same',
  rejected: 'same',
  refused: 'same',
  lost: 'same',
  hold: 'same',
  release: 'same',
  expire: 'same',
  cancel: 'same',
  retry: 'same',
}

export const TABLE: Record<Status, Record<Kind, Expected>> = {
  pending: { ...ABSORBED, start: 'sending', hold: 'held', expire: 'dead', cancel: 'cancelled' },
  sending: {
    ...ABSORBED,
    delivered: 'delivered',
    deferred: 'retrying or dead',
    rejected: 'dead',
    refused: 'dead',
    lost: 'as before',
  },
  retrying: {
    ...ABSORBED,
    start: 'sending',
    hold: 'held',
    expire: 'dead',
    cancel: 'cancelled',
    retry: 'retrying now',
  },
  held: { ...ABSORBED, release: 'as before', expire: 'dead', cancel: 'cancelled' },
  delivered: { ...ABSORBED, retry: 'retrying now' },
  dead: { ...ABSORBED, retry: 'retrying now' },
  cancelled: { ...ABSORBED, retry: 'retrying now' },
}
