/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of a document by three methods, and its exact posterior: against enumeration, against each other,
 * against published and independent numbers. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "elbow/evidence.h"
#include "evidence/jacobi.h"
#include "evidence/posterior.h"
#include "small.h"

enum { TOPICS = 12, TERMS = 600, LONGEST = 6000 };

struct doc {
	struct em_document d;
	double alpha[TOPICS], beta[TERMS * TOPICS];
	unsigned term[TERMS], count[TERMS];
	size_t tokens;
};

static bool few(void)
{
	return getenv("ELBOW_VALGRIND") != NULL;
}

/* sharp: topics from flat (0) to sparse, with zeros (8). */
static void make(struct doc *x, uint64_t *rng, size_t k, size_t tokens, size_t terms, double alpha, double sharp)
{
	unsigned all[TERMS] = {0};
	*x = (struct doc){.tokens = tokens};
	x->d = (struct em_document){k, k, 0, x->alpha, x->beta, x->term, x->count};
	for (size_t i = 0; i < k; i++)
		x->alpha[i] = alpha * (0.5 + small_uniform(rng));
	for (size_t v = 0; v < terms; v++)
		for (size_t i = 0; i < k; i++) {
			double u = pow(small_uniform(rng), sharp);
			x->beta[v * k + i] = sharp > 4 && u < 1e-3 && i != v % k ? 0 : (u + 1e-9) / (double)terms;
		}
	for (size_t j = 0; j < tokens; j++)
		all[(size_t)((double)terms * pow(small_uniform(rng), 2))]++;
	for (unsigned v = 0; v < terms; v++)
		if (all[v]) {
			x->term[x->d.pairs] = v;
			x->count[x->d.pairs++] = all[v];
		}
}

static double urn(const struct doc *x)
{
	struct em_err err;
	double p = NAN;
	if (em_urn_log_evidence(x->d.topics, x->alpha, x->beta, x->d.stride, x->d.pairs, x->term, x->count, &p, NULL, NULL, &err))
		fail_msg("%s", err.msg);
	return p;
}

static double quadrature(const struct doc *x, double *error)
{
	struct em_err err;
	double p = NAN;
	if (em_quadrature_log_evidence(&x->d, &p, error, NULL, &err))
		fail_msg("%s", err.msg);
	return p;
}

static double partitions(const struct doc *x)
{
	struct em_err err;
	double p = NAN;
	if (em_partitions_log_evidence(&x->d, &p, NULL, &err))
		fail_msg("%s", err.msg);
	return p;
}

/* E[t^p] and E[(1-t)^p] of Beta(a,b), up to the highest p that the rule has exactly, whatever the shapes. */
static void test_rule(void **state)
{
	(void)state;
	static const double shape[] = {1e-6, 1e-3, 0.02, 0.5, 1, 10, 1e4};
	static const size_t sizes[] = {1, 2, 3, 10, 40, 333};
	double t[333], u[333], log_weight[333], work[4 * 333];
	for (size_t i = 0; i < 7 * 7 * (few() ? 5 : 6); i++) {
		double a = shape[i % 7], b = shape[i / 7 % 7];
		size_t m = sizes[i / 49];
		jacobi_rule(a, b, m, t, u, log_weight, work);
		for (size_t j = 0; j < m; j++)
			if (!(t[j] >= 0 && u[j] > 0 && (j == 0 || (t[j] >= t[j - 1] && u[j] < u[j - 1]))))
				fail_msg("nodes of Beta(%g, %g) are out of order", a, b);
		for (int side = 0; side < 2; side++)
			for (size_t p = 0; p < 2 * m; p += p < 4 || p + 2 > 2 * m ? 1 : 2 * m - 1 - p) {
				double want = 0, top = -INFINITY, sum = 0;
				for (size_t n = 0; n < p; n++)
					want += log(((side ? b : a) + (double)n) / (a + b + (double)n));
				for (size_t j = 0; j < m; j++)
					top = fmax(top, log_weight[j] + (double)p * log(side ? u[j] : t[j]));
				for (size_t j = 0; j < m; j++)
					sum += exp(log_weight[j] + (double)p * log(side ? u[j] : t[j]) - top);
				if (fabs(top + log(sum) - want) > 1e-12 * (1 + fabs(want)))
					fail_msg("Beta(%g, %g), %zu nodes, moment %zu: %.15g, not %.15g", a, b, m, p, top + log(sum), want);
			}
	}
}

/* Random documents, of many kinds, where the urn sum is affordable. */
static void test_quadrature_against_urn(void **state)
{
	(void)state;
	static const size_t longest[] = {0, 0, 2000, 180, 60, 30, 20};
	static const double alphas[] = {0.02, 0.1, 0.5, 1, 10};
	uint64_t rng = 11;
	for (int trial = 0; trial < (few() ? 15 : 120); trial++) {
		struct doc x;
		size_t k = 2 + (size_t)trial % 5, most = longest[k] / (few() ? 4 : 1);
		size_t n = 1 + (size_t)((double)most * pow(small_uniform(&rng), 2));
		make(&x, &rng, k, n, 5 + small_next(&rng) % 200, alphas[small_next(&rng) % 5], (double)(small_next(&rng) % 9));
		double error, want = urn(&x), got = quadrature(&x, &error);
		if (fabs(got - want) > 2.2e-11 + 1e-14 * fabs(want) || (n < 60 && fabs(got - want) > 1e-12 * (1 + fabs(want))))
			fail_msg("K=%zu N=%zu: %.15g, not %.15g: %.1e", k, n, got, want, got - want);
		assert_true(error >= 0 && error < 5e-11 + 1e-14 * fabs(want));
	}
}

/* p(w) by summing over all z in K^N, with what is wanted of the posterior: [k] E theta, [k] E log theta and after it [k] E n log
 * theta, [pairs][k] p(z = k). */
static double enumerate(const struct doc *x, double *theta, double *log_theta, double *z)
{
	size_t k = x->d.topics, at[LONGEST] = {0}, words[64], n = 0;
	double total = 0, a = 0;
	for (size_t w = 0; w < x->d.pairs; w++)
		for (unsigned c = 0; c < x->count[w]; c++)
			words[n++] = w;
	for (size_t i = 0; i < k; i++)
		a += x->alpha[i];
	memset(theta, 0, k * sizeof *theta);
	memset(log_theta, 0, 2 * k * sizeof *theta);
	memset(z, 0, x->d.pairs * k * sizeof *z);
	for (;;) {
		double p = exp(lgamma(a) - lgamma(a + (double)n)), m[TOPICS] = {0};
		for (size_t j = 0; j < n; j++) {
			m[at[j]]++;
			p *= x->beta[x->term[words[j]] * k + at[j]];
		}
		for (size_t i = 0; i < k; i++)
			p *= exp(lgamma(x->alpha[i] + m[i]) - lgamma(x->alpha[i]));
		total += p;
		for (size_t i = 0; i < k; i++) {
			theta[i] += p * (x->alpha[i] + m[i]) / (a + (double)n);
			double log_share = special_digamma(x->alpha[i] + m[i]) - special_digamma(a + (double)n);
			log_theta[i] += p * log_share;
			log_theta[k + i] += p * m[i] * log_share;
		}
		for (size_t j = 0; j < n; j++)
			z[words[j] * k + at[j]] += p / x->count[words[j]];
		size_t i = 0;
		while (i < n && ++at[i] == k)
			at[i++] = 0;
		if (i == n)
			break;
	}
	for (size_t i = 0; i < k; i++) {
		theta[i] /= total;
		log_theta[i] /= total;
		log_theta[k + i] /= total;
	}
	for (size_t i = 0; i < x->d.pairs * k; i++)
		z[i] /= total;
	return log(total);
}

static void test_against_enumeration(void **state)
{
	(void)state;
	static const size_t most[] = {0, 9, 11, 8, 6, 5, 4, 4, 4};
	uint64_t rng = 3;
	for (int trial = 0; trial < (few() ? 30 : 200); trial++) {
		struct doc x;
		double theta[TOPICS], log_theta[2 * TOPICS], z[TERMS * 2];
		size_t k = 1 + (size_t)trial % 8, n = small_next(&rng) % (most[k] + 1);
		make(&x, &rng, k, n, 6, exp(-4 + 6 * small_uniform(&rng)), (double)(small_next(&rng) % 9));
		double want = enumerate(&x, theta, log_theta, z), got[] = {urn(&x), quadrature(&x, NULL), partitions(&x)};
		for (int i = 0; i < 3; i++)
			if (!(fabs(got[i] - want) < 1e-12 * (1 + fabs(want))))
				fail_msg("trial %d, method %d: %.15g, not %.15g", trial, i, got[i], want);
	}
}

static struct em_posterior *posterior(const struct doc *x, enum exact_method method)
{
	struct em_posterior *p = NULL;
	struct em_err err;
	if (posterior_by(&x->d, method, true, NULL, &p, &err))
		fail_msg("%s", err.msg);
	return p;
}

/* Moments against the sum over all z. */
static void test_posterior_against_enumeration(void **state)
{
	(void)state;
	static const size_t most[] = {0, 6, 9, 7, 6};
	uint64_t rng = 17;
	for (int trial = 0; trial < (few() ? 8 : 40); trial++) {
		struct doc x;
		double theta[TOPICS], log_theta[2 * TOPICS], z[TERMS * 2];
		size_t k = 1 + (size_t)trial % 4, n = small_next(&rng) % (most[k] + 1);
		make(&x, &rng, k, n, 6, exp(-4 + 6 * small_uniform(&rng)), (double)(small_next(&rng) % 9));
		double want = enumerate(&x, theta, log_theta, z);
		for (enum exact_method m = EXACT_URN; m <= EXACT_PARTITIONS; m++) {
			struct em_posterior *p = posterior(&x, m);
			double near = m == EXACT_QUADRATURE ? 1e-9 : 1e-12;
			assert_true(fabs(p->log_p - want) < 1e-12 * (1 + fabs(want)));
			for (size_t i = 0; i < k; i++) {
				if (!(fabs(p->mean[i] - theta[i]) < 1e-12 && fabs(p->log_mean[i] - log_theta[i]) < near * (1 - log_theta[i])))
					fail_msg("trial %d, %s: %.15g %.15g, not %.15g %.15g", trial, p->method, p->mean[i], p->log_mean[i],
					         theta[i], log_theta[i]);
				if (!(fabs(p->counts_log[i] - log_theta[k + i]) < near * (10 + fabs(log_theta[k + i]))))
					fail_msg("trial %d, %s: E[n log theta] %.15g, not %.15g", trial, p->method, p->counts_log[i], log_theta[k + i]);
				assert_true(p->low[i] <= p->high[i] && p->low[i] >= 0 && p->high[i] <= 1);
			}
			for (size_t i = 0; i < x.d.pairs * k; i++)
				assert_true(fabs(p->z[i] - z[i]) < 1e-12);
			em_posterior_free(p);
		}
	}
}

/* All of it by all three methods, where none can be enumerated. */
static void test_posteriors_agree(void **state)
{
	(void)state;
	static const size_t longest[] = {0, 0, 150, 60, 25};
	uint64_t rng = 29;
	for (int trial = 0; trial < (few() ? 4 : 12); trial++) {
		struct doc x;
		size_t k = 2 + (size_t)trial % 3, n = 1 + small_next(&rng) % (longest[k] / (few() ? 4 : 1));
		make(&x, &rng, k, n, 2 + small_next(&rng) % 4, exp(-4 + 6 * small_uniform(&rng)), (double)(small_next(&rng) % 9));
		struct em_posterior *p = posterior(&x, EXACT_URN);
		for (enum exact_method m = EXACT_QUADRATURE; m <= EXACT_PARTITIONS; m++) {
			if (m == EXACT_PARTITIONS && em_partitions_cost(k, x.d.pairs, x.count) > 0.004)
				continue;
			struct em_posterior *o = posterior(&x, m);
			double near = m == EXACT_QUADRATURE ? 1e-8 : 1e-10;
			for (size_t i = 0; i < k; i++)
				if (!(fabs(p->mean[i] - o->mean[i]) < 1e-10 && fabs(p->low[i] - o->low[i]) < near &&
				      fabs(p->high[i] - o->high[i]) < near &&
				      fabs(p->counts_log[i] - o->counts_log[i]) < near * (10 + fabs(p->counts_log[i])) &&
				      fabs(p->log_mean[i] - o->log_mean[i]) < near * (1 - p->log_mean[i])))
					fail_msg("trial %d, %s, topic %zu: %.12g %.12g %.12g %.12g against %.12g %.12g %.12g %.12g", trial, o->method,
					         i, o->mean[i], o->log_mean[i], o->low[i], o->high[i], p->mean[i], p->log_mean[i], p->low[i], p->high[i]);
			for (size_t i = 0; i < x.d.pairs * k; i++)
				assert_true(fabs(p->z[i] - o->z[i]) < 1e-10);
			em_posterior_free(o);
		}
		struct em_posterior *lean = NULL;
		assert_int_equal(em_expectations_new(&x.d, NULL, &lean, NULL), EM_OK);
		for (size_t i = 0; i < k; i++)
			assert_true(fabs(p->log_mean[i] - lean->log_mean[i]) < 1e-8 * (1 - p->log_mean[i]) && isnan(lean->low[i]) &&
			            fabs(p->counts_log[i] - lean->counts_log[i]) < 1e-8 * (10 + fabs(p->counts_log[i])));
		em_posterior_free(lean);
		em_posterior_free(p);
	}
}

/* K = 2: the density is known; Simpson's rule in logit t up to the quantiles that were given. */
static void test_quantiles(void **state)
{
	(void)state;
	static const unsigned lengths[] = {0, 3, 40, 3000};
	for (size_t l = 0; l < 4; l++)
		for (enum exact_method m = EXACT_URN; m <= EXACT_QUADRATURE; m++) {
			enum { STEPS = 40000 };
			struct doc x = {.alpha = {0.4, 1.7}, .beta = {0.6, 0.01, 0.3, 0.2, 0.1, 0.79}, .term = {0, 1, 2},
			                .count = {lengths[l] / 2, lengths[l] / 5, lengths[l] - lengths[l] / 2 - lengths[l] / 5}};
			x.d = (struct em_document){2, 2, 3, x.alpha, x.beta, x.term, x.count};
			if (m == EXACT_URN && lengths[l] > 1000)
				continue;
			struct em_posterior *p = posterior(&x, m);
			double lo = -80, hi = 25, top = -INFINITY, *f = calloc(STEPS + 1, sizeof *f), ends[] = {p->low[0], p->high[0]};
			double whole = 0, part[2] = {0, 0};
			for (int pass = 0; pass < 3; pass++) {
				double end = pass == 2 ? hi : log(ends[pass] / (1 - ends[pass]));
				for (int i = 0; i <= STEPS; i++) {
					double y = lo + (end - lo) * i / STEPS, t = 1 / (1 + exp(-y));
					f[i] = 0.4 * log(t) + 1.7 * log(1 / (1 + exp(y)));
					for (size_t w = 0; w < 3; w++)
						f[i] += x.count[w] * log(t * x.beta[2 * w] + (1 - t) * x.beta[2 * w + 1]);
					top = pass ? top : fmax(top, f[i]);
				}
				double sum = 0;
				for (int i = 0; i <= STEPS; i++)
					sum += exp(f[i] - top) * (i == 0 || i == STEPS ? 1 : i % 2 ? 4 : 2);
				*(pass == 2 ? &whole : part + pass) = sum * (end - lo);
			}
			free(f);
			if (!(fabs(part[0] / whole - 0.05) < 1e-8 && fabs(part[1] / whole - 0.95) < 1e-8))
				fail_msg("%u words, %s: %.12g and %.12g below", lengths[l], p->method, part[0] / whole, part[1] / whole);
			assert_true(fabs(p->low[1] - (1 - p->high[0])) < 1e-8 && fabs(p->high[1] - (1 - p->low[0])) < 1e-8);
			em_posterior_free(p);
		}
}

/* Known to nine digits by brute force and by the sum over counts: beta rows (.6 .3 .1), (.1 .3 .6), words numbered 1-3; and one
 * of three topics. */
static void test_known_values(void **state)
{
	(void)state;
	static const struct {
		double alpha;
		unsigned count[3];
		double log_p;
	} table[] = {{1, {1, 0, 0}, -1.049822124},    {1, {1, 0, 1}, -2.286055791},   {1, {2, 1, 1}, -4.539850720},
	             {1, {5, 2, 3}, -11.177179385},   {0.1, {1, 0, 0}, -1.049822124}, {0.1, {1, 0, 1}, -2.653325301},
	             {0.1, {2, 1, 1}, -4.907120230},  {0.1, {5, 2, 3}, -12.011473203}, {5, {5, 2, 3}, -10.902045013}};
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
		struct doc x = {.alpha = {table[i].alpha, table[i].alpha}, .beta = {0.6, 0.1, 0.3, 0.3, 0.1, 0.6}, .term = {0, 1, 2}};
		x.d = (struct em_document){2, 2, 3, x.alpha, x.beta, x.term, x.count};
		memcpy(x.count, table[i].count, sizeof table[i].count);
		double got[] = {urn(&x), quadrature(&x, NULL), partitions(&x)};
		for (int m = 0; m < 3; m++)
			assert_true(fabs(got[m] - table[i].log_p) < 6e-10);
	}
	struct doc x = {.alpha = {0.5, 0.5, 0.5}, .beta = {0.7, 0.1, 0.1, 0.1, 0.7, 0.1, 0.1, 0.1, 0.4, 0.1, 0.1, 0.4},
	                .term = {0, 1, 2, 3}, .count = {2, 1, 1, 2}};
	x.d = (struct em_document){3, 3, 4, x.alpha, x.beta, x.term, x.count};
	double got[] = {urn(&x), quadrature(&x, NULL), partitions(&x)};
	for (int m = 0; m < 3; m++)
		assert_true(fabs(got[m] + 9.020864978) < 6e-10);
	/* One word: p(z = k | w) is alpha_k beta_kw, normalised. */
	x.count[1] = x.count[2] = x.count[3] = 0;
	x.count[0] = 1;
	struct em_posterior *p = posterior(&x, EXACT_QUADRATURE);
	assert_true(fabs(p->z[0] - 7.0 / 9) < 1e-14 && fabs(p->z[1] - 1.0 / 9) < 1e-14);
	em_posterior_free(p);
}

/* Long documents: fewer nodes than make it exact, and their error against twice as many. Unit topics have a closed form. */
static void test_long_documents(void **state)
{
	(void)state;
	static const double alphas[] = {0.02, 0.1, 0.5, 1, 10};
	uint64_t rng = 41;
	for (int trial = 0; trial < (few() ? 2 : 24); trial++) {
		struct doc x;
		size_t k = 2 + (size_t)trial % 2, n = (size_t)(100 * pow(50, small_uniform(&rng)));
		make(&x, &rng, k, few() ? 100 : n, 20 + small_next(&rng) % 500, alphas[trial % 5], (double)(small_next(&rng) % 9));
		double error, got = quadrature(&x, &error);
		if (!(error < 2.2e-11 + 1e-15 * fabs(got)))
			fail_msg("K=%zu N=%zu: %.15g +- %.1e", k, x.tokens, got, error);
	}
	for (unsigned n = 1; n <= (few() ? 64 : 1024); n *= 4)
		for (size_t i = 0; i < 5; i++) {
			double a = alphas[i], got, want;
			struct doc x = {.alpha = {a, a, a}, .beta = {1, 0, 0, 0, 1, 0, 0, 0, 1}, .term = {0, 1, 2}, .count = {n, 2 * n, 1}};
			x.d = (struct em_document){3, 3, 3, x.alpha, x.beta, x.term, x.count};
			want = lgamma(3 * a) - lgamma(3 * a + 3 * n + 1) + lgamma(a + n) + lgamma(a + 2 * n) + lgamma(a + 1) - 3 * lgamma(a);
			got = quadrature(&x, NULL);
			if (!(fabs(got - want) < 2.2e-11 + 1e-14 * fabs(want)))
				fail_msg("alpha %g, n %u: %.15g, not %.15g", a, n, got, want);
		}
}

static bool soon(void *self)
{
	return --*(int *)self < 0;
}

static void test_cancel_and_limits(void **state)
{
	(void)state;
	uint64_t rng = 1;
	struct doc x;
	struct em_err err;
	double p;
	make(&x, &rng, 3, few() ? 60 : 150, 4, 0.5, 1);
	for (int when = 0; when < 4; when++) {
		int left = when;
		struct em_stop stop = {soon, &left};
		assert_int_equal(em_quadrature_log_evidence(&x.d, &p, NULL, &stop, &err), when < 1 ? EM_CANCELLED : EM_OK);
		for (enum exact_method m = EXACT_URN; m <= EXACT_PARTITIONS; m++) {
			struct em_posterior *out = NULL;
			left = m == EXACT_URN && when ? 0 : when;
			assert_int_equal(posterior_by(&x.d, m, true, &stop, &out, &err), EM_CANCELLED);
			assert_null(out);
		}
		left = 0;
		assert_int_equal(em_partitions_log_evidence(&x.d, &p, &stop, &err), EM_CANCELLED);
	}
	struct doc y = {.alpha = {1, 1, 1}, .beta = {0.5, 0.25, 0.25, 0, 0, 0}, .term = {0, 1}, .count = {3, 0}};
	struct em_posterior *out = NULL;
	y.d = (struct em_document){3, 3, 2, y.alpha, y.beta, y.term, y.count};
	assert_true(fabs(quadrature(&y, NULL) - urn(&y)) < 1e-13 && fabs(partitions(&y) - urn(&y)) < 1e-13);
	y.count[1] = 1; /* that no topic has */
	assert_true(quadrature(&y, NULL) == -INFINITY && partitions(&y) == -INFINITY);
	assert_int_equal(em_posterior_new(&y.d, NULL, &out, &err), EM_USAGE);
	y.count[0] = y.count[1] = 0;
	assert_true(quadrature(&y, NULL) == 0 && partitions(&y) == 0);
	assert_int_equal(em_posterior_new(&y.d, NULL, &out, &err), EM_OK);
	assert_true(fabs(out->mean[0] - 1.0 / 3) < 1e-15 && fabs(out->high[0] - (1 - sqrt(0.05))) < 1e-12);
	em_posterior_free(out);

	make(&x, &rng, 9, 500, 60, 0.5, 1);
	assert_int_equal(em_quadrature_log_evidence(&x.d, &p, NULL, NULL, &err), EM_USAGE);
	assert_int_equal(em_partitions_log_evidence(&x.d, &p, NULL, &err), EM_USAGE);
	assert_int_equal(em_posterior_new(&x.d, NULL, &out, &err), EM_USAGE);
	assert_true(isinf(em_quadrature_cost(9, 500, 60)) && isinf(em_posterior_cost(9, x.d.pairs, x.count)));
	/* The reach that 0.1 s shall have. */
	assert_true(em_quadrature_cost(3, 1500, 500) < 0.1 && em_quadrature_cost(4, 150, 120) < 0.1 && em_quadrature_cost(5, 60, 50) < 0.1);
}

/* Many topics and few distinct words, as the urn has them. */
static void test_partitions_against_urn(void **state)
{
	(void)state;
	static const size_t longest[] = {0, 40, 60, 40, 30, 24, 16, 14, 12, 11, 9, 9, 8};
	uint64_t rng = 21;
	for (int trial = 0; trial < (few() ? 12 : 100); trial++) {
		struct doc x;
		size_t k = 1 + (size_t)trial % 12, n = 1 + small_next(&rng) % longest[k];
		make(&x, &rng, k, n, 1 + small_next(&rng) % 7, exp(-8 + 10 * small_uniform(&rng)), (double)(small_next(&rng) % 9));
		double want = urn(&x), got = partitions(&x);
		if (!(fabs(got - want) < 1e-12 * (1 + fabs(want))))
			fail_msg("K=%zu N=%zu: %.15g, not %.15g", k, n, got, want);
	}
}

/* Few distinct words, many times. */
static void test_partitions_of_long_documents(void **state)
{
	(void)state;
	uint64_t rng = 8;
	for (int trial = 0; trial < (few() ? 4 : 10); trial++) {
		struct doc x;
		make(&x, &rng, 3, few() ? 40 : 300, 1 + (size_t)trial % 2, exp(-6 + 8 * small_uniform(&rng)), (double)(trial % 9));
		double want = quadrature(&x, NULL), got = partitions(&x);
		if (!(fabs(got - want) < 2.2e-11 + 1e-14 * fabs(want)))
			fail_msg("trial %d: %.15g, not %.15g", trial, got, want);
	}
}

/* Words that only one topic has, alphas of 1e-6, betas of 1e-100: terms that span hundreds of nats. */
static void test_range(void **state)
{
	(void)state;
	static const double small[] = {0, 1e-5, 1e-30, 1e-100, 1e-300}, alphas[] = {1e-6, 1e-3, 1, 1e4};
	for (size_t i = 0; i < 20; i++)
		for (size_t n = 1; n <= (few() ? 25 : 100); n *= n < 10 ? 2 : 5) {
			struct doc x = {.tokens = 2 * n, .alpha = {alphas[i / 5], alphas[i / 5], alphas[i / 5]},
			                .beta = {0.5, small[i % 5], small[i % 5], small[i % 5], 0.25, small[i % 5]},
			                .term = {0, 1}, .count = {(unsigned)n, (unsigned)n}};
			x.d = (struct em_document){3, 3, 2, x.alpha, x.beta, x.term, x.count};
			double u = urn(&x), q = quadrature(&x, NULL), p = partitions(&x), near = 1e-12 * (1 + fabs(u));
			if (!(fabs(u - p) < near && fabs(u - q) < near))
				fail_msg("alpha %g, beta %g, 2 x %zu words: %.15g %.15g %.15g", x.alpha[0], small[i % 5], n, u, q, p);
		}
}

/* Topic k has word k alone: one way only, and alpha prod below what a double holds. */
static void test_partitions_in_logs(void **state)
{
	(void)state;
	for (size_t n = 4; n <= 10; n += 2) {
		struct doc x = {.tokens = n};
		double want = 0, total = 0;
		x.d = (struct em_document){n, n, n, x.alpha, x.beta, x.term, x.count};
		for (size_t i = 0; i < n; i++) {
			x.alpha[i] = 1e-60 * (double)(1 + i);
			total += x.alpha[i];
			x.beta[i * n + i] = 0.25;
			x.term[i] = (unsigned)i;
			x.count[i] = 1;
			want += log(x.alpha[i]) + log(0.25);
		}
		want -= log(total) + lgamma((double)n);
		double got = partitions(&x);
		if (!(fabs(got - want) < 1e-13 * fabs(want)))
			fail_msg("%zu words: %.15g, not %.15g", n, got, want);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rule),
		cmocka_unit_test(test_quadrature_against_urn),
		cmocka_unit_test(test_against_enumeration),
		cmocka_unit_test(test_partitions_against_urn),
		cmocka_unit_test(test_partitions_of_long_documents),
		cmocka_unit_test(test_range),
		cmocka_unit_test(test_partitions_in_logs),
		cmocka_unit_test(test_known_values),
		cmocka_unit_test(test_long_documents),
		cmocka_unit_test(test_cancel_and_limits),
		cmocka_unit_test(test_posterior_against_enumeration),
		cmocka_unit_test(test_posteriors_agree),
		cmocka_unit_test(test_quantiles),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
