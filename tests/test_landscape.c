/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The landscape of log p and the bound: below, touching and tangent where they have to be, at every phase of every model;
 * numbers against formulas; and that looking changes nothing. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "command/world.h"
#include "elbow/landscape.h"
#include "engine/landscape.h"
#include "fit.h"

static const struct em_landscape_ask the_move = {.kind = EM_ALONG_MOVE, .zoom = 1};

/* ---- what to look at ---- */

/* A run on an example, or of a model on a corpus. */
struct scene {
	const struct em_model *model;
	struct world *world;
	struct em_settings *settings;
	struct em_run *run;
	struct fit fit; /* where there is no world */
	struct em_err err;
};

static const struct em_setting_table *model_row(void)
{
	static const struct em_setting rows[] = {
		{"model", EM_CHOICE, "lda", 0, 0, em_model_names, EM_EFFECT_REOPEN, "the latent-variable model"},
	};
	static const struct em_setting_table table = {"model", rows, 1};
	return &table;
}

static void must(enum em_status st, const struct em_err *err)
{
	if (st)
		fail_msg("%s", err->msg);
}

static void put(struct scene *s, const char *name, const char *value)
{
	must(em_settings_put(&s->settings, name, value, &s->err), &s->err);
}

/* more: "NAME=VALUE" lines over those of the example. */
static void open_example(struct scene *s, const char *example, const char *model, const char *more)
{
	const struct em_example *e = em_example_named(example);
	assert_non_null(e);
	*s = (struct scene){.model = em_model_named(model)};
	const struct em_setting_table *tables[] = {s->model->settings, &em_run_settings, em_data_settings(s->model->takes), model_row()};
	s->settings = em_settings_new(tables, 4);
	put(s, "threads", "1");
	put(s, "model", model);
	must(world_preset(e, &s->settings, &s->err), &s->err);
	must(world_with(more, &s->settings, &s->err), &s->err);
	must(world_open(s->model, "", e, s->settings, &s->world, &s->err), &s->err);
	must(world_run(s->world, s->settings, "", NULL, &s->run, &s->err), &s->err);
}

static void open_corpus(struct scene *s, const char *model, uint64_t seed, size_t docs, size_t terms, const char *alpha_update)
{
	*s = (struct scene){.model = em_model_named(model)};
	fit_open(&s->fit, model, small_random(seed, docs, terms, 14), NULL, NULL, "components", "3", "threads", "1",
	         alpha_update ? "alpha_update" : NULL, alpha_update, NULL);
	s->run = s->fit.run;
}

static void close_scene(struct scene *s)
{
	if (!s->world) {
		fit_close(&s->fit);
		return;
	}
	em_run_free(s->run);
	world_release(s->world);
	em_settings_release(s->settings);
}

static void step(struct scene *s, enum em_size size)
{
	must(em_run_step(s->run, size, NULL, &s->err), &s->err);
}

static const struct em_snapshot *snapshot(struct scene *s)
{
	const struct em_snapshot *out = NULL;
	must(em_run_snapshot(s->run, &out, &s->err), &s->err);
	return out;
}

static struct em_landscape *look(struct scene *s, const struct em_landscape_ask *ask)
{
	struct em_landscape *l = NULL;
	must(em_run_landscape(s->run, ask, NULL, &l, &s->err), &s->err);
	assert_non_null(l);
	return l;
}

static double room(double x, double part)
{
	return part * (1 + fabs(x));
}

/* Every scene there is, one after the other; false past the last. */
static bool scene_at(struct scene *s, size_t i)
{
	static const char *const examples[][3] = {
		{"coins", "coins", ""},         {"linkage", "linkage", ""},     {"faithful", "gmm", ""},
		{"faithful", "factor", ""},     {"waiting", "gmm", ""},         {"deaths", "poisson", ""},
		{"icecream", "hmm", ""},        {"digits", "bernoulli", ""},    {"paradox", "lda", ""},
		{"basins", "lda", ""},          {"coins", "coins", "weights_update=free\ninit=random"},
		{"three", "gmm", ""},
	};
	const size_t count = sizeof examples / sizeof examples[0];
	static const char *const corpora[][2] = {{"unigrams", NULL}, {"plsa", NULL}, {"lda", "fixed"}, {"lda", "vector"}};
	if (i < count) {
		open_example(s, examples[i][0], examples[i][1], examples[i][2]);
		return true;
	}
	i -= count;
	if (i >= sizeof corpora / sizeof corpora[0])
		return false;
	open_corpus(s, corpora[i][0], 5 + (uint64_t)i, 12, 9, corpora[i][1]);
	return true;
}

/* ---- a line at any phase ---- */

static void check_below(const struct scene *s, const struct em_landscape *l)
{
	size_t seen = 0;
	for (size_t i = 0; i < l->points; i++) {
		assert_true(i == 0 || l->x[i] > l->x[i - 1]);
		if (isnan(l->bound[i]))
			continue;
		seen++;
		if (s->model->exact) {
			assert_true(l->log_p[i] == l->log_p[i]);
			assert_true(l->bound[i] <= l->log_p[i] + room(l->log_p[i], 1e-10));
		}
	}
	if (seen <= l->points / 2)
		fail_msg("%s at step %zu: %zu of %zu points", s->model->name, l->step, seen, l->points);
}

static void check_now(const struct scene *s, const struct em_landscape *l)
{
	const struct em_entry *e = em_run_entry(s->run);
	fit_near(l->now.bound, e->elbo, room(e->elbo, 1e-10));
	if (s->model->exact)
		fit_near(l->now.log_p, e->log_evidence, room(e->log_evidence, 1e-10));
	assert_int_equal(l->step, e->step);
}

/* The thetas on the way keep their constraints; at 0 and 1 they are the ends, bit for bit. */
static void check_mixes(const struct scene *s, const struct em_problem *p, const double *a, const double *b)
{
	size_t bytes = p->layout.theta_size * sizeof(double);
	double *mix = aligned_alloc(64, (bytes + 127) / 64 * 64);
	line_mix(p, a, b, 0, 0.5, mix);
	assert_memory_equal(mix, a, bytes);
	line_mix(p, a, b, 1, 0.5, mix);
	assert_memory_equal(mix, b, bytes);
	for (double t = -0.5; t <= 1.5; t += 0.0625) {
		struct em_err err = {0};
		line_mix(p, a, b, t, 0.5, mix);
		bool definite = true;
		for (unsigned i = 0; i < p->layout.theta_arrays; i++)
			definite &= p->layout.theta[i].constraint != EM_POSITIVE_DEFINITE;
		assert_true(line_valid(p, mix) || !definite);
		if (line_valid(p, mix) && s->model->check(p, mix, &err))
			fail_msg("%s at %g: %s", p->model->name, t, err.msg);
	}
	free(mix);
}

/* Curvature of the difference at 0 times d^2 bounds it: log p and the bound have one slope there. */
static void check_tangent(const struct em_landscape *l)
{
	double first = NAN, second = NAN, third = NAN;
	for (size_t i = 0; i < l->points; i++) {
		double d = l->log_p[i] - l->bound[i];
		if (l->x[i] > 0 && isnan(first))
			first = d;
		else if (l->x[i] > 0 && isnan(second))
			second = d;
		else if (l->x[i] > 0 && isnan(third))
			third = d;
	}
	/* a slope of its own would give 2 and 3 times the first; a parabola gives 4 and 9 */
	if (third > 1e-6 && l->points > 60)
		assert_true(second > 2.5 * first && third > 5 * first);
}

static void after_e(struct scene *s, const struct em_landscape *l)
{
	const struct em_entry *e = em_run_entry(s->run);
	assert_string_equal(l->why, "");
	assert_true(l->now.at == 0 && l->made.at == 0 && l->best.at == 1);
	assert_true(l->now.bound == l->made.bound);
	if (s->model->exact) {
		fit_near(l->made.bound, l->made.log_p, room(l->made.log_p, 1e-9));
		check_tangent(l);
	}
	for (size_t i = 0; i < l->points; i++)
		assert_true(!(l->bound[i] == l->bound[i]) || l->bound[i] <= l->best.bound + room(e->elbo, 1e-10));
	const struct em_snapshot *before = snapshot(s);
	double best = l->best.bound, log_p = l->best.log_p;
	step(s, EM_PHASE);
	e = em_run_entry(s->run);
	fit_near(best, e->elbo, room(best, 1e-10));
	if (s->model->exact)
		fit_near(log_p, e->log_evidence, room(best, 1e-10));
	const struct em_snapshot *after = snapshot(s);
	check_mixes(s, before->problem, before->theta, after->theta);
	em_snapshot_release(before);
	em_snapshot_release(after);
	struct em_landscape *m = look(s, &the_move);
	assert_string_equal(m->why, "");
	assert_true(m->now.at == 1 && m->made.at == 0 && m->best.at == 1);
	assert_true(m->best.bound == best && m->now.bound == best);
	assert_int_equal(m->points, l->points);
	for (size_t i = 0; i < l->points; i++) /* the same line, whether the M-step has been made or not */
		assert_memory_equal(&m->bound[i], &l->bound[i], sizeof(double));
	check_below(s, m);
	check_now(s, m);
	em_landscape_free(m);
}

static void test_every_phase(void **state)
{
	(void)state;
	struct scene s;
	for (size_t n = 0; scene_at(&s, n); n++) {
		struct em_landscape *l = look(&s, &the_move);
		if (!l->why[0]) {
			assert_true(l->made.at != l->made.at);
			check_below(&s, l);
			check_now(&s, l);
		}
		em_landscape_free(l);
		for (int round = 0; round < (fit_brief() ? 1 : 3); round++) {
			size_t all = 0;
			const struct em_snapshot *now = snapshot(&s);
			all = now->problem->layout.observations;
			em_snapshot_release(now);
			if (all > 1) { /* inside E */
				step(&s, EM_UNIT);
				l = look(&s, &the_move);
				if (!l->why[0]) {
					check_below(&s, l);
					check_now(&s, l);
				} else {
					if (round > 0)
						fail_msg("%s: %s", s.model->name, l->why);
					assert_non_null(strstr(l->why, "n finishes it"));
				}
				em_landscape_free(l);
				step(&s, EM_PHASE);
			} else {
				step(&s, EM_PHASE);
			}
			assert_int_equal(em_run_entry(s.run)->phase, EM_E);
			l = look(&s, &the_move);
			if (strstr(l->why, "does not move")) { /* there already */
				em_landscape_free(l);
				break;
			}
			check_below(&s, l);
			check_now(&s, l);
			after_e(&s, l);
			em_landscape_free(l);
			step(&s, EM_PHASE);
			step(&s, EM_UNIT); /* inside M, where there are several blocks */
			l = look(&s, &the_move);
			if (!l->why[0]) {
				check_below(&s, l);
				check_now(&s, l);
				assert_true(l->made.at == 0 && l->best.at == 1);
			}
			em_landscape_free(l);
			if (em_run_entry(s.run)->phase != EM_M)
				step(&s, EM_PHASE);
		}
		close_scene(&s);
	}
	assert_true(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_phase),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
