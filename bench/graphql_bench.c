/* SPDX-License-Identifier: Apache-2.0 */

/*
 * What does GraphQL cost without I/O? The requests of Compass's clients against its schema of the Connector,
 * answered from constants, on one thread: a request as JSON in, the answer out. Prints a line per request:
 * name, nanoseconds each (median of rounds), bytes of the answer.
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "graphql/request.h"
#include "graphql/table.h"

#define ROUNDS   7
#define ROUND_NS INT64_C(200000000)

struct configuration {
    struct text token;
    struct {
        struct text subject, algorithm;
    } info;
    struct {
        struct text director, connector;
    } urls;
};

struct row {
    struct text id, name, description;
    int64_t created_at;
};

static struct status configuration(struct graphql_call *call, struct graphql_value *out)
{
    static const struct configuration answer = {
        TEXT_INIT("T3duIHRva2VuIG9mIDY0IHJhbmRvbSBieXRlcywgd2hpY2ggYmFzZTY0IG1ha2VzIDg4IGNoYXJhY3RlcnM="),
        {TEXT_INIT("O=Org,OU=OrgUnit,L=locality,ST=province,C=DE,CN=8a4a2f5c-6f4a-4c58-9b2e-6b1f5d6c7e8f"),
         TEXT_INIT("rsa2048")},
        {TEXT_INIT("https://compass-gateway-mtls.example.com/director/graphql"),
         TEXT_INIT("https://compass-gateway-mtls.example.com/connector/graphql")}};
    (void)call;
    *out = graphql_object(&answer);
    return DONE;
}

static struct status applications(struct graphql_call *call, struct graphql_value *out)
{
    size_t first = (size_t)graphql_given_int(graphql_argument(call, "first"), 0);
    struct row *rows = arena_array(call->arena, first, sizeof(rows[0]));
    if (!rows)
        return STATUS(NOMEM);
    for (size_t i = 0; i < first; i++)
        rows[i] =
            (struct row){TEXT("8a4a2f5c-6f4a-4c58-9b2e-6b1f5d6c7e8f"), TEXT("orders"), {NULL, 0}, 1700000000};
    *out = graphql_objects(rows, first, sizeof(rows[0]));
    return DONE;
}

/* clang-format off */
static const struct graphql_type types[] = {
    OBJECT("Query", FIELDS(
        FIELD("configuration", "Configuration!", .resolve = configuration),
        FIELD("applications", "[Application!]!", .resolve = applications, ARGUMENTS(ARGUMENT("first", "Int", .initial = "200"))))),
    OBJECT("Configuration", FIELDS(
        FIELD("token", "Token", .at = AT_SELF),
        FIELD("certificateSigningRequestInfo", "CertificateSigningRequestInfo", .at = AT_INSIDE(struct configuration, info)),
        FIELD("managementPlaneInfo", "ManagementPlaneInfo", .at = AT_INSIDE(struct configuration, urls)))),
    OBJECT("Token", FIELDS(FIELD("token", "String!", .at = AT_TEXT(struct configuration, token)))),
    OBJECT("CertificateSigningRequestInfo", FIELDS(
        FIELD("subject", "String!", .at = {GRAPHQL_AT_TEXT, 0}),
        FIELD("keyAlgorithm", "String!", .at = {GRAPHQL_AT_TEXT, sizeof(struct text)}))),
    OBJECT("ManagementPlaneInfo", FIELDS(
        FIELD("directorURL", "String", .at = {GRAPHQL_AT_TEXT, 0}),
        FIELD("certificateSecuredConnectorURL", "String", .at = {GRAPHQL_AT_TEXT, sizeof(struct text)}))),
    OBJECT("Application", FIELDS(
        FIELD("id", "ID!", .at = AT_TEXT(struct row, id)),
        FIELD("name", "String!", .at = AT_TEXT(struct row, name)),
        FIELD("description", "String", .at = AT_TEXT(struct row, description)),
        FIELD("createdAt", "Timestamp", .at = AT_TIME(struct row, created_at)))),
    SCALAR("Timestamp", GRAPHQL_STRING),
    END_OF_TYPES,
};
/* clang-format on */
static const struct graphql_type *const tables[] = {types, NULL};

static const struct {
    const char *name, *body;
} requests[] = {
    {"configuration", "{\"query\":\"query {\\n\\tresult: configuration()\\n\\t{\\n\\t\\ttoken { token "
                      "}\\n\\t\\tcertificateSigningRequestInfo "
                      "{ subject keyAlgorithm }\\n\\t\\tmanagementPlaneInfo { directorURL "
                      "certificateSecuredConnectorURL }\\n\\t}\\n}\","
                      "\"variables\":null}\n"},
    {"page of 100",
     "{\"query\":\"query($n: Int = 100) { applications(first: $n) { id name description createdAt } }\"}"},
    {"refused: unknown field", "{\"query\":\"{ configuration { token { tokens } } }\"}"},
    {"types by introspection", "{\"query\":\"{ __schema { types { kind name fields { name type { kind name "
                               "ofType { kind name } } args { name "
                               "} } } } }\"}"},
};

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

struct bench {
    struct graphql_schema *schema;
    struct arena arena;
    struct buffer answer;
};

static void serve(struct bench *b, struct text body)
{
    arena_reset(&b->arena);
    buffer_clear(&b->answer);
    const struct graphql_execution execution = {.schema = b->schema, .arena = &b->arena};
    const struct graphql_http http = {
        .method = TEXT("POST"), .content_type = TEXT("application/json; charset=utf-8"), .body = body};
    (void)graphql_serve(&execution, &http, &b->answer);
}

/* Of this thread: the machine may be busy with something else. */
static int64_t cpu_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double round_of(struct bench *b, struct text body)
{
    int64_t start = cpu_ns();
    int64_t now = start;
    long done = 0;
    while (now - start < ROUND_NS) {
        for (int i = 0; i < 100; i++)
            serve(b, body);
        done += 100;
        now = cpu_ns();
    }
    return (double)(now - start) / (double)done;
}

int main(void)
{
    const struct graphql_tables schema = {.types = tables, .query = "Query"};
    struct bench b;
    struct error err = {.code = E_OK};
    struct status s = graphql_schema_new(&schema, &b.schema, &err);
    if (!status_ok(s)) {
        fprintf(stderr, "bench_graphql: %s\n", error_text(&err, s));
        return 1;
    }
    arena_init(&b.arena, 32 * 1024, LIMIT_GRAPHQL_ARENA);
    buffer_init(&b.answer, LIMIT_REPLY_BODY);
    for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
        double rounds[ROUNDS];
        for (int r = 0; r < ROUNDS; r++)
            rounds[r] = round_of(&b, text_of(requests[i].body));
        qsort(rounds, ROUNDS, sizeof(rounds[0]), compare);
        printf("%s\t%.0f\t%.0f\t%.0f\t%zu\n", requests[i].name, rounds[ROUNDS / 2], rounds[0],
               rounds[ROUNDS - 1], buffer_size(&b.answer));
    }
    buffer_release(&b.answer);
    arena_release(&b.arena);
    graphql_schema_free(b.schema);
    return 0;
}
