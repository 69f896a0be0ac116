/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The words in which a schema's tables are written (schema.h has an example). For files that hold such tables
 * only: the names are short.
 */

#include "graphql/schema.h"

/* clang-format off */
#define OBJECT(name_, ...)     {.kind = GRAPHQL_OBJECT, .name = name_, __VA_ARGS__}
#define INTERFACE(name_, ...)  {.kind = GRAPHQL_INTERFACE, .name = name_, __VA_ARGS__}
#define UNION(name_, ...)      {.kind = GRAPHQL_UNION, .name = name_, .members = NAMES(__VA_ARGS__)}
#define ENUM(name_, ...)       {.kind = GRAPHQL_ENUM, .name = name_, .values = (const struct graphql_enum_value[]){__VA_ARGS__, {.name = NULL}}}
#define INPUT(name_, ...)      {.kind = GRAPHQL_INPUT_OBJECT, .name = name_, .inputs = (const struct graphql_input[]){__VA_ARGS__, {.name = NULL}}}
#define SCALAR(name_, like_, ...) {.kind = GRAPHQL_SCALAR, .name = name_, .like = like_, __VA_ARGS__}
#define END_OF_TYPES           {.kind = GRAPHQL_NO_KIND}

#define FIELDS(...)            .fields = (const struct graphql_field[]){__VA_ARGS__, {.name = NULL}}
#define FIELD(name_, type_, ...) {.name = name_, .type = type_, __VA_ARGS__}
#define ARGUMENTS(...)         .arguments = (const struct graphql_input[]){__VA_ARGS__, {.name = NULL}}
/* An argument, or a field of an input object. */
#define ARGUMENT(name_, type_, ...) {.name = name_, .type = type_, __VA_ARGS__}
#define VALUE(name_, ...)      {.name = name_, __VA_ARGS__}
#define NAMES(...)             (const char *const[]){__VA_ARGS__, NULL}
#define IMPLEMENTS(...)        .interfaces = NAMES(__VA_ARGS__)

#define AT_TEXT(type_, member_)    {GRAPHQL_AT_TEXT, offsetof(type_, member_)}
#define AT_INT(type_, member_)     {GRAPHQL_AT_INT, offsetof(type_, member_)}
#define AT_BOOL(type_, member_)    {GRAPHQL_AT_BOOL, offsetof(type_, member_)}
#define AT_TIME(type_, member_)    {GRAPHQL_AT_TIME, offsetof(type_, member_)}
#define AT_JSON(type_, member_)    {GRAPHQL_AT_JSON, offsetof(type_, member_)}
#define AT_POINTER(type_, member_) {GRAPHQL_AT_POINTER, offsetof(type_, member_)}
#define AT_INSIDE(type_, member_)  {GRAPHQL_AT_INSIDE, offsetof(type_, member_)}
#define AT_SELF                    {GRAPHQL_AT_INSIDE, 0}
/* clang-format on */
