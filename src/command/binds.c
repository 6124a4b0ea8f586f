/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/binds.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "command/command.h"
#include "command/verbs.h"

static const char *const named[] = {"Enter", "Tab", "S-Tab", "Up", "Down", "Left", "Right", "PgUp", "PgDn", "Home", "End",
                                    "Space", "Backspace", "Ins", "Del", "S-Left", "S-Right", "S-Up", "S-Down", "WheelUp", "WheelDown", NULL};

/* What a terminal sends for these is one byte with another name. */
static const char *control_name(char letter)
{
	return letter == 'm' || letter == 'j' ? "Enter" : letter == 'i' ? "Tab" : letter == 'h' ? "Backspace" : letter == '[' ? "Esc" : NULL;
}

static const char *after(const char *text, const char *a, const char *b)
{
	size_t n = strlen(a), m = strlen(b);
	return strncasecmp(text, a, n) == 0 ? text + n : strncasecmp(text, b, m) == 0 ? text + m : NULL;
}

/* One character that can be seen, ASCII or not. */
static bool is_character(const char *text)
{
	unsigned char c = (unsigned char)text[0];
	size_t n = c < 0x80 ? 1 : c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 0;
	if (!n || c <= ' ' || c == 127 || strlen(text) != n)
		return false;
	struct buf b = {0};
	text_safe(&b, text, n);
	bool same = b.s && strcmp(b.s, text) == 0;
	buf_free(&b);
	return same;
}

static bool name_of(const char *text, char out[16])
{
	char *end;
	long f = toupper((unsigned char)text[0]) == 'F' && isdigit((unsigned char)text[1]) ? strtol(text + 1, &end, 10) : 0;
	const char *ctrl = strlen(text) > 2 ? after(text, "Ctrl-", "C-") : NULL, *alt = strlen(text) > 2 ? after(text, "Alt-", "M-") : NULL;
	if (text[0] == '^' && text[1])
		ctrl = text + 1;
	if (f > 0 && f <= 24 && !*end)
		return snprintf(out, 16, "F%ld", f) > 0;
	if (ctrl && ctrl[0] && !ctrl[1] && (isalpha((unsigned char)ctrl[0]) || strchr("[\\]^_", ctrl[0]))) {
		const char *other = control_name((char)tolower((unsigned char)ctrl[0]));
		if (other)
			snprintf(out, 16, "%s", other);
		else
			snprintf(out, 16, "C-%c", tolower((unsigned char)ctrl[0]));
		return true;
	}
	if (ctrl && strcasecmp(ctrl, "Space") == 0)
		return snprintf(out, 16, "C-Space") > 0;
	if (alt && is_character(alt))
		return snprintf(out, 16, "M-%s", alt) > 0;
	for (size_t i = 0; named[i]; i++)
		if (strcasecmp(text, named[i]) == 0 || (i == 2 && strcasecmp(text, "Shift-Tab") == 0))
			return snprintf(out, 16, "%s", named[i]) > 0;
	if (strcasecmp(text, "Esc") == 0)
		return snprintf(out, 16, "Esc") > 0;
	return is_character(text) && snprintf(out, 16, "%s", text) > 0;
}

/* The ways to type a command, to help, and out; and the views. */
static bool is_kept(const char *key)
{
	static const char *const kept[] = {"q", "Q", ":", "?", "F1", "Esc", "C-c", "C-z", "C-l", NULL};
	for (size_t i = 0; kept[i]; i++)
		if (strcmp(key, kept[i]) == 0)
			return true;
	return isdigit((unsigned char)key[0]) && !key[1];
}

enum em_status bind_key(const char *text, char out[16], struct em_err *err)
{
	struct buf b = {0};
	enum em_status st = EM_OK;
	text_safe(&b, text, strlen(text) < 40 ? strlen(text) : 40);
	if (!name_of(text, out))
		st = em_fail(err, EM_USAGE, "\"%s\" is no key; keys are x, F5, Ctrl-A, Alt-x, Space, Enter, Tab, Up, PgDn, Home ...", b.s ? b.s : "");
	else if (is_kept(out))
		st = em_fail(err, EM_USAGE, "%s stays what it is: the digits, q, Q, :, ?, F1, Esc, Ctrl-C, Ctrl-L and Ctrl-Z cannot be bound", out);
	buf_free(&b);
	return st;
}

enum em_status binds_put(struct binds *x, const char *key, const char *line, struct em_err *err)
{
	size_t i = 0;
	while (i < x->count && strcmp(x->all[i].key, key) != 0)
		i++;
	if (!*line && i == x->count)
		return em_fail(err, EM_USAGE, "%s is no key of yours; bind lists those", key);
	if (!*line) {
		memmove(x->all + i, x->all + i + 1, (--x->count - i) * sizeof x->all[0]);
		return EM_OK;
	}
	if (i == BINDS)
		return em_fail(err, EM_USAGE, "%d keys are bound; unbind one first", BINDS);
	if (strlen(line) >= sizeof x->all[i].line)
		return em_fail(err, EM_USAGE, "%s: the commands of a key have up to %zu bytes; source FILE takes longer ones", key, sizeof x->all[i].line - 1);
	if (i == x->count)
		x->count++;
	x->all[i] = (struct bind){0};
	snprintf(x->all[i].key, sizeof x->all[i].key, "%s", key);
	snprintf(x->all[i].line, sizeof x->all[i].line, "%s", line);
	return EM_OK;
}

/* ---- bind, unbind ---- */

static void list(const struct cmd_call *c, const char *key, struct buf *b)
{
	for (size_t i = 0; i < c->picture->bound; i++) {
		const struct bind *k = c->picture->binds + i;
		if (key && strcmp(k->key, key) != 0)
			continue;
		buf_printf(b, "%s%-8s ", b->len ? "\n" : "", k->key);
		text_safe(b, k->line, strlen(k->line));
	}
	const struct cmd_key *fixed = key && !b->len ? cmd_key_find("", key) : NULL;
	if (fixed)
		buf_printf(b, "%-8s %s (of elbow)", key, fixed->line);
	if (!b->len)
		buf_printf(b, "%s%s", key ? key : "no keys of yours", key ? " is not bound" : ": bind F5 finish 5 makes one");
}

static const char *behind_word(const char *text)
{
	char quote = 0;
	for (; *text && (quote || !strchr(" \t", *text)); text++)
		if (*text == '\\' && quote != '\'' && text[1])
			text++;
		else if (quote && *text == quote)
			quote = 0;
		else if (!quote && (*text == '"' || *text == '\''))
			quote = *text;
	return text + strspn(text, " \t");
}

/* What is behind the key, as it was typed; or as one quoted word, for several commands. */
static enum em_status line_of(const struct cmd_call *c, struct job *job, struct em_err *err)
{
	const char *line = behind_word(c->rest);
	if (c->argc == 2)
		line = c->argv[1];
	if (strlen(line) >= sizeof job->text)
		return em_fail(err, EM_USAGE, "%s: too long; source FILE takes longer ones", c->argv[0]);
	snprintf(job->text, sizeof job->text, "%s", line);
	for (size_t n = strlen(job->text); n > 0 && strchr(" \t\r\n", job->text[n - 1]);)
		job->text[--n] = '\0';
	char name[32];
	size_t from = strspn(job->text, " \t"), n = strcspn(job->text + from, " \t!;");
	const struct cmd *found;
	if (!job->text[from])
		return em_fail(err, EM_USAGE, "%s: no command for it; unbind %s gives the key back", c->argv[0], c->argv[0]);
	if (strchr(":/", job->text[0]))
		return EM_OK;
	snprintf(name, sizeof name, "%.*s", (int)n, job->text + from);
	return cmd_find(name, &found, err);
}

enum em_status verb_bind(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_BIND};
	bool off = strcmp(c->command->name, "unbind") == 0;
	char key[16];
	enum em_status st = c->argc ? bind_key(c->argv[0], key, err) : EM_OK;
	if (!st && !off && c->argc < 2) {
		struct buf b = {0};
		list(c, c->argc ? key : NULL, &b);
		if (b.s)
			c->front->print(c->front->self, b.s);
		buf_free(&b);
		return EM_OK;
	}
	if (!st && !off)
		st = line_of(c, &job, err);
	if (st)
		return st;
	snprintf(job.name, sizeof job.name, "%s", key);
	return c->front->submit(c->front->self, &job, err); /* who binds twenty keys at the start need not hear of each */
}
