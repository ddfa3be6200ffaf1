/** labels - what a worker is, in words of its operator. */

const LABELS_MOST = 16
const PART = /^[A-Za-z0-9_./-]{1,64}$/

/** As HELLO has them. A RangeError for what is no label. */
export function labelsOf(labels) {
    const all = Object.entries(labels)
    for (const [name, value] of all)
        if (![name, value].every((each) => typeof each === 'string' && PART.test(each)))
            throw new RangeError(
                `${name}=${value} is no label: 1 to 64 of A-Z, a-z, 0-9, _ . - and /`,
            )
    if (all.length > LABELS_MOST) throw new RangeError(`a worker has at most ${LABELS_MOST} labels`)
    return all.map(([name, value]) => `${name}=${value}`).sort()
}
