/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Commands that move the run or change what is open: each turns its words into a job. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "command/expr.h"
#include "command/verbs.h"

static enum em_status count_of(const struct cmd_call *c, int i, size_t fallback, size_t *out, struct em_err *err)
{
	*out = fallback;
	if (i >= c->argc)
		return EM_OK;
	char *end;
	const char *s = c->argv[i];
	unsigned long long n = strtoull(s, &end, 10);
	if (s[0] < '0' || s[0] > '9' || *end || n > 1000000000)
		return em_fail(err, EM_USAGE, "%s: \"%s\" is not a whole number; for example: %s", c->command->name, s,
		               c->command->example);
	*out = (size_t)n;
	return EM_OK;
}

/* What a job had to say at length is printed. */
static enum em_status submit(const struct cmd_call *c, const struct job *job, struct em_err *err)
{
	enum em_status st = c->front->submit(c->front->self, job, err);
	const struct picture *after = session_picture(c->front->session);
	if (after->said && (!st || st == EM_BREACH))
		c->front->print(c->front->self, after->said);
	picture_release(after);
	return st;
}

static enum em_status sized(const struct cmd_call *c, enum em_size size, struct em_err *err)
{
	struct job job = {.kind = JOB_STEP, .size = size};
	enum em_status st = count_of(c, 0, 1, &job.count, err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_step(const struct cmd_call *c, struct em_err *err)
{
	return sized(c, EM_UNIT, err);
}
enum em_status verb_sweep(const struct cmd_call *c, struct em_err *err)
{
	return sized(c, EM_SWEEP, err);
}
enum em_status verb_next(const struct cmd_call *c, struct em_err *err)
{
	return sized(c, EM_PHASE, err);
}
enum em_status verb_finish(const struct cmd_call *c, struct em_err *err)
{
	return sized(c, EM_ITERATION, err);
}

enum em_status verb_phase(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_PHASE, .m = c->command->name[0] == 'm'};
	enum em_status st = count_of(c, 0, 1, &job.count, err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_back(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_BACK};
	enum em_status st = count_of(c, 0, 1, &job.count, err);
	return st ? st : submit(c, &job, err);
}

static enum em_status text_into(char *to, size_t size, const char *from, struct em_err *err)
{
	if (strlen(from) >= size)
		return em_fail(err, EM_USAGE, "a name of %zu bytes; %zu is the most", strlen(from), size - 1);
	memcpy(to, from, strlen(from) + 1);
	return EM_OK;
}

enum em_status verb_label(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_LABEL};
	if (c->argc == 0) {
		const char *list = c->picture->labels;
		c->front->print(c->front->self, list && *list ? list : "no labels: label NAME gives this step one");
		return EM_OK;
	}
	enum em_status st = text_into(job.name, sizeof job.name, c->argv[0], err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_goto(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_GOTO};
	bool number = *c->argv[0] && strchr("0123456789+-.", c->argv[0][0]);
	enum em_status st = number ? count_of(c, 0, 0, &job.count, err) : text_into(job.name, sizeof job.name, c->argv[0], err);
	return st ? st : submit(c, &job, err);
}

/* iteration N | gain < X | elbo > X | kl < X: looked at after whole iterations only. */
static bool plain_condition(const struct cmd_call *c, int i, struct condition *out)
{
	static const struct {
		const char *name, *sign;
		enum condition_kind kind;
	} conditions[] = {{"iteration", "", UNTIL_ITERATION}, {"gain", "<", UNTIL_GAIN}, {"elbo", ">", UNTIL_ELBO},
	                  {"kl", "<", UNTIL_KL}};
	for (size_t k = 0; k < sizeof conditions / sizeof conditions[0]; k++) {
		if (strcmp(c->argv[i], conditions[k].name) != 0)
			continue;
		int at = i + 1;
		if (at < c->argc && conditions[k].sign[0] && strcmp(c->argv[at], conditions[k].sign) == 0)
			at++;
		char *end = NULL;
		out->kind = conditions[k].kind;
		out->value = at + 1 == c->argc ? strtod(c->argv[at], &end) : 0;
		bool whole = out->kind != UNTIL_ITERATION || (out->value >= 0 && out->value == floor(out->value));
		if (end && end != c->argv[at] && !*end && isfinite(out->value) && whole)
			return true;
	}
	return false;
}

/* A condition is tried at once, not when the worker comes to it. */
static enum em_status try_condition(const struct cmd_call *c, const char *text, struct em_err *err)
{
	struct expr *e = NULL;
	double truth;
	enum em_status st = expr_parse(text, &e, err);
	if (!st && !expr_is_condition(e))
		st = em_fail(err, EM_USAGE, "continue until what? \"%.80s\" is no condition; converged, iteration N, gain < NATS, or a comparison as for "
		             "break: delta < 1e-3, kl[12] > 2 and not elbo falls", text);
	if (!st && c->picture->run)
		st = expr_number(e, c->picture->run, &truth, err);
	expr_free(e);
	return st;
}

/* continue | continue [until] converged | a plain condition | any other one */
enum em_status verb_continue(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_CONTINUE};
	int i = c->argc > 0 && strcmp(c->argv[0], "until") == 0, left = c->argc - i;
	if (left == 0 || (left == 1 && strcmp(c->argv[i], "converged") == 0) || plain_condition(c, i, &job.until))
		return submit(c, &job, err);
	const char *text = c->rest + (i ? strlen("until") : 0);
	enum em_status st = try_condition(c, text + strspn(text, " \t"), err);
	job.until.kind = UNTIL_HOLDS;
	if (!st)
		st = text_into(job.text, sizeof job.text, text + strspn(text, " \t"), err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_point(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_POINT};
	const char *name = c->command->name;
	bool more = strcmp(name, "break") == 0 || strcmp(name, "watch") == 0 || strcmp(name, "catch") == 0;
	snprintf(job.name, sizeof job.name, "%s", name);
	enum em_status st = more ? text_into(job.text, sizeof job.text, c->rest, err) : count_of(c, 0, 0, &job.count, err);
	if (!st && !more && c->argc && job.count == 0)
		st = em_fail(err, EM_USAGE, "%s: no number 0; info breaks lists them", name);
	return st ? st : submit(c, &job, err);
}

/* An empty name would mean none was given. */
static enum em_status file_into(char *to, size_t size, const struct cmd_call *c, struct em_err *err)
{
	if (!*c->argv[0])
		return em_fail(err, EM_USAGE, "%s: the file name is empty; for example: %s", c->command->name, c->command->example);
	return text_into(to, size, c->argv[0], err);
}

enum em_status verb_restart(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_RESTART};
	char now[64];
	if (c->argc == 0)
		return submit(c, &job, err);
	if (strcmp(c->argv[0], "seed") != 0 || c->argc != 2)
		return em_fail(err, EM_USAGE, "restart, or restart seed N");
	if (strcmp(em_settings_show(c->picture->settings, "seed", now, sizeof now), c->argv[1]) != 0) {
		job.kind = JOB_SET;
		strcpy(job.name, "seed");
		enum em_status st = text_into(job.text, sizeof job.text, c->argv[1], err);
		if (st)
			return st;
	}
	return submit(c, &job, err);
}

static enum em_status list_examples(const struct cmd_call *c, struct em_err *err)
{
	struct buf b = {0};
	const struct em_example *e;
	for (size_t i = 0; (e = em_example_at(i)); i++)
		buf_printf(&b, "%s%-10s %-10s %s", i ? "\n" : "", e->name, e->models[0], e->title);
	char *text = buf_take(&b);
	if (!text)
		return em_no_memory(err);
	c->front->print(c->front->self, text);
	free(text);
	return EM_OK;
}

/* Another "NAME=VALUE" behind those there are. */
static enum em_status setting_into(char *to, size_t size, const char *pair, struct em_err *err)
{
	size_t used = strlen(to);
	if (!strchr(pair, '=') || strchr(pair, '\n'))
		return em_fail(err, EM_USAGE, "open: \"%s\" is no NAME=VALUE; after the path come settings for it, for example columns=a,b", pair);
	if (used)
		to[used++] = '\n';
	return text_into(to + used, size - used, pair, err);
}

enum em_status verb_open(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_OPEN};
	enum em_status st = EM_OK;
	if (c->argc && strcmp(c->argv[0], "example") == 0) {
		if (c->argc == 1)
			return list_examples(c, err);
		job.kind = JOB_EXAMPLE;
		st = text_into(job.name, sizeof job.name, c->argv[1], err);
		for (int i = 2; !st && i < c->argc; i++)
			st = setting_into(job.with, sizeof job.with, c->argv[i], err);
	} else if (c->argc) {
		st = *c->argv[0] ? file_into(job.text, sizeof job.text, c, err) : EM_OK; /* "": the built-in corpus */
		for (int i = 1; !st && i < c->argc; i++)
			st = setting_into(job.with, sizeof job.with, c->argv[i], err);
	}
	return st ? st : submit(c, &job, err);
}

enum em_status verb_init(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_RESTART};
	enum em_status st = file_into(job.init, sizeof job.init, c, err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_selftest(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_SELFTEST};
	enum em_status st = c->argc ? text_into(job.name, sizeof job.name, c->argv[0], err) : EM_OK;
	return st ? st : submit(c, &job, err);
}

enum em_status verb_branch(const struct cmd_call *c, struct em_err *err)
{
	static const struct {
		const char *name;
		enum job_kind kind;
	} kinds[] = {{"branch", JOB_BRANCH}, {"switch", JOB_SWITCH}, {"branches", JOB_BRANCHES}, {"compare", JOB_COMPARE}, {"restarts", JOB_RESTARTS}};
	struct job job = {.kind = JOB_BRANCH, .count = 10};
	enum em_status st = EM_OK;
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strcmp(c->command->name, kinds[i].name) == 0)
			job.kind = kinds[i].kind;
	if (job.kind == JOB_RESTARTS)
		st = count_of(c, 0, 10, &job.count, err);
	else if (c->argc)
		st = text_into(job.name, sizeof job.name, c->argv[0], err);
	if (!st && job.kind == JOB_COMPARE) /* with one name: what the session stands in, and that */
		st = text_into(job.text, sizeof job.text, c->argc > 1 ? c->argv[1] : c->picture->branch, err);
	if (!st && job.kind == JOB_RESTARTS && (job.count < 1 || job.count > 100))
		st = em_fail(err, EM_USAGE, "restarts: from 1 to 100 of them, not %zu", job.count);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_study(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_STUDY, .m = true};
	if (c->argc == 0 && c->picture->run) /* the screen knows which is selected: it comes back with its number */
		return verb_ui(c, err);
	enum em_status st = count_of(c, 0, 1, &job.count, err);
	size_t most = c->picture->run ? c->picture->run->problem->layout.observations : 0;
	if (!st && c->picture->run && (job.count < 1 || job.count > most))
		st = em_fail(err, EM_USAGE, "study: there are documents 1 to %zu, not %zu", most, job.count);
	job.count--;
	return st ? st : submit(c, &job, err);
}

enum em_status verb_race(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_RACE};
	enum em_status st = count_of(c, 0, 5000, &job.count, err);
	return st ? st : submit(c, &job, err);
}

enum em_status verb_diagnose(const struct cmd_call *c, struct em_err *err)
{
	return submit(c, &(struct job){.kind = strcmp(c->command->name, "why") == 0 ? JOB_WHY : JOB_DIAGNOSE}, err);
}

enum em_status verb_beside(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_BESIDE};
	const struct em_settings *s = c->picture->settings;
	bool exact = !em_settings_row(s, "e_step") || strcmp(em_settings_text(s, "e_step"), "exact") != 0;
	const char *what = c->argc ? c->argv[0] : exact ? "exact" : "variational";
	if (strcmp(what, "exact") != 0 && strcmp(what, "variational") != 0 && strcmp(what, "off") != 0)
		return em_fail(err, EM_USAGE, "beside: exact, variational or off, not \"%s\"", what);
	snprintf(job.text, sizeof job.text, "%s", strcmp(what, "off") == 0 ? "" : what);
	return submit(c, &job, err);
}

/* Bytes of the element that a text begins with: its name and all its brackets. */
static size_t element_length(const char *text)
{
	size_t n = strcspn(text, "[ =\t");
	while (text[n] == '[') {
		char quote = 0;
		for (n++; text[n] && (quote || text[n] != ']'); n++)
			if (quote ? text[n] == quote : text[n] == '"' || text[n] == '\'')
				quote = quote ? 0 : text[n];
		n += text[n] == ']';
	}
	return n;
}

static void tell_edit(const struct cmd_call *c, const struct expr_place *at, const struct em_snapshot *before)
{
	const struct picture *after = session_picture(c->front->session);
	const struct em_entry *e = after->run ? after->run->ledger + after->run->position : NULL;
	struct buf b = {0};
	if (e && e->phase == EM_EDIT && e->step > 0) {
		expr_place_text(at, before, &b);
		buf_printf(&b, ": %.6g became %.6g%s; the ELBO %s by %.6g nats%s", e->was, e->became,
		           at->array->constraint == EM_SIMPLEX_ROWS ? ", its row scaled to sum to 1" : "", e->gain < 0 ? "fell" : "rose", fabs(e->gain),
		           at->home == EXPR_THETA && after->run->next_m ? "; the M-step that is next makes θ anew" : "");
		if (b.s)
			c->front->print(c->front->self, b.s);
	}
	buf_free(&b);
	picture_release(after);
}

/* set ELEMENT VALUE, of an array of θ or q; ELEMENT=VALUE. */
static enum em_status set_element(const struct cmd_call *c, struct em_err *err)
{
	struct job job = {.kind = JOB_EDIT};
	const struct em_snapshot *s = c->picture->run;
	struct expr *element = NULL, *value = NULL;
	struct expr_place at;
	size_t n = element_length(c->rest), to = n + strspn(c->rest + n, " =\t");
	char *text = strndup(c->rest, n);
	if (!text)
		return em_no_memory(err);
	enum em_status st = s ? expr_parse(text, &element, err) : em_fail(err, EM_USAGE, "nothing is open; open data first");
	if (!st)
		st = expr_name(element, s, &at, err);
	if (!st && at.home != EXPR_THETA && at.home != EXPR_Q)
		st = em_fail(err, EM_USAGE, "%s follows from θ and q; set changes settings and elements of θ and q", at.name);
	for (unsigned d = 0; !st && d < at.rank; d++)
		if (at.from[d] != at.to[d])
			st = em_fail(err, EM_USAGE, "set changes one element at a time; %s has %u ind%s", at.name, at.rank, at.rank == 1 ? "ex" : "ices");
	if (!st && !c->rest[to])
		st = em_fail(err, EM_USAGE, "set %.60s to what? a number; print %.60s shows the one it has", text, text);
	if (!st)
		st = expr_parse(c->rest + to, &value, err);
	if (!st)
		st = expr_number(value, s, &job.value, err);
	if (!st) {
		snprintf(job.name, sizeof job.name, "%s", at.name);
		memcpy(job.at, at.from, sizeof job.at);
		for (unsigned d = at.rank; d < 3; d++)
			job.at[d] = 0;
		st = submit(c, &job, err);
	}
	if (!st)
		tell_edit(c, &at, s);
	expr_free(element);
	expr_free(value);
	free(text);
	return st;
}

/* An array of one number, named without an index; a setting of that name (eta of LDA, alpha) comes first. */
static bool is_lone_array(const struct cmd_call *c)
{
	const struct em_snapshot *s = c->picture->run;
	size_t n = strcspn(c->argv[0], "=");
	char name[64];
	snprintf(name, sizeof name, "%.*s", (int)(n < sizeof name ? n : sizeof name - 1), c->argv[0]);
	if (em_settings_row(c->picture->settings, name))
		return false;
	for (unsigned i = 0; s && i < s->problem->layout.theta_arrays; i++) {
		const struct em_array *a = s->problem->layout.theta + i;
		if (strlen(a->name) == n && strncmp(a->name, c->argv[0], n) == 0 && a->rank == 1 && a->dim[0] == 1)
			return true;
	}
	return false;
}

/* set NAME VALUE, or NAME=VALUE; set ELEMENT VALUE. */
enum em_status verb_set(const struct cmd_call *c, struct em_err *err)
{
	if (strchr(c->argv[0], '[') || is_lone_array(c))
		return set_element(c, err);
	if (c->argc > 2)
		return em_fail(err, EM_USAGE, "set takes NAME VALUE; for example: %s", c->command->example);
	struct job job = {.kind = JOB_SET};
	char pair[1200];
	enum em_status st = text_into(pair, sizeof pair, c->argv[0], err);
	char *equals = st || c->argc > 1 ? NULL : strchr(pair, '=');
	if (!st && c->argc == 1 && !equals)
		return verb_show_setting(c, pair, err);
	if (equals)
		*equals = '\0';
	if (!st)
		st = text_into(job.name, sizeof job.name, pair, err);
	if (!st)
		st = text_into(job.text, sizeof job.text, equals ? equals + 1 : c->argv[1], err);
	struct em_settings *tried = NULL;
	if (!st) /* a wrong name or value is told at once, not when the worker comes to it */
		st = em_settings_with(c->picture->settings, job.name, job.text, &tried, err);
	em_settings_release(tried);
	const struct em_snapshot *before = c->picture->run;
	if (!st)
		st = submit(c, &job, err);
	if (st || !before || before->position == 0)
		return st;
	const struct picture *after = session_picture(c->front->session);
	if (after->run && after->run->position == 0) /* steps were lost: worth a word */
		c->front->print(c->front->self, "the run starts again from entry 0");
	if (em_settings_row(c->picture->settings, "init") && em_settings_row(after->settings, "init") && strcmp(job.name, "init") != 0 && strcmp(job.name, "model") != 0 &&
	    strcmp(em_settings_text(c->picture->settings, "init"), "given") == 0 && strcmp(em_settings_text(after->settings, "init"), "given") != 0)
		c->front->print(c->front->self, "the published start does not fit: the components begin as init says");
	picture_release(after);
	return st;
}

enum em_status verb_source(const struct cmd_call *c, struct em_err *err)
{
	return cmd_source(c, c->argv[0], err);
}

enum em_status verb_quit(const struct cmd_call *c, struct em_err *err)
{
	(void)err;
	c->nest->quit = true;
	c->front->quit(c->front->self);
	return EM_OK;
}

enum em_status verb_ui(const struct cmd_call *c, struct em_err *err)
{
	char *argv[72];
	int argc = 0;
	argv[argc++] = (char *)(uintptr_t)c->command->name;
	for (int i = 0; i < c->argc && argc < 70; i++)
		argv[argc++] = c->argv[i];
	if (c->bang)
		argv[argc++] = "!";
	argv[argc] = NULL;
	return c->front->ui(c->front->self, argc, argv, err);
}
