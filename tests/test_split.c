/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What KL is made of: both parts against sums over fine grids and all assignments, KL by the joint density, the engine's own KL. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "elbow/evidence.h"
#include "elbow/split.h"
#include "fit.h"

enum { SPLIT_DRAWS = 20000 };

struct one {
	struct em_document d;
	double alpha[8], beta[32], gamma[8], phi[32], elbo, log_p;
	uint32_t term[8], count[8];
};

/* A document of `pairs` terms before random topics, gamma after `sweeps` sweeps, phi made from topics that differ from beta when
 * `moved`, as after an M-step. */
static void make(struct one *o, uint64_t seed, size_t k, size_t pairs, double alpha, int sweeps, bool moved)
{
	uint64_t r = seed;
	double made[32], n = 0;
	memset(o, 0, sizeof *o);
	o->d = (struct em_document){k, k, pairs, o->alpha, o->beta, o->term, o->count};
	for (size_t i = 0; i < k; i++)
		o->alpha[i] = alpha * (1 + small_uniform(&r));
	for (size_t w = 0; w < pairs; w++) {
		o->term[w] = (uint32_t)w;
		n += o->count[w] = 1 + (unsigned)(small_next(&r) % 3);
		for (size_t i = 0; i < k; i++) {
			o->beta[w * k + i] = small_uniform(&r) < 0.15 && i ? 0 : 0.02 + 0.3 * small_uniform(&r);
			made[w * k + i] = !moved ? o->beta[w * k + i] : o->beta[w * k + i] > 0 ? 0.02 + 0.3 * small_uniform(&r) : 0;
		}
	}
	for (size_t i = 0; i < k; i++)
		o->gamma[i] = o->alpha[i] + n / (double)k * (1 + 0.1 * (double)i);
	for (int s = 0; s <= sweeps; s++) {
		double next[8];
		memcpy(next, o->alpha, sizeof next);
		for (size_t w = 0; w < pairs; w++) {
			double sum = 0;
			for (size_t i = 0; i < k; i++)
				sum += o->phi[w * k + i] = made[w * k + i] * exp(special_digamma(o->gamma[i]));
			for (size_t i = 0; i < k; i++)
				next[i] += o->count[w] * (o->phi[w * k + i] /= sum);
		}
		if (s < sweeps)
			memcpy(o->gamma, next, sizeof next);
	}
	double all = 0;
	for (size_t i = 0; i < k; i++)
		all += o->gamma[i];
	o->elbo = special_log_norm(o->alpha, k) - special_log_norm(o->gamma, k);
	for (size_t i = 0; i < k; i++)
		o->elbo += (o->alpha[i] - o->gamma[i]) * (special_digamma(o->gamma[i]) - special_digamma(all));
	for (size_t w = 0; w < pairs; w++)
		for (size_t i = 0; i < k; i++) {
			double phi = o->phi[w * k + i];
			if (phi > 0)
				o->elbo += o->count[w] * phi * (special_digamma(o->gamma[i]) - special_digamma(all) + log(o->beta[w * k + i] / phi));
		}
	struct em_err err = {0};
	assert_int_equal(em_document_log_p(&o->d, NULL, &o->log_p, &err), EM_OK);
}

/* KL(q(z) || p(z|theta,w)) and log p(theta|w) - log q(theta), from their definitions. */
static void at(const struct one *o, const double *log_theta, double *z, double *theta)
{
	size_t k = o->d.topics;
	*z = 0;
	*theta = special_log_norm(o->alpha, k) - special_log_norm(o->gamma, k) - o->log_p;
	for (size_t i = 0; i < k; i++)
		*theta += (o->alpha[i] - o->gamma[i]) * log_theta[i];
	for (size_t w = 0; w < o->d.pairs; w++) {
		double s = 0;
		for (size_t i = 0; i < k; i++)
			s += exp(log_theta[i]) * o->beta[w * k + i];
		*theta += o->count[w] * log(s);
		for (size_t i = 0; i < k; i++) {
			double phi = o->phi[w * k + i];
			if (phi > 0)
				*z += o->count[w] * phi * (log(phi) - log_theta[i] - log(o->beta[w * k + i] / s));
		}
	}
}

/* E_Beta(a,b) by the midpoint rule in x with t = x^p / (x^p + (1-x)^p): nothing like the quadrature that is tested. */
static double beta_weight(double a, double b, double x, double *log_t, double *log_rest)
{
	const double p = 8 / fmin(1, fmin(a, b));
	double up = p * log(x), down = p * log1p(-x), both = fmax(up, down) + log1p(exp(-fabs(up - down)));
	*log_t = up - both;
	*log_rest = down - both;
	return exp(a * *log_t + b * *log_rest - log(x) - log1p(-x));
}

static void brute(const struct one *o, int nodes, double *z, double *theta)
{
	size_t k = o->d.topics;
	const double *g = o->gamma;
	double sum = 0;
	*z = *theta = 0;
	for (int i = 0; i < nodes; i++)
		for (int j = 0; j < (k == 3 ? nodes : 1); j++) {
			double log_theta[3] = {0}, rest, a, b, w = beta_weight(g[0], g[1] + (k == 3 ? g[2] : 0), (i + 0.5) / nodes, log_theta, &rest);
			log_theta[1] = rest;
			if (k == 3) {
				double t, u;
				w *= beta_weight(g[1], g[2], (j + 0.5) / nodes, &t, &u);
				log_theta[1] = rest + t;
				log_theta[2] = rest + u;
			}
			if (!(w > 0))
				continue;
			at(o, log_theta, &a, &b);
			sum += w;
			*z += w * a;
			*theta -= w * b;
		}
	*z /= sum;
	*theta /= sum;
}

static void test_brute(void **state)
{
	(void)state;
	static const double alphas[] = {0.05, 0.3, 2};
	for (uint64_t i = 0; i < (fit_brief() ? 1 : 18); i++)
		for (size_t k = 2; k <= 3; k++) {
			struct one o;
			struct em_split x;
			struct em_err err = {0};
			double z, theta;
			make(&o, 100 + i, k, 2 + i % 5, k == 3 ? alphas[i % 3] + 0.2 : alphas[i % 3], (int)(i % 4) * 3, i % 2);
			brute(&o, k == 2 ? 4000 : 400, &z, &theta);
			assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 1, 0, 1, NULL, &x, &err), EM_OK);
			assert_true(x.price >= -1e-12 && x.theta >= -1e-12);
			fit_near(x.price, z, 1e-8);
			fit_near(x.theta, theta, 1e-8);
			fit_near(x.price + x.theta, o.log_p - o.elbo, 1e-11);
			assert_true(x.level_se < 1e-7);
		}
}

/* The same numbers drawn: a topic that no word has, in one as far as it can be told. */
static void test_draws(void **state)
{
	(void)state;
	for (uint64_t i = 0; i < (fit_brief() ? 1 : 6); i++) {
		struct one o, wide;
		struct em_split exact, x, again;
		struct em_err err = {0};
		make(&o, 300 + i, 3, 4, i % 2 ? 0.05 : 0.5, 6, false);
		wide = o; /* a fourth topic beside, of hardly any weight */
		wide.d = (struct em_document){4, 4, o.d.pairs, wide.alpha, wide.beta, wide.term, wide.count};
		wide.alpha[3] = wide.gamma[3] = 1e-7;
		for (size_t w = 0; w < o.d.pairs; w++)
			for (size_t k = 0; k < 4; k++)
				wide.beta[w * 4 + k] = k < 3 ? o.beta[w * 3 + k] : 0.1;
		assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 7, i, 1, NULL, &exact, &err), EM_OK);
		assert_int_equal(em_split_kl(&wide.d, wide.gamma, o.log_p, o.elbo, 7, i, SPLIT_DRAWS, NULL, &x, &err), EM_OK);
		assert_int_equal(em_split_kl(&wide.d, wide.gamma, o.log_p, o.elbo, 7, i, SPLIT_DRAWS, NULL, &again, &err), EM_OK);
		assert_true(x.level_se > 0 && x.level_se < 0.1);
		assert_true(fabs(x.level - exact.level) < 5 * x.level_se + 1e-4);
		assert_memory_equal(&x, &again, sizeof x);
		assert_int_equal(em_split_kl(&wide.d, wide.gamma, NAN, o.elbo, 8, i, SPLIT_DRAWS, NULL, &again, &err), EM_OK);
		assert_true(again.level != x.level && isnan(again.theta));
	}
}

/* KL as the integral over theta of the sum over z of q(theta) q(z) log [q(theta) q(z) / p(theta,z|w)]. */
static void test_joint(void **state)
{
	(void)state;
	enum { NODES = 3000 };
	struct one o;
	make(&o, 5, 2, 3, 0.3, 8, true);
	double kl = 0, sum = 0;
	size_t token[16], n = 0;
	for (size_t w = 0; w < o.d.pairs; w++)
		for (unsigned c = 0; c < o.count[w]; c++)
			token[n++] = w;
	for (int i = 0; i < NODES; i++) {
		double l[2], weight = beta_weight(o.gamma[0], o.gamma[1], (i + 0.5) / NODES, l, l + 1);
		double log_q = special_log_norm(o.gamma, 2) + (o.gamma[0] - 1) * l[0] + (o.gamma[1] - 1) * l[1];
		double prior = special_log_norm(o.alpha, 2) + (o.alpha[0] - 1) * l[0] + (o.alpha[1] - 1) * l[1];
		sum += weight;
		for (size_t z = 0; z < (size_t)1 << n; z++) {
			double q = 1, log_qz = 0, log_joint = prior;
			for (size_t t = 0; t < n; t++) {
				size_t k = z >> t & 1;
				q *= o.phi[token[t] * 2 + k];
				if (q > 0) {
					log_qz += log(o.phi[token[t] * 2 + k]);
					log_joint += l[k] + log(o.beta[token[t] * 2 + k]);
				}
			}
			if (q > 0)
				kl += weight * q * (log_q + log_qz - log_joint + o.log_p);
		}
	}
	fit_near(kl / sum, o.log_p - o.elbo, 1e-9);
}

/* Of a run, after E and after M: the parts are not below 0 and add up to its KL. */
static void test_run_parts(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "lda", small_random(11, 6, 8, 9), NULL, NULL, "components", "3", "alpha", "0.2", "threads", "1", NULL);
	for (int step = 0; step < 4; step++) {
		fit_step(&f, EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		for (size_t n = 0; n < s->problem->layout.observations; n++) {
			struct em_document d;
			struct em_split x;
			struct em_err err = {0};
			double log_p;
			assert_true(em_document_of(s->problem, s->theta, n, &d));
			assert_int_equal(em_document_log_p(&d, NULL, &log_p, &err), EM_OK);
			assert_int_equal(em_split_kl(&d, s->q + n * s->problem->layout.q_stride, log_p, s->obs[n].elbo, 1, n, 1, NULL, &x, &err), EM_OK);
			if (!(x.theta >= -1e-10 && x.price >= -1e-10))
				fail_msg("step %d, document %zu: %.3g and %.3g", step, n, x.theta, x.price);
			fit_near(x.theta + x.price, log_p - s->obs[n].elbo, 1e-10);
		}
		em_snapshot_release(s);
	}
	fit_close(&f);
}

static void test_edges(void **state)
{
	(void)state;
	struct one o;
	struct em_split x;
	struct em_err err = {0};
	make(&o, 3, 1, 3, 0.4, 2, false); /* one topic: nothing is unknown */
	assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 1, 0, 10, NULL, &x, &err), EM_OK);
	fit_near(x.price, 0, 1e-12);
	fit_near(x.theta, 0, 1e-12);
	make(&o, 3, 3, 0, 0.4, 0, false); /* no words: q is the prior */
	memcpy(o.gamma, o.alpha, sizeof o.gamma);
	assert_int_equal(em_split_kl(&o.d, o.gamma, 0, 0, 1, 0, 10, NULL, &x, &err), EM_OK);
	fit_near(x.price, 0, 1e-12);
	fit_near(x.theta, 0, 1e-12);
	/* alpha so small and gamma so large that theta underflows */
	for (size_t k = 2; k <= 4; k++) {
		make(&o, 9, k, 4, 1e-6, 30, false);
		assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 1, 0, 500, NULL, &x, &err), EM_OK);
		assert_true(isfinite(x.level) && x.price >= -6 * x.level_se - 1e-9 && x.theta >= -6 * x.level_se - 1e-9);
		for (size_t i = 0; i < k; i++)
			o.gamma[i] = 1e6 * (double)(i + 1);
		assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 1, 0, 500, NULL, &x, &err), EM_OK);
		assert_true(isfinite(x.level));
	}
}

static bool always(void *self)
{
	(void)self;
	return true;
}

static void test_cancel(void **state)
{
	(void)state;
	struct em_stop stop = {always, NULL};
	for (size_t k = 2; k <= 4; k++) {
		struct one o;
		struct em_split x;
		struct em_err err = {0};
		make(&o, 3, k, 3, 0.4, 2, false);
		assert_int_equal(em_split_kl(&o.d, o.gamma, o.log_p, o.elbo, 1, 0, 10, &stop, &x, &err), EM_CANCELLED);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_brute), cmocka_unit_test(test_draws), cmocka_unit_test(test_joint),
		cmocka_unit_test(test_run_parts), cmocka_unit_test(test_edges), cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
