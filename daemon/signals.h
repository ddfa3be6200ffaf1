/*  signals – SIGTERM and SIGINT as something to ask for, SIGPIPE ignored.
 *
 *  signals_block before any thread is made; then one thread waits. czmq's own handlers are never
 *  installed.
 */
#ifndef SIGNALS_H
#define SIGNALS_H

#include <stdbool.h>

void signals_block (void);
int signals_wait (void);        //  blocks; the signal that says stop
int signals_descriptor (void);  //  a signalfd, for a loop; one for the process
void signals_unblock (void);    //  a next SIGINT ends this process at once

//  sd_notify: "READY=1", "STOPPING=1", over NOTIFY_SOCKET; nothing when there is none.
void notify_supervisor (const char *state);

#endif
