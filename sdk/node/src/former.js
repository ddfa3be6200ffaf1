/**
 * former - the session that was lost last: what had gone well in it, and was not SETTLED, may be said in
 * the next one, if its broker remembers.
 *
 * @typedef {import('./session.js').Held} Held
 */

export class Former {
    session = 0 // its number; 0: there was none, or its broker does not remember it
    /** @type {Held[]} */
    #kept = [] // went well

    /**
     * What it held. Of another outcome nothing would come, nor of what is older still; and what is at
     * work is told to stop: what it returns after that may as well mean that it gave up.
     */
    lose(session, some) {
        this.session = session
        this.#kept = some.filter((each) => each.settlement?.outcome === 'ok' && !each.isFormer)
    }

    /**
     * The broker has given a new session, and remembers this one; 0: none. What is to be said now: the
     * rest is made again.
     */
    recall(session) {
        const kept = this.#kept
        this.#kept = []
        if (session !== this.session) {
            this.session = 0
            return []
        }
        for (const each of kept) each.isFormer = true
        return kept
    }
}
