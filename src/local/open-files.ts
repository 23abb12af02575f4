/** A database of the runtime is a file, its log and its index. */
const FILES_PER_OBJECT = 3
/** An object that has delivered an event stays in memory so long: until its last alarm, and ten seconds more. */
const AWAKE_SECONDS = 20
/** What is left is for connections, for D1, for other objects. */
const SHARE = 0.75
/** One thread and one disk wake, deliver and log little more than these. What waits longer than a deadline is sent twice. */
const PER_SECOND_MAX = 100

/**
 * How many endpoints a fan-out may wake in a second so that the runtime has files for all that are awake: without any
 * it can neither deliver nor log. The platform has no such limits; `ulimit -n` says what this machine's is.
 */
export function fanoutPerSecond(openFilesMax = limitHere()): number {
  const awake = Math.floor((openFilesMax * SHARE) / FILES_PER_OBJECT)
  return Math.min(PER_SECOND_MAX, Math.max(1, Math.floor(awake / AWAKE_SECONDS)))
}

function limitHere(): number {
  const { userLimits } = process.report.getReport() as { userLimits?: { open_files?: { soft?: unknown } } }
  const limit = Number(userLimits?.open_files?.soft)
  return Number.isFinite(limit) ? limit : 1_000_000
}
