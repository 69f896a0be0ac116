/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/anchors.h"

#include "base/clock.h"
#include "x509/certificate.h"
#include "x509/pem.h"

#define ARENA_CHUNK (16 * 1024)
#define ARENA_MAX   (4 * 1024 * 1024)

static struct status check_time(const struct certificate_fields *c, int64_t now, struct error *err)
{
    char at[CLOCK_RFC3339_MAX];
    if (now < c->not_before)
        return error_set(err, E_INVALID, "it is not valid before %s",
                         clock_format_rfc3339(c->not_before, at));
    if (now > c->not_after)
        return error_set(err, E_INVALID, "it ended at %s", clock_format_rfc3339(c->not_after, at));
    return DONE;
}

static struct status check(const struct certificate_fields *c, int64_t now, struct error *err)
{
    if (!c->has_basic_constraints || !c->is_ca)
        return error_set(err, E_INVALID,
                         "it is not a CA's: the certificate that issued the target's is asked for");
    if (c->has_key_usage && (c->key_usage & KEY_USAGE_CERT_SIGN) == 0)
        return error_set(err, E_INVALID, "its key may not sign certificates");
    return now >= 0 ? check_time(c, now, err) : DONE;
}

static struct status keep(const struct certificate_fields *c, struct arena *a, struct anchors *out)
{
    struct certificate_facts *facts = &out->list[out->count++];
    *facts = (struct certificate_facts){
        .subject = name_format(&c->subject, a), .not_before = c->not_before, .not_after = c->not_after};
    sha256(c->der, facts->fingerprint);
    return facts->subject.p || c->subject.count == 0 ? DONE : STATUS(NOMEM);
}

/* E_NOT_FOUND after the last. */
static struct status read_one(struct text *rest, int64_t now, struct arena *a, struct anchors *out,
                              struct buffer *pem, struct error *err)
{
    OWNED(arena_release) struct arena one;
    arena_init(&one, ARENA_CHUNK, ARENA_MAX);
    struct certificate_fields c;
    struct status s = certificate_next(rest, &one, &c, err);
    if (s.code == E_NOT_FOUND)
        return s;
    if (status_ok(s) && out->count == ANCHORS_MAX)
        return error_set(err, E_INVALID, "there are more than %d certificates", ANCHORS_MAX);
    if (status_ok(s))
        s = check(&c, now, err);
    if (!status_ok(s))
        return error_wrap(err, s, "certificate %zu", out->count + 1);
    pem_encode(pem, TEXT("CERTIFICATE"), c.der);
    return keep(&c, a, out);
}

struct status anchors_read(struct text pem, int64_t now, struct arena *a, struct anchors *out,
                           struct error *err)
{
    OWNED(buffer_release) struct buffer fresh;
    buffer_init(&fresh, 2 * ANCHORS_BYTES_MAX); /* lines of 64 columns, where there may have been one */
    struct text rest = pem;
    if (pem.n > ANCHORS_BYTES_MAX)
        return error_set(err, E_INVALID, "the certificates have more than %d bytes", ANCHORS_BYTES_MAX);
    *out = (struct anchors){.list = arena_array(a, ANCHORS_MAX, sizeof *out->list)};
    struct status s = out->list ? DONE : STATUS(NOMEM);
    while (status_ok(s))
        s = read_one(&rest, now, a, out, &fresh, err);
    if (s.code != E_NOT_FOUND)
        return s;
    if (out->count == 0)
        return error_set(err, E_INVALID, "there is no certificate in PEM");
    TRY(buffer_status(&fresh));
    out->pem = arena_text(a, buffer_as_text(&fresh));
    return out->pem.p ? DONE : STATUS(NOMEM);
}
