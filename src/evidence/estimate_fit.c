/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "evidence/estimate_fit.h"

#include <gsl/gsl_randist.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"

enum { CHAINS = 10, DROPPED = 10, KEPT = 20, DRAWS = CHAINS * KEPT, BATCHES = DRAWS / LANES };
/* The least log of a draw: still a number less another such one. */
#define LEAST (-1e305)

enum em_status scene_new(struct scene *s, const struct em_document *d, struct em_err *err)
{
	size_t k = d->topics, lanes = k * LANES, size = 2 * lanes + d->pairs * (k + 1);
	*s = (struct scene){.k = k, .pairs = d->pairs, .alpha = d->alpha, .norm = special_log_norm(d->alpha, k)};
	double *block = s->block = aligned_alloc(64, (size * sizeof(double) + 64) / 64 * 64);
	if (!block)
		return em_no_memory(err);
	s->log_theta = block;
	s->theta = block + lanes;
	s->beta = block + 2 * lanes;
	s->count = s->beta + d->pairs * k;
	for (size_t i = 0; i < k; i++)
		s->total += d->alpha[i];
	for (size_t w = 0; w < d->pairs; w++) {
		const double *row = d->beta + d->term[w] * d->stride;
		double top = 0;
		for (size_t i = 0; i < k; i++)
			top = fmax(top, row[i]);
		s->count[w] = d->count[w];
		s->tokens += s->count[w];
		if (d->count[w])
			s->offset += s->count[w] * log(top);
		for (size_t i = 0; i < k; i++)
			s->beta[w * k + i] = top > 0 ? row[i] / top : 1;
	}
	return EM_OK;
}

void scene_free(struct scene *s)
{
	free(s->block);
	s->block = NULL;
}

bool scene_known(const struct scene *s)
{
	return s->k == 1 || s->tokens == 0 || isinf(s->offset);
}

bool stop_now(const struct em_stop *stop)
{
	return stop && stop->cancelled && stop->cancelled(stop->self);
}

/* Below 1 through a + 1, so that the log never comes from a product that underflowed. */
double draw_log_gamma(gsl_rng *rng, double a)
{
	if (a >= 1)
		return log(gsl_ran_gamma(rng, a, 1));
	double up = log(gsl_ran_gamma(rng, a + 1, 1));
	return fmax(up + log(gsl_rng_uniform_pos(rng)) / a, LEAST);
}

struct gibbs {
	struct scene *s;
	gsl_rng *rng;
	double *log_theta, *theta; /* [k] of the chain */
	double *n;                 /* [k] tokens of each topic */
	double *sum;               /* [k] running sums of one word's weights */
	double *mean;              /* [1 + STRETCHES][k] of E[log theta | z]: of all, of each stretch */
	double *kept;              /* [BATCHES][k][LANES] logs of shares */
};

static void draw_theta(struct gibbs *g, const double *prior, const double *n)
{
	size_t k = g->s->k;
	double top = -INFINITY, sum = 0;
	for (size_t i = 0; i < k; i++)
		top = fmax(top, g->log_theta[i] = draw_log_gamma(g->rng, prior[i] + (n ? n[i] : 0)));
	for (size_t i = 0; i < k; i++)
		sum += g->theta[i] = exp(g->log_theta[i] - top);
	for (size_t i = 0; i < k; i++) {
		g->theta[i] /= sum;
		g->log_theta[i] -= top + log(sum);
	}
}

/* Running sums of theta_k beta_k up to a factor; in log space where the products underflow. */
static double weigh(struct gibbs *g, const double *row)
{
	size_t k = g->s->k;
	double sum = 0;
	for (size_t i = 0; i < k; i++)
		g->sum[i] = sum += g->theta[i] * row[i];
	if (sum >= 1e-280)
		return sum;
	double top = -INFINITY;
	for (size_t i = 0; i < k; i++)
		if (row[i] > 0)
			top = fmax(top, g->log_theta[i] + log(row[i]));
	sum = 0;
	for (size_t i = 0; i < k; i++)
		g->sum[i] = sum += row[i] > 0 ? exp(g->log_theta[i] + log(row[i]) - top) : 0;
	return sum;
}

static void draw_topics(struct gibbs *g)
{
	const struct scene *s = g->s;
	memset(g->n, 0, s->k * sizeof *g->n);
	for (size_t w = 0; w < s->pairs; w++) {
		double all = weigh(g, s->beta + w * s->k);
		for (double c = s->count[w]; c > 0; c--) {
			double u = gsl_rng_uniform(g->rng) * all;
			size_t i = 0;
			while (i + 1 < s->k && u >= g->sum[i])
				i++;
			g->n[i]++;
		}
	}
}

/* What a chain leaves behind in one of its sweeps kept: the mean of log theta given z, and the draw. */
static void keep(struct gibbs *g, size_t draw)
{
	const struct scene *s = g->s;
	double *stretch = g->mean + (1 + draw * STRETCHES / DRAWS) * s->k;
	double *lane = g->kept + draw / LANES * s->k * LANES + draw % LANES, all = special_digamma(s->total + s->tokens);
	for (size_t i = 0; i < s->k; i++) {
		double x = special_digamma(s->alpha[i] + g->n[i]) - all;
		g->mean[i] += x / DRAWS;
		stretch[i] += x * STRETCHES / DRAWS;
		lane[i * LANES] = g->log_theta[i];
	}
}

static bool run_chains(struct gibbs *g, const double *gamma, const struct em_stop *stop)
{
	for (size_t chain = 0, draw = 0; chain < CHAINS; chain++) {
		draw_theta(g, gamma, NULL);
		for (int sweep = 0; sweep < DROPPED + KEPT; sweep++) {
			if (stop_now(stop))
				return false;
			draw_topics(g);
			draw_theta(g, g->s->alpha, g->n);
			if (sweep >= DROPPED)
				keep(g, draw++);
		}
	}
	return true;
}

/* sum_k a_k(s) - s with a_k(s) = psi^-1(mean_k + psi(s)), whose root is the fixed point; and its derivative. */
static double excess(const double *mean, size_t k, double s, double *a, double *slope)
{
	double sum = 0, psi = special_digamma(s), own = special_trigamma(s), rise = 0;
	for (size_t i = 0; i < k; i++) {
		sum += a[i] = fmax(special_inverse_digamma(mean[i] + psi), 1e-300);
		rise += own / special_trigamma(a[i]);
	}
	*slope = rise - 1;
	return sum - s;
}

/* psi(a_k) - psi(sum a) = mean_k. Repeating a <- a(sum a) converges slowly where sum a is large, so the root over the one number
 * s = sum a is found by Newton's method, kept between the last points on either side: a(s) sums to more than s for small s, to
 * less for large s, as the exponentials of the means sum to less than 1. Any a would do for a proposal: six digits are plenty.
 * Returns s. */
static double solve(const double *mean, size_t k, double start, double *a)
{
	double low = 0, high = INFINITY, s = start, slope;
	for (int i = 0; i < 60; i++) {
		double f = excess(mean, k, s, a, &slope);
		if (fabs(f) <= 1e-6 * s || !(high - low > 1e-12 * low))
			break;
		if (f > 0)
			low = s;
		else
			high = s;
		s -= f / slope;
		if (!(s > low && s < high))
			s = low > 0 && high < INFINITY ? sqrt(low * high) : low > 0 ? 4 * low : high / 4;
	}
	return s;
}

/* log p(theta, w) - log f(theta) of the draws kept: their mean, and the reciprocal estimate. f of a draw is the fit to all,
 * and as much of the fits to stretches of the other half of the chains: those fitted to the draw itself would flatter it. */
static void look_back(struct gibbs *g, struct fit_result *out)
{
	enum { HALF = STRETCHES / 2 };
	struct scene *s = g->s;
	double ratio[DRAWS], twice[DRAWS], log_share[1 + STRETCHES], sum = 0;
	for (size_t i = 0; i <= STRETCHES; i++)
		log_share[i] = special_log_norm(out->a + i * s->k, s->k) - log(i ? 2 * HALF : 2);
	for (size_t b = 0; b < BATCHES; b++) {
		double words[LANES], prior[LANES], own[3][LANES];
		memcpy(s->log_theta, g->kept + b * s->k * LANES, s->k * LANES * sizeof(double));
		scene_normalize(s);
		scene_log_likelihood(s, words);
		scene_dot(s, s->alpha, prior);
		scene_mixture(s, 1, out->a, log_share, own[2]);
		for (size_t half = 0; half < 2; half++)
			scene_mixture(s, HALF, out->a + (1 + half * HALF) * s->k, log_share + 1 + half * HALF, own[half]);
		for (size_t i = 0, draw = b * LANES; i < LANES; i++, draw++) {
			double f[2] = {own[2][i], own[draw < DRAWS / 2][i]};
			double x = words[i] + s->norm + (prior[i] - special_log_sum_exp(f, 2));
			sum += x / DRAWS;
			ratio[draw] = -x;
			twice[draw] = -2 * x;
		}
	}
	double first = special_log_sum_exp(ratio, DRAWS), second = special_log_sum_exp(twice, DRAWS);
	out->second = log(DRAWS) - first;
	out->second_se = sqrt(fmax(exp(second - 2 * first) - 1.0 / DRAWS, 0));
	out->upper = sum;
}

enum em_status fit_dirichlet(struct scene *s, const double *gamma, gsl_rng *rng, const struct em_stop *stop,
                             struct fit_result *out, struct em_err *err)
{
	size_t k = s->k;
	double *block = calloc((5 + STRETCHES + DRAWS) * k, sizeof *block);
	if (!block)
		return em_no_memory(err);
	struct gibbs g = {s, rng, block, block + k, block + 2 * k, block + 3 * k, block + 4 * k, block + (5 + STRETCHES) * k};
	if (!run_chains(&g, gamma, stop)) {
		free(block);
		return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	}
	double sum = solve(g.mean, k, s->total + s->tokens, out->a);
	for (size_t i = 1; i <= STRETCHES; i++)
		solve(g.mean + i * k, k, sum, out->a + i * k);
	look_back(&g, out);
	free(block);
	return EM_OK;
}
