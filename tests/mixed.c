/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "mixed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct em_data *mixed_table(const struct mixed *m)
{
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct em_err err = {0};
	if (em_points_from(m->rows, m->columns, m->column, m->x, &points, &err) || em_data_of("table", NULL, points, NULL, &d, &err))
		fail_msg("%s", err.msg);
	return d;
}

void mixed_open(struct fit *f, const struct mixed *m, const char *k, const char *seed, const char *threads, const double *theta)
{
	fit_open(f, m->model, NULL, mixed_table(m), theta, "components", k, "seed", seed, "threads", threads, NULL);
}

static double times(const struct mixed *m, size_t n)
{
	return m->times ? m->times(m->x + n * m->columns) : 1;
}

static void relative(double got, double want, double room)
{
	if (want == got) /* infinite ones too */
		return;
	fit_near(got, want, room * (1 + fabs(want)));
}

/* ---- EM as it is defined ---- */

struct plain {
	size_t k;
	double weight[MIXED_K], parameter[MIXED_K][MIXED_WIDTH];
};

static void read_theta(const struct mixed *m, struct fit *f, struct plain *out)
{
	const struct em_snapshot *s = fit_look(f);
	*out = (struct plain){.k = s->problem->layout.components};
	for (size_t k = 0; k < out->k; k++) {
		out->weight[k] = fit_theta(s, "weights", k, 0);
		for (size_t j = 0; j < m->width; j++)
			out->parameter[k][j] = fit_theta(s, m->array, k, j);
		for (size_t j = 0; j < m->width && m->hidden; j++)
			out->parameter[k][m->width + j] = m->hidden(s, k, j);
	}
	em_snapshot_release(s);
}

/* The joint log p of row n with each component; returns log p. */
static double joint_of(const struct mixed *m, const struct plain *t, size_t n, double *joint)
{
	long double sum = 0;
	double top = -INFINITY;
	for (size_t k = 0; k < t->k; k++) {
		joint[k] = t->weight[k] > 0 ? log(t->weight[k]) + m->log_p(m, m->x + n * m->columns, t->parameter[k]) : -INFINITY;
		top = fmax(top, joint[k]);
	}
	for (size_t k = 0; k < t->k; k++)
		sum += expl((long double)joint[k] - (long double)top);
	return top + (double)logl(sum);
}

/* One iteration; returns log p before it. */
static double plain_step(const struct mixed *m, struct plain *t)
{
	double *q = calloc(m->rows * t->k, sizeof *q), joint[MIXED_K], log_p = 0, total = 0;
	for (size_t n = 0; n < m->rows; n++) {
		if (!(times(m, n) > 0))
			continue;
		double z = joint_of(m, t, n, joint);
		log_p += times(m, n) * z;
		total += times(m, n);
		for (size_t k = 0; k < t->k; k++)
			q[k * m->rows + n] = times(m, n) * exp(joint[k] - z);
	}
	for (size_t k = 0; k < t->k; k++) {
		t->weight[k] = 0;
		for (size_t n = 0; n < m->rows; n++)
			t->weight[k] += q[k * m->rows + n] / total;
		m->maximize(m, q + k * m->rows, t->parameter[k]);
	}
	free(q);
	return log_p;
}

void mixed_check_plain(const struct mixed *m, const char *k, const char *seed, int iterations)
{
	struct fit f;
	struct plain want, got;
	mixed_open(&f, m, k, seed, "1", NULL);
	read_theta(m, &f, &want);
	for (int i = 0; i < iterations; i++) {
		double log_p = plain_step(m, &want);
		fit_step(&f, EM_PHASE);
		relative(fit_entry(&f)->log_evidence, log_p, 1e-9);
		relative(fit_entry(&f)->elbo, log_p, 1e-9);
		fit_step(&f, EM_PHASE);
		read_theta(m, &f, &got);
		for (size_t c = 0; c < want.k; c++) {
			relative(got.weight[c], want.weight[c], 1e-9);
			for (size_t j = 0; j < (m->hidden ? 2 : 1) * m->width; j++)
				relative(got.parameter[c][j], want.parameter[c][j], 1e-9);
		}
	}
	fit_close(&f);
}

/* ---- the decomposition by its definitions ---- */

static void check_entry(const struct mixed *m, struct fit *f)
{
	struct plain t;
	read_theta(m, f, &t);
	const struct em_snapshot *s = fit_look(f);
	const struct em_entry *e = s->ledger + s->position;
	double joint[MIXED_K], elbo = 0, log_p = 0, kl = 0, all = 0;
	for (size_t n = 0; n < m->rows; n++) {
		double z = joint_of(m, &t, n, joint), bound = 0, apart = 0, sum = 0, often = times(m, n);
		for (size_t k = 0; k < t.k; k++) {
			double q = fit_q(s, "responsibilities", n, k);
			assert_true(q >= 0 && q <= 1 + 1e-15);
			sum += q;
			if (q > 0) {
				bound += q * (joint[k] - log(q));
				apart += q * (log(q) - (joint[k] - z));
			}
		}
		fit_near(sum, 1, 1e-12);
		z = often > 0 ? often * z : 0;
		bound = often > 0 ? often * bound : 0;
		apart = often > 0 ? often * apart : 0;
		relative(s->obs[n].log_evidence, z, 1e-10);
		relative(s->obs[n].elbo, bound, 1e-10);
		fit_near(s->obs[n].kl, apart, 1e-10 * (1 + fabs(z)));
		log_p += z, elbo += bound, kl += apart;
	}
	for (size_t k = 0; k < t.k && s->stats; k++)
		all += s->mass[k];
	relative(e->log_evidence, log_p, 1e-10);
	relative(e->elbo, elbo, 1e-10);
	relative(e->elbo + e->kl, e->log_evidence, 1e-11);
	if (e->phase == EM_E)
		fit_near(e->kl, 0, 1e-11 * (1 + fabs(e->elbo)));
	if (s->stats) {
		for (size_t n = 0; n < m->rows; n++)
			all -= times(m, n);
		fit_near(all, 0, 1e-9 * (1 + (double)m->rows));
	}
	em_snapshot_release(s);
}

void mixed_check_entries(const struct mixed *m, const char *k, const char *seed)
{
	struct fit f;
	mixed_open(&f, m, k, seed, "1", NULL);
	struct em_entry before = *fit_entry(&f);
	for (int i = 0; i < 16; i++) {
		check_entry(m, &f);
		fit_step(&f, i % 5 == 4 ? EM_UNIT : EM_PHASE);
		const struct em_entry *e = fit_entry(&f);
		double room = 1e-11 * (1 + fabs(e->elbo));
		assert_true(e->elbo >= before.elbo - room && e->log_evidence >= before.log_evidence - room);
		before = *e;
	}
	fit_close(&f);
}

/* ---- the machine ---- */

static void same(struct fit *a, struct fit *b)
{
	const struct em_snapshot *x = fit_look(a), *y = fit_look(b);
	const struct em_layout *l = &x->problem->layout;
	assert_memory_equal(x->theta, y->theta, l->theta_size * sizeof(double));
	assert_memory_equal(x->q, y->q, l->observations * l->q_stride * sizeof(double));
	em_snapshot_release(x);
	em_snapshot_release(y);
}

void mixed_check_machine(const struct mixed *m, const char *k)
{
	struct fit one, three, units;
	mixed_open(&one, m, k, "4", "1", NULL);
	mixed_open(&three, m, k, "4", "3", NULL);
	mixed_open(&units, m, k, "4", "2", NULL);
	const struct em_snapshot *start = fit_look(&one);
	for (int i = 0; i < 6; i++) {
		fit_step(&one, EM_PHASE);
		fit_step(&three, EM_PHASE);
		do
			fit_step(&units, EM_UNIT);
		while (fit_entry(&units)->phase != EM_E && fit_entry(&units)->phase != EM_M);
		same(&one, &three);
		same(&one, &units);
		assert_true(fit_entry(&one)->elbo == fit_entry(&three)->elbo && fit_entry(&one)->kl == fit_entry(&three)->kl);
		relative(fit_entry(&units)->elbo, fit_entry(&one)->elbo, 1e-11);
	}
	assert_int_equal(em_run_goto(one.run, 0, NULL, &one.err), EM_OK);
	const struct em_snapshot *again = fit_look(&one);
	assert_memory_equal(start->theta, again->theta, start->problem->layout.theta_size * sizeof(double));
	assert_true(start->ledger[0].elbo == again->ledger[0].elbo);
	em_snapshot_release(start);
	em_snapshot_release(again);
	for (int i = 0; i < 6; i++)
		fit_step(&one, EM_PHASE);
	same(&one, &three);
	fit_close(&one);
	fit_close(&three);
	fit_close(&units);
}

void mixed_refuse(const struct mixed *m, const char *k, const double *theta, const char *want)
{
	struct em_settings *s = fit_settings(m->model), *with = NULL;
	struct em_err err = {0};
	struct em_data *data = mixed_table(m);
	struct em_given given = {.theta = theta};
	struct em_run *r = NULL;
	assert_int_equal(em_settings_with(s, "components", k, &with, &err), EM_OK);
	assert_int_equal(em_run_new(em_model_named(m->model), data, with, NULL, theta ? &given : NULL, NULL, &r, &err), EM_INPUT);
	if (!strstr(err.msg, want))
		fail_msg("\"%s\" is not in \"%s\"", want, err.msg);
	em_settings_release(s);
	em_settings_release(with);
	em_data_free(data);
}
