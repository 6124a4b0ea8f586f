/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/split.h"

#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>

#include "base/special.h"

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* log theta of a draw of Dir(gamma): a Gamma(a) draw of a small a is log Gamma(a+1) + log(U)/a. */
static void draw(const struct em_document *d, const double *gamma, gsl_rng *rng, double *log_theta)
{
	for (size_t i = 0; i < d->topics; i++)
		log_theta[i] = gamma[i] < 1 ? log(gsl_ran_gamma(rng, gamma[i] + 1, 1)) + log(gsl_rng_uniform_pos(rng)) / gamma[i]
		                            : log(gsl_ran_gamma(rng, gamma[i], 1));
	double all = special_log_sum_exp(log_theta, d->topics);
	for (size_t i = 0; i < d->topics; i++)
		log_theta[i] -= all;
}

/* log p(w|theta); in logs only where a sum underflows. */
static double log_words(const struct em_document *d, const double *log_theta, double *theta)
{
	double sum = 0;
	for (size_t i = 0; i < d->topics; i++)
		theta[i] = exp(log_theta[i]);
	for (size_t w = 0; w < d->pairs; w++) {
		const double *row = d->beta + d->term[w] * d->stride;
		double s = 0;
		for (size_t i = 0; i < d->topics; i++)
			s += theta[i] * row[i];
		if (!(s > 1e-290)) {
			double top = -INFINITY;
			for (size_t i = 0; i < d->topics; i++)
				top = row[i] > 0 ? fmax(top, log_theta[i] + log(row[i])) : top;
			s = 0;
			for (size_t i = 0; i < d->topics; i++)
				s += row[i] > 0 ? exp(log_theta[i] + log(row[i]) - top) : 0;
			sum += d->count[w] * (log(s) + top);
		} else {
			sum += d->count[w] * log(s);
		}
	}
	return sum;
}

/* log p(w|theta) - Sum (gamma - alpha) log theta. */
static double value(const struct em_document *d, const double *gamma, const double *log_theta, double *theta)
{
	double x = log_words(d, log_theta, theta);
	for (size_t k = 0; k < d->topics; k++)
		x -= (gamma[k] - d->alpha[k]) * log_theta[k];
	return x;
}

static bool stopped(const struct em_stop *stop)
{
	return stop && stop->cancelled && stop->cancelled(stop->self);
}

/* ---- two or three topics: the trapezoidal rule ---- */

/* t ~ Beta(a, b) in the logit x = log(t / (1-t)), where its density a x - (a+b) log(1 + e^x) is smooth and its tails are exponential, and x =
 * mode + s sinh(u), which reaches them soon: the trapezoidal rule in u then errs like exp(-c/h) (Takahasi and Mori 1974). Nodes of an even
 * number are those of the rule of step 2h. */
enum { PER_UNIT = 16, MOST = 2048 };

struct rule {
	size_t n;
	double log_t[MOST], log_rest[MOST], weight[MOST], coarse[MOST];
};

static double log1p_exp(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}

static void rule_of(double a, double b, struct rule *r)
{
	double mode = log(a) - log(b), s = fmin(1, sqrt(1 / a + 1 / b)), top = a * mode - (a + b) * log1p_exp(mode), sum = 0, sum_coarse = 0;
	double reach = asinh(45 / (fmin(1, fmin(a, b)) * s));
	int last = (int)fmin(ceil(reach * PER_UNIT), MOST / 2 - 1);
	r->n = 0;
	for (int i = -last; i <= last; i++) {
		double u = (double)i / PER_UNIT, x = mode + s * sinh(u), far = log1p_exp(x);
		double w = exp(a * x - (a + b) * far - top) * cosh(u);
		if (!(w > 1e-22))
			continue;
		r->log_t[r->n] = x - far;
		r->log_rest[r->n] = -far;
		r->weight[r->n] = w;
		r->coarse[r->n++] = i % 2 ? 0 : w;
		sum += w;
		sum_coarse += i % 2 ? 0 : w;
	}
	for (size_t i = 0; i < r->n; i++) {
		r->weight[i] /= sum;
		r->coarse[i] /= sum_coarse;
	}
}

/* Sticks: theta_1 = t_1, theta_2 = (1-t_1) t_2. */
static enum em_status integrate(const struct em_document *d, const double *gamma, const struct em_stop *stop, double *room, double *mean,
                                double *error, struct em_err *err)
{
	size_t k = d->topics;
	double fine = 0, coarse = 0, *log_theta = room, *theta = room + k;
	struct rule *r = malloc(2 * sizeof *r);
	if (!r)
		return em_no_memory(err);
	rule_of(gamma[0], gamma[1] + (k > 2 ? gamma[2] : 0), r);
	r[1].n = 1;
	r[1].log_t[0] = 0;
	r[1].weight[0] = r[1].coarse[0] = 1;
	if (k > 2)
		rule_of(gamma[1], gamma[2], r + 1);
	for (size_t i = 0; i < r->n; i++) {
		if (stopped(stop)) {
			free(r);
			return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		}
		for (size_t j = 0; j < r[1].n; j++) {
			double w = r->weight[i] * r[1].weight[j];
			if (w < 1e-22)
				continue;
			log_theta[0] = r->log_t[i];
			log_theta[1] = r->log_rest[i] + r[1].log_t[j];
			if (k > 2)
				log_theta[2] = r->log_rest[i] + r[1].log_rest[j];
			double x = value(d, gamma, log_theta, theta);
			fine += w * x;
			coarse += r->coarse[i] * r[1].coarse[j] * x;
		}
	}
	free(r);
	*mean = fine;
	*error = fabs(fine - coarse) + 1e-14 * fabs(fine);
	return EM_OK;
}

/* ---- any number of topics: draws ---- */

static enum em_status sample(const struct em_document *d, const double *gamma, gsl_rng *rng, size_t draws, const struct em_stop *stop,
                             double *room, double *mean, double *se, struct em_err *err)
{
	double m = 0, square = 0;
	for (size_t i = 0; i < draws; i++) {
		if (i % 64 == 0 && stopped(stop))
			return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		draw(d, gamma, rng, room);
		double x = value(d, gamma, room, room + d->topics), step = x - m;
		m += step / (double)(i + 1);
		square += step * (x - m);
	}
	*mean = m;
	*se = draws > 1 ? sqrt(square / (double)(draws - 1) / (double)draws) : INFINITY;
	return EM_OK;
}

static enum em_status expect(const struct em_document *d, const double *gamma, uint64_t seed, uint64_t index, size_t draws,
                             const struct em_stop *stop, double *mean, double *se, struct em_err *err)
{
	double *room = malloc(2 * d->topics * sizeof *room);
	enum em_status st = room ? EM_OK : em_no_memory(err);
	if (!st && d->topics <= 3) {
		st = integrate(d, gamma, stop, room, mean, se, err);
	} else if (!st) {
		gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
		if (rng) {
			gsl_rng_set(rng, (unsigned long)(mix(mix(seed + 0x9e3779b97f4a7c15u) + index) & 0xffffffffu));
			st = sample(d, gamma, rng, draws, stop, room, mean, se, err);
		} else {
			st = em_no_memory(err);
		}
		gsl_rng_free(rng);
	}
	free(room);
	return st;
}

enum em_status em_split_kl(const struct em_document *d, const double *gamma, double log_p, double elbo, uint64_t seed, uint64_t index,
                           size_t draws, const struct em_stop *stop, struct em_split *out, struct em_err *err)
{
	double sum = 0, mean = 0, words = 0;
	*out = (struct em_split){NAN, 0, NAN, NAN};
	for (size_t w = 0; w < d->pairs; w++)
		words += d->count[w];
	for (size_t k = 0; k < d->topics; k++)
		sum += gamma[k];
	/* The control variate's mean and KL(q(theta) || p(theta)) together: what is left is D(alpha) - D(gamma). */
	double level = special_log_norm(d->alpha, d->topics) - special_log_norm(gamma, d->topics);
	if (d->topics > 1 && words > 0) {
		enum em_status st = expect(d, gamma, seed, index, draws, stop, &mean, &out->level_se, err);
		if (st)
			return st;
		level += mean;
	} else {
		double psi_sum = special_digamma(sum);
		for (size_t k = 0; k < d->topics; k++)
			level += (d->alpha[k] - gamma[k]) * (special_digamma(gamma[k]) - psi_sum);
		for (size_t w = 0; w < d->pairs; w++)
			level += d->count[w] ? d->count[w] * log(d->beta[d->term[w] * d->stride]) : 0;
	}
	out->level = level;
	out->theta = log_p - level;
	out->price = level - elbo;
	return EM_OK;
}
