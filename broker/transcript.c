#include "broker/transcript.h"

#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "proto/model/allocate.h"
#include "proto/model/assert.h"

enum { KEPT = 200, TEXT_SIZE = 48 };

typedef struct {
    int kind;  //  of input_t
    int64_t now_ms;
    peer_t peer;
    session_id_t session;
    uint64_t request;
    uint64_t number;        //  a ticket, a read, a lease, deliveries granted
    size_t count;           //  of events, leases, settles
    int code;               //  a status or an outcome
    char text [TEXT_SIZE];  //  a name or an id, perhaps cut
} note_t;

struct transcript {
    char *folder;
    note_t notes [KEPT];
    size_t noted;  //  since the start
};

static const char *const kind_names [] = {
    [INPUT_PUBLISH] = "PUBLISH",
    [INPUT_PERSISTED] = "PERSISTED",
    [INPUT_NOT_PERSISTED] = "NOT_PERSISTED",
    [INPUT_PAGE] = "PAGE",
    [INPUT_PAGE_FAILED] = "PAGE_FAILED",
    [INPUT_HELLO] = "HELLO",
    [INPUT_CREDIT] = "CREDIT",
    [INPUT_SETTLE] = "SETTLE",
    [INPUT_RELEASE] = "RELEASE",
    [INPUT_ALIVE] = "ALIVE",
    [INPUT_DRAIN] = "DRAIN",
    [INPUT_BYE] = "BYE",
    [INPUT_GONE] = "GONE",
    [INPUT_LISTEN] = "LISTEN",
    [INPUT_CATCH_UP] = "CATCH_UP",
    [INPUT_PROGRESS] = "PROGRESS",
    [INPUT_BRING] = "BRING",
    [INPUT_SUBSCRIBE] = "SUBSCRIBE",
    [INPUT_UNSUBSCRIBE] = "UNSUBSCRIBE",
    [INPUT_REDRIVE] = "REDRIVE",
    [INPUT_DISCARD] = "DISCARD",
    [INPUT_CANCEL] = "CANCEL",
    [INPUT_TRIM] = "TRIM",
    [INPUT_ASK] = "ASK",
    [INPUT_TENURE_GAINED] = "TENURE_GAINED",
    [INPUT_STOP] = "STOP",
    [INPUT_TICK] = "TICK",
};

//  What crashed cannot take care: it writes what there is, where it can.
static void
transcript_save (void *context)
{
    const transcript_t *self = context;
    fprintf (stderr, "The last inputs of the core, oldest first:\n");
    transcript_write (self, stderr);
    if (!*self->folder)
        return;
    char path [PATH_MAX];
    snprintf (path, sizeof path, "%s/crash-%" PRId64 "-%d.txt", self->folder, (int64_t)time (NULL),
              (int)getpid ());
    FILE *file = fopen (path, "w");
    if (!file)
        return;
    transcript_write (self, file);
    fclose (file);
    fprintf (stderr, "They are in %s, too: please send it to us.\n", path);
}

transcript_t *
transcript_new (const char *folder)
{
    transcript_t *self = ALLOCATE (transcript_t);
    self->folder = allocate_copy (folder);
    assert_set_hook (transcript_save, self);
    return self;
}

void
transcript_destroy (transcript_t **self_p)
{
    if (!*self_p)
        return;
    assert_set_hook (NULL, NULL);
    free ((*self_p)->folder);
    free (*self_p);
    *self_p = NULL;
}

static void
note_text (note_t *note, const char *text)
{
    size_t size = strnlen (text, TEXT_SIZE - 1);
    memcpy (note->text, text, size);
    note->text [size] = 0;
}

static void
note_some (note_t *note, const char *text, size_t count)
{
    note_text (note, text);
    note->count = count;
}

//  What is told of one kind beside peer, session and request.
static void
note_details (note_t *note, const input_t *input)
{
    switch (input->kind) {
        case INPUT_PUBLISH:
            note->count = input->publish.count;
            note_text (note, input->publish.count > 0 ? input->publish.events [0]->id : "");
            break;
        case INPUT_PERSISTED:
            note->number = input->persisted.up_to_ticket;
            note->count = input->persisted.count;
            break;
        case INPUT_NOT_PERSISTED:
            note->number = input->not_persisted.from_ticket;
            note->code = (int)input->not_persisted.status;
            break;
        case INPUT_PAGE:
            note->number = input->page.read;
            note->count = input->page.count;
            break;
        case INPUT_PAGE_FAILED:
            note->number = input->page_failed.read;
            note->code = (int)input->page_failed.status;
            break;
        case INPUT_HELLO: note_text (note, input->hello.name); break;
        case INPUT_DRAIN: note_some (note, input->drain.name, input->drain.is_on); break;
        case INPUT_CREDIT: note->number = input->credit.deliveries; break;
        case INPUT_SETTLE:
            note->count = input->settle.count;
            note->number = input->settle.count > 0 ? input->settle.settles [0].lease : 0;
            break;
        case INPUT_RELEASE: note->count = input->release.count; break;
        case INPUT_ALIVE:
            note->count = input->alive.count;
            note->number = input->alive.received;
            break;
        case INPUT_SUBSCRIBE: note_text (note, input->subscribe.subscription->id); break;
        case INPUT_UNSUBSCRIBE: note_text (note, input->unsubscribe.id); break;
        case INPUT_REDRIVE:
            note_some (note, input->redrive.subscription, input->redrive.count);
            break;
        case INPUT_DISCARD:
            note_some (note, input->discard.subscription, input->discard.count);
            break;
        case INPUT_CANCEL: note_text (note, input->cancel.subscription); break;
        case INPUT_TRIM:
            note->number = (uint64_t)input->trim.up_to_seq;
            note->count = (size_t)input->trim.hard_seq;
            break;
        case INPUT_ASK: note_text (note, input->ask.event->id); break;
        case INPUT_TENURE_GAINED:
            note->number = (uint64_t)input->tenure.partition;
            note->count = input->tenure.count;
            break;
        case INPUT_CATCH_UP:
            note->number = (uint64_t)input->catch_up.above;
            note_text (note, input->catch_up.subscription);
            break;
        case INPUT_PROGRESS: note->number = input->progress.lease; break;
        case INPUT_BRING: note_text (note, input->bring.id); break;
        case INPUT_LISTEN:
        case INPUT_BYE:
        case INPUT_GONE:
        case INPUT_STOP:
        case INPUT_TICK: break;
    }
}

void
transcript_note (transcript_t *self, const input_t *input, int64_t now_ms)
{
    note_t *note = &self->notes [self->noted++ % KEPT];
    note->kind = (int)input->kind;
    note->now_ms = now_ms;
    note->peer = input->peer;
    note->session = input->session;
    note->request = input->request;
    note->number = note->count = 0;
    note->code = 0;
    note->text [0] = 0;
    note_details (note, input);
}

static void
note_write (const note_t *note, FILE *file)
{
    fprintf (file, "%" PRId64 " > %s", note->now_ms, kind_names [note->kind]);
    if (note->peer)
        fprintf (file, " p%" PRIu64, note->peer);
    if (note->session)
        fprintf (file, " s%" PRIu64, note->session);
    if (note->request)
        fprintf (file, " r%" PRIu64, note->request);
    if (note->number)
        fprintf (file, " %" PRIu64, note->number);
    if (note->count)
        fprintf (file, " count %zu", note->count);
    if (note->code)
        fprintf (file, " %s", status_name ((status_t)note->code));
    if (*note->text)
        fprintf (file, " %s", note->text);
    fputc ('\n', file);
}

void
transcript_write (const transcript_t *self, FILE *file)
{
    size_t first = self->noted > KEPT ? self->noted - KEPT : 0;
    for (size_t i = first; i < self->noted; i++)
        note_write (&self->notes [i % KEPT], file);
}
