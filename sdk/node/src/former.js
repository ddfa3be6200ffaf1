/**
 * former - the session that was lost last: what went well in it, and was not SETTLED, may be said in
 * the next one, if its broker remembers.
 *
 * @typedef {import('./session.js').Held} Held
 */

export class Former {
    session = 0 // its number; 0: there was none, or its broker does not remember it
    /** @type {Held[]} */
    #kept = [] // went well
    /** @type {Set<Held>} */
    #running = new Set() // was to stop, and may end well all the same

    /** What it held. Of another outcome nothing would come, nor of what is older still. */
    lose(session, some) {
        const ours = some.filter((each) => !each.isFormer)
        this.session = session
        this.#kept = ours.filter((each) => each.settlement?.outcome === 'ok')
        this.#running = new Set(ours.filter((each) => each.isBegun && !each.settlement))
    }

    /** The broker has given a new session, and remembers this one; 0: none. */
    recall(session) {
        if (session === this.session) return
        this.session = 0
        this.#kept = []
        this.#running.clear()
    }

    /** An attempt has ended that is none of the session's; the first word on it counts. */
    finish(held, settlement) {
        if (!this.#running.delete(held) || settlement.outcome !== 'ok') return
        held.settlement = settlement
        this.#kept.push(held)
    }

    /** What is to be said now; what finds no room is made again. */
    take(most) {
        const kept = this.#kept.slice(0, most)
        this.#kept = []
        for (const each of kept) each.isFormer = true
        return kept
    }
}
