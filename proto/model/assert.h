/*  ASSERT – our own mistakes, always compiled in.
 *
 *  The reason says why the fact must hold, or what would go wrong in the world if it did not. What
 *  a peer, a user or a disk can cause is a status_t, never an ASSERT.
 */
#ifndef ASSERT_H
#define ASSERT_H

#define ASSERT(fact, reason) ((fact) ? (void)0 : assert_failed (#fact, reason, __FILE__, __LINE__))

/*  Called once before the process ends, to write down what led here: the core's last inputs. */
typedef void assert_hook_t (void *context);
void assert_set_hook (assert_hook_t *hook, void *context);

_Noreturn void assert_failed (const char *fact, const char *reason, const char *file, int line);

#endif
