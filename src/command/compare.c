/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two branches: where they part, where they are, which component is which. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/text.h"
#include "command/branches.h"
#include "command/held.h"
#include "elbow/match.h"

static void head(struct buf *b, const char *name, const struct em_snapshot *s)
{
	const struct em_entry *e = s->ledger + s->position;
	buf_printf(b, "%-16s step %zu, iteration %zu: ELBO %s, log p %s; %s\n", name, e->step, e->iteration, number_fixed(e->elbo, 4).s,
	           e->evidence == EM_EVIDENCE_EXACT ? number_fixed(e->log_evidence, 4).s : "unknown", s->verdict.text);
}

/* Both began alike up to a ledger entry: the first that differs. */
static void parting(struct buf *b, const struct em_snapshot *x, const struct em_snapshot *y)
{
	size_t n = 0, most = (x->position < y->position ? x->position : y->position) + 1;
	while (n < most && x->ledger[n].elbo == y->ledger[n].elbo && x->ledger[n].phase == y->ledger[n].phase)
		n++;
	if (n == 0)
		buf_puts(b, "They have no step in common.\n");
	else if (n == most)
		buf_printf(b, "They are the same up to step %zu, where the shorter one stands.\n", n - 1);
	else
		buf_printf(b, "They are the same up to step %zu and part at step %zu: ELBO %s and %s.\n", n - 1, n,
		           number_fixed(x->ledger[n].elbo, 4).s, number_fixed(y->ledger[n].elbo, 4).s);
}

static void settings(struct buf *b, const struct em_settings *x, const struct em_settings *y)
{
	char one[256], two[256];
	size_t n = 0;
	for (size_t i = 0; em_settings_at(x, i); i++) {
		const char *name = em_settings_at(x, i)->name;
		if (!em_settings_row(y, name))
			continue;
		em_settings_show(x, name, one, sizeof one);
		em_settings_show(y, name, two, sizeof two);
		if (strcmp(one, two) == 0)
			continue;
		buf_printf(b, "%s%s: ", n++ ? "; " : "They differ in ", name);
		text_safe(b, one, strlen(one));
		buf_puts(b, " and ");
		text_safe(b, two, strlen(two));
	}
	if (n)
		buf_puts(b, ".\n");
}

static void words(struct buf *b, const struct em_snapshot *s, size_t k)
{
	struct em_item item[4];
	size_t n = s->problem->model->describe(s->problem, s->theta, k, item, 4);
	for (size_t i = 0; i < n; i++) {
		buf_puts(b, i ? " " : "");
		text_safe(b, item[i].label, strlen(item[i].label));
		if (s->problem->model->picture != EM_PICTURE_TERMS)
			buf_printf(b, " %s", number_short(item[i].weight, 4).s);
	}
}

static enum em_status components(struct buf *b, const struct em_snapshot *x, const struct em_snapshot *y, struct em_err *err)
{
	size_t k = x->problem->layout.components, *to = calloc(k + 1, sizeof *to);
	double *distance = calloc(k + 1, sizeof *distance);
	const char *what = x->problem->model->component;
	enum em_status st = to && distance ? em_match(x->problem, x->theta, y->problem, y->theta, to, distance, err) : em_no_memory(err);
	if (!st)
		buf_printf(b, "\n%ss matched, with Hellinger's distance (0 the same, 1 nothing in common):\n", what);
	for (size_t i = 0; i < k && !st; i++) {
		if (to[i] == SIZE_MAX) {
			buf_printf(b, "%3zu     –         ", i + 1);
			words(b, x, i);
			buf_puts(b, " | has none\n");
			continue;
		}
		buf_printf(b, "%3zu %5zu   %.4f  ", i + 1, to[i] + 1, distance[i]);
		words(b, x, i);
		buf_puts(b, " | ");
		words(b, y, to[i]);
		buf_putc(b, '\n');
	}
	free(to);
	free(distance);
	return st == EM_USAGE ? EM_OK : st; /* a model without distances: the rest is said */
}

enum em_status branches_compare(struct session *s, const char *a, const char *b, char **said, struct em_err *err)
{
	const char *name[] = {a, b};
	const struct em_snapshot *x[2] = {NULL, NULL};
	size_t at[2];
	struct buf out = {0};
	enum em_status st = EM_OK;
	for (int i = 0; i < 2 && !st; i++) {
		at[i] = branches_find(&s->branches, name[i]);
		if (at[i] == SIZE_MAX)
			st = branches_switch(s, name[i], err); /* says which there are */
		else
			st = branches_look(s, at[i], x + i, err);
	}
	if (!st) {
		bool same = strcmp(x[0]->problem->model->name, x[1]->problem->model->name) == 0 && x[0]->problem->data == x[1]->problem->data;
		head(&out, a, x[0]);
		head(&out, b, x[1]);
		double gap = x[0]->ledger[x[0]->position].elbo - x[1]->ledger[x[1]->position].elbo;
		if (same)
			buf_printf(&out, "ELBO of %s less that of %s: %s nats\n", a, b, number_signed(gap, 4).s);
		else
			buf_puts(&out, "They are of other models or data: their numbers do not compare.\n");
		if (same)
			parting(&out, x[0], x[1]);
		settings(&out, branches_settings(s, at[0]), branches_settings(s, at[1]));
		st = same ? components(&out, x[0], x[1], err) : EM_OK;
	}
	for (int i = 0; i < 2 && !st; i++) /* the other one, for the chart of the steps */
		if (at[1 - i] == s->branches.current && at[i] != s->branches.current) {
			beside_free(s->beside);
			s->beside = NULL;
			st = beside_still(x[i], name[i], &s->beside, err);
		}
	em_snapshot_release(x[0]);
	em_snapshot_release(x[1]);
	if (!st)
		*said = buf_take(&out);
	buf_free(&out);
	return st;
}
