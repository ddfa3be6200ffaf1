#include "broker/core/progressing.h"

#include "broker/core/lease.h"
#include "proto/model/allocate.h"

enum { SPACING_MS = 1000 };

//  What was last said of a lease.
struct said {
    int32_t percent;
    int64_t time_ms;  //  when
    int64_t next_ms;  //  the place of the next one in a row of one a second
    size_t size;      //  of text, its zero included: what was allocated
    char text [];
};

//  One a second in the long run; two may come close together, since they travel unequally fast.
static bool
is_too_soon (const core_t *core, const struct said *said)
{
    return said && said->next_ms > core->now_ms + SPACING_MS;
}

static void
say (core_t *core, lease_t *lease, int32_t percent, const char *text)
{
    struct said *said = lease->said;
    int64_t next_ms = said && said->next_ms > core->now_ms ? said->next_ms : core->now_ms;
    size_t size = strlen (text) + 1;
    if (!said || said->size < size) {
        said = allocate_again (said, 1, sizeof *said + size);
        said->size = size;
        lease->said = said;
    }
    said->percent = percent;
    said->time_ms = core->now_ms;
    said->next_ms = next_ms + SPACING_MS;
    memcpy (said->text, text, size);
}

void
progressing_note (core_t *core, const session_t *session, const input_t *input)
{
    lease_t *lease = lease_find (core, input->progress.lease);
    if (!lease || lease->session != session || !lease->delivery || is_too_soon (core, lease->said))
        return;
    say (core, lease, input->progress.percent, input->progress.text);
}

void
progressing_show (const lease_t *lease, delivery_view_t *view)
{
    view->text = "";
    if (!lease || !lease->said)
        return;
    view->percent = lease->said->percent;
    view->text = lease->said->text;
    view->said_ms = lease->said->time_ms;
}
