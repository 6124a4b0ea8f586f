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
		{"basins", "lda", ""},          {"coins", "coins", "weights_update=estimated\ninit=random"},
		{"three", "gmm", ""},
		{"faithful", "gmm", "covariance=diagonal"},                     {"faithful", "gmm", "covariance=spherical\ninit=random"},
		{"faithful", "gmm", "covariance=tied\ninit=random"},
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
				} else if (!strstr(l->why, round == 0 ? "n finishes it" : "did not move")) {
					fail_msg("%s: %s", s.model->name, l->why);
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
}

/* ---- two ways to the bound ---- */

static double *copy_of(const double *v, size_t n)
{
	double *out = aligned_alloc(64, (n * sizeof *v + 127) / 64 * 64);
	assert_non_null(out);
	memset(out, 0, (n * sizeof *v + 127) / 64 * 64);
	if (v)
		memcpy(out, v, n * sizeof *v);
	return out;
}

/* The energy under theta from the statistics, and the entropy that q has. */
static double from_statistics(const struct em_snapshot *s, const double *theta)
{
	double terms[EM_TERMS] = {0}, sum = 0;
	s->problem->model->energy(s->problem, theta, s->stats, terms);
	for (size_t i = 0; i < s->problem->layout.terms; i++)
		sum += s->problem->model->terms[i].entropy ? s->ledger[s->position].terms[i] : terms[i];
	return sum;
}

/* The bounds of all observations under theta, q as it is. */
static double from_observations(const struct em_snapshot *s, const double *theta)
{
	const struct em_problem *p = s->problem;
	double *derived = copy_of(NULL, p->layout.derived_size), *work = copy_of(NULL, p->layout.work_size), sum = 0;
	p->model->derive(p, theta, s->theta_made, derived);
	struct em_theta t = {theta, s->theta_made, derived, false};
	for (size_t n = 0; n < p->layout.observations; n++) {
		struct em_bound b = {0};
		p->model->collect(p, &t, n, s->q + n * p->layout.q_stride, NULL, &b, work);
		sum += b.elbo;
	}
	free(derived);
	free(work);
	return sum;
}

static void test_two_ways(void **state)
{
	(void)state;
	struct scene s;
	for (size_t n = 0; scene_at(&s, n); n++) {
		step(&s, EM_ITERATION);
		step(&s, EM_PHASE);
		const struct em_snapshot *e = snapshot(&s);
		struct em_landscape *l = look(&s, &the_move);
		assert_string_equal(l->why, "");
		double *b = copy_of(e->theta, e->problem->layout.theta_size), *mix = copy_of(NULL, e->problem->layout.theta_size);
		for (unsigned i = 0; e->problem->model->block(e->problem, i); i++)
			must(e->problem->model->m_step(e->problem, e->stats, i, b, &s.err), &s.err);
		for (size_t i = 0; i < l->points; i += 7) {
			line_mix(e->problem, e->theta, b, l->x[i], 0.5, mix);
			if (l->bound[i] != l->bound[i])
				continue;
			fit_near(l->bound[i], from_statistics(e, mix), room(l->bound[i], 1e-10));
			fit_near(l->bound[i], from_observations(e, mix), room(l->bound[i], 1e-10));
		}
		free(b);
		free(mix);
		em_landscape_free(l);
		em_snapshot_release(e);
		close_scene(&s);
	}
}

/* ---- along one parameter, and over two ---- */

static void check_row(const struct em_problem *p, const double *theta, const struct em_coordinate *c)
{
	double *put = copy_of(NULL, p->layout.theta_size);
	for (double v = 0.01; v < 1; v += 0.07) {
		struct em_err err = {0};
		size_t offset;
		line_put(p, theta, c, v, put);
		const struct em_array *a = line_place(p, c, &offset);
		assert_true(put[offset] == v);
		if (a->constraint != EM_POSITIVE_DEFINITE && (!line_valid(p, put) || p->model->check(p, put, &err)))
			fail_msg("%s: %s %zu at %g: %s", p->model->name, c->array, c->at[0], v, err.msg);
		if (a->constraint == EM_POSITIVE_DEFINITE && line_valid(p, put) && p->model->check(p, put, &err))
			fail_msg("%s: %s", p->model->name, err.msg);
	}
	free(put);
}

static void test_every_parameter(void **state)
{
	(void)state;
	struct scene s;
	for (size_t n = 0; scene_at(&s, n); n++) {
		step(&s, EM_ITERATION);
		for (int phase = 0; phase < 2; phase++) {
			step(&s, EM_PHASE);
			const struct em_snapshot *now = snapshot(&s);
			struct em_landscape_ask ask = {.kind = EM_ALONG_ONE, .zoom = 1};
			size_t i = 0;
			for (; em_landscape_coordinate(now->problem, i, &ask.x); i++) {
				if (i % (fit_brief() ? 41 : 5)) /* of the many some */
					continue;
				struct em_landscape *l = look(&s, &ask);
				assert_string_equal(l->why, "");
				check_below(&s, l);
				check_now(&s, l);
				assert_true(l->now.at >= l->x[0] && l->now.at <= l->x[l->points - 1]);
				if (phase == 0) { /* q was made here */
					assert_true(l->made.at == l->now.at);
					if (s.model->exact)
						fit_near(l->now.bound, l->now.log_p, room(l->now.log_p, 1e-9));
				}
				assert_int_equal(l->path, 3); /* start, M, and here */
				assert_true(l->path_x[l->path - 1] == l->now.at && !l->path_y);
				check_row(now->problem, now->theta, &ask.x);
				em_landscape_free(l);
			}
			assert_true(i > 0);
			assert_false(em_landscape_coordinate(now->problem, i + 1, &ask.x));
			em_snapshot_release(now);
		}
		close_scene(&s);
	}
}

/* y = (125, 18, 20, 34), cells (1/2 + pi/4, (1 - pi)/4, (1 - pi)/4, pi/4); log p without the multinomial coefficient or with
 * it: differences only. q splits 125 at pi_0: 125 pi_0 / (2 + pi_0). */
static void test_linkage_formula(void **state)
{
	(void)state;
	struct scene s;
	struct em_landscape_ask ask = {.kind = EM_ALONG_ONE, .x = {"pi", {0}}, .zoom = 1};
	open_example(&s, "linkage", "linkage", "");
	step(&s, EM_PHASE);
	struct em_landscape *l = look(&s, &ask);
	const double made = 0.5, split = 125 * made / (2 + made);
	for (size_t i = 0; i < l->points; i++) {
		double pi = l->x[i];
		double log_p = 125 * log((2 + pi) / (2 + made)) + 38 * log((1 - pi) / (1 - made)) + 34 * log(pi / made);
		double bound = (split + 34) * log(pi / made) + 38 * log((1 - pi) / (1 - made));
		fit_near(l->log_p[i] - l->now.log_p, log_p, 1e-10);
		fit_near(l->bound[i] - l->now.bound, bound, 1e-10);
	}
	fit_near(l->x[0], .002, 1e-12);
	fit_near(l->x[l->points - 1], .998, 1e-12);
	fit_near(l->best.at, (split + 34) / (split + 34 + 38), 1e-6); /* between the points too */
	fit_near(l->peak.at, (15 + sqrt(53809)) / 394, 1e-6);
	em_landscape_free(l);
	/* the only parameter: a map there is none, and the move is along it */
	const struct em_snapshot *now = snapshot(&s);
	struct em_coordinate x, y;
	assert_false(em_landscape_pair(now->problem, &x, &y));
	em_snapshot_release(now);
	l = look(&s, &the_move);
	const double end = (split + 34) / (split + 34 + 38);
	for (size_t i = 0; i < l->points; i += 8) {
		double pi = made + l->x[i] * (end - made);
		fit_near(l->bound[i] - l->now.bound, (split + 34) * log(pi / made) + 38 * log((1 - pi) / (1 - made)), 1e-10);
	}
	em_landscape_free(l);
	close_scene(&s);
}

static double coins_log_p(double one, double two)
{
	static const int heads[] = {5, 9, 8, 4, 7};
	double sum = 0;
	for (int i = 0; i < 5; i++)
		sum += log(.5 * pow(one, heads[i]) * pow(1 - one, 10 - heads[i]) + .5 * pow(two, heads[i]) * pow(1 - two, 10 - heads[i]));
	return sum;
}

static void test_coins_map(void **state)
{
	(void)state;
	struct scene s;
	struct em_landscape_ask ask = {.kind = EM_OVER_TWO, .zoom = 1};
	open_example(&s, "coins", "coins", "");
	double path[6][2];
	size_t moves = 0;
	for (int i = 0; i < 10; i++) {
		const struct em_snapshot *now = snapshot(&s);
		if (now->ledger[now->position].phase != EM_E) {
			path[moves][0] = fit_theta(now, "bias", 0, 0);
			path[moves++][1] = fit_theta(now, "bias", 1, 0);
		}
		assert_true(em_landscape_pair(now->problem, &ask.x, &ask.y));
		em_snapshot_release(now);
		step(&s, EM_PHASE);
	}
	step(&s, EM_PHASE);
	struct em_landscape *l = look(&s, &ask);
	assert_false(l->map_is_bound);
	assert_true(l->columns >= 40 && l->rows >= 30);
	for (size_t j = 0; j < l->rows; j++)
		for (size_t i = 0; i < l->columns; i++)
			fit_near(l->map[j * l->columns + i], coins_log_p(l->map_x[i], l->map_y[j]), 1e-10);
	/* after E: each M's theta, the start before them, and the last once more for now */
	assert_int_equal(l->path, 7);
	for (size_t i = 0; i < moves; i++)
		assert_true(l->path_x[i] == path[i][0] && l->path_y[i] == path[i][1]);
	assert_true(l->path_x[6] == l->path_x[5] && l->now.at == l->path_x[6]);
	assert_true(l->map_x[0] <= .01 && l->map_x[l->columns - 1] >= .99);
	em_landscape_free(l);
	ask.zoom = 4; /* nearer: now is still on it */
	l = look(&s, &ask);
	assert_true(l->map_x[l->columns - 1] - l->map_x[0] < .26);
	assert_true(l->map_x[0] < l->now.at && l->map_x[l->columns - 1] > l->now.at);
	em_landscape_free(l);
	close_scene(&s);
}

/* ---- leaving things alone ---- */

static void same_doubles(const double *a, const double *b, size_t n)
{
	if (!a || !b)
		assert_true(!a && !b);
	else
		assert_memory_equal(a, b, n * sizeof *a);
}

static void same_landscape(const struct em_landscape *a, const struct em_landscape *b)
{
	assert_string_equal(a->why, b->why);
	assert_true(a->points == b->points && a->columns == b->columns && a->rows == b->rows && a->path == b->path);
	same_doubles(a->x, b->x, a->points);
	same_doubles(a->bound, b->bound, a->points);
	same_doubles(a->log_p, b->log_p, a->points);
	same_doubles(a->map, b->map, a->columns * a->rows);
	same_doubles(a->path_x, b->path_x, a->path);
	assert_memory_equal(&a->now, &b->now, sizeof a->now);
	assert_memory_equal(&a->best, &b->best, sizeof a->best);
}

static bool ask_at(const struct em_problem *p, size_t i, struct em_landscape_ask *out)
{
	*out = the_move;
	if (i == 1) {
		out->kind = EM_ALONG_ONE;
		return em_landscape_coordinate(p, 0, &out->x);
	}
	if (i == 2) {
		out->kind = EM_OVER_TWO;
		return em_landscape_pair(p, &out->x, &out->y);
	}
	return i == 0;
}

static void test_threads_and_rest(void **state)
{
	(void)state;
	static const char *const names[][2] = {{"coins", "coins"}, {"faithful", "gmm"}, {"icecream", "hmm"}, {"digits", "bernoulli"},
	                                       {"faithful", "factor"}, {"basins", "lda"}, {"paradox", "lda"}};
	for (size_t n = 0; n < sizeof names / sizeof names[0]; n++) {
		struct scene one, three, blind;
		struct em_landscape_ask ask;
		open_example(&one, names[n][0], names[n][1], "threads=1");
		open_example(&three, names[n][0], names[n][1], "threads=3");
		open_example(&blind, names[n][0], names[n][1], "threads=1");
		for (int i = 0; i < (fit_brief() ? 3 : 7); i++) {
			const struct em_snapshot *now = snapshot(&one);
			for (size_t k = 0; ask_at(now->problem, k, &ask) && (k < 2 || i == 1); k++) {
				struct em_landscape *a = look(&one, &ask), *b = look(&three, &ask);
				same_landscape(a, b);
				em_landscape_free(a);
				em_landscape_free(b);
			}
			em_snapshot_release(now);
			step(&one, i == 2 ? EM_UNIT : EM_PHASE);
			step(&three, i == 2 ? EM_UNIT : EM_PHASE);
			step(&blind, i == 2 ? EM_UNIT : EM_PHASE);
			const struct em_snapshot *a = snapshot(&one), *b = snapshot(&blind);
			const struct em_layout *l = &a->problem->layout;
			assert_memory_equal(a->theta, b->theta, l->theta_size * sizeof(double));
			assert_memory_equal(a->q, b->q, l->observations * l->q_stride * sizeof(double));
			assert_true(a->ledger[a->position].elbo == b->ledger[b->position].elbo && a->entries == b->entries);
			em_snapshot_release(a);
			em_snapshot_release(b);
		}
		close_scene(&one);
		close_scene(&three);
		close_scene(&blind);
	}
}

struct patience {
	size_t asked, until, told;
};

static bool gave_up(void *self)
{
	struct patience *p = self;
	return ++p->asked > p->until;
}

static void told(void *self, const char *what, size_t done, size_t of)
{
	assert_string_equal(what, "landscape");
	assert_true(done <= of);
	((struct patience *)self)->told++;
}

static void test_cancel(void **state)
{
	(void)state;
	struct scene s;
	struct em_landscape_ask ask;
	open_example(&s, "faithful", "gmm", "");
	step(&s, EM_ITERATION);
	step(&s, EM_PHASE);
	struct em_entry before = *em_run_entry(s.run);
	const struct em_snapshot *now = snapshot(&s);
	static const size_t until[] = {0, 1, 300, 9000};
	for (size_t i = 0; i < 4; i++)
		for (size_t k = 0; ask_at(now->problem, k, &ask); k++) {
			struct patience p = {.until = until[i]};
			struct em_hooks h = {.self = &p, .cancelled = gave_up, .progress = told};
			struct em_landscape *l = NULL;
			assert_int_equal(em_run_landscape(s.run, &ask, &h, &l, &s.err), EM_CANCELLED);
			assert_null(l);
			assert_true(p.told > 0);
			assert_true(p.asked <= p.until + 26); /* and at once: a pass asks once for each of its blocks */
		}
	assert_memory_equal(&before, em_run_entry(s.run), sizeof before);
	struct em_landscape *l = look(&s, &the_move);
	em_landscape_free(l);
	em_snapshot_release(now);
	close_scene(&s);
}

/* ---- what cannot be ---- */

static void test_refuses(void **state)
{
	(void)state;
	static const struct em_landscape_ask bad[] = {
		{EM_ALONG_ONE, {"topics", {0}}, {"", {0}}, 1},         {EM_ALONG_ONE, {"bias", {2}}, {"", {0}}, 1},
		{EM_ALONG_ONE, {"bias", {0, 1}}, {"", {0}}, 1},        {EM_OVER_TWO, {"bias", {0}}, {"bias", {7}}, 1},
		{EM_OVER_TWO, {"bias", {0}}, {"", {0}}, 1},            {EM_OVER_TWO, {"bias", {0}}, {"bias", {0}}, 1},
	};
	struct scene s;
	open_example(&s, "coins", "coins", "");
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct em_landscape *l = NULL;
		struct em_err err = {0};
		assert_int_equal(em_run_landscape(s.run, bad + i, NULL, &l, &err), EM_USAGE);
		assert_null(l);
		if (!strstr(err.msg, i < 5 ? "there is no" : "two different"))
			fail_msg("%s", err.msg);
	}
	close_scene(&s);
}

static void test_collapse(void **state)
{
	(void)state;
	struct scene s;
	open_example(&s, "three", "gmm", "init=observations\nfloor=0");
	for (int i = 0; i < 60; i++) {
		struct em_landscape *l = look(&s, &the_move);
		assert_true(l->why[0] || l->points > 0);
		struct em_err err = {0};
		bool e = em_run_entry(s.run)->phase == EM_E;
		enum em_status st = em_run_step(s.run, EM_PHASE, NULL, &err);
		if (st) {
			assert_true(e);
			assert_int_equal(l->points, 0);
			assert_true(strlen(l->why) > 20);
			em_landscape_free(l);
			l = look(&s, &the_move); /* still, where the run is stuck */
			assert_true(strlen(l->why) > 20);
			em_landscape_free(l);
			close_scene(&s);
			return;
		}
		em_landscape_free(l);
	}
	fail_msg("it never collapsed");
}

/* Points fall with the size of the data. */
static void test_large(void **state)
{
	(void)state;
	enum { N = 100000 };
	if (fit_brief())
		return;
	double *x = malloc(N * sizeof *x);
	uint64_t seed = 3;
	for (size_t i = 0; i < N; i++)
		x[i] = small_uniform(&seed) + (i % 3 == 0 ? 2 : 0);
	static const char *const column[] = {"x"};
	struct em_points *points = NULL;
	struct em_data *d = NULL;
	struct scene s = {.model = em_model_named("gmm")};
	must(em_points_from(N, 1, column, x, &points, &s.err), &s.err);
	must(em_data_of("large", NULL, points, NULL, &d, &s.err), &s.err);
	free(x);
	fit_open(&s.fit, "gmm", NULL, d, NULL, "components", "10", NULL);
	s.run = s.fit.run;
	step(&s, EM_PHASE);
	struct em_landscape_ask ask = {.kind = EM_OVER_TWO, .zoom = 1};
	struct em_landscape *l = look(&s, &the_move);
	assert_true(l->points >= 9 && l->points <= 41 && l->points % 2 == 1);
	check_below(&s, l);
	check_now(&s, l);
	em_landscape_free(l);
	const struct em_snapshot *now = snapshot(&s);
	assert_true(em_landscape_pair(now->problem, &ask.x, &ask.y));
	em_snapshot_release(now);
	l = look(&s, &ask);
	assert_true(l->columns * l->rows <= 100 && l->columns >= 5 && l->rows >= 5);
	em_landscape_free(l);
	close_scene(&s);
}

/* History that was let go: a shorter path, and the line where q was made is still there. */
static void test_short_history(void **state)
{
	(void)state;
	struct scene s;
	struct em_landscape_ask ask = {.kind = EM_OVER_TWO, .zoom = 1};
	open_example(&s, "faithful", "factor", "history_memory=1");
	for (int i = 0; i < 301; i++)
		step(&s, EM_PHASE);
	const struct em_snapshot *now = snapshot(&s);
	assert_true(em_landscape_pair(now->problem, &ask.x, &ask.y));
	em_snapshot_release(now);
	struct em_landscape *l = look(&s, &ask);
	assert_true(l->path > 0 && l->path < 150);
	em_landscape_free(l);
	close_scene(&s);
}

int main(void)
{
	enum { LONG = 6 }; /* the first so many go through every model, or much data */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_phase),
		cmocka_unit_test(test_two_ways),
		cmocka_unit_test(test_every_parameter),
		cmocka_unit_test(test_coins_map),
		cmocka_unit_test(test_threads_and_rest),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_linkage_formula),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_refuses),
		cmocka_unit_test(test_collapse),
		cmocka_unit_test(test_short_history),
	};
	size_t from = fit_brief() ? LONG : 0;
	return _cmocka_run_group_tests("landscape", tests + from, sizeof tests / sizeof tests[0] - from, NULL, NULL);
}
