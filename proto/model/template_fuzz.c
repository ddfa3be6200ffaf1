/*  template: any text and any data, a zero byte between them. A text is a template or is refused with
 *  a sentence; what is filled in leaves host and number of lines and of JSON strings as they were.
 */
#include <stdlib.h>
#include <string.h>

#include "proto/model/assert.h"
#include "proto/model/owned_json.h"
#include "proto/model/template.h"
#include "proto/model/utf8.h"

enum { MOST = 4096, TEMPLATE_SIZE = 512 };

static char *
fill (const char *text, template_place_t place, template_facts_t *facts)
{
    problem_t problem = {0};
    const template_where_t where = {.place = place, .has_result = true, .at = "it"};
    bool is_good = template_check (text, &where, &problem) == STATUS_OK;
    ASSERT (is_good || (problem.text [0] && problem.name [0]),
            "who is refused is told where and why");
    size_t size = 0;
    char *made = template_fill (text, place, facts, MOST, &size, &problem);
    ASSERT (!made || (size <= MOST && made [size] == 0), "no more than was allowed, and a zero");
    ASSERT (made || problem.text [0], "what could not be filled says why");
    if (!is_good && place != TEMPLATE_URL)
        ASSERT (!made, "who fills reads what was checked");
    return made;
}

static void
fill_url (const char *text, template_facts_t *facts)
{
    static const char host [] = "https://consumer.example/";
    char url [TEMPLATE_SIZE];
    strcpy (url, host);
    strncat (url, text, sizeof url - sizeof host);
    char *made = fill (url, TEMPLATE_URL, facts);
    bool is_plain = !template_has_slots (url);
    ASSERT (!made || is_plain || strncmp (made, host, sizeof host - 1) == 0,
            "the host stands fast");
    if (made)
        made [strcspn (made, "?#")] = '\0';
    ASSERT (!made || is_plain || !strstr (made, "/../"), "no value leads upwards");
    free (made);
}

static void
fill_string (const char *text, template_facts_t *facts)
{
    char string [TEMPLATE_SIZE] = "[\"";
    if (strpbrk (text, "\"\\") || !utf8_is_text (text, strlen (text)) ||
        strlen (text) > TEMPLATE_SIZE / 2)
        return;
    strcat (strcat (string, text), "\"]");
    char *made = fill (string, TEMPLATE_JSON, facts);
    OWNED (json) json_t *json = made ? json_loads (made, JSON_ALLOW_NUL, NULL) : NULL;
    ASSERT (!made || json_array_size (json) == 1, "a value stays inside its string");
    free (made);
}

static void
fill_document (const char *text, template_facts_t *facts)
{
    problem_t problem = {0};
    OWNED (json) json_t *document = json_pack ("{s:[s]}", "a", text);
    if (!document)
        return;
    OWNED (json) json_t *made = template_fill_json (document, facts, MOST, &problem);
    ASSERT (made || problem.text [0], "what could not be filled says why");
}

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    const uint8_t *end = size > 0 ? memchr (bytes, 0, size) : NULL;
    if (!end)
        return 0;
    const char *text = (const char *)bytes;
    OWNED (event)
    event_t *event = event_new (&(event_t){.type = "a.b",
                                           .subject = "/../x",
                                           .data = end + 1,
                                           .data_size = size - (size_t)(end + 1 - bytes)});
    template_facts_t facts = {.data = {.event = event}};
    free (fill (text, TEMPLATE_TEXT, &facts));
    char *header = fill (text, TEMPLATE_HEADER, &facts);
    ASSERT (!header || strpbrk (text, "\r\n") || !strpbrk (header, "\r\n"), "one header stays one");
    free (header);
    fill_url (text, &facts);
    fill_string (text, &facts);
    fill_document (text, &facts);
    match_data_clear (&facts.data);
    return 0;
}
