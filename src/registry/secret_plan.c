/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/domain.h"

#include "base/clock.h"

void secret_plan_release(struct secret_plan *p)
{
    secret_data_release(&p->fresh);
    buffer_release(&p->sealed);
    buffer_release(&p->history);
}

/* ---- "********" ---- */

/* `value` itself, or what is stored under `key` when it is the mask; {NULL, 0} when nothing is. */
static struct text unmasked(struct text value, const struct secret_data *stored, const char *key)
{
    if (!text_equal(value, TEXT(CREDENTIAL_MASK)))
        return value;
    return stored ? bytes_text(secret_data_get(stored, key)) : (struct text){NULL, 0};
}

/* Stored values where the mask stands for them; NULL, or the field that has none. The copies borrow. */
static const char *unmask(struct credentials *c, const struct secret_data *stored)
{
    switch (credential_kind_of(c)) {
    case CREDENTIAL_BASIC:
        c->basic.username = unmasked(c->basic.username, stored, "username");
        c->basic.password = unmasked(c->basic.password, stored, "password");
        if (!c->basic.username.p)
            return "api.credentials.basic.username";
        return c->basic.password.p ? NULL : "api.credentials.basic.password";
    case CREDENTIAL_OAUTH:
        c->oauth.client_id = unmasked(c->oauth.client_id, stored, "clientId");
        c->oauth.client_secret = unmasked(c->oauth.client_secret, stored, "clientSecret");
        if (!c->oauth.client_id.p)
            return "api.credentials.oauth.clientId";
        return c->oauth.client_secret.p ? NULL : "api.credentials.oauth.clientSecret";
    case CREDENTIAL_OAUTH_CERTIFICATE:
        c->oauth.client_id = unmasked(c->oauth.client_id, stored, "clientId");
        c->oauth.certificate_pem = unmasked(c->oauth.certificate_pem, stored, "crt");
        c->oauth.key_pem = unmasked(c->oauth.key_pem, stored, "key");
        if (!c->oauth.client_id.p)
            return "api.credentials.oauth.clientId";
        return c->oauth.key_pem.p || c->oauth.common_name.n > 0 ? NULL : "api.credentials.oauth.key";
    case CREDENTIAL_CERTIFICATE:
    case CREDENTIAL_NONE:
        break;
    }
    return NULL;
}

static struct status nothing_to_keep(const struct registry_input *in, const char *field, struct arena *a,
                                     struct error *err)
{
    return description_refused(
        in, arena_printf(a, "%s is " CREDENTIAL_MASK ", but there is nothing to keep", field), err);
}

struct status masks_check(const struct registry_input *in, enum credential_kind stored, struct arena *a,
                          struct error *err)
{
    struct credentials c = in->details->api.credentials;
    if (!in->details->api.given || credential_kind_of(&c) == stored)
        return DONE;
    const char *missing = unmask(&c, NULL);
    return missing ? nothing_to_keep(in, missing, a, err) : DONE;
}

/* ---- keep, put, remove ---- */

static enum credential_kind kind_before(const struct stored_service *old)
{
    return old && old->secrets[SECRET_CREDENTIALS].present ? (enum credential_kind)old->row.credential_kind
                                                           : CREDENTIAL_NONE;
}

static void plan_keep(const struct stored_service *old, enum secret_slot slot, struct secret_plan *plan)
{
    plan->write.change = SECRET_KEEP;
    plan->after = old ? stored_secret(old, slot) : NULL;
    plan->by_hand = plan->after && old->secrets[slot].by_hand;
}

/* A pair that the product made can be made again; that of a person cannot. */
static struct status keep_pair_of_a_person(struct registry *r, const struct registry_key *key,
                                           enum secret_slot slot, const struct stored_service *old,
                                           struct secret_plan *plan)
{
    if (slot != SECRET_CREDENTIALS || !credential_has_pair(kind_before(old)) || !old->secrets[slot].by_hand)
        return DONE;
    TRY(secret_seal(r, key, slot, true, &old->data[slot], &plan->history));
    plan->write.history = buffer_bytes(&plan->history);
    return DONE;
}

static struct status plan_remove(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                                 const struct stored_service *old, struct secret_plan *plan)
{
    plan->after = NULL;
    if (!old || !old->secrets[slot].present)
        return DONE; /* SECRET_KEEP: nothing */
    plan->write.change = SECRET_REMOVE;
    return keep_pair_of_a_person(r, key, slot, old, plan);
}

struct status secret_plan_put(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                              const struct stored_service *old, struct secret_plan *plan)
{
    TRY(secret_seal(r, key, slot, false, &plan->fresh, &plan->sealed));
    plan->write.change = SECRET_PUT;
    plan->write.sealed = buffer_bytes(&plan->sealed);
    plan->after = &plan->fresh;
    return keep_pair_of_a_person(r, key, slot, old, plan);
}

/* ---- certificateGen ---- */

static bool has_common_name(const struct stored_service *old, struct text common_name)
{
    if (kind_before(old) != CREDENTIAL_CERTIFICATE)
        return false;
    const struct bytes stored = secret_data_get(&old->data[SECRET_CREDENTIALS], "commonName");
    return text_equal(bytes_text(stored), common_name);
}

static struct status make_pair(struct registry *r, struct text common_name, struct secret_data *out,
                               struct error *err)
{
    OWNED(generated_pair_release) struct generated_pair pair = {0};
    TRY(generated_pair_make(&r->settings.generated, r->shared->keys, r->parts.ca, common_name, clock_now_s(),
                            &pair, err));
    const struct secret_item items[] = {
        {TEXT("commonName"), text_bytes(common_name)},
        {TEXT("crt"), buffer_bytes(&pair.certificate_pem)},
        {TEXT("key"), secret_bytes(&pair.key_pem)},
    };
    OWNED(secret_release) struct secret encoded = {0};
    TRY(secret_data_encode(items, sizeof items / sizeof items[0], &encoded));
    return secret_data_decode(&encoded, out);
}

/* The same name keeps the very same key and certificate; another one, or another method before, makes a pair
 * (contract 1.11). */
static struct status plan_certificate(struct registry *r, const struct registry_key *key,
                                      const struct registry_input *in, const struct stored_service *old,
                                      struct secret_plan *plan, struct error *err)
{
    const struct text common_name = in->details->api.credentials.certificate.common_name;
    if (has_common_name(old, common_name)) {
        plan_keep(old, SECRET_CREDENTIALS, plan);
        return DONE;
    }
    if (in->dry_run)
        return DONE;
    TRY(make_pair(r, common_name, &plan->fresh, err));
    return secret_plan_put(r, key, SECRET_CREDENTIALS, old, plan);
}

static struct status put_if_other(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                                  bool dry_run, const struct stored_service *old, struct secret_plan *plan)
{
    const struct secret_data *before = old ? stored_secret(old, slot) : NULL;
    if (before && secret_data_equal(before, &plan->fresh)) {
        plan_keep(old, slot, plan);
        return DONE;
    }
    return dry_run ? DONE : secret_plan_put(r, key, slot, old, plan);
}

/* ---- OAuth with a certificate ---- */

static bool is_stored(const struct secret_data *before, const char *key, struct text value)
{
    const struct bytes stored = before ? secret_data_get(before, key) : (struct bytes){NULL, 0};
    return stored.p && stored.n == value.n && constant_time_equal(stored.p, text_bytes(value).p, value.n);
}

/* Unless it is the one that is there, which may have ended since. */
static struct status check_own_pair(const struct registry_input *in, const struct secret_data *before,
                                    const struct credentials *c, struct arena *a, struct error *err)
{
    struct error why = {0};
    if (is_stored(before, "crt", c->oauth.certificate_pem) && is_stored(before, "key", c->oauth.key_pem))
        return DONE;
    const struct status s =
        pair_check(text_bytes(c->oauth.certificate_pem), text_bytes(c->oauth.key_pem), clock_now_s(), &why);
    if (s.code != E_INVALID)
        return s;
    return description_refused(
        in, arena_printf(a, "api.credentials.oauth.certificate and key: %s", why.message), err);
}

/* Fills in the pair for the description's common name: that of before under the same name, else a new one. */
static struct status take_pair(struct registry *r, const struct registry_input *in,
                               const struct secret_data *before, struct credentials *c,
                               struct generated_pair *fresh, struct error *err)
{
    if (is_stored(before, "commonName", c->oauth.common_name)) {
        c->oauth.certificate_pem = bytes_text(secret_data_get(before, "crt"));
        c->oauth.key_pem = bytes_text(secret_data_get(before, "key"));
        return DONE;
    }
    if (in->dry_run)
        return DONE;
    TRY(generated_pair_make(&r->settings.generated, r->shared->keys, r->parts.ca, c->oauth.common_name,
                            clock_now_s(), fresh, err));
    c->oauth.certificate_pem = buffer_as_text(&fresh->certificate_pem);
    c->oauth.key_pem = bytes_text(secret_bytes(&fresh->key_pem));
    return DONE;
}

static struct status plan_oauth_certificate(struct registry *r, const struct registry_key *key,
                                            const struct registry_input *in, const struct stored_service *old,
                                            struct credentials *c, struct arena *a, struct secret_plan *plan,
                                            struct error *err)
{
    const bool before = kind_before(old) == CREDENTIAL_OAUTH_CERTIFICATE;
    const struct secret_data *stored = before ? &old->data[SECRET_CREDENTIALS] : NULL;
    OWNED(generated_pair_release) struct generated_pair fresh = {0};
    if (c->oauth.common_name.n > 0)
        TRY(take_pair(r, in, stored, c, &fresh, err));
    else
        TRY(check_own_pair(in, stored, c, a, err));
    TRY(secret_data_of_credentials(c, &plan->fresh));
    TRY(put_if_other(r, key, SECRET_CREDENTIALS, in->dry_run, old, plan));
    if (plan->write.change == SECRET_PUT && before && old->secrets[SECRET_CREDENTIALS].by_hand &&
        is_stored(stored, "key",
                  c->oauth.key_pem)) { /* something else changed: the pair is still a person's */
        plan->write.by_hand = plan->by_hand = true;
        plan->write.history = (struct bytes){NULL, 0};
    }
    return DONE;
}

/* ---- all methods ---- */

static struct status plan_credentials(struct registry *r, const struct registry_key *key,
                                      const struct registry_input *in, const struct stored_service *old,
                                      struct arena *a, struct secret_plan *plan, struct error *err)
{
    struct credentials c = in->details->api.credentials;
    const enum credential_kind kind = in->details->api.given ? credential_kind_of(&c) : CREDENTIAL_NONE;
    if (kind == CREDENTIAL_NONE)
        return plan_remove(r, key, SECRET_CREDENTIALS, old, plan);
    if (kind == CREDENTIAL_CERTIFICATE)
        return plan_certificate(r, key, in, old, plan, err);
    const struct secret_data *before = kind_before(old) == kind ? &old->data[SECRET_CREDENTIALS] : NULL;
    const char *missing = unmask(&c, before);
    if (missing)
        return nothing_to_keep(in, missing, a, err);
    if (kind == CREDENTIAL_OAUTH_CERTIFICATE)
        return plan_oauth_certificate(r, key, in, old, &c, a, plan, err);
    TRY(secret_data_of_credentials(&c, &plan->fresh));
    return put_if_other(r, key, SECRET_CREDENTIALS, in->dry_run, old, plan);
}

static struct status plan_parameters(struct registry *r, const struct registry_key *key,
                                     const struct registry_input *in, const struct stored_service *old,
                                     struct secret_plan *plan)
{
    const struct status s = secret_data_of_parameters(&in->details->api, &plan->fresh);
    if (s.code == E_NOT_FOUND)
        return plan_remove(r, key, SECRET_PARAMETERS, old, plan);
    TRY(s);
    return put_if_other(r, key, SECRET_PARAMETERS, in->dry_run, old, plan);
}

struct status secret_plan_make(struct registry *r, const struct registry_key *key, enum secret_slot slot,
                               const struct registry_input *in, const struct stored_service *old,
                               struct arena *a, struct secret_plan *out, struct error *err)
{
    if (slot == SECRET_PARAMETERS)
        return plan_parameters(r, key, in, old, out);
    return plan_credentials(r, key, in, old, a, out, err);
}
