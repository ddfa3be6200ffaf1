/** luggage - subscriptions that a worker brings along. */

const LUGGAGE_MOST = 64

/** As HELLO has them. A RangeError for what the broker would refuse in any case. */
export function luggageOf(subscriptions) {
    for (const { id, revision, keep = false } of subscriptions) {
        if (typeof id !== 'string') throw new RangeError('a subscription that is brought has an id')
        if (!Number.isSafeInteger(revision) || revision < 0)
            throw new RangeError(`${id}: revision is a whole number that rises with each change`)
        if (typeof keep !== 'boolean') throw new RangeError(`${id}: keep is true or false`)
    }
    if (subscriptions.length > LUGGAGE_MOST)
        throw new RangeError(`a worker brings at most ${LUGGAGE_MOST} subscriptions`)
    return subscriptions.map((each) => JSON.stringify(each))
}
