/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rate of convergence against the largest eigenvalue of the EM map's Jacobian, by finite differences; limits and forecasts. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/session.h"
#include "elbow/example.h"
#include "fit.h"

enum { MOST = 8 };

/* Where a free parameter is in theta; the last of a row that sums to 1 follows from the others. */
struct place {
	size_t at, follows; /* SIZE_MAX: nothing follows */
};

/* Means, rates, biases, variances and all but the last weight. */
static size_t places(const struct em_problem *p, struct place *out)
{
	size_t n = 0;
	bool fixed = em_settings_row(p->settings, "weights_update") && strcmp(em_settings_text(p->settings, "weights_update"), "fixed") == 0;
	for (unsigned a = 0; a < p->layout.theta_arrays; a++) {
		const struct em_array *x = p->layout.theta + a;
		bool row = x->constraint == EM_SIMPLEX_ROWS;
		assert_true(!row || x->rank == 1);
		for (size_t i = 0; i + row < x->dim[0] && !(row && fixed); i++)
			out[n++] = (struct place){x->offset + i * x->stride[0], row ? x->offset + (x->dim[0] - 1) * x->stride[0] : SIZE_MAX};
	}
	assert_true(n <= MOST);
	return n;
}

/* One iteration of EM from a theta. */
static void em_map(const struct em_snapshot *s, const double *theta, double *out)
{
	struct em_run *r = NULL;
	struct em_err err;
	size_t size = s->problem->layout.theta_size * sizeof(double);
	double *copy = aligned_alloc(64, (size + 63) / 64 * 64);
	memcpy(copy, theta, size);
	if (s->problem->model->complete)
		s->problem->model->complete(s->problem, copy);
	assert_int_equal(em_run_new(em_model_named(s->problem->model->name), s->problem->data, s->problem->settings, NULL,
	                            &(struct em_given){.theta = copy}, NULL, &r, &err), EM_OK);
	assert_int_equal(em_run_step(r, EM_ITERATION, NULL, &err), EM_OK);
	const struct em_snapshot *after = NULL;
	assert_int_equal(em_run_snapshot(r, &after, &err), EM_OK);
	memcpy(out, after->theta, size);
	em_snapshot_release(after);
	em_run_free(r);
	free(copy);
}

/* Largest eigenvalue of the Jacobian at theta, by central differences and powers. */
static double jacobian_rate(const struct em_snapshot *s)
{
	struct place at[MOST];
	size_t n = places(s->problem, at), size = s->problem->layout.theta_size;
	double j[MOST][MOST], v[MOST], w[MOST], rate = 0;
	double *x = aligned_alloc(64, (size * 8 + 63) / 64 * 64), *y[2];
	y[0] = malloc(size * 8);
	y[1] = malloc(size * 8);
	for (size_t c = 0; c < n; c++) {
		double h = 1e-5 * fmax(fabs(s->theta[at[c].at]), 0.1);
		for (int side = 0; side < 2; side++) {
			double step = side ? h : -h;
			memcpy(x, s->theta, size * 8);
			x[at[c].at] += step;
			if (at[c].follows != SIZE_MAX)
				x[at[c].follows] -= step;
			em_map(s, x, y[side]);
		}
		for (size_t r = 0; r < n; r++)
			j[r][c] = (y[1][at[r].at] - y[0][at[r].at]) / (2 * h);
	}
	for (size_t i = 0; i < n; i++)
		v[i] = 1 + 0.1 * (double)i;
	for (int i = 0; i < 20000; i++) {
		double norm = 0;
		for (size_t r = 0; r < n; r++) {
			w[r] = 0;
			for (size_t c = 0; c < n; c++)
				w[r] += j[r][c] * v[c];
			norm += w[r] * w[r];
		}
		rate = sqrt(norm);
		for (size_t r = 0; r < n; r++)
			v[r] = w[r] / rate;
	}
	free(x);
	free(y[0]);
	free(y[1]);
	return rate;
}

static struct session *open_example(const char *name, const char *const (*set)[2])
{
	struct session *s = session_new(NULL);
	struct em_err err;
	struct job job = {.kind = JOB_EXAMPLE};
	snprintf(job.name, sizeof job.name, "%s", name);
	assert_int_equal(session_perform(s, &job, NULL, &err), EM_OK);
	for (; set && (*set)[0]; set++) {
		struct job put = {.kind = JOB_SET};
		snprintf(put.name, sizeof put.name, "%s", (*set)[0]);
		snprintf(put.text, sizeof put.text, "%s", (*set)[1]);
		assert_int_equal(session_perform(s, &put, NULL, &err), EM_OK);
	}
	return s;
}

static void finish(struct session *s, size_t n)
{
	struct em_err err;
	assert_int_equal(session_perform(s, &(struct job){.kind = JOB_STEP, .size = EM_ITERATION, .count = n}, NULL, &err), EM_OK);
}

/* After `before` iterations the gains tell the rate; after `settle` more theta is where the Jacobian is taken. published: 0 for none. */
static void rate_of(const char *example, const char *const (*set)[2], size_t before, size_t settle, double published, double near)
{
	struct session *s = open_example(example, set);
	finish(s, before);
	const struct picture *p = session_picture(s);
	double missing = p->run->verdict.missing;
	picture_release(p);
	finish(s, settle);
	p = session_picture(s);
	double rate = jacobian_rate(p->run);
	if (published != 0)
		fit_near(rate, published, 5e-5); /* printed digits */
	fit_near(missing, rate, near);
	picture_release(p);
	session_free(s);
}

static void test_rates(void **state)
{
	(void)state;
	static const char *const fixed[][2] = {{NULL, NULL}}, *const free_too[][2] = {{"weights_update", "estimated"}, {NULL, NULL}};
	rate_of("linkage", NULL, 6, 20, .1327787, 2e-3);
	rate_of("coins", fixed, 8, 40, .4097, 7e-2); /* two close eigenvalues: the ratio settles slowly */
	rate_of("coins", free_too, 30, 200, .8224, 5e-3);
	if (fit_brief())
		return;
	rate_of("deaths", NULL, 900, 4000, .995666, 2e-4);
	rate_of("waiting", NULL, 20, 200, 0, 5e-3); /* two Gaussians */
}

static struct em_verdict on(const double *elbo, size_t n, double tolerance)
{
	struct em_entry e[16] = {{0}};
	for (size_t i = 0; i < n; i++)
		e[i] = (struct em_entry){.step = i, .iteration = i, .phase = i ? EM_M : EM_INIT, .elbo = elbo[i], .allowance = 1e-9, .moved_array = "",
		                         .gain = i ? elbo[i] - elbo[i - 1] : NAN};
	return em_verdict_on(e, n - 1, tolerance, "row");
}

static void test_forecasts(void **state)
{
	(void)state;
	static const double aitken[] = {-261, -257.46, -256.4};
	struct em_verdict v = on(aitken, 3, 0.01);
	fit_near(-256.4 + v.to_come, -255.946935, 5e-7);
	assert_int_equal(v.kind, EM_NOT_CONVERGED);
	double x[10];
	for (size_t i = 0; i < 10; i++)
		x[i] = -100 - 8 * pow(0.81, (double)i);
	v = on(x, 10, 0.01); /* a geometric one is forecast exactly */
	assert_true(v.steady);
	fit_near(v.rate, .81, 1e-12);
	fit_near(v.missing, .9, 1e-12);
	fit_near(x[9] + v.to_come, -100, 1e-9);
	assert_int_equal((int)v.iterations, (int)ceil(log(0.01 / v.to_come) / log(.81)));
	assert_true(8 * pow(.81, 9 + v.iterations) <= 0.01 && 8 * pow(.81, 9 + v.iterations - 1) > 0.01);
	for (size_t i = 0; i < 10; i++)
		x[i] = -100 + 0.3 * (double)i * (i % 2 ? 1 : 0.5);
	v = on(x, 6, 0.01);
	assert_false(v.steady);
}

/* Macro steps have no rate, and nothing is forecast from them. */
/* The words, and what falls: an iteration whose E lost more than its M won, beyond the rounding of both. */
static void test_words(void **state)
{
	(void)state;
	static const char *const words[] = {[EM_NOT_CONVERGED] = "still moving", [EM_CONVERGED] = "converged", [EM_STALLED] = "stalled",
	                                    [EM_DECREASED] = "fell", [EM_LIMIT] = "hit a limit", [EM_STUCK] = "broken", [EM_BROKEN] = "broken"};
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		assert_string_equal(em_verdict_word((enum em_verdict_kind)i), words[i]);
	static const struct {
		double elbo[3];
		enum em_verdict_kind kind;
	} cases[] = {{{-9, -7, -6}, EM_NOT_CONVERGED}, {{-9, -7, -7}, EM_CONVERGED}, {{-9, -9}, EM_STALLED}, {{-9, -7, -7.5}, EM_DECREASED},
	             {{-9, -7, -7 - 1e-8}, EM_DECREASED}, {{-9, -7, -7 - 5e-10}, EM_CONVERGED}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct em_verdict v = on(cases[i].elbo, cases[i].kind == EM_STALLED ? 2 : 3, 0.01);
		assert_int_equal(v.kind, cases[i].kind);
		assert_memory_equal(v.text, em_verdict_word(v.kind), strlen(em_verdict_word(v.kind)));
	}
}

static void test_macro_steps(void **state)
{
	(void)state;
	static const char *const squarem[][2] = {{"accelerate", "squarem"}, {NULL, NULL}};
	struct session *s = open_example("deaths", squarem);
	finish(s, 5);
	const struct picture *p = session_picture(s);
	assert_true(isnan(p->run->verdict.rate) && isnan(p->run->verdict.to_come) && isnan(p->run->verdict.missing));
	picture_release(p);
	finish(s, 40);
	p = session_picture(s);
	assert_int_equal(p->run->verdict.kind, EM_CONVERGED);
	picture_release(p);
	session_free(s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_rates), cmocka_unit_test(test_forecasts), cmocka_unit_test(test_macro_steps), cmocka_unit_test(test_words)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
