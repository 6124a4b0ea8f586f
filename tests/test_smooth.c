/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Smoothed LDA against a plain implementation, and against the sum over all topics of all words of a corpus. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/special.h"
#include "elbow/evidence.h"
#include "fit.h"
#include "model/lda.h"

enum { TOPICS = 3, TERMS = 12, WORDS = 12 };

/* log of the normaliser's inverse, and KL(Dir(a) || Dir(b)). */
static double log_norm(const double *a, size_t k)
{
	double sum = 0, out = 0;
	for (size_t i = 0; i < k; i++) {
		sum += a[i];
		out -= lgamma(a[i]);
	}
	return out + lgamma(sum);
}

static double dirichlet_kl(const double *a, const double *b, size_t k)
{
	double sum = 0, kl = log_norm(a, k) - log_norm(b, k);
	for (size_t i = 0; i < k; i++)
		sum += a[i];
	for (size_t i = 0; i < k; i++)
		kl += (a[i] - b[i]) * (special_digamma(a[i]) - special_digamma(sum));
	return kl;
}

/* ---- over every assignment of topics to the words of all documents ---- */

struct whole {
	const struct em_snapshot *s;
	const struct em_corpus *c;
	size_t k, terms, n, word[WORDS], doc[WORDS], z[WORDS];
	double alpha[TOPICS], eta, lambda[TOPICS][TERMS], gamma[WORDS][TOPICS], phi[WORDS][TOPICS];
};

static void whole_open(struct whole *x, const struct em_snapshot *s, const struct em_corpus *c)
{
	*x = (struct whole){.s = s, .c = c, .k = s->problem->layout.components, .terms = c->terms, .eta = fit_theta(s, "eta", 0, 0)};
	for (size_t k = 0; k < x->k; k++) {
		x->alpha[k] = fit_theta(s, "alpha", k, 0);
		for (size_t v = 0; v < c->terms; v++)
			x->lambda[k][v] = fit_theta(s, "lambda", k, v);
	}
	for (size_t d = 0; d < c->docs; d++) {
		size_t pairs = c->row[d + 1] - c->row[d];
		double part[WORDS * TOPICS];
		struct em_err err;
		for (size_t k = 0; k < x->k; k++)
			x->gamma[d][k] = fit_q(s, "gamma", d, k);
		assert_int_equal(s->problem->model->parts(s->problem, s->theta_made, s->q + d * s->problem->layout.q_stride, d, 0, pairs, part, &err),
		                 EM_OK);
		for (size_t j = 0; j < pairs; j++)
			for (uint32_t i = 0; i < c->count[c->row[d] + j]; i++, x->n++) {
				x->word[x->n] = c->term[c->row[d] + j];
				x->doc[x->n] = d;
				memcpy(x->phi[x->n], part + j * x->k, x->k * sizeof(double));
			}
	}
}

/* log p(w, z) with all theta and beta integrated out, and the Dirichlets that are theirs given z. */
static double joint(const struct whole *x, double theta[WORDS][TOPICS], double beta[TOPICS][TERMS])
{
	double log_p = 0;
	double flat[TERMS];
	for (size_t v = 0; v < x->terms; v++)
		flat[v] = x->eta;
	for (size_t d = 0; d < x->c->docs; d++)
		memcpy(theta[d], x->alpha, sizeof x->alpha);
	for (size_t k = 0; k < x->k; k++)
		memcpy(beta[k], flat, sizeof flat);
	for (size_t i = 0; i < x->n; i++) {
		theta[x->doc[i]][x->z[i]]++;
		beta[x->z[i]][x->word[i]]++;
	}
	for (size_t d = 0; d < x->c->docs; d++)
		log_p += log_norm(x->alpha, x->k) - log_norm(theta[d], x->k);
	for (size_t k = 0; k < x->k; k++)
		log_p += log_norm(flat, x->terms) - log_norm(beta[k], x->terms);
	return log_p;
}

static bool next(struct whole *x)
{
	size_t i = 0;
	while (i < x->n && ++x->z[i] == x->k)
		x->z[i++] = 0;
	return i < x->n;
}

static void by_definition(struct fit *f, double *same)
{
	struct whole x;
	const struct em_snapshot *s = fit_look(f);
	double theta[WORDS][TOPICS], beta[TOPICS][TERMS], p = 0, kl = 0;
	whole_open(&x, s, f->data->corpus);
	do
		p += exp(joint(&x, theta, beta));
	while (next(&x));
	memset(x.z, 0, sizeof x.z);
	do {
		double log_q = 0, post = joint(&x, theta, beta) - log(p);
		for (size_t i = 0; i < x.n; i++)
			log_q += log(x.phi[i][x.z[i]]);
		double inner = log_q - post;
		for (size_t d = 0; d < x.c->docs; d++)
			inner += dirichlet_kl(x.gamma[d], theta[d], x.k);
		for (size_t k = 0; k < x.k; k++)
			inner += dirichlet_kl(x.lambda[k], beta[k], x.terms);
		kl += exp(log_q) * inner;
	} while (next(&x));
	const struct em_entry *e = s->ledger + s->position;
	fit_near(log(p) - e->elbo, kl, 1e-10);
	assert_true(kl > 0 && isnan(e->log_evidence) && e->evidence == EM_EVIDENCE_NONE);
	if (*same != 0)
		fit_near(log(p), *same, 1e-11);
	*same = log(p);
	em_snapshot_release(s);
}

static void test_every_assignment(void **state)
{
	(void)state;
	static const unsigned counts[] = {2, 1, 0, 1, 0, 2, 1, 1, 1};
	static const char *const etas[] = {"0.3", "1.5"};
	for (int trial = 0; trial < (fit_brief() ? 1 : 2); trial++) {
		struct fit f;
		double log_p = 0;
		fit_open(&f, "lda", small_corpus(3, 3, counts), NULL, NULL, "components", "2", "eta", etas[trial], "init", "random", NULL);
		for (int i = 0; i < 7; i++) {
			by_definition(&f, &log_p); /* log p is the same at every step */
			fit_step(&f, EM_PHASE);
		}
		fit_close(&f);
	}
}

/* ---- the same, written plainly ---- */

struct plain {
	const struct em_corpus *c;
	size_t k;
	double eta, alpha[TOPICS], lambda[TOPICS][TERMS], gamma[16][TOPICS];
};

/* E-step to the end by mean field from uniform, and the next lambda. Returns the bound after it. */
static double plain_step(struct plain *x)
{
	size_t v_all = x->c->terms;
	double log_beta[TOPICS][TERMS], counts[TOPICS][TERMS] = {{0}}, bound = 0, flat[TERMS];
	for (size_t k = 0; k < x->k; k++) {
		double sum = 0;
		for (size_t v = 0; v < v_all; v++)
			sum += x->lambda[k][v];
		for (size_t v = 0; v < v_all; v++)
			log_beta[k][v] = special_digamma(x->lambda[k][v]) - special_digamma(sum);
	}
	for (size_t d = 0; d < x->c->docs; d++) {
		double phi[TERMS][TOPICS], gamma[TOPICS], sum = 0;
		for (size_t k = 0; k < x->k; k++)
			gamma[k] = x->alpha[k] + x->c->length[d] / (double)x->k;
		for (int sweep = 0; sweep <= 3000; sweep++) {
			double next_gamma[TOPICS];
			memcpy(next_gamma, x->alpha, sizeof gamma);
			for (size_t j = x->c->row[d]; j < x->c->row[d + 1]; j++) {
				double z = 0, *p = phi[j - x->c->row[d]];
				for (size_t k = 0; k < x->k; k++)
					z += p[k] = exp(log_beta[k][x->c->term[j]] + special_digamma(gamma[k]));
				for (size_t k = 0; k < x->k; k++) {
					p[k] /= z;
					next_gamma[k] += x->c->count[j] * p[k];
				}
			}
			if (sweep < 3000)
				memcpy(gamma, next_gamma, sizeof gamma);
		}
		for (size_t k = 0; k < x->k; k++)
			sum += gamma[k];
		bound += log_norm(x->alpha, x->k) - log_norm(gamma, x->k);
		for (size_t k = 0; k < x->k; k++) {
			double e = special_digamma(gamma[k]) - special_digamma(sum);
			bound += (x->alpha[k] - gamma[k]) * e;
			for (size_t j = x->c->row[d]; j < x->c->row[d + 1]; j++) {
				double p = phi[j - x->c->row[d]][k], c = x->c->count[j];
				bound += c * p * (e + log_beta[k][x->c->term[j]] - log(p));
				counts[k][x->c->term[j]] += c * p;
			}
		}
	}
	for (size_t v = 0; v < v_all; v++)
		flat[v] = x->eta;
	for (size_t k = 0; k < x->k; k++)
		bound -= dirichlet_kl(x->lambda[k], flat, v_all);
	for (size_t k = 0; k < x->k; k++)
		for (size_t v = 0; v < v_all; v++)
			x->lambda[k][v] = x->eta + counts[k][v];
	return bound;
}

static void test_plain_implementation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (fit_brief() ? 1 : 4); seed++) {
		struct fit f;
		struct plain x = {.k = 3, .eta = seed % 2 ? 0.2 : 1.1};
		fit_open(&f, "lda", small_random(seed, 8, 10, 20), NULL, NULL, "components", "3", "eta", seed % 2 ? "0.2" : "1.1", "alpha", "0.7",
		         "e_tolerance", "0", "e_sweeps", "3000", "e_start", "cold", NULL);
		x.c = f.data->corpus;
		const struct em_snapshot *s = fit_look(&f);
		for (size_t k = 0; k < 3; k++) {
			x.alpha[k] = 0.7;
			for (size_t v = 0; v < 10; v++)
				x.lambda[k][v] = fit_theta(s, "lambda", k, v);
		}
		em_snapshot_release(s);
		for (int i = 0; i < 10; i++) {
			double bound = plain_step(&x);
			fit_step(&f, EM_PHASE);
			fit_near(fit_entry(&f)->elbo, bound, 1e-9 * (1 + fabs(bound)));
			fit_step(&f, EM_PHASE);
			s = fit_look(&f);
			for (size_t k = 0; k < 3; k++) {
				double sum = 0;
				for (size_t v = 0; v < 10; v++) {
					fit_near(fit_theta(s, "lambda", k, v), x.lambda[k][v], 1e-8 * (1 + x.lambda[k][v]));
					sum += fit_theta(s, "lambda", k, v);
				}
				for (size_t v = 0; v < 10; v++)
					fit_near(fit_theta(s, "topics", k, v), fit_theta(s, "lambda", k, v) / sum, 1e-15);
			}
			em_snapshot_release(s);
		}
		fit_close(&f);
	}
}

/* Many settings: no breach, the bound never falls, terms have their signs. */
static void test_random(void **state)
{
	(void)state;
	static const char *const etas[] = {"0.001", "0.05", "1", "50"}, *const updates[] = {"fixed", "symmetric"},
	                         *const alphas[] = {"fixed", "symmetric", "vector"};
	for (uint64_t seed = 1; seed <= (fit_brief() ? 3 : 24); seed++) {
		struct fit f;
		fit_open(&f, "lda", small_random(seed, 4 + seed % 9, 5 + seed % 20, 25), NULL, NULL, "components", seed % 5 ? "3" : "1", "eta",
		         etas[seed % 4], "eta_update", updates[seed % 2], "alpha_update", alphas[seed % 3], NULL);
		double before = fit_entry(&f)->elbo;
		for (int i = 0; i < 30; i++) {
			fit_step(&f, i % 10 == 9 ? EM_UNIT : EM_PHASE);
			const struct em_entry *e = fit_entry(&f);
			if (e->phase == EM_E || e->phase == EM_M)
				assert_true(e->elbo >= before - e->allowance);
			before = e->elbo;
			double sum = 0;
			for (size_t t = 0; t < 7; t++)
				sum += e->terms[t];
			fit_near(sum, e->elbo, 1e-10 * (1 + fabs(e->elbo)));
		}
		fit_close(&f);
	}
}

/* The derivative of the bound by eta is 0 where eta_update has set it. */
static void test_eta_update(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "lda", small_random(7, 20, 12, 30), NULL, NULL, "components", "3", "eta", "2", "eta_update", "symmetric", NULL);
	for (int i = 0; i < 6; i++)
		fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	const struct em_problem *p = s->problem;
	double *theta = malloc(p->layout.theta_size * sizeof *theta), value[3];
	double eta = fit_theta(s, "eta", 0, 0);
	assert_true(fabs(eta - 2) > 0.1);
	memcpy(theta, s->theta, p->layout.theta_size * sizeof *theta);
	for (int i = 0; i < 3; i++) {
		double unused[EM_TERMS] = {0};
		theta[p->layout.theta[3].offset] = eta * (1 + 1e-4 * (i - 1));
		value[i] = p->model->global(p, theta, unused);
	}
	assert_true(value[1] > value[0] && value[1] > value[2]);
	fit_near((value[2] - value[0]) / 2e-4, 0, 1e-4);
	free(theta);
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_what_it_is(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "lda", small_random(2, 5, 6, 9), NULL, NULL, "components", "2", "eta", "0.5", NULL);
	const struct em_snapshot *s = fit_look(&f);
	struct em_document d;
	assert_ptr_equal(s->problem->model, &lda_smooth);
	assert_string_equal(s->problem->model->name, "lda");
	assert_false(em_document_of(s->problem, s->theta, 0, &d)); /* no evidence document by document */
	assert_string_equal(em_evidence_method(s->problem, 0), "none");
	em_snapshot_release(s);
	struct em_settings *both;
	struct em_run *run;
	assert_int_equal(em_settings_with(f.settings, "e_step", "exact", &both, &f.err), EM_OK);
	assert_int_equal(em_run_new(em_model_named("lda"), f.data, both, NULL, NULL, NULL, &run, &f.err), EM_USAGE);
	assert_non_null(strstr(f.err.msg, "needs eta=0"));
	em_settings_release(both);
	fit_close(&f);
}

static void test_threads(void **state)
{
	(void)state;
	fit_check_threads("lda eta=0.2");
}
static void test_back(void **state)
{
	(void)state;
	fit_check_back("lda eta=0.2");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_assignment), cmocka_unit_test(test_plain_implementation), cmocka_unit_test(test_random),
	    cmocka_unit_test(test_eta_update),       cmocka_unit_test(test_what_it_is),           cmocka_unit_test(test_threads),
	    cmocka_unit_test(test_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
