/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * EM for LDA with the exact posterior, against the sum over all topics of all words; and beside mean field. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "fit.h"

enum { TOPICS = 4, TERMS = 8, WORDS = 12 };

/* alpha, then beta[k][v], plainly. */
struct plain {
	size_t k, terms;
	double alpha[TOPICS], beta[TOPICS][TERMS];
};

static void plain_theta(struct plain *x, const struct em_snapshot *s, const double *theta, size_t terms)
{
	const struct em_array *alpha = s->problem->layout.theta, *topics = alpha + 1;
	*x = (struct plain){.k = s->problem->layout.components, .terms = terms};
	for (size_t i = 0; i < x->k; i++) {
		x->alpha[i] = theta[alpha->offset + i * alpha->stride[0]];
		for (size_t v = 0; v < terms; v++)
			x->beta[i][v] = theta[topics->offset + i * topics->stride[0] + v * topics->stride[1]];
	}
}

/* One assignment of topics to the words of a document, and its joint probability with them. */
struct walk {
	size_t words[WORDS], z[WORDS], n;
	double counts[TOPICS], p;
};

static void walk_begin(struct walk *w, const struct em_corpus *c, size_t d)
{
	*w = (struct walk){.n = 0};
	for (size_t j = c->row[d]; j < c->row[d + 1]; j++)
		for (uint32_t i = 0; i < c->count[j]; i++)
			w->words[w->n++] = c->term[j];
}

static void walk_weigh(struct walk *w, const struct plain *x)
{
	double a = 0, p = 0;
	memset(w->counts, 0, sizeof w->counts);
	for (size_t i = 0; i < x->k; i++)
		a += x->alpha[i];
	w->p = 1;
	for (size_t j = 0; j < w->n; j++) {
		w->counts[w->z[j]]++;
		w->p *= x->beta[w->z[j]][w->words[j]];
	}
	for (size_t i = 0; i < x->k; i++)
		p += lgamma(x->alpha[i] + w->counts[i]) - lgamma(x->alpha[i]);
	w->p *= exp(p + lgamma(a) - lgamma(a + (double)w->n));
}

static bool walk_next(struct walk *w, size_t k)
{
	size_t i = 0;
	while (i < w->n && ++w->z[i] == k)
		w->z[i++] = 0;
	return i < w->n;
}

static double evidence(const struct plain *x, const struct em_corpus *c, size_t d)
{
	struct walk w;
	double sum = 0;
	walk_begin(&w, c, d);
	do {
		walk_weigh(&w, x);
		sum += w.p;
	} while (walk_next(&w, x->k));
	return log(sum);
}

/* KL(Dir(a) || Dir(b)). */
static double dirichlet_kl(const double *a, const double *b, size_t k)
{
	double sum = 0, kl = special_log_norm(a, k) - special_log_norm(b, k);
	for (size_t i = 0; i < k; i++)
		sum += a[i];
	for (size_t i = 0; i < k; i++)
		kl += (a[i] - b[i]) * (special_digamma(a[i]) - special_digamma(sum));
	return kl;
}

/* KL(q || p) by its definition, q = p(theta, z | w) under made: over z, and given z over two Dirichlets. */
static double divergence(const struct plain *made, const struct plain *now, const struct em_corpus *c, size_t d)
{
	struct walk w;
	double kl = 0, q_all = evidence(made, c, d), p_all = evidence(now, c, d);
	walk_begin(&w, c, d);
	do {
		double a[TOPICS], b[TOPICS], q, p;
		walk_weigh(&w, made);
		q = w.p / exp(q_all);
		walk_weigh(&w, now);
		p = w.p / exp(p_all);
		for (size_t i = 0; i < now->k; i++) {
			a[i] = made->alpha[i] + w.counts[i];
			b[i] = now->alpha[i] + w.counts[i];
		}
		kl += q > 0 ? q * (log(q / p) + dirichlet_kl(a, b, now->k)) : 0;
	} while (walk_next(&w, now->k));
	return kl;
}

/* One iteration for the topics, alpha as it is. */
static void plain_step(struct plain *x, const struct em_corpus *c)
{
	double counts[TOPICS][TERMS] = {{0}};
	for (size_t d = 0; d < c->docs; d++) {
		struct walk w;
		double all = exp(evidence(x, c, d));
		walk_begin(&w, c, d);
		do {
			walk_weigh(&w, x);
			for (size_t j = 0; j < w.n; j++)
				counts[w.z[j]][w.words[j]] += w.p / all;
		} while (walk_next(&w, x->k));
	}
	for (size_t i = 0; i < x->k; i++) {
		double sum = 0;
		for (size_t v = 0; v < x->terms; v++)
			sum += counts[i][v];
		for (size_t v = 0; v < x->terms; v++)
			x->beta[i][v] = counts[i][v] / sum;
	}
}

/* Numbers of each entry, and the topics, against the sums. */
static void check(struct fit *f)
{
	const struct em_snapshot *s = fit_look(f);
	const struct em_corpus *c = f->data->corpus;
	const struct em_entry *e = s->ledger + s->position;
	struct plain now, made;
	double log_p = 0, kl = 0;
	plain_theta(&now, s, s->theta, c->terms);
	plain_theta(&made, s, s->theta_made, c->terms);
	for (size_t d = 0; d < c->docs; d++) {
		double one = evidence(&now, c, d), gap = divergence(&made, &now, c, d);
		fit_near(s->obs[d].log_evidence, one, 1e-11);
		fit_near(s->obs[d].kl, gap, 1e-10);
		fit_near(s->obs[d].elbo, one - gap, 1e-10);
		log_p += one;
		kl += gap;
	}
	fit_near(e->log_evidence, log_p, 1e-10);
	fit_near(e->kl, kl, 1e-9);
	if (e->phase == EM_E)
		assert_true(e->kl == 0 && e->elbo == e->log_evidence);
	em_snapshot_release(s);
}

static const unsigned counts[] = {2, 1, 0, 1, 0, 0, 3, 1, 0, 1, 1, 1, 0, 2, 0, 0, 1, 2, 0, 1};

static void test_every_assignment(void **state)
{
	(void)state;
	static const char *const ks[] = {"1", "2", "3"}, *const updates[] = {"fixed", "symmetric", "vector"};
	for (int trial = 0; trial < (fit_brief() ? 2 : 9); trial++) {
		struct fit f;
		fit_open(&f, "lda e_step=exact", small_corpus(4, 5, counts), NULL, NULL, "components", ks[2 - trial % 3],
		         "alpha_update", updates[trial / 3], "init", "random", NULL);
		double before = -INFINITY;
		for (int i = 0; i < 9; i++) {
			check(&f);
			assert_true(fit_entry(&f)->log_evidence >= before - 1e-10);
			before = fit_entry(&f)->log_evidence;
			fit_step(&f, EM_PHASE);
		}
		fit_close(&f);
	}
}

static void test_plain_implementation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (fit_brief() ? 1 : 6); seed++) {
		struct fit f;
		struct plain x, got;
		fit_open(&f, "lda e_step=exact", small_random(seed, 6, 7, seed % 2 ? 10 : 8), NULL, NULL, "components", seed % 2 ? "2" : "3",
		         "init", "random", "alpha", "0.4", NULL);
		const struct em_snapshot *s = fit_look(&f);
		const struct em_corpus *c = f.data->corpus;
		plain_theta(&x, s, s->theta, c->terms);
		em_snapshot_release(s);
		for (int i = 0; i < 12; i++) {
			double log_p = 0;
			plain_step(&x, c);
			fit_step(&f, EM_ITERATION);
			s = fit_look(&f);
			plain_theta(&got, s, s->theta, c->terms);
			em_snapshot_release(s);
			for (size_t k = 0; k < x.k; k++)
				for (size_t v = 0; v < x.terms; v++)
					fit_near(got.beta[k][v], x.beta[k][v], 1e-9);
			for (size_t d = 0; d < c->docs; d++)
				log_p += evidence(&x, c, d);
			fit_near(fit_entry(&f)->log_evidence, log_p, 1e-9);
		}
		fit_close(&f);
	}
}

/* Documents 0 0 1 2 | 0 0 1 2 2, alpha .2: mean field's M-steps lower log p; from the same start exact EM never does. */
static void test_beside_mean_field(void **state)
{
	(void)state;
	static const unsigned two[] = {2, 1, 1, 2, 1, 2};
	double theta[4 * 8] = {0.2, 0.2}, end[2];
	static const double beta[2][3] = {{.3, .5, .2}, {.5, .1, .4}};
	for (size_t k = 0; k < 2; k++)
		for (size_t v = 0; v < 3; v++)
			theta[8 + v * 8 + k] = beta[k][v];
	for (int exact = 0; exact < 2; exact++) {
		struct fit f;
		fit_open(&f, exact ? "lda e_step=exact" : "lda", small_corpus(2, 3, two), NULL, theta, "components", "2", NULL);
		for (int i = 0; i < 12; i++) {
			double before = 0, after = 0;
			struct plain x;
			const struct em_snapshot *s = fit_look(&f);
			plain_theta(&x, s, s->theta, 3);
			em_snapshot_release(s);
			before = evidence(&x, f.data->corpus, 0) + evidence(&x, f.data->corpus, 1);
			if (i == 0)
				fit_near(before, -10.2232, 5e-5);
			fit_step(&f, EM_ITERATION);
			s = fit_look(&f);
			plain_theta(&x, s, s->theta, 3);
			em_snapshot_release(s);
			after = evidence(&x, f.data->corpus, 0) + evidence(&x, f.data->corpus, 1);
			if (exact)
				assert_true(after >= before - 1e-12);
			else if (i < 4)
				assert_true(after < before);
			end[exact] = after;
		}
		fit_close(&f);
	}
	assert_true(end[1] > end[0] + 1);
}

/* Topics without some words: zeros stay zeros and nothing infinite comes of them. */
static void test_zeros(void **state)
{
	(void)state;
	static const unsigned two[] = {2, 1, 1, 2, 0, 2};
	double theta[4 * 8] = {0.3, 0.7};
	static const double beta[2][3] = {{.5, .5, 0}, {0, .25, .75}};
	struct fit f;
	for (size_t k = 0; k < 2; k++)
		for (size_t v = 0; v < 3; v++)
			theta[8 + v * 8 + k] = beta[k][v];
	fit_open(&f, "lda e_step=exact", small_corpus(2, 3, two), NULL, theta, "components", "2", "alpha_update", "vector", NULL);
	for (int i = 0; i < 8; i++) {
		check(&f);
		fit_step(&f, EM_PHASE);
	}
	const struct em_snapshot *s = fit_look(&f);
	assert_true(fit_theta(s, "topics", 0, 2) == 0 && fit_theta(s, "topics", 1, 0) == 0);
	em_snapshot_release(s);
	fit_close(&f);
}

/* A q that came from a file has its shares only; it goes on as if it had never been away. */
static void test_given_q(void **state)
{
	(void)state;
	struct fit f, g;
	struct em_run *again = NULL;
	fit_open(&f, "lda e_step=exact", small_corpus(4, 5, counts), NULL, NULL, "components", "3", NULL);
	fit_open(&g, "lda e_step=exact", small_corpus(4, 5, counts), NULL, NULL, "components", "3", NULL);
	for (int i = 0; i < 4; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_layout *l = &s->problem->layout;
	double *q = calloc(l->observations * l->q_stride, sizeof *q);
	for (unsigned a = 0; a < l->q_arrays; a++)
		for (size_t d = 0; d < l->observations; d++)
			for (size_t k = 0; k < l->components; k++) {
				size_t at = l->q[a].offset + d * l->q[a].stride[0] + k * l->q[a].stride[1];
				q[at] = s->q[at];
			}
	struct em_given given = {s->theta, q, s->theta_made};
	assert_int_equal(em_run_new(em_model_named("lda"), g.data, g.settings, NULL, &given, NULL, &again, &g.err), EM_OK);
	fit_near(em_run_entry(again)->elbo, fit_entry(&f)->elbo, 1e-12 * -fit_entry(&f)->elbo);
	fit_near(em_run_entry(again)->kl, fit_entry(&f)->kl, 1e-12 * -fit_entry(&f)->elbo);
	em_run_free(again);
	em_snapshot_release(s);
	free(q);
	fit_close(&f);
	fit_close(&g);
}

static void refused(const char *k, const char *each, const char *all, const char *says)
{
	struct em_run *run = NULL;
	struct fit f;
	fit_open(&f, "lda e_step=exact", small_random(2, 12, 60, 60), NULL, NULL, "components", "2", NULL);
	struct em_settings *s = f.settings, *next;
	const char *const put[][2] = {{"components", k}, {"evidence_budget", each}, {"evidence_step", all}};
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(em_settings_with(s, put[i][0], put[i][1], &next, &f.err), EM_OK);
		em_settings_release(s);
		s = f.settings = next;
	}
	assert_int_equal(em_run_new(em_model_named("lda"), f.data, s, NULL, NULL, NULL, &run, &f.err), EM_USAGE);
	if (!strstr(f.err.msg, says))
		fail_msg("%s", f.err.msg);
	fit_close(&f);
}

static void test_what_is_too_dear(void **state)
{
	(void)state;
	refused("50", "0.1", "1", "out of reach");
	refused("3", "0.00001", "1", "evidence_budget allows");
	refused("3", "0.1", "0.00001", "evidence_step allows");
}

static void test_random(void **state)
{
	(void)state;
	fit_check_random("lda e_step=exact");
}
static void test_threads(void **state)
{
	(void)state;
	fit_check_threads("lda e_step=exact");
}
static void test_units(void **state)
{
	(void)state;
	fit_check_units("lda e_step=exact");
}
static void test_back(void **state)
{
	(void)state;
	fit_check_back("lda e_step=exact");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_assignment), cmocka_unit_test(test_plain_implementation),
	    cmocka_unit_test(test_beside_mean_field), cmocka_unit_test(test_zeros), cmocka_unit_test(test_given_q),
	    cmocka_unit_test(test_what_is_too_dear), cmocka_unit_test(test_random), cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_units), cmocka_unit_test(test_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
