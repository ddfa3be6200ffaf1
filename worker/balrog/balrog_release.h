/*  balrog_release – the script of a change to a release in Balrog, and all that is peculiar to Balrog.
 *
 *  Mozilla's update service has its own idea of errors: what is elsewhere a 412 is a 400 whose `detail`
 *  is OutdatedDataError, and another 400 means that a person has to act. Such rules stand here, and
 *  nowhere else in Tocsin: whoever writes for another consumer with manners of its own begins with a
 *  copy of this file.
 */
#ifndef BALROG_RELEASE_H
#define BALROG_RELEASE_H

#include "worker/exchange/script.h"

typedef struct balrog_release balrog_release_t;

/*  The blob of a release, as far as it is to change: it is merged into what is there.
 *
 *  path          /v2/releases/NAME, encoded
 *  product       needed where there is no such release yet; ""
 *  blob          taken
 *  when          taken: ms since 1970, for a change that others sign off before; or NULL
 */
balrog_release_t *balrog_release_new (const char *path, const char *product, json_t *blob,
                                      json_t *when);

extern const script_t balrog_release_script;  //  its plays are balrog_release_t

#endif
