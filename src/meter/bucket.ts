import { intercept } from './intercept.ts'

/** What is billed as a read; deletions are free, and all else is billed as a write. */
const READS = ['get', 'head']
const FREE = ['delete']

/** A bucket that says which class of operation is done. */
export function meteredBucket(
  bucket: R2Bucket,
  count: (operation: 'r2Reads' | 'r2Writes') => void,
): R2Bucket {
  return intercept(bucket, (name, original) => (...args) => {
    if (!FREE.includes(name)) count(READS.includes(name) ? 'r2Reads' : 'r2Writes')
    return original(...args) as unknown
  })
}
