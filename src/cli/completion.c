/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/help.h"

static struct text word(const struct command *c, bool second)
{
    struct text name = text_of(c->name);
    size_t space = text_find(name, ' ');
    return second ? text_from(name, space + 1) : text_first(name, space);
}

static bool seen_before(const struct command_table *t, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (text_equal(word(&t->rows[j], false), word(&t->rows[i], false)))
            return true;
    return false;
}

static void first_words(const struct command_table *t, struct buffer *out)
{
    for (size_t i = 0; i < t->count; i++)
        if (!(t->rows[i].flags & COMMAND_HIDDEN) && !seen_before(t, i))
            buffer_printf(out, " %.*s", TEXT_ARG(word(&t->rows[i], false)));
}

static void second_words(const struct command_table *t, struct buffer *out)
{
    for (size_t i = 0; i < t->count; i++) {
        if (word(&t->rows[i], true).n == 0 || seen_before(t, i))
            continue;
        buffer_printf(out, "    %.*s) words=\"", TEXT_ARG(word(&t->rows[i], false)));
        const char *gap = "";
        for (size_t j = i; j < t->count; j++) {
            if (!text_equal(word(&t->rows[j], false), word(&t->rows[i], false)))
                continue;
            buffer_printf(out, "%s%.*s", gap, TEXT_ARG(word(&t->rows[j], true)));
            gap = " ";
        }
        buffer_cstr(out, "\" ;;\n");
    }
}

static void options(const struct command_table *t, struct buffer *out)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct option_row *row;
        if (t->rows[i].flags & COMMAND_HIDDEN)
            continue;
        buffer_printf(out, "    \"%s\") words=\"", t->rows[i].name);
        for (size_t j = 0; (row = command_option(&t->rows[i], j)); j++)
            buffer_printf(out, "%s--%s", j ? " " : "", row->name);
        buffer_cstr(out, "\" ;;\n");
    }
}

void help_completion_bash(const struct command_table *t, struct buffer *out)
{
    buffer_cstr(out, "# bash completion for fairlead; put into /etc/bash_completion.d/ or source it\n"
                     "_fairlead() {\n"
                     "  local current=\"${COMP_WORDS[COMP_CWORD]}\" first=\"${COMP_WORDS[1]}\" words=\"\"\n"
                     "  COMPREPLY=()\n"
                     "  if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
                     "    words=\"");
    first_words(t, out);
    buffer_cstr(out, "\"\n"
                     "  elif [ \"${current#-}\" != \"$current\" ]; then\n"
                     "    local second=\"${COMP_WORDS[2]}\" name=\"$first\"\n"
                     "    case \"$first\" in ");
    const char *gap = "";
    for (size_t i = 0; i < t->count; i++) {
        if (word(&t->rows[i], true).n == 0 || seen_before(t, i))
            continue;
        buffer_printf(out, "%s%.*s", gap, TEXT_ARG(word(&t->rows[i], false)));
        gap = "|";
    }
    buffer_cstr(out, ") name=\"$first $second\" ;; esac\n"
                     "    case \"$name\" in\n");
    options(t, out);
    buffer_cstr(out, "    esac\n"
                     "  elif [ \"$COMP_CWORD\" -eq 2 ]; then\n"
                     "    case \"$first\" in\n");
    second_words(t, out);
    buffer_cstr(out, "    esac\n"
                     "  fi\n"
                     "  if [ -n \"$words\" ]; then\n"
                     "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                     "  else\n"
                     "    mapfile -t COMPREPLY < <(compgen -f -- \"$current\")\n"
                     "  fi\n"
                     "}\n"
                     "complete -F _fairlead fairlead\n");
}
