/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "model/mixture.h"

#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/lda_kernel.h"

enum { TERM_PZ, TERM_PX, TERM_QZ };
enum { INIT_RANDOM, INIT_OBSERVATIONS, INIT_GIVEN };
enum { CANDIDATES = 5 }; /* observations tried as the seed of a component */

const struct em_term mixture_terms[] = {
	{"e_log_p_z", "E[log p(z|w)]", false, "how well the responsibilities fit the weights of the components"},
	{"e_log_p_x", "E[log p(x|z)]", false, "how well the observations fit the components they are given to"},
	{"h_z", "H[q(z)]", true, "how open q leaves the component of each observation"},
};

const char *const mixture_update_choices[] = {"fixed", "estimated", NULL};
const char *const mixture_init_choices[] = {"random", "observations", "given", NULL};

size_t mixture_padded(size_t k)
{
	return (k + MIXTURE_LANES - 1) / MIXTURE_LANES * MIXTURE_LANES;
}

size_t mixture_theta(size_t k)
{
	return mixture_padded(k);
}

size_t mixture_stats(size_t k)
{
	return mixture_padded(k) + MIXTURE_LANES;
}

static size_t padded(const struct em_problem *p)
{
	return mixture_padded(p->layout.components);
}

static const struct mixture *family(const struct em_problem *p)
{
	return p->model->family;
}

void mixture_layout(const struct em_data *data, size_t k, size_t theta, size_t stats, size_t derived, size_t scratch,
                    struct em_layout *out)
{
	size_t kp = mixture_padded(k);
	*out = (struct em_layout){
	    .observations = data->observations,
	    .components = k,
	    .theta = {{"weights", 1, {k}, {1}, 0, EM_SIMPLEX_ROWS}},
	    .theta_arrays = 1,
	    .q = {{"responsibilities", 2, {data->observations, k}, {kp, 1}, 0, EM_SIMPLEX_ROWS}},
	    .q_arrays = 1,
	    .stats = {{"counts", 1, {k}, {1}, 0, EM_FREE}},
	    .stats_arrays = 1,
	    .theta_size = mixture_theta(k) + theta,
	    .q_stride = kp,
	    .stats_size = mixture_stats(k) + stats,
	    .derived_size = kp + derived,
	    .work_size = 4 * kp + scratch,
	    .terms = MIXTURE_TERMS,
	};
}

static double times(const struct em_problem *p, size_t n)
{
	return family(p)->times ? family(p)->times(p, n) : 1;
}

void mixture_derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	(void)made; /* q is kept: only the parameters it is judged by matter */
	size_t k = p->layout.components, kp = padded(p);
	for (size_t i = 0; i < kp; i++)
		derived[i] = i < k ? log(now[i]) : -INFINITY;
	family(p)->derive(p, now, derived + kp);
}

/* J_k = log w_k + log p(x_n|k) into joint, -inf in the padding; returns log sum exp, and the responsibilities (or q NULL). */
static double joint_of(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *joint,
                       double *q, double *scratch)
{
	size_t k = p->layout.components, kp = padded(p);
	family(p)->log_density(p, theta, derived + kp, n, joint, scratch);
	for (size_t i = 0; i < k; i++)
		joint[i] = derived[i] > -INFINITY ? joint[i] + derived[i] : -INFINITY;
	for (size_t i = k; i < kp; i++)
		joint[i] = -INFINITY;
	return mixture_soften(joint, kp, q);
}

void mixture_start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	size_t possible = 0, k = p->layout.components;
	joint_of(p, t->now, t->derived, n, work, NULL, work + 4 * padded(p));
	for (size_t i = 0; i < k; i++)
		possible += work[i] > -INFINITY;
	for (size_t i = 0; i < k; i++)
		q[i] = work[i] > -INFINITY ? 1 / (double)possible : 0;
}

/* work: joint [kp], log q [kp], weighted q [kp], log sum exp, then the family's. */
void mixture_e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
                    const double *q_before, const struct em_bound *before, double *q, struct em_progress *progress,
                    double *work)
{
	(void)budget, (void)q_before, (void)before;
	size_t kp = padded(p);
	work[3 * kp] = joint_of(p, t->now, t->derived, n, work, q, work + 4 * kp);
	progress->sweeps++;
	progress->done = true;
}

void mixture_collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                     struct em_bound *out, double *work)
{
	size_t k = p->layout.components, kp = padded(p);
	double *joint = work, *log_q = work + kp, *weighted = work + 2 * kp, often = times(p, n), pz = 0, px = 0, h = 0, kl = 0;
	*out = (struct em_bound){0};
	if (!(often > 0))
		return;
	double z = t->fresh ? work[3 * kp] : joint_of(p, t->now, t->derived, n, joint, NULL, work + 4 * kp);
	lda_log(q, kp, log_q);
	for (size_t i = 0; i < k; i++) {
		weighted[i] = often * q[i];
		if (!(q[i] > 0)) /* 0 log 0 = 0, whatever the log is of */
			continue;
		pz += q[i] * t->derived[i];
		px += q[i] * (joint[i] - t->derived[i]);
		h -= q[i] * log_q[i];
		kl += q[i] * (log_q[i] - (joint[i] - z)); /* the posterior is exp(J - Z) */
	}
	for (size_t i = k; i < kp; i++)
		weighted[i] = 0;
	out->terms[TERM_PZ] = often * pz;
	out->terms[TERM_PX] = often * px;
	out->terms[TERM_QZ] = often * h;
	out->elbo = often * (pz + px + h);
	out->log_p = often * z;
	out->kl = often * kl;
	if (!stats)
		return;
	for (size_t i = 0; i < k; i++)
		stats[i] += weighted[i];
	stats[kp] += often;
	family(p)->accumulate(p, t->now, n, weighted, stats + mixture_stats(k), work + 4 * kp);
}

/* ---- M-step ---- */

static bool estimated(const struct em_problem *p)
{
	return (int)em_settings_number(p->settings, "weights_update") == 1;
}

const char *mixture_block(const struct em_problem *p, unsigned block)
{
	unsigned first = estimated(p) ? 1 : 0;
	if (block < first)
		return "weights";
	for (unsigned i = 0; family(p)->blocks[i]; i++)
		if (i == block - first)
			return family(p)->blocks[i];
	return NULL;
}

enum em_status mixture_m_step(const struct em_problem *p, const double *stats, unsigned block, double *theta,
                              struct em_err *err)
{
	size_t k = p->layout.components, kp = padded(p);
	unsigned first = estimated(p) ? 1 : 0;
	if (block >= first)
		return family(p)->m_step(p, stats, stats + mixture_stats(k), block - first, theta, err);
	for (size_t i = 0; i < k && stats[kp] > 0; i++)
		theta[i] = stats[i] / stats[kp];
	return EM_OK;
}

void mixture_energy(const struct em_problem *p, const double *theta, const double *stats, double *terms)
{
	size_t k = p->layout.components;
	terms[TERM_PZ] = 0;
	for (size_t i = 0; i < k; i++)
		if (stats[i] > 0)
			terms[TERM_PZ] += stats[i] * log(theta[i]);
	terms[TERM_PX] = family(p)->expected(p, theta, stats, stats + mixture_stats(k));
}

void mixture_shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)n;
	memcpy(out, q, p->layout.components * sizeof *out);
}

enum em_status mixture_weigh(const struct em_problem *p, const double *theta, size_t n, double *weight, double *fit,
                             struct em_err *err)
{
	size_t k = p->layout.components, kp = padded(p), size = p->layout.derived_size + p->layout.work_size;
	double *derived = aligned_alloc(64, (size * sizeof *derived + 127) / 64 * 64), *work = derived + (p->layout.derived_size + 7) / 8 * 8;
	if (!derived)
		return em_no_memory(err);
	mixture_derive(p, theta, theta, derived);
	family(p)->log_density(p, theta, derived + kp, n, work, work + 4 * kp);
	for (size_t i = 0; i < k; i++) {
		weight[i] = derived[i];
		fit[i] = work[i];
	}
	free(derived);
	return EM_OK;
}

void mixture_masses(const struct em_problem *p, const double *stats, double *out)
{
	memcpy(out, stats, p->layout.components * sizeof *out);
}

/* ---- start ---- */

/* An observation with chances times far^2 (k-means++, Arthur and Vassilvitskii 2007); any that counts where all are 0. */
static size_t draw(const struct em_problem *p, gsl_rng *rng, const double *far)
{
	double total = 0, all = 0;
	size_t last = 0;
	for (size_t n = 0; n < p->layout.observations; n++) {
		total += times(p, n) * far[n] * far[n];
		all += times(p, n);
	}
	double at = gsl_rng_uniform(rng) * (total > 0 ? total : all);
	for (size_t n = 0; n < p->layout.observations; n++) {
		double chance = total > 0 ? times(p, n) * far[n] * far[n] : times(p, n);
		if (chance > 0) {
			last = n;
			if (at < chance)
				break;
		}
		at -= chance;
	}
	return last;
}

/* How far observations are from the nearest seed once `seed` is one; returns the sum of the squares. */
static double measure(const struct em_problem *p, size_t seed, const double *far, double *next)
{
	double left = 0;
	for (size_t n = 0; n < p->layout.observations; n++) {
		double d = times(p, n) > 0 ? family(p)->distance(p, seed, n) : 0;
		next[n] = fmin(far[n], d);
		left += times(p, n) * next[n] * next[n];
	}
	return left;
}

/* The best of a few observations drawn far from the seeds so far: the one that leaves the others nearest to a seed. */
static size_t plant(const struct em_problem *p, gsl_rng *rng, const double *far, double *next)
{
	size_t seed = 0;
	double best = INFINITY;
	for (int c = 0; c < CANDIDATES; c++) {
		size_t n = draw(p, rng, far);
		double left = measure(p, n, far, next);
		if (left < best) {
			best = left;
			seed = n;
		}
	}
	return seed;
}

/* far and next: scratch, [observations], zeros. */
static void seed_all(const struct em_problem *p, gsl_rng *rng, bool apart, double *theta, double *far, double *next)
{
	size_t count = p->layout.observations, k = p->layout.components;
	for (size_t i = 0; i < k; i++) {
		size_t n = i == 0 || !apart ? draw(p, rng, far) : plant(p, rng, far, next);
		if (i == 0)
			for (size_t j = 0; j < count && apart; j++)
				far[j] = INFINITY;
		if (apart) {
			measure(p, n, far, next);
			memcpy(far, next, count * sizeof *far);
		}
		theta[i] = 1 / (double)k;
		family(p)->seed(p, n, i, theta);
	}
}

enum em_status mixture_init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	size_t count = p->layout.observations;
	int how = (int)em_settings_number(p->settings, "init");
	if (how == INIT_GIVEN)
		return em_fail(err, EM_USAGE, "init=given needs a state file; give one with --init FILE or `init FILE`");
	double *far = calloc(2 * count + 1, sizeof *far);
	gsl_rng *rng = far ? gsl_rng_alloc(gsl_rng_mt19937) : NULL;
	if (!rng) {
		free(far);
		return em_no_memory(err);
	}
	gsl_rng_set(rng, (unsigned long)(seed ^ (seed >> 32)));
	seed_all(p, rng, how == INIT_OBSERVATIONS, theta, far, far + count);
	gsl_rng_free(rng);
	free(far);
	if (p->model->complete)
		p->model->complete(p, theta);
	return EM_OK;
}

enum em_status mixture_check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	double sum = 0;
	for (size_t i = 0; i < p->layout.components; i++) {
		if (!isfinite(theta[i]) || theta[i] < 0)
			return em_fail(err, EM_INPUT, "weights[%zu] is %g; a weight is from 0 to 1", i + 1, theta[i]);
		sum += theta[i];
	}
	if (fabs(sum - 1) > 1e-6)
		return em_fail(err, EM_INPUT, "the weights sum to %.9g; they sum to 1", sum);
	return family(p)->check ? family(p)->check(p, theta, err) : EM_OK;
}
