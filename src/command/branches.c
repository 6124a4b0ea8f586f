/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "command/branches.h"

#include <ctype.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "command/held.h"

static void branch_clear(struct branch *b)
{
	em_run_free(b->run);
	em_settings_release(b->settings);
	world_release(b->world);
	beside_free(b->beside);
	*b = (struct branch){0};
}

enum em_status branches_init(struct branches *b, struct em_err *err)
{
	struct branch *first;
	*b = (struct branches){0};
	return branches_add(b, "main", &first, err);
}

void branches_free(struct branches *b)
{
	for (size_t i = 0; i < b->count; i++)
		branch_clear(b->all + i);
	free(b->all);
	*b = (struct branches){0};
}

size_t branches_find(const struct branches *b, const char *name)
{
	for (size_t i = 0; i < b->count; i++)
		if (strcmp(b->all[i].name, name) == 0)
			return i;
	return SIZE_MAX;
}

static enum em_status check_name(const struct branches *b, const char *name, struct em_err *err)
{
	size_t n = strlen(name);
	bool plain = n < BRANCH_NAME && name[0] != ' ' && name[n - 1] != ' ';
	for (size_t i = 0; i < n; i++)
		plain &= isalnum((unsigned char)name[i]) || (name[i] && strchr(" _.-", name[i]));
	if (!plain)
		return em_fail(err, EM_USAGE, "a branch's name has up to %d letters, digits, blanks and . _ -", BRANCH_NAME - 1);
	return branches_find(b, name) == SIZE_MAX ? EM_OK : em_fail(err, EM_USAGE, "there is a branch \"%s\" already", name);
}

enum em_status branches_add(struct branches *b, const char *name, struct branch **out, struct em_err *err)
{
	char made[BRANCH_NAME];
	for (size_t i = b->count; !name || !*name; i++) {
		snprintf(made, sizeof made, "branch %zu", i);
		name = branches_find(b, made) == SIZE_MAX ? made : NULL;
	}
	enum em_status st = check_name(b, name, err);
	if (!st && b->count == BRANCHES_MOST)
		st = em_fail(err, EM_USAGE, "there are %d branches; that is the most", BRANCHES_MOST);
	if (st)
		return st;
	if (b->count == b->room) {
		size_t room = 2 * b->room + 8;
		struct branch *all = realloc(b->all, room * sizeof *all);
		if (!all)
			return em_no_memory(err);
		b->all = all;
		b->room = room;
	}
	*out = b->all + b->count++;
	**out = (struct branch){0};
	snprintf((*out)->name, BRANCH_NAME, "%s", name);
	return EM_OK;
}

void branches_drop_last(struct branches *b)
{
	branch_clear(b->all + --b->count);
}

/* ---- which one the session stands in ---- */

/* The session's own becomes the branch's, which was not there. */
static void put_away(struct session *s)
{
	struct branch *b = s->branches.all + s->branches.current;
	b->run = s->run;
	b->settings = s->settings;
	b->world = s->world;
	b->beside = s->beside;
	memcpy(b->path, s->path, sizeof b->path);
	memcpy(b->init, s->init, sizeof b->init);
	seen_release(s->seen);
	s->seen = NULL;
	s->limit = 0;
}

static void take_out(struct session *s, size_t i)
{
	struct branch *b = s->branches.all + i;
	s->run = b->run;
	s->settings = b->settings;
	s->world = b->world;
	s->beside = b->beside;
	memcpy(s->path, b->path, sizeof b->path);
	memcpy(s->init, b->init, sizeof b->init);
	b->run = NULL;
	b->settings = NULL;
	b->world = NULL;
	b->beside = NULL;
	s->branches.current = i;
}

void branches_stand(struct session *s, size_t i)
{
	take_out(s, i);
	s->limit = 0;
}

enum em_status branches_fork(struct session *s, const char *name, struct em_err *err)
{
	struct branch *b;
	size_t from = s->branches.current;
	enum em_status st = branches_add(&s->branches, name, &b, err);
	if (st)
		return st;
	if ((st = em_run_clone(s->run, &b->run, err))) {
		branches_drop_last(&s->branches);
		return st;
	}
	b->settings = em_settings_retain(s->settings);
	b->world = world_retain(s->world);
	b->at = em_run_entry(s->run)->step;
	memcpy(b->from, s->branches.all[from].name, BRANCH_NAME);
	memcpy(b->path, s->path, sizeof b->path);
	memcpy(b->init, s->init, sizeof b->init);
	put_away(s);
	take_out(s, s->branches.count - 1);
	return EM_OK;
}

/* The screen's settings as they are, whatever they were when the branch was left. */
static enum em_status same_screen(const struct session *s, struct em_settings **settings, struct em_err *err)
{
	enum em_status st = EM_OK;
	char value[256];
	for (size_t i = 0; s->screen && i < s->screen->count && !st; i++) {
		const char *name = s->screen->rows[i].name;
		st = em_settings_put(settings, name, em_settings_show(s->settings, name, value, sizeof value), err);
	}
	return st;
}

static enum em_status no_branch(const struct branches *b, const char *name, struct em_err *err)
{
	char list[200] = "";
	size_t n = 0;
	for (size_t i = 0; i < b->count && n < sizeof list; i++)
		n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", i ? ", " : "", b->all[i].name);
	return em_fail(err, EM_USAGE, "no branch \"%.40s\"; there are %s", name, list);
}

enum em_status branches_switch(struct session *s, const char *name, struct em_err *err)
{
	size_t i = branches_find(&s->branches, name);
	if (i == SIZE_MAX)
		return no_branch(&s->branches, name, err);
	if (i == s->branches.current)
		return EM_OK;
	enum em_status st = same_screen(s, &s->branches.all[i].settings, err);
	if (st)
		return st;
	put_away(s);
	take_out(s, i);
	return EM_OK;
}

enum em_status branches_look(struct session *s, size_t i, const struct em_snapshot **out, struct em_err *err)
{
	return em_run_snapshot(i == s->branches.current ? s->run : s->branches.all[i].run, out, err);
}

const struct em_settings *branches_settings(const struct session *s, size_t i)
{
	return i == s->branches.current ? s->settings : s->branches.all[i].settings;
}

/* ---- the list ---- */

static void cell(struct buf *b, int width, const char *text)
{
	buf_printf(b, "%*s%s", width - (int)text_width(text) > 0 ? width - (int)text_width(text) : 1, "", text);
}

static void list_row(struct buf *b, struct session *s, size_t i)
{
	const struct branch *x = s->branches.all + i;
	const struct em_snapshot *now = NULL;
	struct em_err err;
	buf_printf(b, "%c %-16s", i == s->branches.current ? '*' : ' ', x->name);
	if ((i == s->branches.current && !s->run) || branches_look(s, i, &now, &err)) {
		buf_puts(b, " nothing is open\n");
		return;
	}
	const struct em_entry *e = now->ledger + now->position;
	cell(b, 7, number_count(e->step).s);
	cell(b, 6, number_count(e->iteration).s);
	cell(b, 16, number_fixed(e->elbo, 4).s);
	cell(b, 16, e->evidence == EM_EVIDENCE_EXACT ? number_fixed(e->log_evidence, 4).s : "unknown");
	if (*x->from)
		buf_printf(b, "  from %s at step %zu", x->from, x->at);
	else
		buf_printf(b, "  seed %.0f", em_settings_number(branches_settings(s, i), "seed"));
	buf_putc(b, '\n');
	em_snapshot_release(now);
}

char *branches_list(struct session *s)
{
	struct buf b = {0};
	buf_printf(&b, "  %-16s", "branch");
	cell(&b, 7, "step");
	cell(&b, 6, "iter");
	cell(&b, 16, "ELBO");
	cell(&b, 16, "log p");
	buf_putc(&b, '\n');
	for (size_t i = 0; i < s->branches.count; i++)
		list_row(&b, s, i);
	return buf_take(&b);
}
