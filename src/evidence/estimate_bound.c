/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bounds of log p(w|alpha,beta) from above that hold whatever the search does. With g_k = (1/N) sum_w c_w beta_kw/s_w at any
 * theta (s_w = sum_k theta_k beta_kw), Jensen's inequality gives for every theta'
 *
 *     log p(w|theta') <= log p(w|theta) + N log sum_k g_k theta'_k
 *
 * so the largest g_k bounds what any theta' reaches, and the N-th moment of g.theta' under Dir(alpha) bounds log p(w). */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "elbow/estimate.h"
#include "evidence/estimate_fit.h"

enum { MOST_SWEEPS = 1000, LINE_STEPS = 12 };

struct fold {
	const struct scene *s;
	double *theta, *g, *at; /* [k] */
	double *h, *power;      /* [tokens+1]; power sums */
	double log_p;           /* at the theta that g belongs to */
};

/* g and log p(w|theta), the offset not in it. */
static void slope_at(struct fold *f, const double *theta)
{
	const struct scene *s = f->s;
	f->log_p = 0;
	memset(f->g, 0, s->k * sizeof *f->g);
	for (size_t w = 0; w < s->pairs; w++) {
		const double *row = s->beta + w * s->k;
		double x = 0;
		for (size_t i = 0; i < s->k; i++)
			x += theta[i] * row[i];
		f->log_p += s->count[w] * log(x);
		for (size_t i = 0; i < s->k; i++)
			f->g[i] += s->count[w] * (row[i] / x) / s->tokens;
	}
}

static double largest(const double *x, size_t k)
{
	double top = x[0];
	for (size_t i = 1; i < k; i++)
		top = fmax(top, x[i]);
	return top;
}

/* log E_Dir(alpha)[(g.theta)^N] = log N! + lgamma(A) - lgamma(A+N) + log h_N, h_n the coefficients of
 * prod_k (1 - g_k t)^(-alpha_k): n h_n = sum_j p_j h_(n-j), p_j = sum_k alpha_k g_k^j. All terms are positive; g is taken
 * relative to its largest, and h is scaled down where it grows beyond the doubles. */
static double log_moment(struct fold *f)
{
	const struct scene *s = f->s;
	size_t n = (size_t)s->tokens;
	double top = largest(f->g, s->k), scale = 0;
	for (size_t j = 0; j <= n; j++)
		f->power[j] = 0;
	for (size_t i = 0; i < s->k; i++) {
		double x = s->alpha[i], g = f->g[i] / top;
		for (size_t j = 1; j <= n && x > 0; j++)
			f->power[j] += x *= g;
	}
	f->h[0] = 1;
	for (size_t m = 1; m <= n; m++) {
		double sum = 0;
		for (size_t j = 1; j <= m; j++)
			sum += f->power[j] * f->h[m - j];
		f->h[m] = sum / (double)m;
		if (f->h[m] > 1e200) {
			for (size_t j = 0; j <= m; j++)
				f->h[j] *= 1e-200;
			scale += 200 * log(10);
		}
	}
	double norm = special_lgamma(s->tokens + 1) + special_lgamma(s->total) - special_lgamma(s->total + s->tokens);
	double x = norm + log(f->h[n]) + scale + s->tokens * log(top);
	return isfinite(x) ? x : s->tokens * log(top);
}

/* The bounds at a theta, kept where they are the least so far. Returns the moment's. */
static double bound_at(struct fold *f, const double *theta, struct em_ceiling *out)
{
	slope_at(f, theta);
	if (!isfinite(f->log_p))
		return INFINITY;
	double certificate = f->log_p + f->s->tokens * log(largest(f->g, f->s->k)), moment = f->log_p + log_moment(f);
	out->certificate = fmin(out->certificate, certificate);
	out->moment = fmin(out->moment, moment);
	return moment;
}

/* EM for theta: theta_k <- theta_k g_k. The moment is looked at on the way, at sweeps 1, 2, 4, ...; it is least before the end. */
static bool climb(struct fold *f, const struct em_stop *stop, struct em_ceiling *out)
{
	const struct scene *s = f->s;
	for (unsigned sweep = 0;; sweep++) {
		if (stop_now(stop))
			return false;
		slope_at(f, f->theta);
		double rest = s->tokens * log(largest(f->g, s->k));
		out->fold_in = f->log_p;
		out->sweeps = sweep;
		bool last = rest <= 1e-6 || sweep == MOST_SWEEPS;
		out->certificate = fmin(out->certificate, f->log_p + rest);
		if (last || (sweep & (sweep - 1)) == 0)
			out->moment = fmin(out->moment, f->log_p + log_moment(f));
		if (last)
			return true;
		for (size_t i = 0; i < s->k; i++)
			f->theta[i] *= f->g[i];
	}
}

/* Between the best theta and the mean of the prior, where the moment's bound is convex in practice: golden section. */
static bool descend(struct fold *f, const struct em_stop *stop, struct em_ceiling *out)
{
	static const double golden = 0.6180339887498949;
	const struct scene *s = f->s;
	double low = 0, high = 1, value[2] = {NAN, NAN}, t[2] = {1 - golden, golden};
	for (int i = 0; i < LINE_STEPS; i++) {
		if (stop_now(stop))
			return false;
		for (int side = 0; side < 2; side++) {
			if (!isnan(value[side]))
				continue;
			for (size_t j = 0; j < s->k; j++)
				f->at[j] = (1 - t[side]) * f->theta[j] + t[side] * s->alpha[j] / s->total;
			value[side] = bound_at(f, f->at, out);
		}
		bool left = value[0] < value[1];
		if (left) {
			high = t[1];
			t[1] = t[0];
			value[1] = value[0];
			t[0] = high - golden * (high - low);
		} else {
			low = t[0];
			t[0] = t[1];
			value[0] = value[1];
			t[1] = low + golden * (high - low);
		}
		value[left ? 0 : 1] = NAN;
	}
	return true;
}

static void begin(struct fold *f, const double *gamma)
{
	double sum = 0;
	for (size_t i = 0; i < f->s->k; i++)
		sum += f->theta[i] = gamma && gamma[i] > 0 ? gamma[i] : 1;
	for (size_t i = 0; i < f->s->k; i++)
		f->theta[i] /= sum;
	slope_at(f, f->theta);
	for (size_t i = 0; i < f->s->k && !isfinite(f->log_p); i++) /* a gamma that the words contradict */
		f->theta[i] = 1 / (double)f->s->k;
}

enum em_status em_fold_in_bound(const struct em_document *d, const double *gamma, const struct em_stop *stop,
                                struct em_ceiling *out, struct em_err *err)
{
	struct scene s;
	struct em_ceiling best = {.certificate = INFINITY, .moment = INFINITY};
	enum em_status st = scene_new(&s, d, err);
	size_t k = d->topics, n = st ? 0 : (size_t)s.tokens + 1;
	double *block = st || scene_known(&s) ? NULL : malloc((3 * k + 2 * n) * sizeof *block);
	if (!st && scene_known(&s))
		best = (struct em_ceiling){s.offset, s.offset, s.offset, s.offset, 0};
	else if (!st && !block)
		st = em_no_memory(err);
	else if (!st) {
		struct fold f = {&s, block, block + k, block + 2 * k, block + 3 * k, block + 3 * k + n, 0};
		begin(&f, gamma);
		if (!climb(&f, stop, &best) || !descend(&f, stop, &best))
			st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		best.fold_in += s.offset;
		best.certificate += s.offset;
		best.moment += s.offset;
		best.value = fmin(best.certificate, best.moment);
	}
	if (!st)
		*out = best;
	free(block);
	scene_free(&s);
	return st;
}
