/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each trial has a run of its own, on one thread, which is taken from moment to moment; at each, numbers are read off the
 * snapshot by name. Nothing of the session is touched. */
#include "command/selftest.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/world.h"

/* The limit is where an M-step moves no parameter by more than this (relative above 1). */
#define STILL 1e-12
enum { MOST = 100000 /* iterations to it */, MORE_DIGITS = 2 };

static const struct em_setting own_rows[] = {
	{"model", EM_CHOICE, "lda", 0, 0, em_model_names, EM_EFFECT_REOPEN, "the latent-variable model"},
};
static const struct em_setting_table own = {"selftest", own_rows, 1};

/* ---- digits ---- */

static int decimals_of(const char *printed)
{
	const char *point = strchr(printed, '.');
	return point ? (int)strlen(point + 1) : 0;
}

bool selftest_agrees(const char *printed, double x)
{
	double want = strtod(printed, NULL), unit = pow(10, -decimals_of(printed));
	/* a number halfway between is printed either way */
	return fabs(x - want) <= 0.5 * unit * (1 + 1e-9) + 4 * DBL_EPSILON * fabs(want);
}

/* ---- reading a quantity off a snapshot ---- */

/* "name[2][3]" into the name's length and indices from 0; false when it is not of that form. */
static bool indices_of(const char *what, size_t *name, size_t at[3], unsigned *count)
{
	const char *p = what + strcspn(what, "[");
	*name = (size_t)(p - what);
	for (*count = 0; *p == '['; (*count)++) {
		char *end;
		unsigned long n = strtoul(p + 1, &end, 10);
		if (*count == 3 || n < 1 || *end != ']')
			return false;
		at[*count] = n - 1;
		p = end + 1;
	}
	return *p == '\0';
}

static bool named(const char *name, const char *what, size_t n)
{
	return strlen(name) == n && strncmp(name, what, n) == 0;
}

static bool element(const struct em_array *arrays, unsigned n, const double *v, const char *what, size_t length,
                    const size_t at[3], unsigned count, double *out)
{
	for (unsigned i = 0; v && i < n; i++) {
		const struct em_array *a = arrays + i;
		if (!named(a->name, what, length) || a->rank != count)
			continue;
		size_t place = a->offset;
		for (unsigned k = 0; k < count; k++) {
			if (at[k] >= a->dim[k])
				return false;
			place += at[k] * a->stride[k];
		}
		*out = v[place];
		return true;
	}
	return false;
}

static bool of_observation(const struct em_snapshot *s, const char *what, size_t length, size_t n, double *out)
{
	if (n >= s->problem->layout.observations)
		return false;
	const struct em_obs *o = s->obs + n;
	bool log_p = named("log p", what, length), elbo = named("ELBO", what, length), kl = named("KL", what, length);
	*out = log_p ? o->log_evidence : elbo ? o->elbo : o->kl;
	return log_p || elbo || kl;
}

static bool of_entry(const struct em_entry *e, const char *what, double *out)
{
	const struct {
		const char *name;
		double value;
	} all[] = {{"log p", e->log_evidence}, {"ELBO", e->elbo}, {"KL", e->kl}, {"Q", e->energy}};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
		if (strcmp(all[i].name, what) == 0) {
			*out = all[i].value;
			return true;
		}
	return false;
}

static bool read_off(const struct em_snapshot *s, const char *what, double *out)
{
	const struct em_layout *l = &s->problem->layout;
	size_t length, at[3] = {0, 0, 0};
	unsigned count;
	bool root = strncmp(what, "sqrt ", 5) == 0;
	what += root ? 5 : 0;
	if (!indices_of(what, &length, at, &count))
		return false;
	bool found = (count == 0 && of_entry(s->ledger + s->position, what, out)) ||
	             (count == 1 && of_observation(s, what, length, at[0], out)) ||
	             element(l->theta, l->theta_arrays, s->theta, what, length, at, count, out) ||
	             element(l->q, l->q_arrays, s->q, what, length, at, count, out) ||
	             element(l->stats, l->stats_arrays, s->stats, what, length, at, count, out);
	if (!found && count == 1 && named("mass", what, length) && s->mass && at[0] < l->components) {
		*out = s->mass[at[0]];
		found = true;
	}
	*out = found && root ? sqrt(*out) : *out;
	return found;
}

/* ---- a trial's run ---- */

struct stage {
	struct em_example example; /* the trial's: that of the table with other settings or another start */
	const char *models[2];
	struct em_settings *settings;
	struct world *world;
	struct em_run *run;
};

static void close_stage(struct stage *g)
{
	em_run_free(g->run);
	world_release(g->world);
	em_settings_release(g->settings);
}

static enum em_status open_stage(const struct trial *t, const struct em_hooks *h, struct stage *g, struct em_err *err)
{
	const struct em_example *e = t->own ? t->own : em_example_named(t->name);
	*g = (struct stage){0};
	if (!e)
		return em_fail(err, EM_USAGE, "there is no example %s", t->name);
	g->example = *e;
	g->models[0] = t->model ? t->model : e->models[0];
	g->example.models = g->models;
	if (t->settings)
		g->example.settings = t->settings;
	if (t->starts)
		g->example.starts = t->starts;
	const struct em_model *m = em_model_named(g->models[0]);
	if (!m)
		return em_fail(err, EM_USAGE, "there is no model %s", g->models[0]);
	const struct em_setting_table *tables[] = {m->settings, &em_run_settings, em_data_settings(m->takes), &own};
	g->settings = em_settings_new(tables, sizeof tables / sizeof tables[0]);
	if (!g->settings)
		return em_no_memory(err);
	enum em_status st = em_settings_put(&g->settings, "model", m->name, err);
	if (!st)
		st = em_settings_put(&g->settings, "threads", "1", err);
	if (!st)
		st = world_preset(&g->example, &g->settings, err);
	if (!st)
		st = world_open(m, "", &g->example, g->settings, &g->world, err);
	if (!st)
		st = world_run(g->world, g->settings, "", h, &g->run, err);
	return st;
}

/* Largest parameter, at least 1: what "relative" is to. */
static double scale_of(struct em_run *r)
{
	const struct em_snapshot *s = NULL;
	double most = 1;
	if (em_run_snapshot(r, &s, NULL))
		return 1;
	for (size_t i = 0; i < s->problem->layout.theta_size; i++)
		if (isfinite(s->theta[i]))
			most = fmax(most, fabs(s->theta[i]));
	em_snapshot_release(s);
	return most;
}

static enum em_status to_limit(struct em_run *r, const struct em_hooks *h, struct em_err *err)
{
	double still = STILL * scale_of(r);
	for (size_t i = 0; i < MOST; i++) {
		enum em_status st = em_run_step(r, EM_ITERATION, h, err);
		if (st || em_run_entry(r)->moved <= still)
			return st;
	}
	return em_fail(err, EM_BREACH, "after %d iterations parameters still move", (int)MOST);
}

static enum em_status go_to(struct em_run *r, const struct published *p, const struct em_hooks *h, struct em_err *err)
{
	size_t step = p->when == AT_START ? 0 : 2 * p->iteration - (p->when == AT_E ? 1 : 0);
	if (p->when == AT_LIMIT)
		return to_limit(r, h, err);
	if (step < em_run_entry(r)->step)
		return em_fail(err, EM_USAGE, "%s comes too late in the table", p->what);
	for (enum em_status st = EM_OK; em_run_entry(r)->step < step;)
		if ((st = em_run_step(r, EM_PHASE, h, err)))
			return st;
	return EM_OK;
}

/* ---- the table ---- */

struct tally {
	size_t numbers, bad;
	char first[160]; /* the first that differs */
};

static void when_of(const struct published *p, char *out, size_t size)
{
	if (p->when == AT_START || p->when == AT_LIMIT)
		snprintf(out, size, "%s", p->when == AT_START ? "start" : "limit");
	else
		snprintf(out, size, "%c %zu", p->when == AT_E ? 'E' : 'M', p->iteration);
}

/* Padded so that the decimal point stands in the column `point`, and the whole is `wide`. */
static void aligned(struct buf *out, const char *number, int point, int wide)
{
	const char *at = strchr(number, '.');
	int before = at ? (int)(at - number) : (int)strlen(number), all = (int)strlen(number);
	int pad = point > before ? point - before : 0;
	buf_printf(out, "%*s%s%*s", pad, "", number, wide > pad + all ? wide - pad - all : 0, "");
}

static void write_row(struct buf *out, const struct trial *t, const struct published *p, double x, struct tally *n)
{
	char when[32] = "", got[64];
	bool ok = selftest_agrees(p->printed, x);
	if (!t->bare)
		when_of(p, when, sizeof when);
	snprintf(got, sizeof got, "%.*f", decimals_of(p->printed) + MORE_DIGITS, x);
	buf_printf(out, "  %-6s  %-28s", when, p->what);
	aligned(out, p->printed, 6, 20);
	aligned(out, got, 6, 22);
	buf_puts(out, ok ? "ok\n" : "DIFFERS\n");
	n->numbers++;
	if (ok)
		return;
	if (n->bad++ == 0)
		snprintf(n->first, sizeof n->first, "%s: %.60s%s%s is %.24s, published %.24s", t->name, p->what, *when ? " at " : "", when, got,
		         p->printed);
}

static enum em_status row(const struct trial *t, const struct published *p, struct stage *g, const struct em_hooks *h,
                          struct buf *out, struct tally *n, struct em_err *err)
{
	const struct em_snapshot *s = NULL;
	double x = NAN;
	enum em_status st = t->bare ? EM_OK : go_to(g->run, p, h, err);
	if (!st && !t->bare)
		st = em_run_snapshot(g->run, &s, err);
	if (!st && p->of)
		x = p->of(s);
	else if (!st && (!s || !read_off(s, p->what, &x)))
		st = em_fail(err, EM_USAGE, "there is no %s to read", p->what);
	if (!st)
		write_row(out, t, p, x, n);
	em_snapshot_release(s);
	return st;
}

static enum em_status run_trial(const struct trial *t, const struct em_hooks *h, struct buf *out, struct tally *n,
                                struct em_err *err)
{
	struct stage g = {0};
	struct em_err own_err = {0};
	enum em_status st = t->bare ? EM_OK : open_stage(t, h, &g, &own_err);
	const char *source = t->source ? t->source : g.example.source;
	buf_printf(out, "%s%s%s%s (%s)\n", n->numbers ? "\n" : "", t->name, *t->title ? ", " : "", t->title, source ? source : "");
	for (const struct published *p = t->rows; !st && p->what; p++)
		st = row(t, p, &g, h, out, n, &own_err);
	close_stage(&g);
	if (st == EM_CANCELLED || st == EM_MEMORY) {
		if (err)
			*err = own_err;
		return st;
	}
	return st ? em_fail(err, EM_BREACH, "selftest: %s: %s", t->name, own_err.msg) : EM_OK;
}

static size_t count_of(const struct trial *trials, const char *name)
{
	size_t n = 0;
	for (const struct trial *t = trials; t->name; t++)
		n += !*name || strcmp(t->name, name) == 0;
	return n;
}

static enum em_status no_such(const struct trial *trials, const char *name, struct em_err *err)
{
	struct buf b = {0};
	for (const struct trial *t = trials; t->name; t++)
		if (t == trials || strcmp(t[-1].name, t->name) != 0)
			buf_printf(&b, "%s%s", b.len ? ", " : "", t->name);
	enum em_status st = em_fail(err, EM_USAGE, "no published numbers for \"%s\"; there are those of %s", name, b.s ? b.s : "");
	buf_free(&b);
	return st;
}

/* The examples nobody published numbers of. */
static void say_rest(const struct trial *trials, struct buf *out)
{
	const struct em_example *e;
	size_t n = 0;
	for (size_t i = 0; (e = em_example_at(i)); i++)
		if (count_of(trials, e->name) == 0)
			buf_printf(out, "%s%s", n++ ? ", " : "; nothing was published about ", e->name);
}

enum em_status selftest_run(const struct trial *trials, const char *name, const struct em_hooks *h, struct buf *out,
                            struct em_err *err)
{
	/* The run's own progress would jump about: only the trials are counted. */
	const struct em_hooks quiet = {.self = h ? h->self : NULL, .cancelled = h ? h->cancelled : NULL};
	size_t all = count_of(trials, name), done = 0;
	struct tally n = {0};
	enum em_status st = all ? EM_OK : no_such(trials, name, err);
	for (const struct trial *t = trials; t->name && !st; t++) {
		if (*name && strcmp(t->name, name) != 0)
			continue;
		if (h && h->progress)
			h->progress(h->self, "selftest", done++, all);
		st = quiet.cancelled && quiet.cancelled(quiet.self) ? em_fail(err, EM_CANCELLED, "stopped")
		                                                    : run_trial(t, &quiet, out, &n, err);
	}
	if (st)
		return st;
	if (out->failed)
		return em_no_memory(err);
	if (n.bad == 0) {
		buf_printf(out, "\nselftest: %zu numbers, all as published", n.numbers);
		if (!*name)
			say_rest(trials, out);
		return EM_OK;
	}
	buf_printf(out, "\nselftest: %zu of %zu numbers differ from what was published", n.bad, n.numbers);
	char more[48] = "";
	if (n.bad > 1)
		snprintf(more, sizeof more, " (and %zu more differ)", n.bad - 1);
	return em_fail(err, EM_BREACH, "selftest: %s%s", n.first, more);
}
