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

static enum em_status sample(const struct em_document *d, const double *gamma, gsl_rng *rng, size_t draws, const struct em_stop *stop,
                             double *room, double *mean, double *se, struct em_err *err)
{
	double m = 0, square = 0, *log_theta = room, *theta = room + d->topics;
	for (size_t i = 0; i < draws; i++) {
		if (i % 64 == 0 && stop && stop->cancelled && stop->cancelled(stop->self))
			return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		draw(d, gamma, rng, log_theta);
		double x = log_words(d, log_theta, theta);
		for (size_t k = 0; k < d->topics; k++)
			x -= (gamma[k] - d->alpha[k]) * log_theta[k];
		double step = x - m;
		m += step / (double)(i + 1);
		square += step * (x - m);
	}
	*mean = m;
	*se = draws > 1 ? sqrt(square / (double)(draws - 1) / (double)draws) : INFINITY;
	return EM_OK;
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
		gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
		double *room = malloc(2 * d->topics * sizeof *room);
		enum em_status st = rng && room ? EM_OK : em_no_memory(err);
		if (!st) {
			gsl_rng_set(rng, (unsigned long)(mix(mix(seed + 0x9e3779b97f4a7c15u) + index) & 0xffffffffu));
			st = sample(d, gamma, rng, draws, stop, room, &mean, &out->level_se, err);
		}
		gsl_rng_free(rng);
		free(room);
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
