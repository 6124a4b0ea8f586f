/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * pLSA against a plain implementation that keeps q of every token, sums over all topics of all tokens, and closed forms. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "data/bars.h"
#include "fit.h"

/* ---- the same EM, written plainly: one q a token, in logs ---- */

struct plain {
	const struct em_corpus *c;
	size_t k;
	double *topic, *mix; /* [k][terms], [docs][k] */
	double *next, *share;
};

static void plain_open(struct plain *x, const struct em_corpus *c, size_t k, const struct em_snapshot *s)
{
	*x = (struct plain){c, k, calloc(k * c->terms, sizeof(double)), calloc(c->docs * k, sizeof(double)),
	                    calloc(k * c->terms, sizeof(double)), calloc(c->docs * k, sizeof(double))};
	for (size_t i = 0; i < k; i++) {
		for (size_t v = 0; v < c->terms; v++)
			x->topic[i * c->terms + v] = fit_theta(s, "topics", i, v);
		for (size_t d = 0; d < c->docs; d++)
			x->mix[d * k + i] = fit_theta(s, "mixtures", d, i);
	}
}

static void plain_close(struct plain *x)
{
	free(x->topic);
	free(x->mix);
	free(x->next);
	free(x->share);
}

/* One token: its share of log p; its q is added to next and share. */
static double plain_token(struct plain *x, size_t d, size_t v)
{
	double joint[16], top = -INFINITY, sum = 0;
	for (size_t k = 0; k < x->k; k++) {
		joint[k] = log(x->mix[d * x->k + k]) + log(x->topic[k * x->c->terms + v]);
		top = fmax(top, joint[k]);
	}
	for (size_t k = 0; k < x->k; k++)
		sum += exp(joint[k] - top);
	for (size_t k = 0; k < x->k; k++) {
		double q = exp(joint[k] - top) / sum;
		x->next[k * x->c->terms + v] += q;
		x->share[d * x->k + k] += q / x->c->length[d];
	}
	return top + log(sum);
}

static double plain_step(struct plain *x)
{
	const struct em_corpus *c = x->c;
	double log_p = 0;
	memset(x->next, 0, x->k * c->terms * sizeof(double));
	memset(x->share, 0, c->docs * x->k * sizeof(double));
	for (size_t d = 0; d < c->docs; d++)
		for (size_t j = c->row[d]; j < c->row[d + 1]; j++)
			for (uint32_t i = 0; i < c->count[j]; i++)
				log_p += plain_token(x, d, c->term[j]);
	for (size_t d = 0; d < c->docs; d++)
		for (size_t k = 0; k < x->k && c->length[d]; k++)
			x->mix[d * x->k + k] = x->share[d * x->k + k];
	for (size_t k = 0; k < x->k; k++) {
		double sum = 0;
		for (size_t v = 0; v < c->terms; v++)
			sum += x->next[k * c->terms + v];
		for (size_t v = 0; v < c->terms && sum > 0; v++)
			x->topic[k * c->terms + v] = x->next[k * c->terms + v] / sum;
	}
	return log_p;
}

static void follow(struct fit *f, size_t k, int iterations)
{
	const struct em_corpus *c = f->data->corpus;
	const struct em_snapshot *s = fit_look(f);
	struct plain x;
	plain_open(&x, c, k, s);
	em_snapshot_release(s);
	for (int i = 0; i < iterations; i++) {
		double log_p = plain_step(&x);
		fit_step(f, EM_PHASE);
		fit_near(fit_entry(f)->log_evidence, log_p, 1e-9 + 1e-13 * fabs(log_p));
		fit_near(fit_entry(f)->elbo, log_p, 1e-9 + 1e-13 * fabs(log_p));
		fit_step(f, EM_PHASE);
		s = fit_look(f);
		for (size_t j = 0; j < k; j++) {
			for (size_t v = 0; v < c->terms; v++)
				fit_near(fit_theta(s, "topics", j, v), x.topic[j * c->terms + v], 1e-9);
			for (size_t d = 0; d < c->docs; d++) {
				fit_near(fit_theta(s, "mixtures", d, j), x.mix[d * k + j], 1e-9);
				if (c->length[d])
					fit_near(fit_q(s, "shares", d, j), x.share[d * k + j], 1e-9);
			}
		}
		em_snapshot_release(s);
	}
	plain_close(&x);
}

static struct em_data *gazette(void)
{
	struct em_data *d;
	struct em_err err;
	struct em_settings *s = fit_settings("plsa");
	assert_int_equal(em_data_open(EM_DATA_CORPUS, NULL, s, &d, &err), EM_OK);
	em_settings_release(s);
	return d;
}

static void test_plain_implementation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (fit_brief() ? 2 : 8); seed++) {
		struct fit f;
		char k[8];
		snprintf(k, sizeof k, "%d", (int)(1 + seed % 5));
		fit_open(&f, "plsa", small_random(seed, 6 + seed, 9, 25), NULL, NULL, "components", k, "init",
		         seed % 2 ? "documents" : "random", NULL);
		follow(&f, 1 + seed % 5, 12);
		fit_close(&f);
	}
	if (fit_brief())
		return;
	struct fit f;
	fit_open(&f, "plsa", NULL, gazette(), NULL, "components", "4", NULL);
	follow(&f, 4, 10);
	fit_close(&f);
}

/* ---- sums over every topic of every token ---- */

/* theta as the model keeps it. */
static double *theta_of(size_t k, size_t terms, size_t docs, const double *topics, const double *mixtures)
{
	size_t kp = (k + 7) / 8 * 8;
	double *theta = calloc(kp * (terms + docs), sizeof *theta);
	for (size_t i = 0; i < k; i++) {
		for (size_t v = 0; v < terms; v++)
			theta[v * kp + i] = topics[i * terms + v];
		for (size_t d = 0; d < docs; d++)
			theta[(terms + d) * kp + i] = mixtures[d * k + i];
	}
	return theta;
}

enum { TOKENS = 7 };
static const unsigned tiny[] = {2, 1, 0, 1, 0, 3};
static const size_t tiny_doc[TOKENS] = {0, 0, 0, 1, 1, 1, 1}, tiny_term[TOKENS] = {0, 0, 1, 0, 2, 2, 2};

/* log p, the terms and KL of all tokens together, from the joint of words and topics; q of the tokens by parts(). */
static void enumerate(const struct em_snapshot *s, const struct em_corpus *c, size_t k)
{
	const struct em_entry *e = s->ledger + s->position;
	double evidence = 0, want[3] = {0}, kl = 0, q_of[TOKENS][3], part[2][2 * 3];
	struct em_err err;
	size_t all = 1;
	for (size_t d = 0; d < 2; d++)
		assert_int_equal(s->problem->model->parts(s->problem, s->theta_made, s->q + d * s->problem->layout.q_stride, d, 0, 2,
		                                          part[d], &err), EM_OK);
	for (size_t i = 0; i < TOKENS; i++, all *= k)
		for (size_t j = 0; j < k; j++)
			q_of[i][j] = part[tiny_doc[i]][(tiny_term[i] != c->term[c->row[tiny_doc[i]]]) * k + j];
	for (int pass = 0; pass < 2; pass++)
		for (size_t z = 0; z < all; z++) {
			double pz = 1, pw = 1, q = 1;
			for (size_t i = 0, rest = z; i < TOKENS; i++, rest /= k) {
				pz *= fit_theta(s, "mixtures", tiny_doc[i], rest % k);
				pw *= fit_theta(s, "topics", rest % k, tiny_term[i]);
				q *= q_of[i][rest % k];
			}
			if (pass == 0)
				evidence += pz * pw;
			if (pass == 0 || q == 0)
				continue;
			want[0] += q * log(pz);
			want[1] += q * log(pw);
			want[2] -= q * log(q);
			kl += q * (log(q) - log(pz * pw / evidence));
		}
	fit_near(e->log_evidence, log(evidence), 1e-12);
	fit_near(e->kl, kl, 1e-11);
	for (size_t i = 0; i < 3; i++)
		fit_near(e->terms[i], want[i], 1e-11);
	fit_near(e->elbo, want[0] + want[1] + want[2], 1e-11);
}

static void test_every_assignment(void **state)
{
	(void)state;
	static const double topics[] = {.5, .3, .2, .1, .2, .7, .3, .3, .4}, mixtures[] = {.5, .3, .2, .1, .6, .3};
	static const double zeros[] = {.5, .5, 0, 0, .2, .8, .3, .3, .4}, one_sided[] = {1, 0, 0, .1, .6, .3};
	for (int with_zeros = 0; with_zeros < 2; with_zeros++) {
		double *theta = theta_of(3, 3, 2, with_zeros ? zeros : topics, with_zeros ? one_sided : mixtures);
		struct fit f;
		fit_open(&f, "plsa", small_corpus(2, 3, tiny), NULL, theta, "components", "3", NULL);
		free(theta);
		for (int i = 0; i < 14; i++) {
			const struct em_snapshot *s = fit_look(&f);
			enumerate(s, f.corpus, 3);
			em_snapshot_release(s);
			fit_step(&f, i % 4 > 1 ? EM_PHASE : EM_UNIT);
			while (fit_entry(&f)->phase == EM_E_PART)
				fit_step(&f, EM_UNIT);
		}
		fit_close(&f);
	}
}

/* Entry 0: every topic that can have produced a token takes the same share of it. */
static void test_start_is_uniform_over_the_possible(void **state)
{
	(void)state;
	static const double topics[] = {.5, .5, 0, 0, .2, .8, .3, .3, .4}, mixtures[] = {.5, .5, 0, .1, .6, .3};
	static const double want[2][2][3] = {{{1, 0, 0}, {.5, .5, 0}}, {{.5, 0, .5}, {0, .5, .5}}};
	double *theta = theta_of(3, 3, 2, topics, mixtures), part[2 * 3];
	struct fit f;
	fit_open(&f, "plsa", small_corpus(2, 3, tiny), NULL, theta, "components", "3", NULL);
	free(theta);
	const struct em_snapshot *s = fit_look(&f);
	for (size_t d = 0; d < 2; d++) {
		const double *q = s->q + d * s->problem->layout.q_stride;
		assert_int_equal(s->problem->model->parts(s->problem, s->theta_made, q, d, 0, 2, part, &f.err), EM_OK);
		for (size_t i = 0; i < 6; i++)
			assert_true(part[i] == want[d][i / 3][i % 3]);
		assert_int_equal(s->problem->model->parts(s->problem, s->theta_made, q, d, 1, 1, part, &f.err), EM_OK);
		for (size_t i = 0; i < 3; i++)
			assert_true(part[i] == want[d][1][i]);
	}
	fit_near(fit_q(s, "shares", 0, 0), 2.5 / 3, 1e-15);
	em_snapshot_release(s);
	fit_close(&f);
}

/* ---- closed forms and edges ---- */

static void test_one_topic_is_the_frequencies(void **state)
{
	(void)state;
	static const unsigned counts[] = {4, 0, 1, 0, 0, 0, 2, 3, 0};
	static const double want[] = {.6, .3, .1};
	struct fit f;
	double log_p = 0;
	fit_open(&f, "plsa", small_corpus(3, 3, counts), NULL, NULL, "components", "1", NULL);
	fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	for (size_t v = 0; v < 3; v++) {
		fit_near(fit_theta(s, "topics", 0, v), want[v], 1e-15);
		log_p += 10 * want[v] * log(want[v]);
	}
	fit_near(fit_entry(&f)->log_evidence, log_p, 1e-12);
	fit_near(fit_entry(&f)->kl, 0, 1e-12);
	em_snapshot_release(s);
	fit_close(&f);
}

/* With a topic for every document nothing is left to explain: log p reaches that of each document's own frequencies. */
static void test_as_many_topics_as_documents(void **state)
{
	(void)state;
	struct fit f;
	double best = 0;
	fit_open(&f, "plsa", small_random(2, 4, 7, 20), NULL, NULL, "components", "4", NULL);
	for (size_t j = 0; j < f.corpus->pairs; j++) {
		size_t d = 0;
		while (f.corpus->row[d + 1] <= j)
			d++;
		best += f.corpus->count[j] * log((double)f.corpus->count[j] / f.corpus->length[d]);
	}
	for (int i = 0; i < 1000; i++) {
		fit_step(&f, EM_PHASE);
		assert_true(fit_entry(&f)->log_evidence <= best + 1e-9);
	}
	fit_near(fit_entry(&f)->log_evidence, best, 1e-3);
	fit_close(&f);
}

static void test_zeros_stay_and_empty_topics_keep_their_words(void **state)
{
	(void)state;
	static const unsigned counts[] = {3, 1, 0, 0, 0, 0, 2, 2, 1, 1, 1, 1, 0, 0, 0, 0};
	static const double topics[] = {.5, .5, 0, 0, 0, 0, .5, .5, .1, .2, .3, .4},
	                    mixtures[] = {.5, .5, 0, .5, .5, 0, .5, .5, 0, .2, .3, .5};
	double *theta = theta_of(3, 4, 4, topics, mixtures);
	struct fit f;
	fit_open(&f, "plsa", small_corpus(4, 4, counts), NULL, theta, "components", "3", NULL);
	free(theta);
	for (int i = 0; i < 4; i++)
		fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	static const double want[2][4] = {{2. / 3, 1. / 3, 0, 0}, {0, 0, .5, .5}}, mixed[4][3] = {{1}, {0, 1}, {.5, .5}, {.2, .3, .5}};
	for (size_t v = 0; v < 4; v++) {
		assert_true((fit_theta(s, "topics", 0, v) > 0) == (v < 2) && (fit_theta(s, "topics", 1, v) > 0) == (v > 1));
		assert_true(fit_theta(s, "topics", 2, v) == topics[8 + v]);
		for (size_t k = 0; k < 2; k++)
			fit_near(fit_theta(s, "topics", k, v), want[k][v], 1e-15);
	}
	for (size_t d = 0; d < 4; d++) /* the last document is empty and keeps its mixture */
		for (size_t k = 0; k < 3; k++) {
			assert_true((fit_theta(s, "mixtures", d, k) > 0) == (mixed[d][k] > 0));
			fit_near(fit_theta(s, "mixtures", d, k), mixed[d][k], 1e-15);
		}
	assert_true(s->obs[3].log_evidence == 0 && s->obs[3].kl == 0 && s->obs[3].elbo == 0);
	fit_near(fit_q(s, "shares", 3, 2), .5, 1e-15);
	em_snapshot_release(s);
	fit_close(&f);
}

/* Thousands of steps on data that a zero fits best: probabilities pass through every size a double has. */
static void test_probabilities_that_die_out(void **state)
{
	(void)state;
	static const unsigned counts[] = {900, 400, 1, 0, 0, 2, 0, 0, 0, 1, 300, 800, 2, 0, 0, 0, 0, 5, 0, 1, 400, 300, 0, 0, 0};
	for (int seed = 1; seed <= 3; seed++) {
		struct fit f;
		char text[8];
		snprintf(text, sizeof text, "%d", seed);
		fit_open(&f, "plsa", small_corpus(5, 5, counts), NULL, NULL, "components", "4", "seed", text, "history_memory", "1", NULL);
		for (int i = 0; i < (fit_brief() ? 50 : 1000); i++)
			fit_step(&f, EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo));
		fit_close(&f);
	}
}

/* n probabilities, a quarter of them of any size down to the smallest double. */
static void any_size(uint64_t *rng, double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++) {
		bool large = small_next(rng) % 4 || (i + 1 == n && sum < .1);
		sum += x[i] = large ? .2 + small_uniform(rng) : exp(-745 * small_uniform(rng)) * 1e-8;
	}
	for (size_t i = 0; i < n; i++)
		x[i] /= sum;
}

static void test_starts_of_every_size(void **state)
{
	(void)state;
	uint64_t rng = 8;
	int begun = 0, trials = fit_brief() ? 20 : 300;
	for (int trial = 0; trial < trials; trial++) {
		unsigned counts[4 * 5] = {1};
		double topics[4 * 5], mixtures[4 * 4];
		for (size_t i = 0; i < 20; i++)
			counts[i] += (unsigned)(small_next(&rng) % 3);
		for (size_t k = 0; k < 4; k++)
			any_size(&rng, topics + k * 5, 5);
		for (size_t d = 0; d < 4; d++)
			any_size(&rng, mixtures + d * 4, 4);
		struct em_corpus *c = small_corpus(4, 5, counts);
		struct em_data data = {EM_DATA_CORPUS, "small", 4, c, NULL, NULL};
		struct em_settings *s = fit_settings("plsa");
		struct em_given given = {.theta = theta_of(4, 5, 4, topics, mixtures)};
		struct em_run *run = NULL;
		struct em_err err;
		enum em_status st = em_run_new(em_model_named("plsa"), &data, s, NULL, &given, NULL, &run, &err);
		if (st && !strstr(err.msg, "which no topic of its mixture can produce"))
			fail_msg("trial %d: %s", trial, err.msg);
		for (int i = 0; i < 12 && !st; i++)
			if (em_run_step(run, i % 3 ? EM_PHASE : EM_UNIT, NULL, &err))
				fail_msg("trial %d: %s", trial, err.msg);
		begun += !st;
		em_run_free(run);
		em_settings_release(s);
		small_free(c);
		free((void *)(uintptr_t)given.theta);
	}
	if (begun < trials / 4 || begun == trials)
		fail_msg("%d of %d starts were taken", begun, trials);
}

static void test_wrong_starts(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 1, 0, 0, 1, 1};
	static const struct {
		double topics[6], mixtures[4];
		const char *message;
	} cases[] = {
		{{.5, .3, .2, .2, .3, .4}, {.5, .5, .5, .5}, "topics[2] sums to 0.9; a topic's probabilities sum to 1"},
		{{.5, .3, .2, .2, .3, .5}, {.5, .5, .5, .6}, "mixtures[2] sums to 1.1; a document's probabilities sum to 1"},
		{{.5, .3, .2, .2, .3, .5}, {1.5, -.5, .5, .5}, "mixtures[1][2] is -0.5; a probability is from 0 to 1"},
		{{.5, .5, 0, .2, .3, .5}, {.5, .5, 1, 0},
		 "document 2 has the term \"term3\", which no topic of its mixture can produce; every term of a document needs a "
		 "probability above 0 in one of its topics"},
	};
	struct em_corpus *c = small_corpus(2, 3, counts);
	struct em_data data = {EM_DATA_CORPUS, "small", 2, c, NULL, NULL};
	struct em_settings *plain = fit_settings("plsa"), *s;
	struct em_err err;
	struct em_run *run = NULL;
	assert_int_equal(em_settings_with(plain, "components", "2", &s, &err), EM_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct em_given given = {.theta = theta_of(2, 3, 2, cases[i].topics, cases[i].mixtures)};
		assert_int_equal(em_run_new(em_model_named("plsa"), &data, s, NULL, &given, NULL, &run, &err), EM_INPUT);
		assert_string_equal(err.msg, cases[i].message);
		free((void *)(uintptr_t)given.theta);
	}
	em_settings_release(s);
	assert_int_equal(em_settings_with(plain, "init", "given", &s, &err), EM_OK);
	assert_int_equal(em_run_new(em_model_named("plsa"), &data, s, NULL, NULL, NULL, &run, &err), EM_USAGE);
	em_settings_release(s);
	em_settings_release(plain);
	small_free(c);
}

/* A mixture of unigrams is pLSA with one topic a document: with the topics of the one and each document at its best
 * topic, the other is at least as likely, and EM goes on from there. */
static void test_unigrams_are_a_special_case(void **state)
{
	(void)state;
	struct fit u, f;
	fit_open(&u, "unigrams", small_random(6, 20, 10, 30), NULL, NULL, "components", "3", NULL);
	for (int i = 0; i < 20; i++)
		fit_step(&u, EM_PHASE);
	const struct em_snapshot *s = fit_look(&u);
	double topics[3 * 10], mixtures[20 * 3] = {0};
	for (size_t k = 0; k < 3; k++)
		for (size_t v = 0; v < 10; v++)
			topics[k * 10 + v] = fit_theta(s, "topics", k, v);
	for (size_t d = 0; d < 20; d++) {
		double best = -INFINITY;
		size_t at = 0;
		for (size_t k = 0; k < 3; k++) {
			double l = 0;
			for (size_t j = u.corpus->row[d]; j < u.corpus->row[d + 1]; j++)
				l += u.corpus->count[j] * log(topics[k * 10 + u.corpus->term[j]]);
			if (l > best) {
				best = l;
				at = k;
			}
		}
		mixtures[d * 3 + at] = 1;
	}
	em_snapshot_release(s);
	double *theta = theta_of(3, 10, 20, topics, mixtures);
	fit_open(&f, "plsa", small_random(6, 20, 10, 30), NULL, theta, "components", "3", NULL);
	free(theta);
	assert_true(fit_entry(&f)->log_evidence >= fit_entry(&u)->log_evidence);
	fit_close(&f);
	fit_close(&u);
}

/* Every bar that the documents were written from is found: a topic of its own has nearly all its mass on it. */
static void recover(const char *model, const char *name, const char *value, int iterations)
{
	struct em_settings *s = fit_settings(model);
	struct em_data *bars;
	struct fit f;
	bool taken[BARS_TOPICS] = {false};
	if (bars_make(1, s, &bars, &f.err))
		fail_msg("%s", f.err.msg);
	em_settings_release(s);
	fit_open(&f, model, NULL, bars, NULL, "components", "10", name, value, NULL);
	for (int i = 0; i < iterations; i++)
		fit_step(&f, EM_ITERATION);
	const struct em_snapshot *now = fit_look(&f);
	for (size_t bar = 0; bar < BARS_TOPICS; bar++) {
		double best = 0;
		size_t at = 0;
		for (size_t k = 0; k < BARS_TOPICS; k++) {
			double mass = 0;
			for (size_t i = 0; i < BARS_SIDE; i++)
				mass += fit_theta(now, "topics", k, bar < BARS_SIDE ? bar * BARS_SIDE + i : i * BARS_SIDE + bar - BARS_SIDE);
			if (mass > best) {
				best = mass;
				at = k;
			}
		}
		if (!(best > .9) || taken[at])
			fail_msg("%s: bar %zu is best in topic %zu, with %g of its mass", model, bar + 1, at + 1, best);
		taken[at] = true;
	}
	em_snapshot_release(now);
	fit_close(&f);
}

static void test_bars_are_found(void **state)
{
	(void)state;
	if (fit_brief())
		return;
	recover("plsa", "init", "documents", 100);
	recover("lda", "alpha", "1", 60);
}

static void test_random_corpora(void **state)
{
	(void)state;
	fit_check_random("plsa");
}

static void test_threads(void **state)
{
	(void)state;
	fit_check_threads("plsa");
}

static void test_units(void **state)
{
	(void)state;
	fit_check_units("plsa");
}

static void test_back(void **state)
{
	(void)state;
	fit_check_back("plsa");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_implementation),
		cmocka_unit_test(test_every_assignment),
		cmocka_unit_test(test_start_is_uniform_over_the_possible),
		cmocka_unit_test(test_one_topic_is_the_frequencies),
		cmocka_unit_test(test_as_many_topics_as_documents),
		cmocka_unit_test(test_zeros_stay_and_empty_topics_keep_their_words),
		cmocka_unit_test(test_probabilities_that_die_out),
		cmocka_unit_test(test_starts_of_every_size),
		cmocka_unit_test(test_wrong_starts),
		cmocka_unit_test(test_unigrams_are_a_special_case),
		cmocka_unit_test(test_bars_are_found),
		cmocka_unit_test(test_random_corpora),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
