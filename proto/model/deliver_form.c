#include "proto/model/deliver_form.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "proto/model/assert.h"
#include "proto/model/template.h"
#include "proto/model/utf8.h"

enum { URL_BYTES = 2048, HEADERS = 32, HEADER_NAME_BYTES = 120, HEADER_BYTES = 2048 };
enum { SECRET_LEAST = 24, SECRET_MADE = 32, SECRET_MOST = 64, SECRET_BYTES = 120 };

static const char secret_start [] = "whsec_";

//  Printable ASCII without the blank: what a URI may have; the rest is percent-encoded.
static bool
is_uri_text (const char *text)
{
    while (*text > ' ' && *text < 0x7f)
        text++;
    return !*text;
}

static status_t
check_template (const form_t *form, const char *name, const char *text, template_place_t place)
{
    char path [FORM_PATH_SIZE];
    const template_where_t where = {.place = place, .at = form_path (form, name, path)};
    return template_check (text, &where, form->problem);
}

static status_t
read_url (const form_t *form)
{
    const char *url = form_text (form, "url", URL_BYTES);
    if (!url)
        return form->status;
    size_t scheme = strncasecmp (url, "https://", 8) == 0 ? 8 : 7;
    if (scheme == 7 && strncasecmp (url, "http://", 7) != 0)
        return form_refuse (form, "url", "\"%.60s\" does not start with https:// or http://", url);
    size_t authority = strcspn (url + scheme, "/?#");
    if (authority == 0 || url [scheme] == ':')
        return form_refuse (form, "url", "\"%.60s\" names no host", url);
    if (!is_uri_text (url))
        return form_refuse (form, "url",
                            "blanks and what is not ASCII are written as %%20 and so on");
    json_object_set_new (form->made, "url", json_string (url));
    return check_template (form, "url", url, TEMPLATE_URL);
}

//  Headers that are ours to set, or that would change where the request ends.
static bool
is_reserved (const char *name)
{
    static const char *const reserved [] = {
        "connection", "content-length", "content-type",      "expect",  "host",      "keep-alive",
        "te",         "trailer",        "transfer-encoding", "upgrade", "user-agent"};
    if (strncasecmp (name, "webhook-", 8) == 0 || strncasecmp (name, "tocsin-", 7) == 0)
        return true;
    for (size_t i = 0; i < sizeof (reserved) / sizeof (*reserved); i++)
        if (strcasecmp (name, reserved [i]) == 0)
            return true;
    return false;
}

//  A token of RFC 9110.
static bool
is_header_name (const char *name)
{
    static const char letters [] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                   "!#$%&'*+-.^_`|~";
    size_t size = strspn (name, letters);
    return size > 0 && size <= HEADER_NAME_BYTES && !name [size];
}

static status_t
check_header (const form_t *headers, const char *name)
{
    if (!is_header_name (name))
        return form_refuse (headers, "", "\"%.40s\" is no name of a header", name);
    if (is_reserved (name))
        return form_refuse (headers, name,
                            "this header is not yours to set: it is part of each delivery");
    const char *text = form_text (headers, name, HEADER_BYTES);
    return text ? check_template (headers, name, text, TEMPLATE_HEADER) : headers->status;
}

//  What a body is, said by whoever gives it; as it is written, so that it is known how to escape.
static status_t
check_type (const form_t *headers, const char *name)
{
    const char *text = form_text (headers, name, HEADER_BYTES);
    if (!text)
        return headers->status;
    if (template_has_slots (text))
        return form_refuse (headers, name, "this header is the same for all; it has no slots");
    return STATUS_OK;
}

static status_t
read_headers (const form_t *form)
{
    const json_t *given = json_object_get (form->json, "headers");
    if (given && !json_is_object (given))
        return form_refuse (form, "headers",
                            "it is an object of strings, as in {\"X-Team\": \"updates\"}");
    if (json_object_size (given) > HEADERS)
        return form_refuse (form, "headers", "%zu headers are too many; at most %d",
                            json_object_size (given), HEADERS);
    char path [FORM_PATH_SIZE];
    form_t headers = *form;
    headers.at = form_path (form, "headers", path);
    headers.json = given;
    bool has_body = json_object_get (form->json, "body");
    const char *name;
    json_t *value;
    json_object_foreach ((json_t *)(uintptr_t)given, name, value)
    {
        status_t status = has_body && strcasecmp (name, "content-type") == 0
                              ? check_type (&headers, name)
                              : check_header (&headers, name);
        if (status != STATUS_OK)
            return status;
    }
    json_object_set_new (form->made, "headers",
                         given ? json_copy ((json_t *)(uintptr_t)given) : json_object ());
    return STATUS_OK;
}

const char *
deliver_content_type (const json_t *deliver)
{
    const char *name;
    json_t *value;
    json_object_foreach (json_object_get (deliver, "headers"), name, value)
    {
        if (strcasecmp (name, "content-type") == 0)
            return json_string_value (value);
    }
    return NULL;
}

//  A text, or a JSON document whose strings are templates.
static status_t
read_body (const form_t *form)
{
    const json_t *body = json_object_get (form->json, "body");
    if (!body)
        return STATUS_OK;
    char path [FORM_PATH_SIZE];
    const template_where_t where = {.at = form_path (form, "body", path),
                                    .place = template_place_of (deliver_content_type (form->json))};
    status_t status = json_is_string (body)
                          ? template_check (json_string_value (body), &where, form->problem)
                          : template_check_json (body, &where, form->problem);
    if (status == STATUS_OK)
        json_object_set_new (form->made, "body", json_deep_copy (body));
    return status;
}

static json_t *
make_secret (void)
{
    ASSERT (sodium_init () >= 0, "a secret that can be guessed signs nothing");
    unsigned char bytes [SECRET_MADE];
    char base64 [sodium_base64_ENCODED_LEN (SECRET_MADE, sodium_base64_VARIANT_ORIGINAL)];
    randombytes_buf (bytes, sizeof (bytes));
    sodium_bin2base64 (base64, sizeof (base64), bytes, sizeof (bytes),
                       sodium_base64_VARIANT_ORIGINAL);
    return json_sprintf ("%s%s", secret_start, base64);
}

static bool
is_secret (const char *text)
{
    unsigned char bytes [SECRET_MOST];
    size_t start = sizeof (secret_start) - 1, size;
    return strncmp (text, secret_start, start) == 0 &&
           sodium_base642bin (bytes, sizeof (bytes), text + start, strlen (text + start), NULL,
                              &size, NULL, sodium_base64_VARIANT_ORIGINAL) == 0 &&
           size >= SECRET_LEAST;
}

static status_t
read_secret (const form_t *form)
{
    if (!json_object_get (form->json, "secret")) {
        json_object_set_new (form->made, "secret", make_secret ());
        return STATUS_OK;
    }
    const char *text = form_text (form, "secret", SECRET_BYTES);
    if (!text)
        return form->status;
    if (!is_secret (text))
        return form_refuse (form, "secret",
                            "it is %s and base64 of %d to %d bytes; without one it is made",
                            secret_start, SECRET_LEAST, SECRET_MOST);
    json_object_set_new (form->made, "secret", json_string (text));
    return STATUS_OK;
}

status_t
deliver_form_read (const form_t *form)
{
    status_t status = form_members (form, "url format headers body secret");
    if (status == STATUS_OK)
        status = read_url (form);
    if (status == STATUS_OK)
        status = form_word (form, "format", "cloudevents kinto raw", "cloudevents");
    if (status == STATUS_OK)
        status = read_headers (form);
    if (status == STATUS_OK)
        status = read_body (form);
    return status == STATUS_OK ? read_secret (form) : status;
}
