/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Genetic linkage, the smallest EM there is (Dempster, Laird and Rubin 1977; the counts are Rao's): animals fall into four
 * cells with probabilities 1/2 + pi/4, (1-pi)/4, (1-pi)/4, pi/4, and which animals of the first belong to its part pi/4 is
 * hidden. Each row is an experiment of its own with the same pi. log p is that of the sequence of animals: no coefficient.
 *
 * theta: pi, and 1-pi kept on its own, since near 1 the difference would round to 0. Statistics: animals of the first cell
 * in the part 1/2 and in the part pi/4, both expected; animals in the second and third cell, in the fourth. */
#include <gsl/gsl_rng.h>
#include <math.h>

#include "elbow/points.h"
#include "model/mixture.h"
#include "model/models.h"

enum { TERM_PZ, TERM_PX, TERM_QZ };
enum { HALF, QUARTER, AGAINST, WITH, STATS };
enum { INIT_RANDOM, INIT_GIVEN };
enum { CELLS = 4 };
/* A share below this is 0: of anything nearer the smallest double the M-step would make a pi of 0. */
#define LEAST 1e-280

static const struct em_term terms[] = {
	{"e_log_p_z", "E[log p(x₁,z|π)]", false, "how well the split of the first cell fits its parts 1/2 and π/4"},
	{"e_log_p_x", "log p(x₂,x₃,x₄|π)", false, "how well the cells in plain sight fit π; q has no say in it"},
	{"h_z", "H[q(z)]", true, "how open q leaves which animals of the first cell belong to its part π/4"},
};

static const double *cells(const struct em_problem *p, size_t n)
{
	return p->data->points->x + n * CELLS;
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_points *x = data->points;
	double all = 0;
	(void)s;
	if (x->columns != CELLS)
		return em_fail(err, EM_INPUT, "linkage takes four columns, the counts of its cells in order; the table has %zu, choose "
		               "with columns=a,b,c,d", x->columns);
	for (size_t i = 0; i < x->rows * CELLS; i++) {
		double v = x->x[i];
		if (!(v >= 0) || v != floor(v) || v >= 1e15)
			return em_fail(err, EM_INPUT, "row %zu, column %s: %g animals; a count is a whole number from 0", i / CELLS + 1,
			               x->column[i % CELLS], v);
		all += v;
	}
	if (!(all > 0))
		return em_fail(err, EM_INPUT, "no animal was counted; give at least one row with a count above 0");
	*out = (struct em_layout){
	    .observations = data->observations,
	    .components = 2,
	    .theta = {{"pi", 1, {1}, {1}, 0, EM_PROBABILITY}},
	    .theta_arrays = 1,
	    .q = {{"share", 1, {data->observations}, {1}, 0, EM_PROBABILITY}},
	    .q_arrays = 1,
	    .stats = {{"animals", 1, {STATS}, {1}, 0, EM_FREE}},
	    .stats_arrays = 1,
	    .theta_size = 2,
	    .q_stride = 1,
	    .stats_size = STATS,
	    .derived_size = STATS,
	    .work_size = 1,
	    .terms = TERM_QZ + 1,
	};
	return EM_OK;
}

static void complete(const struct em_problem *p, double *theta)
{
	(void)p;
	theta[1] = 1 - theta[0];
}

static enum em_status init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	if ((int)em_settings_number(p->settings, "init") == INIT_GIVEN)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (!rng)
		return em_no_memory(err);
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	theta[0] = gsl_rng_uniform_pos(rng);
	gsl_rng_free(rng);
	complete(p, theta);
	return EM_OK;
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	if (!(theta[0] >= 0 && theta[0] <= 1))
		return em_fail(err, EM_INPUT, "pi is %g; a probability is from 0 to 1", theta[0]);
	for (size_t n = 0; n < p->layout.observations; n++)
		for (size_t i = 1; i < CELLS; i++)
			if (cells(p, n)[i] > 0 && !(theta[i < 3] > 0))
				return em_fail(err, EM_INPUT, "row %zu has %g animals in cell %zu, which pi = %g rules out; give one between 0 and 1",
				               n + 1, cells(p, n)[i], i + 1, theta[0]);
	return EM_OK;
}

/* ---- E-step ---- */

/* Logs of the probabilities of the four kinds of animals. */
static void logs_of(const double *theta, double *out)
{
	out[HALF] = log(0.5);
	out[QUARTER] = log(theta[0] / 4);
	out[AGAINST] = log(theta[1] / 4);
	out[WITH] = out[QUARTER];
}

static void derive(const struct em_problem *p, const double *now, const double *made, double *out)
{
	(void)p, (void)made; /* q is kept: only the parameters it is judged by matter */
	logs_of(now, out);
}

/* n log p, 0 where n is 0 whatever p is. */
static double times_log(double n, double log_p)
{
	return n > 0 ? n * log_p : 0;
}

static void start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	(void)p, (void)n, (void)work;
	q[0] = t->now[0] > 0 ? 0.5 : 0;
}

static void e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget, const double *q_before,
                   const struct em_bound *before, double *q, struct em_progress *progress, double *work)
{
	(void)p, (void)n, (void)budget, (void)q_before, (void)before, (void)work;
	q[0] = t->now[0] / (2 + t->now[0]);
	if (q[0] < LEAST)
		q[0] = 0;
	progress->sweeps++;
	progress->done = true;
}

static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	(void)work;
	const double *y = cells(p, n), *logs = t->derived;
	double with = q[0], without = 1 - q[0], whole = log1p(t->now[0] / 2) - log(2); /* log of 1/2 + pi/4 */
	double h = -times_log(with, log(with)) - times_log(without, log(without));
	double split = times_log(without, logs[HALF]) + times_log(with, logs[QUARTER]);
	double sight = times_log(y[1] + y[2], logs[AGAINST]) + times_log(y[3], logs[WITH]);
	/* The posterior of one animal: exp(log of its part - log of the cell). */
	double kl = times_log(with, log(with) - (logs[QUARTER] - whole)) + times_log(without, log(without) - (logs[HALF] - whole));
	*out = (struct em_bound){.elbo = times_log(y[0], split + h) + sight,
	                         .terms = {times_log(y[0], split), sight, y[0] * h},
	                         .log_p = y[0] * whole + sight,
	                         .kl = times_log(y[0], kl)};
	if (!stats)
		return;
	stats[HALF] += without * y[0];
	stats[QUARTER] += with * y[0];
	stats[AGAINST] += y[1] + y[2];
	stats[WITH] += y[3];
}

/* ---- M-step ---- */

static const char *block(const struct em_problem *p, unsigned i)
{
	(void)p;
	return i == 0 ? "pi" : NULL;
}

static enum em_status m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta, struct em_err *err)
{
	(void)p, (void)i, (void)err;
	double with = stats[QUARTER] + stats[WITH], all = with + stats[AGAINST];
	if (!(all > 0)) /* no animal says anything of pi: 0/0, it stays */
		return EM_OK;
	theta[0] = with / all;
	theta[1] = stats[AGAINST] / all;
	return EM_OK;
}

static void energy(const struct em_problem *p, const double *theta, const double *stats, double *out)
{
	double logs[STATS];
	(void)p;
	logs_of(theta, logs);
	out[TERM_PZ] = times_log(stats[HALF], logs[HALF]) + times_log(stats[QUARTER], logs[QUARTER]);
	out[TERM_PX] = times_log(stats[AGAINST], logs[AGAINST]) + times_log(stats[WITH], logs[WITH]);
}

/* ---- to look at ---- */

static void shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)p, (void)n;
	out[0] = 1 - q[0];
	out[1] = q[0];
}

static void masses(const struct em_problem *p, const double *stats, double *out)
{
	(void)p;
	out[0] = stats[HALF];
	out[1] = stats[QUARTER];
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	(void)p;
	if (max)
		out[0] = k == 0 ? (struct em_item){0, 0.5, "cell 1, part 1/2"} : (struct em_item){0, theta[0] / 4, "cell 1, part π/4"};
	return max ? 1 : 0;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	(void)p;
	return m_phase ? "π = (Σ q_n y_n1 + Σ y_n4) / (Σ q_n y_n1 + Σ y_n4 + Σ y_n2 + Σ y_n3)" : "q_n = π/4 / (1/2 + π/4)";
}

static const char *const init_choices[] = {"random", "given", NULL};

static const struct em_setting rows[] = {
	{"components", EM_INTEGER, "2", 2, 2, NULL, EM_EFFECT_RESTART, "number of parts of the first cell: two"},
	{"init", EM_CHOICE, "random", 0, 0, init_choices, EM_EFFECT_RESTART,
	 "where pi starts: anywhere between 0 and 1, or given by a state file"},
};

static const struct em_setting_table settings = {"linkage", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_linkage = {
	.name = "linkage",
	.title = "Linkage",
	.observation = "experiment",
	.component = "part",
	.unit = "animal",
	.latent = "q(z) = Π_n Π_i q(z_ni): to which part of the first cell its animal i belongs, π/4 with probability q_n",
	.takes = EM_DATA_POINTS,
	.exact = true,
	.discrete = true,
	.picture = EM_PICTURE_CELLS,
	.settings = &settings,
	.terms = terms,
	.layout = layout,
	.init = init,
	.complete = complete,
	.check = check,
	.start = start,
	.derive = derive,
	.e_step = e_step,
	.collect = collect,
	.m_step = m_step,
	.block = block,
	.energy = energy,
	.shares = shares,
	.monotone = exact_monotone,
	.describe = describe,
	.masses = masses,
	.explain = exact_explain,
	.equation = equation,
};
