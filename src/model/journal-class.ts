/** Classes of deliveries in an endpoint: live traffic by priority, and replays, which get what live traffic leaves. */
export const JOURNAL_CLASSES = ['high', 'normal', 'low', 'replay'] as const
export type JournalClass = (typeof JOURNAL_CLASSES)[number]
