/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands that say something: show, print, help. */
#include <math.h>
#include <stdio.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "command/expr.h"
#include "command/formula.h"
#include "command/report.h"
#include "command/verbs.h"

static enum em_status say(const struct cmd_call *c, struct buf *b, struct em_err *err)
{
	while (b->len && b->s[b->len - 1] == '\n')
		b->s[--b->len] = '\0';
	char *text = buf_take(b);
	if (!text)
		return em_no_memory(err);
	c->front->print(c->front->self, text);
	free(text);
	return EM_OK;
}

static enum em_status index_of(const struct cmd_call *c, int i, size_t count, const char *of, size_t *out,
                               struct em_err *err)
{
	char *end = NULL;
	unsigned long long n = i < c->argc ? strtoull(c->argv[i], &end, 10) : 0;
	if (!end || *end || c->argv[i][0] == '-' || n < 1 || n > count)
		return em_fail(err, EM_USAGE, "%s: which %s? a number from 1 to %zu", c->command->name, of, count);
	*out = (size_t)n - 1;
	return EM_OK;
}

static void setting_line(struct buf *b, const struct em_settings *s, const struct em_setting *row)
{
	char value[1100];
	em_settings_show(s, row->name, value, sizeof value);
	buf_printf(b, "  %-16s ", row->name);
	struct buf shown = {0};
	text_safe(&shown, value, strlen(value));
	buf_printf(b, "%-12s %s\n", shown.s && *shown.s ? shown.s : "-", row->help);
	buf_free(&shown);
}

static void show_settings(struct buf *b, const struct em_settings *s)
{
	const char *group = NULL;
	for (size_t i = 0; em_settings_at(s, i); i++) {
		if (!group || strcmp(group, em_settings_group(s, i)) != 0)
			buf_printf(b, "%s\n", group = em_settings_group(s, i));
		setting_line(b, s, em_settings_at(s, i));
	}
}

enum em_status verb_show_setting(const struct cmd_call *c, const char *name, struct em_err *err)
{
	const struct em_setting *row = em_settings_row(c->picture->settings, name);
	struct buf b = {0};
	if (!row) { /* the settings know the nearest name */
		struct em_settings *none = NULL;
		return em_settings_with(c->picture->settings, name, "", &none, err);
	}
	setting_line(&b, c->picture->settings, row);
	for (size_t i = 0; row->choices && row->choices[i]; i++)
		buf_printf(&b, "%s%s", i ? ", " : "  one of ", row->choices[i]);
	return say(c, &b, err);
}

/* The parts of `show` that need a run. */
static enum em_status show_run(const struct cmd_call *c, const char *what, struct buf *b, struct em_err *err)
{
	const struct em_snapshot *s = c->picture->run;
	const struct em_layout *l = &s->problem->layout;
	size_t n;
	enum em_status st = EM_OK;
	if (strcmp(what, "verdict") == 0)
		report_pace(b, s);
	else if (strcmp(what, "ledger") == 0)
		report_ledger(b, s, SIZE_MAX);
	else if (strcmp(what, "step") == 0)
		report_step(b, s);
	else if (strcmp(what, "topics") == 0 || strcmp(what, "components") == 0)
		report_components(b, s, 10);
	else if (strcmp(what, "topic") == 0 || strcmp(what, "component") == 0) {
		if (!(st = index_of(c, 1, l->components, s->problem->model->component, &n, err)))
			report_component(b, s, n, 25);
	} else if (strcmp(what, "document") == 0 || strcmp(what, "observation") == 0) {
		if (!(st = index_of(c, 1, l->observations, s->problem->model->observation, &n, err)))
			report_document(b, s, n);
	} else {
		st = em_fail(err, EM_USAGE,
		             "show what? data, settings, step, verdict, ledger, components, component K or observation N, not \"%s\"",
		             what);
	}
	return st;
}

enum em_status verb_show(const struct cmd_call *c, struct em_err *err)
{
	const char *what = c->argv[0];
	struct buf b = {0};
	enum em_status st = EM_OK;
	if (strcmp(what, "settings") == 0)
		show_settings(&b, c->picture->settings);
	else if (!c->picture->run)
		st = em_fail(err, EM_USAGE, "nothing is open; open data first");
	else if (strcmp(what, "corpus") == 0 || strcmp(what, "data") == 0) {
		char *report = em_data_report(c->picture->data);
		if (!report)
			st = em_no_memory(err);
		else
			buf_puts(&b, report);
		free(report);
	} else
		st = show_run(c, what, &b, err);
	if (!st)
		return say(c, &b, err);
	buf_free(&b);
	return st;
}

struct found {
	const struct em_array *a;
	const double *v;
};

static bool find_in(const struct em_array *arrays, unsigned count, const double *v, const char *name, struct found *out)
{
	for (unsigned i = 0; i < count && v; i++)
		if (strcmp(arrays[i].name, name) == 0) {
			*out = (struct found){arrays + i, v};
			return true;
		}
	return false;
}

/* info breaks, and other names for what show shows. */
enum em_status verb_info(const struct cmd_call *c, struct em_err *err)
{
	char *argv[] = {(char *)(uintptr_t) "ledger", c->argc > 1 ? c->argv[1] : NULL, NULL};
	struct cmd_call other = *c;
	if (strncmp(c->argv[0], "breaks", strlen(c->argv[0])) == 0 && c->argv[0][0]) {
		struct buf b = {0};
		buf_puts(&b, c->picture->breaks ? c->picture->breaks : "");
		return say(c, &b, err);
	}
	if (strcmp(c->argv[0], "steps") == 0)
		other.argv = argv;
	return verb_show(&other, err);
}

enum em_status verb_explain(const struct cmd_call *c, struct em_err *err)
{
	struct buf b = {0};
	if (!c->picture->run)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	enum em_status st = formula_explain(c->picture->run, c->rest, &b, err);
	if (!st)
		return say(c, &b, err);
	buf_free(&b);
	return st;
}

/* print ARRAY I J ...: numbered from 1, as on the screen. False: these words are something else. */
static bool is_rows(const struct cmd_call *c, const struct em_snapshot *s, struct found *f)
{
	const struct em_layout *l = &s->problem->layout;
	for (int i = 1; i < c->argc; i++)
		if (!*c->argv[i] || c->argv[i][strspn(c->argv[i], "0123456789")])
			return false;
	return c->argc > 1 && (find_in(l->theta, l->theta_arrays, s->theta, c->argv[0], f) || find_in(l->q, l->q_arrays, s->q, c->argv[0], f) ||
	                       find_in(l->stats, l->stats_arrays, s->stats, c->argv[0], f));
}

/* Those words as an expression: ARRAY[I][J]. */
static enum em_status rows_text(const struct cmd_call *c, const struct em_array *a, struct buf *b, struct em_err *err)
{
	unsigned given = (unsigned)c->argc - 1;
	if (given > a->rank)
		return em_fail(err, EM_USAGE, "%s has %u dimension%s", a->name, a->rank, a->rank == 1 ? "" : "s");
	buf_puts(b, a->name);
	for (unsigned i = 0; i < given; i++) {
		static const char *const of[] = {"row", "column", "layer"};
		size_t at;
		enum em_status st = index_of(c, (int)i + 1, a->dim[i], of[i], &at, err);
		if (st)
			return st;
		buf_printf(b, "[%zu]", at + 1);
	}
	return EM_OK;
}

/* print EXPRESSION, or print ARRAY I J: 17 digits. */
enum em_status verb_print(const struct cmd_call *c, struct em_err *err)
{
	const struct em_snapshot *s = c->picture->run;
	struct found f;
	struct buf text = {0}, b = {0};
	struct expr *e = NULL;
	struct expr_value v = {0};
	if (!s)
		return em_fail(err, EM_USAGE, "nothing is open; open data first");
	enum em_status st = EM_OK;
	if (is_rows(c, s, &f))
		st = rows_text(c, f.a, &text, err);
	else
		buf_puts(&text, c->rest);
	if (!st && text.failed)
		st = em_no_memory(err);
	if (!st)
		st = expr_parse(text.s, &e, err);
	if (!st)
		st = expr_eval(e, s, &v, err);
	if (!st && v.count > 200000)
		st = em_fail(err, EM_USAGE, "%.60s is %zu numbers; print a row of it, or its sum; export state writes them all", text.s, v.count);
	enum expr_sure sure = st ? EXPR_SURE : expr_sure(e, s);
	for (size_t i = 0; !st && i < v.count; i++) {
		double x = expr_at(&v, i);
		if (isnan(x))
			buf_puts(&b, "unknown");
		else
			buf_printf(&b, "%s%.17g%s", sure ? "~" : "", x, sure == EXPR_DOUBTFUL ? "?" : "");
		buf_putc(&b, (i + 1) % v.row == 0 ? '\n' : ' ');
	}
	expr_value_free(&v);
	expr_free(e);
	buf_free(&text);
	if (!st)
		return say(c, &b, err);
	buf_free(&b);
	return st;
}

static void help_one(struct buf *b, const struct cmd *c)
{
	buf_printf(b, "%s %s\n  %s\n  %s\n  for example: %s", c->name, c->synopsis, c->summary, c->help, c->example);
	const char *sep = "\n  keys: ";
	for (size_t i = 0; cmd_key_at(i); i++) {
		size_t n = strlen(c->name);
		const char *line = cmd_key_at(i)->line;
		if (strncmp(line, c->name, n) == 0 && (line[n] == '\0' || line[n] == ' ')) {
			buf_printf(b, "%s%s", sep, cmd_key_at(i)->key);
			sep = " ";
		}
	}
}

/* help [NAME]: the screen shows its own page for no name; elsewhere, and for a name, text. */
enum em_status verb_help(const struct cmd_call *c, struct em_err *err)
{
	struct buf b = {0};
	struct em_err none;
	char *argv[] = {(char *)(uintptr_t) "help", NULL};
	const struct cmd *one;
	if (c->argc > 0) {
		const struct em_setting *row = em_settings_row(c->picture->settings, c->argv[0]);
		if (row && cmd_find(c->argv[0], &one, &none))
			return verb_show_setting(c, c->argv[0], err);
		enum em_status st = cmd_find(c->argv[0], &one, err);
		if (st)
			return st;
		help_one(&b, one);
		return say(c, &b, err);
	}
	if (c->front->has_screen)
		return c->front->ui(c->front->self, 1, argv, err);
	for (int g = 0; g < CMD_GROUPS; g++) {
		buf_printf(&b, "%s\n", cmd_group_title((enum cmd_group)g));
		for (size_t i = 0; cmd_at(i); i++)
			if ((int)cmd_at(i)->group == g) {
				char left[80];
				snprintf(left, sizeof left, "%s %s", cmd_at(i)->name, cmd_at(i)->synopsis);
				buf_printf(&b, "  %-34s %s\n", left, cmd_at(i)->summary);
			}
	}
	buf_puts(&b, "help NAME says more of a command or a setting; show settings lists the settings");
	return say(c, &b, err);
}
