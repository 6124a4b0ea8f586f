/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Estimates and bounds of log p(w) against its exact value, and where there is nothing to estimate. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "elbow/estimate.h"
#include "elbow/evidence.h"
#include "fit.h"

enum { MOST_TOPICS = 8, TERMS = 12 };

struct micro {
	struct em_document d;
	double alpha[MOST_TOPICS], beta[TERMS * MOST_TOPICS], gamma[MOST_TOPICS];
	unsigned term[TERMS], count[TERMS];
	double elbo, exact;
};

/* Mean field as in the textbook, phi stored; gamma and the bound. */
static void mean_field(struct micro *m)
{
	size_t k = m->d.topics;
	double phi[TERMS][MOST_TOPICS], all = 0;
	for (size_t i = 0; i < k; i++)
		m->gamma[i] = m->alpha[i] + 1;
	for (int sweep = 0; sweep < 60; sweep++) {
		double next[MOST_TOPICS];
		memcpy(next, m->alpha, sizeof next);
		for (size_t w = 0; w < m->d.pairs; w++) {
			double sum = 0;
			for (size_t i = 0; i < k; i++)
				sum += phi[w][i] = exp(special_digamma(m->gamma[i])) * m->beta[m->term[w] * k + i];
			for (size_t i = 0; i < k; i++)
				next[i] += m->count[w] * (phi[w][i] /= sum);
		}
		memcpy(m->gamma, next, sizeof next);
	}
	for (size_t i = 0; i < k; i++)
		all += m->gamma[i];
	m->elbo = special_log_norm(m->alpha, k) - special_log_norm(m->gamma, k);
	for (size_t i = 0; i < k; i++) {
		double e = special_digamma(m->gamma[i]) - special_digamma(all);
		m->elbo += (m->alpha[i] - m->gamma[i]) * e;
		for (size_t w = 0; w < m->d.pairs; w++)
			if (phi[w][i] > 0)
				m->elbo += m->count[w] * phi[w][i] * (e + log(m->beta[m->term[w] * k + i]) - log(phi[w][i]));
	}
}

static double exact(const struct em_document *d)
{
	double x = NAN;
	struct em_err err;
	if (em_urn_log_evidence(d->topics, d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, &x, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	return x;
}

/* A document of about n tokens; topics with `zeros` have words they do not know. */
static void make(struct micro *m, uint64_t *rng, size_t k, size_t n, bool zeros)
{
	*m = (struct micro){.d = {k, k, 0, m->alpha, m->beta, m->term, m->count}};
	for (size_t i = 0; i < k; i++) {
		double sum = 0;
		m->alpha[i] = exp(-3 + 4 * small_uniform(rng));
		for (size_t v = 0; v < TERMS; v++) {
			bool none = zeros && v % k != i && small_uniform(rng) < 0.5;
			sum += m->beta[v * k + i] = none ? 0 : pow(small_uniform(rng), 4) + 1e-6;
		}
		for (size_t v = 0; v < TERMS; v++)
			m->beta[v * k + i] /= sum;
	}
	for (unsigned v = 0; v < TERMS; v++) {
		unsigned c = (unsigned)(small_next(rng) % (2 * n / TERMS + 2));
		if (c) {
			m->term[m->d.pairs] = v;
			m->count[m->d.pairs++] = c;
		}
	}
	mean_field(m);
	m->exact = exact(&m->d);
}

static struct em_estimate estimate(const struct micro *m, uint64_t seed, uint64_t index, size_t samples)
{
	struct em_estimate e;
	struct em_err err;
	if (em_estimate(&m->d, m->gamma, seed, index, samples, NULL, &e, &err))
		fail_msg("%s", err.msg);
	return e;
}

/* Over many documents and seeds: the error is as large as it says, p is unbiased, the bounds lie on their sides. */
static void test_against_the_exact(void **state)
{
	(void)state;
	uint64_t rng = 11;
	int cases = fit_brief() ? 12 : 240, beyond2 = 0, beyond3 = 0, apart = 0, below = 0;
	double ratio = 0, variance = 0, second = 0, upper = 0;
	for (int i = 0; i < cases; i++) {
		struct micro m;
		make(&m, &rng, 2 + (size_t)i % 3, 6 + (size_t)(i % 5) * 6, i % 2);
		struct em_estimate e = estimate(&m, 100 + (uint64_t)i, 0, 400);
		double off = e.log_p - m.exact;
		assert_int_equal(e.samples, 400);
		assert_true(e.se > 0 && e.ess > 1 && e.ess <= 400);
		assert_true(m.elbo <= m.exact + 1e-9);
		below += m.elbo > e.log_p + 3 * e.se;
		beyond2 += fabs(off) > 2 * e.se;
		beyond3 += fabs(off) > 3 * e.se;
		apart += e.apart;
		ratio += exp(off);
		variance += e.se * e.se;
		second += (e.second - m.exact) / cases;
		upper += (e.upper - m.exact) / cases;
		assert_true(fabs(off) < 6 * e.se);
	}
	assert_true(beyond2 <= cases / 10 && beyond3 <= 1 + cases / 50 && apart <= 1 + cases / 40 && below <= 1);
	assert_true(fabs(ratio - cases) < 4 * sqrt(variance));
	assert_true(fabs(second) < (fit_brief() ? 0.1 : 0.02));
	assert_true(upper > 0 && upper < 0.2);
}

/* One document, many seeds: the spread is what se says, and falls with the root of the draws. */
static void test_spread(void **state)
{
	(void)state;
	uint64_t rng = 3;
	struct micro m;
	int seeds = fit_brief() ? 6 : 100;
	make(&m, &rng, 3, 40, false);
	double square[2] = {0}, said[2] = {0};
	for (int s = 0; s < seeds; s++)
		for (int i = 0; i < 2; i++) {
			struct em_estimate e = estimate(&m, (uint64_t)s, 7, i ? 1600 : 400);
			square[i] += (e.log_p - m.exact) * (e.log_p - m.exact) / seeds;
			said[i] += e.se * e.se / seeds;
		}
	if (fit_brief())
		return;
	for (int i = 0; i < 2; i++)
		assert_true(square[i] < 1.6 * said[i] && square[i] > 0.3 * said[i]);
	assert_true(said[1] < 0.3 * said[0] && said[1] > 0.2 * said[0]);
}

/* All from one corner, while the other holds the most: the chains cannot cross, the prior's share of the draws finds it. */
static void test_flags(void **state)
{
	(void)state;
	struct micro m = {.d = {2, 2, 1, m.alpha, m.beta, m.term, m.count}, .alpha = {0.01, 0.01}, .beta = {0.5, 0.508},
	                  .term = {0}, .count = {200}, .gamma = {200, 1e-6}};
	m.exact = exact(&m.d);
	struct em_estimate e = estimate(&m, 1, 1, 200);
	assert_true(e.few && em_estimate_doubtful(&e));
	e = estimate(&m, 1, 1, 20000);
	assert_true(!e.few && e.apart && em_estimate_doubtful(&e));
	assert_true(fabs(e.log_p - m.exact) < 4 * e.se + 1e-3);
	uint64_t rng = 1;
	make(&m, &rng, 3, 20, false);
	e = estimate(&m, 1, 1, 2000);
	assert_false(em_estimate_doubtful(&e));
}

static void test_bounds(void **state)
{
	(void)state;
	uint64_t rng = 23;
	for (int i = 0; i < (fit_brief() ? 10 : 200); i++) {
		struct micro m;
		struct em_ceiling c;
		struct em_err err;
		make(&m, &rng, 2 + (size_t)i % 3, 4 + (size_t)(i % 6) * 6, i % 2);
		assert_int_equal(em_fold_in_bound(&m.d, i % 4 ? m.gamma : NULL, NULL, &c, &err), EM_OK);
		assert_true(m.exact <= c.value + 1e-9 && c.value == fmin(c.moment, c.certificate));
		assert_true(c.fold_in <= c.certificate + 1e-9 && c.certificate < c.fold_in + 1e-3);
		for (int j = 0; j < 20; j++) { /* no theta reaches more */
			double theta[MOST_TOPICS], sum = 0, x = 0;
			for (size_t k = 0; k < m.d.topics; k++)
				sum += theta[k] = pow(small_uniform(&rng), 3);
			for (size_t w = 0; w < m.d.pairs; w++) {
				double p = 0;
				for (size_t k = 0; k < m.d.topics; k++)
					p += theta[k] / sum * m.beta[m.term[w] * m.d.topics + k];
				x += m.count[w] * log(p);
			}
			assert_true(x <= c.certificate + 1e-9);
		}
	}
}

/* One distinct word: p(w|theta) = (beta.theta)^N, and the bound that averages over Dir(alpha) is exact. */
static void test_moment(void **state)
{
	(void)state;
	static const unsigned lengths[] = {1, 2, 10, 60, 250};
	static const double sizes[] = {0.01, 1, 300, 1e5};
	for (size_t i = 0; i < 20; i++) {
		unsigned n = lengths[i % 5];
		double a = sizes[i / 5];
		struct micro m = {.d = {3, 3, 1, m.alpha, m.beta, m.term, m.count}, .alpha = {a, 2 * a, 0.5 * a},
		                  .beta = {0.2, 0.05, 0.01}, .count = {n}, .gamma = {1, 1, 1}};
		struct em_ceiling c;
		struct em_err err;
		if (n == 250 && fit_brief())
			continue;
		assert_int_equal(em_fold_in_bound(&m.d, NULL, NULL, &c, &err), EM_OK);
		m.exact = exact(&m.d);
		if (!(fabs(c.moment - m.exact) < 1e-9 * (1 + fabs(m.exact))))
			fail_msg("N=%u a=%g: %.15g, not %.15g", n, a, c.moment, m.exact);
	}
}

static void test_differences(void **state)
{
	(void)state;
	uint64_t rng = 31;
	int cases = fit_brief() ? 6 : 80, beyond3 = 0;
	double own = 0, alone = 0;
	for (int i = 0; i < cases; i++) {
		struct micro m, after;
		struct em_difference x;
		struct em_err err;
		make(&m, &rng, 2 + (size_t)i % 3, 30, i % 2);
		after = m;
		after.d = (struct em_document){m.d.topics, m.d.stride, m.d.pairs, after.alpha, after.beta, after.term, after.count};
		for (size_t j = 0; j < TERMS * m.d.topics; j++)
			after.beta[j] *= 1 + 0.02 * (small_uniform(&rng) - 0.5);
		if (em_estimate_difference(&m.d, &after.d, m.gamma, (uint64_t)i, 0, 800, NULL, &x, &err))
			fail_msg("%s", err.msg);
		struct em_estimate e = estimate(&m, (uint64_t)i, 0, 800);
		double want = exact(&after.d) - m.exact;
		assert_int_equal(x.samples, 800);
		assert_true(x.difference == x.after - x.before && x.se > 0 && !x.few);
		beyond3 += fabs(x.difference - want) > 3 * x.se;
		assert_true(fabs(x.difference - want) < 6 * x.se);
		own += x.se;
		alone += M_SQRT2 * e.se;
		if (fabs(want) > 6 * x.se)
			assert_true(em_difference_clear(&x) && (x.difference > 0) == (want > 0));
		em_estimate_difference(&m.d, &m.d, m.gamma, 1, 0, 80, NULL, &x, &err); /* nothing has changed */
		assert_true(x.difference == 0 && x.se < 1e-7 && !em_difference_clear(&x));
	}
	assert_true(beyond3 <= 1 + cases / 40);
	assert_true(own < alone / 10);
}

/* The same bits in one go and in many; another seed or document draws others. */
static void test_refinement(void **state)
{
	(void)state;
	uint64_t rng = 5;
	struct micro m;
	struct em_estimator *e;
	struct em_estimate once, parts, other;
	struct em_err err;
	make(&m, &rng, 4, 30, true);
	once = estimate(&m, 9, 4, 400);
	assert_int_equal(em_estimator_new(&m.d, m.gamma, 9, 4, NULL, &e, &err), EM_OK);
	em_estimator_read(e, &parts);
	assert_true(isnan(parts.log_p) && parts.samples == 0 && parts.few);
	static const size_t steps[] = {40, 1, 120, 0, 200};
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(em_estimator_add(e, &m.d, steps[i], NULL, &err), EM_OK);
	em_estimator_read(e, &parts);
	assert_int_equal(parts.samples, 400);
	assert_true(parts.log_p == once.log_p && parts.se == once.se && parts.ess == once.ess && parts.second == once.second &&
	            parts.upper == once.upper);
	em_estimator_free(e);
	other = estimate(&m, 9, 5, 400);
	assert_true(other.log_p != once.log_p && other.second != once.second);
	other = estimate(&m, 10, 4, 400);
	assert_true(other.log_p != once.log_p && other.second != once.second);
	other = estimate(&m, 9, 4, 400);
	assert_true(other.log_p == once.log_p && other.second == once.second);
}

static bool after_some(void *self)
{
	int *left = self;
	return (*left)-- <= 0;
}

static void test_cancelling(void **state)
{
	(void)state;
	uint64_t rng = 6;
	struct micro m;
	struct em_err err;
	struct em_estimate once, e;
	struct em_difference x;
	struct em_ceiling c;
	make(&m, &rng, 3, 20, false);
	once = estimate(&m, 1, 0, 400);
	for (int after = 0; after < 620; after += after < 5 ? 1 : 61) {
		int left = after;
		struct em_stop stop = {after_some, &left};
		enum em_status st = em_estimate(&m.d, m.gamma, 1, 0, 400, &stop, &e, &err);
		assert_int_equal(st, after < 310 ? EM_CANCELLED : EM_OK);
		left = after;
		st = em_estimate_difference(&m.d, &m.d, m.gamma, 1, 0, 400, &stop, &x, &err);
		assert_int_equal(st, after < 605 ? EM_CANCELLED : EM_OK);
		left = after;
		st = em_fold_in_bound(&m.d, NULL, &stop, &c, &err);
		assert_int_equal(st, after < 14 ? EM_CANCELLED : after < 610 ? st : EM_OK);
	}
	/* What was drawn before stays, and the rest follows. */
	struct em_estimator *r;
	int left = 3;
	struct em_stop stop = {after_some, &left};
	assert_int_equal(em_estimator_new(&m.d, m.gamma, 1, 0, NULL, &r, &err), EM_OK);
	assert_int_equal(em_estimator_add(r, &m.d, 400, &stop, &err), EM_CANCELLED);
	em_estimator_read(r, &e);
	assert_int_equal(e.samples, 120);
	assert_int_equal(em_estimator_add(r, &m.d, 280, NULL, &err), EM_OK);
	em_estimator_read(r, &e);
	assert_true(e.log_p == once.log_p && e.se == once.se);
	em_estimator_free(r);
	em_estimator_free(NULL);
}

static void known(const struct micro *m, double want)
{
	struct em_estimate e = estimate(m, 1, 1, 400);
	struct em_difference x;
	struct em_ceiling c;
	struct em_err err;
	assert_true(e.log_p == want || fabs(e.log_p - want) < 1e-12);
	assert_true(e.se == 0 && !em_estimate_doubtful(&e) && isnan(e.second) && e.samples == 400);
	assert_int_equal(em_fold_in_bound(&m->d, NULL, NULL, &c, &err), EM_OK);
	assert_true(c.value == e.log_p);
	assert_int_equal(em_estimate_difference(&m->d, &m->d, m->gamma, 1, 1, 40, NULL, &x, &err), EM_OK);
	assert_true(x.before == e.log_p && x.after == e.log_p && !em_difference_clear(&x));
}

static void test_nothing_to_estimate(void **state)
{
	(void)state;
	struct micro m = {.d = {1, 1, 2, m.alpha, m.beta, m.term, m.count}, .alpha = {0.3}, .beta = {0.25, 0.75},
	                  .term = {0, 1}, .count = {3, 2}, .gamma = {5.3}};
	known(&m, 3 * log(0.25) + 2 * log(0.75)); /* one topic */
	m.d.topics = m.d.stride = 2;
	m.alpha[1] = m.gamma[1] = 1;
	m.d.pairs = 0;
	known(&m, 0); /* no word */
	m.d.pairs = 2;
	m.beta[2] = m.beta[3] = 0;
	known(&m, -INFINITY); /* a word of no topic */
	struct micro possible = m;
	possible.d = (struct em_document){2, 2, 2, possible.alpha, possible.beta, possible.term, possible.count};
	possible.beta[2] = 0.1;
	struct em_difference x;
	struct em_err err;
	assert_int_equal(em_estimate_difference(&m.d, &possible.d, m.gamma, 1, 1, 40, NULL, &x, &err), EM_OK);
	assert_true(x.difference == INFINITY && isnan(x.after));
}

/* Far from ordinary, the estimate still has the truth within its error. */
static void test_extremes(void **state)
{
	(void)state;
	static const struct {
		double alpha[2], beta[6]; /* of three terms */
		unsigned count[3];
		double gamma[2];
	} cases[] = {
		{{0.01, 0.01}, {0.5, 0.01, 0.5, 0.01, 0, 0.98}, {1, 0, 0}, {1, 0.02}},           /* one word */
		{{0.01, 0.01}, {1, 0, 0, 1, 0, 0}, {1, 1, 0}, {1, 1}},                          /* topics that share nothing */
		{{0.01, 0.01}, {1, 0, 0, 1, 0, 0}, {400, 600, 0}, {1, 1e-9}},                   /* and a start that is wrong */
		{{1e-5, 1e-5}, {0.6, 0.4, 0.3, 0.1, 0.1, 0.5}, {3, 4, 5}, {1e-5, 1e-5}},
		{{1e-300, 1}, {0.6, 0.4, 0.3, 0.1, 0.1, 0.5}, {3, 4, 5}, {1, 1}},
		{{1e6, 3e6}, {0.6, 0.4, 0.3, 0.1, 0.1, 0.5}, {3, 4, 5}, {1, 1}},
		{{0.1, 0.1}, {1e-300, 1e-305, 1e-290, 1e-310, 1, 1}, {30, 40, 5}, {1, 1}},
		{{0.3, 0.2}, {0.6, 0.4, 0.3, 0.1, 0.1, 0.5}, {300, 400, 300}, {1, 1}},          /* a thousand words */
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct micro m = {.d = {2, 2, 3, m.alpha, m.beta, m.term, m.count}, .term = {0, 1, 2}};
		struct em_ceiling c;
		struct em_err err;
		memcpy(m.alpha, cases[i].alpha, sizeof cases[i].alpha);
		memcpy(m.beta, cases[i].beta, sizeof cases[i].beta);
		memcpy(m.gamma, cases[i].gamma, sizeof cases[i].gamma);
		memcpy(m.count, cases[i].count, sizeof cases[i].count);
		m.exact = exact(&m.d);
		struct em_estimate e = estimate(&m, 3, i, fit_brief() ? 400 : 4000);
		if (!(fabs(e.log_p - m.exact) <= 4 * e.se + 1e-9 * (1 + fabs(m.exact))))
			fail_msg("case %zu: %.12g +- %.3g, not %.12g (ess %g)", i, e.log_p, e.se, m.exact, e.ess);
		assert_true(isfinite(e.second) && isfinite(e.upper));
		assert_int_equal(em_fold_in_bound(&m.d, m.gamma, NULL, &c, &err), EM_OK);
		if (!(c.value >= m.exact - 1e-9 * (1 + fabs(m.exact))))
			fail_msg("case %zu: the bound %.12g is below %.12g", i, c.value, m.exact);
	}
}

static void test_of_a_problem(void **state)
{
	(void)state;
	struct fit f;
	struct em_estimate e, same;
	struct em_document d;
	fit_open(&f, "lda", small_random(4, 6, 9, 12), NULL, NULL, "components", "3", NULL);
	fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	for (size_t n = 0; n < 6; n++) {
		const double *gamma = s->q + n * s->problem->layout.q_stride;
		assert_int_equal(em_estimate_document(s->problem, s->theta, gamma, n, 5, 2000, NULL, &e, &f.err), EM_OK);
		assert_true(em_document_of(s->problem, s->theta, n, &d));
		assert_int_equal(em_estimate(&d, gamma, 5, n, 2000, NULL, &same, &f.err), EM_OK);
		assert_true(e.log_p == same.log_p && fabs(e.log_p - exact(&d)) <= 5 * e.se + 1e-12);
		assert_true(s->obs[n].elbo <= e.log_p + 4 * e.se + 1e-9);
	}
	em_snapshot_release(s);
	fit_close(&f);
	fit_open(&f, "unigrams", small_random(4, 6, 9, 12), NULL, NULL, "components", "3", NULL);
	s = fit_look(&f);
	double gamma[] = {1, 1, 1};
	assert_int_equal(em_estimate_document(s->problem, s->theta, gamma, 0, 5, 400, NULL, &e, &f.err), EM_USAGE);
	assert_non_null(strstr(f.err.msg, "unigrams"));
	em_snapshot_release(s);
	fit_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_the_exact), cmocka_unit_test(test_spread),
		cmocka_unit_test(test_flags),             cmocka_unit_test(test_bounds),
		cmocka_unit_test(test_moment),            cmocka_unit_test(test_differences),
		cmocka_unit_test(test_refinement),        cmocka_unit_test(test_cancelling),
		cmocka_unit_test(test_nothing_to_estimate), cmocka_unit_test(test_extremes),
		cmocka_unit_test(test_of_a_problem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
