/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Importance sampling of log p(w|alpha,beta) = log E_prior[p(w|theta)], from a fixed mixture of Dirichlets.
 *
 * Densities are taken with respect to d log theta, where Dir(a) is exp(log norm + sum a_k log theta_k): no exponent is
 * negative, and the Jacobian is the same in all ratios. */
#include "elbow/estimate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "evidence/estimate_fit.h"

/* Draws of one unit. The fit to all chains .25, the fits to stretches of them .50, a Dirichlet between the first and the prior
 * .15, the prior .10, which bounds every weight. */
enum { FITTED = 10, LOCAL = 1 /* each */, WIDE = 6, PRIOR = 4, PARTS = STRETCHES + 3 };
#define TOWARD 0.4 /* the fit, of the one between */

_Static_assert(FITTED + STRETCHES * LOCAL + WIDE + PRIOR == EM_ESTIMATE_UNIT, "the header says how many");

struct proposal {
	size_t parts, unit;             /* draws of a unit */
	unsigned char draws[2 * PARTS]; /* of each part */
	double log_share[2 * PARTS];    /* and the log norm of the part */
	const double *a;                /* [parts][k] */
};

/* Sums of w and w^2 relative to exp(top). */
struct tally {
	double top, sum, square;
	size_t samples;
};

struct em_estimator {
	size_t k;
	bool known;
	double offset, second, second_se, upper;
	struct proposal proposal;
	struct tally tally;
	gsl_rng *rng;
	double block[]; /* [PARTS][k] */
};

static uint64_t mix(uint64_t x)
{
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
	return x ^ (x >> 31);
}

/* A generator of the document's own. */
static gsl_rng *rng_of(uint64_t seed, uint64_t index)
{
	gsl_rng *rng = gsl_rng_alloc(gsl_rng_mt19937);
	if (rng)
		gsl_rng_set(rng, (unsigned long)(mix(mix(seed + 0x9e3779b97f4a7c15u) + index) & 0xffffffffu));
	return rng;
}

/* Adds the parts for one theta; a holds the fits and has room for the two others. */
static void propose(struct proposal *p, size_t k, const double *alpha, double *a)
{
	for (size_t i = 0; i < k; i++) {
		a[(1 + STRETCHES) * k + i] = (1 - TOWARD) * alpha[i] + TOWARD * a[i];
		a[(2 + STRETCHES) * k + i] = alpha[i];
	}
	for (size_t part = 0; part < PARTS; part++) {
		p->draws[p->parts] = part == 0 ? FITTED : part <= STRETCHES ? LOCAL : part == PARTS - 1 ? PRIOR : WIDE;
		p->unit += p->draws[p->parts];
		p->log_share[p->parts++] = special_log_norm(a + part * k, k);
	}
}

/* Once all parts are there. */
static void share_out(struct proposal *p, const double *a)
{
	p->a = a;
	for (size_t part = 0; part < p->parts; part++)
		p->log_share[part] += log(p->draws[part] / (double)p->unit);
}

/* Fills the lanes with draws at .. at+LANES-1 of a unit, and the log density of the mixture at each. */
static void draw(struct scene *s, const struct proposal *p, gsl_rng *rng, size_t at, double density[LANES])
{
	size_t part = 0, end = p->draws[0];
	for (size_t lane = 0; lane < LANES; lane++, at++) {
		while (at >= end)
			end += p->draws[++part];
		for (size_t i = 0; i < s->k; i++)
			s->log_theta[i * LANES + lane] = draw_log_gamma(rng, p->a[part * s->k + i]);
	}
	scene_normalize(s);
	scene_mixture(s, p->parts, p->a, p->log_share, density);
}

/* log p(theta) p(w|theta) of each lane, without the offset. */
static void joint(const struct scene *s, double out[LANES])
{
	double prior[LANES];
	scene_log_likelihood(s, out);
	scene_dot(s, s->alpha, prior);
	for (size_t lane = 0; lane < LANES; lane++)
		out[lane] += prior[lane] + s->norm;
}

/* The factor of a new weight, after older ones were brought to a new top. Returns the factor of the older in *older. */
static double enter(double *top, double log_w, double *older)
{
	*older = 1;
	if (log_w > *top) {
		*older = exp(*top - log_w);
		*top = log_w;
	}
	return isinf(log_w) ? 0 : exp(log_w - *top);
}

static void count(struct tally *t, double log_w)
{
	double older, w = enter(&t->top, log_w, &older);
	t->sum = t->sum * older + w;
	t->square = t->square * older * older + w * w;
	t->samples++;
}

static double tally_ess(const struct tally *t)
{
	return t->square > 0 ? t->sum * t->sum / t->square : 0;
}

static double tally_log_mean(const struct tally *t)
{
	return t->samples ? t->top + log(t->sum / (double)t->samples) : NAN;
}

enum em_status em_estimator_new(const struct em_document *d, const double *gamma, uint64_t seed, uint64_t index,
                                const struct em_stop *stop, struct em_estimator **out, struct em_err *err)
{
	size_t k = d->topics;
	struct scene s;
	struct em_estimator *e = calloc(1, sizeof *e + PARTS * k * sizeof(double));
	enum em_status st = scene_new(&s, d, err);
	if (!st && (!e || !(e->rng = rng_of(seed, index))))
		st = em_no_memory(err);
	if (!st) {
		e->k = k;
		e->offset = s.offset;
		e->known = scene_known(&s);
		e->tally.top = -INFINITY;
		e->second = e->upper = NAN;
		if (!e->known) {
			struct fit_result fit = {.a = e->block};
			st = fit_dirichlet(&s, gamma, e->rng, stop, &fit, err);
			e->second = fit.second + s.offset;
			e->second_se = fit.second_se;
			e->upper = fit.upper + s.offset;
		}
	}
	if (!st && !e->known) {
		propose(&e->proposal, k, d->alpha, e->block);
		share_out(&e->proposal, e->block);
	}
	scene_free(&s);
	if (st)
		em_estimator_free(e);
	else
		*out = e;
	return st;
}

enum em_status em_estimator_add(struct em_estimator *e, const struct em_document *d, size_t samples,
                                const struct em_stop *stop, struct em_err *err)
{
	struct scene s;
	size_t units = (samples + EM_ESTIMATE_UNIT - 1) / EM_ESTIMATE_UNIT;
	if (e->known) {
		e->tally.samples += units * EM_ESTIMATE_UNIT;
		return EM_OK;
	}
	enum em_status st = scene_new(&s, d, err);
	for (; !st && units; units--) {
		if (stop_now(stop)) {
			st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
			break;
		}
		for (size_t at = 0; at < EM_ESTIMATE_UNIT; at += LANES) {
			double density[LANES], log_joint[LANES];
			draw(&s, &e->proposal, e->rng, at, density);
			joint(&s, log_joint);
			for (size_t lane = 0; lane < LANES; lane++)
				count(&e->tally, log_joint[lane] - density[lane]);
		}
	}
	scene_free(&s);
	return st;
}

void em_estimator_read(const struct em_estimator *e, struct em_estimate *out)
{
	const struct tally *t = &e->tally;
	double samples = (double)t->samples;
	*out = (struct em_estimate){.samples = t->samples, .second = e->second, .second_se = e->second_se,
	                            .upper = e->upper};
	if (e->known) {
		out->log_p = e->offset;
		out->ess = samples;
		return;
	}
	out->log_p = tally_log_mean(t) + e->offset;
	out->ess = tally_ess(t);
	out->se = t->samples ? sqrt(fmax(1 / out->ess - 1 / samples, 0)) : NAN;
	out->few = !(out->ess >= 50);
	out->apart = !(fabs(out->log_p - out->second) <= 3 * hypot(out->se, out->second_se) + 0.1);
}

void em_estimator_free(struct em_estimator *e)
{
	if (e && e->rng)
		gsl_rng_free(e->rng);
	free(e);
}

enum em_status em_estimate(const struct em_document *d, const double *gamma, uint64_t seed, uint64_t index, size_t samples,
                           const struct em_stop *stop, struct em_estimate *out, struct em_err *err)
{
	struct em_estimator *e;
	enum em_status st = em_estimator_new(d, gamma, seed, index, stop, &e, err);
	if (st)
		return st;
	st = em_estimator_add(e, d, samples, stop, err);
	if (!st)
		em_estimator_read(e, out);
	em_estimator_free(e);
	return st;
}

/* ---- one document under two theta ---- */

/* Both sides and what they have in common, relative to the two tops. */
struct pair {
	struct tally side[2];
	double product;
};

static void count_pair(struct pair *p, const double log_w[2])
{
	double w[2], older[2];
	for (int i = 0; i < 2; i++) {
		w[i] = enter(&p->side[i].top, log_w[i], older + i);
		p->side[i].sum = p->side[i].sum * older[i] + w[i];
		p->side[i].square = p->side[i].square * older[i] * older[i] + w[i] * w[i];
		p->side[i].samples++;
	}
	p->product = p->product * older[0] * older[1] + w[0] * w[1];
}

static enum em_status sample_pair(struct scene s[2], const struct proposal *both, gsl_rng *rng, size_t samples,
                                  const struct em_stop *stop, struct pair *out, struct em_err *err)
{
	for (size_t done = 0; done < samples; done += both->unit) {
		if (stop_now(stop))
			return em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
		for (size_t at = 0; at < both->unit; at += LANES) {
			double density[LANES], log_joint[2][LANES];
			draw(s, both, rng, at, density);
			memcpy(s[1].log_theta, s[0].log_theta, s->k * LANES * sizeof(double));
			memcpy(s[1].theta, s[0].theta, s->k * LANES * sizeof(double));
			joint(s, log_joint[0]);
			joint(s + 1, log_joint[1]);
			for (size_t lane = 0; lane < LANES; lane++)
				count_pair(out, (double[]){log_joint[0][lane] - density[lane], log_joint[1][lane] - density[lane]});
		}
	}
	return EM_OK;
}

/* The delta method: Var(mean w') / p'^2 + ..., which is the spread of w'/mean w' - w/mean w. */
static void read_pair(const struct pair *p, const struct scene s[2], struct em_difference *out)
{
	const struct tally *x = p->side, *y = p->side + 1;
	double a = tally_ess(x), b = tally_ess(y);
	double spread = 1 / a + 1 / b - 2 * p->product / (x->sum * y->sum);
	*out = (struct em_difference){
	    .before = tally_log_mean(x) + s[0].offset,
	    .after = tally_log_mean(y) + s[1].offset,
	    .se = sqrt(fmax(spread, 0)),
	    .ess = fmin(a, b),
	    .samples = x->samples,
	    .few = !(fmin(a, b) >= 50),
	};
	out->difference = out->after - out->before;
}

/* The same starts for both chains: where the two theta are alike, so are the two fits. */
static enum em_status fit_both(struct scene s[2], const double *gamma, uint64_t seed, uint64_t index,
                               const struct em_stop *stop, struct proposal *both, double *block, struct em_err *err)
{
	for (int i = 0; i < 2; i++) {
		struct fit_result fit = {.a = block + (size_t)i * PARTS * s->k};
		gsl_rng *rng = rng_of(seed, index);
		enum em_status st = rng ? fit_dirichlet(s + i, gamma, rng, stop, &fit, err) : em_no_memory(err);
		if (rng)
			gsl_rng_free(rng);
		if (st)
			return st;
		propose(both, s->k, s[i].alpha, fit.a);
	}
	share_out(both, block);
	return EM_OK;
}

enum em_status em_estimate_difference(const struct em_document *before, const struct em_document *after,
                                      const double *gamma, uint64_t seed, uint64_t index, size_t samples,
                                      const struct em_stop *stop, struct em_difference *out, struct em_err *err)
{
	size_t k = before->topics;
	struct scene s[2] = {0};
	struct proposal both = {0};
	struct pair sums = {.side = {{.top = -INFINITY}, {.top = -INFINITY}}};
	double *block = malloc(2 * PARTS * k * sizeof *block);
	gsl_rng *rng = rng_of(seed ^ 0x5bd1e995u, index);
	enum em_status st = block && rng ? scene_new(s, before, err) : em_no_memory(err);
	if (!st)
		st = scene_new(s + 1, after, err);
	if (!st && (scene_known(s) || scene_known(s + 1))) /* nothing to draw for; a side that has no proposal stays unknown */
		*out = (struct em_difference){.before = scene_known(s) ? s[0].offset : NAN,
		                              .after = scene_known(s + 1) ? s[1].offset : NAN,
		                              .difference = s[1].offset - s[0].offset,
		                              .ess = (double)samples,
		                              .samples = samples};
	else if (!st) {
		st = fit_both(s, gamma, seed, index, stop, &both, block, err);
		if (!st)
			st = sample_pair(s, &both, rng, samples, stop, &sums, err);
		if (!st)
			read_pair(&sums, s, out);
	}
	scene_free(s);
	scene_free(s + 1);
	if (rng)
		gsl_rng_free(rng);
	free(block);
	return st;
}
