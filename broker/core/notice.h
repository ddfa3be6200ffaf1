/*  notice – what the broker itself has to tell, as events on its own log: tocsin.delivery.dead and such.
 *
 *  They go the road of every event: appended, stored, matched, delivered. They wait here until the
 *  store takes them; beyond a bound they are counted and let go. What becomes of a notice makes no
 *  further notice, so that none runs in a circle.
 */
#ifndef NOTICE_H
#define NOTICE_H

#include "broker/core/state.h"

enum { NOTICES_MOST = 1024 };

//  tocsin.delivery.dead, of a delivery that is about to end so.
void notice_dead (core_t *core, const delivery_t *delivery, const char *error);
//  tocsin.subscription.WHAT; why in words.
void notice_subscription (core_t *core, const subscription_t *subscription, const char *what,
                          const char *why);
//  tocsin.worker.WHAT
void notice_worker (core_t *core, const char *name, const char *what, size_t leases);
//  tocsin.retention.skipped: events above from, up to until, went although it had not had them.
void notice_skipped (core_t *core, const track_t *track, int64_t from, int64_t until);

void notice_flush (core_t *core, effects_t *effects);  //  appends what waits
void notice_again (core_t *core, pending_t *append);   //  was not written: it waits once more
void notice_clear (core_t *core);                      //  frees all, at the end

#endif
