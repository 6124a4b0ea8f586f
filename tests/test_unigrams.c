/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The mixture of unigrams against a plain implementation, sums over all assignments, and what is known in closed form. */
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

/* ---- the same EM, written plainly: dense, document by document ---- */

struct plain {
	const struct em_corpus *c;
	size_t k;
	double *weight, *topic; /* [k], [k][terms] */
	double *q;              /* [docs][k] */
};

static void plain_open(struct plain *x, const struct em_corpus *c, size_t k, const struct em_snapshot *s)
{
	*x = (struct plain){c, k, calloc(k, sizeof(double)), calloc(k * c->terms, sizeof(double)),
	                    calloc(c->docs * k, sizeof(double))};
	for (size_t i = 0; i < k; i++) {
		x->weight[i] = fit_theta(s, "weights", i, 0);
		for (size_t v = 0; v < c->terms; v++)
			x->topic[i * c->terms + v] = fit_theta(s, "topics", i, v);
	}
}

static void plain_close(struct plain *x)
{
	free(x->weight);
	free(x->topic);
	free(x->q);
}

static double plain_joint(const struct plain *x, size_t d, size_t k)
{
	double l = log(x->weight[k]);
	for (size_t j = x->c->row[d]; j < x->c->row[d + 1]; j++)
		l += x->c->count[j] * log(x->topic[k * x->c->terms + x->c->term[j]]);
	return l;
}

/* log(exp a + exp b) */
static double plus(double a, double b)
{
	if (isinf(a) || isinf(b))
		return isinf(a) ? b : a;
	return a > b ? a + log1p(exp(b - a)) : b + log1p(exp(a - b));
}

/* log p under the parameters as they are, and one iteration. */
static double plain_step(struct plain *x)
{
	double log_p = 0, docs = 0, *next = calloc(x->k * x->c->terms, sizeof *next), *weight = calloc(x->k, sizeof *weight);
	for (size_t d = 0; d < x->c->docs; d++) {
		double all = -INFINITY;
		for (size_t k = 0; k < x->k; k++)
			all = plus(all, plain_joint(x, d, k));
		for (size_t k = 0; k < x->k; k++)
			x->q[d * x->k + k] = exp(plain_joint(x, d, k) - all);
		if (x->c->length[d] == 0)
			continue;
		docs++;
		log_p += all;
		for (size_t k = 0; k < x->k; k++) {
			weight[k] += x->q[d * x->k + k];
			for (size_t j = x->c->row[d]; j < x->c->row[d + 1]; j++)
				next[k * x->c->terms + x->c->term[j]] += x->q[d * x->k + k] * x->c->count[j];
		}
	}
	for (size_t k = 0; k < x->k; k++) {
		double sum = 0;
		x->weight[k] = weight[k] / docs;
		for (size_t v = 0; v < x->c->terms; v++)
			sum += next[k * x->c->terms + v];
		for (size_t v = 0; v < x->c->terms && sum > 0; v++)
			x->topic[k * x->c->terms + v] = next[k * x->c->terms + v] / sum;
	}
	free(next);
	free(weight);
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
			fit_near(fit_theta(s, "weights", j, 0), x.weight[j], 1e-9);
			for (size_t v = 0; v < c->terms; v++)
				fit_near(fit_theta(s, "topics", j, v), x.topic[j * c->terms + v], 1e-9);
			for (size_t d = 0; d < c->docs; d++)
				fit_near(fit_q(s, "responsibilities", d, j), x.q[d * k + j], 1e-9);
		}
		em_snapshot_release(s);
	}
	plain_close(&x);
}

static void test_plain_implementation(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= (fit_brief() ? 2 : 8); seed++) {
		struct fit f;
		char k[8];
		snprintf(k, sizeof k, "%d", (int)(1 + seed % 5));
		fit_open(&f, "unigrams", small_random(seed, 6 + seed, 9, 25), NULL, NULL, "components", k, "init",
		         seed % 2 ? "observations" : "random", NULL);
		follow(&f, 1 + seed % 5, 12);
		fit_close(&f);
	}
	if (fit_brief())
		return;
	struct em_data *gazette;
	struct em_err err;
	struct em_settings *s = fit_settings("unigrams");
	assert_int_equal(em_data_open(EM_DATA_CORPUS, NULL, s, &gazette, &err), EM_OK);
	em_settings_release(s);
	struct fit f;
	fit_open(&f, "unigrams", NULL, gazette, NULL, "components", "4", NULL);
	follow(&f, 4, 10);
	fit_close(&f);
}

/* ---- sums over every assignment of documents to topics ---- */

/* theta as the model keeps it. */
static double *theta_of(size_t k, size_t terms, const double *weights, const double *topics)
{
	size_t kp = (k + 7) / 8 * 8;
	double *theta = calloc(kp * (terms + 1), sizeof *theta);
	for (size_t i = 0; i < k; i++) {
		theta[i] = weights[i];
		for (size_t v = 0; v < terms; v++)
			theta[kp + v * kp + i] = topics[i * terms + v];
	}
	return theta;
}

static double word_by_word(const struct em_snapshot *s, const struct em_corpus *c, size_t d, size_t k)
{
	double p = fit_theta(s, "weights", k, 0);
	for (size_t j = c->row[d]; j < c->row[d + 1]; j++)
		for (uint32_t i = 0; i < c->count[j]; i++)
			p *= fit_theta(s, "topics", k, c->term[j]);
	return p;
}

/* log p, ELBO and KL of all documents together, from the joint of words and topics. */
static void enumerate(const struct em_snapshot *s, const struct em_corpus *c, size_t k)
{
	const struct em_entry *e = s->ledger + s->position;
	double evidence = 0, elbo = 0, kl = 0, energy = 0;
	size_t all = 1;
	for (size_t d = 0; d < c->docs; d++)
		all *= k;
	for (int pass = 0; pass < 2; pass++)
		for (size_t z = 0; z < all; z++) {
			double joint = 1, q = 1;
			for (size_t d = 0, rest = z; d < c->docs; d++, rest /= k) {
				joint *= word_by_word(s, c, d, rest % k);
				q *= fit_q(s, "responsibilities", d, rest % k);
			}
			if (pass == 0)
				evidence += joint;
			if (pass == 0 || q == 0)
				continue;
			energy += q * log(joint);
			elbo += q * (log(joint) - log(q));
			kl += q * (log(q) - log(joint / evidence));
		}
	fit_near(e->log_evidence, log(evidence), 1e-12);
	fit_near(e->elbo, elbo, 1e-11);
	fit_near(e->kl, kl, 1e-11);
	fit_near(e->energy, energy, 1e-11);
}

static void test_every_assignment(void **state)
{
	(void)state;
	static const unsigned counts[] = {2, 1, 0, 1, 0, 3, 1, 0, 1, 1, 1, 1, 0, 0, 2, 1};
	static const double weights[] = {.5, .2, .3}, topics[] = {.4, .3, .2, .1, .1, .2, .3, .4, .25, .25, .25, .25};
	double *theta = theta_of(3, 4, weights, topics);
	struct fit f;
	fit_open(&f, "unigrams", small_corpus(4, 4, counts), NULL, theta, "components", "3", NULL);
	free(theta);
	for (int i = 0; i < 14; i++) {
		const struct em_snapshot *s = fit_look(&f);
		enumerate(s, f.corpus, 3);
		em_snapshot_release(s);
		if (i > 0 && fit_entry(&f)->phase == EM_M)
			assert_true(fit_entry(&f)->kl > 0);
		fit_step(&f, EM_PHASE);
	}
	fit_close(&f);
}

/* ---- closed forms and edges ---- */

static void test_one_topic_is_the_frequencies(void **state)
{
	(void)state;
	static const unsigned counts[] = {4, 0, 1, 0, 0, 0, 2, 3, 0};
	static const double want[] = {.6, .3, .1};
	struct fit f;
	fit_open(&f, "unigrams", small_corpus(3, 3, counts), NULL, NULL, "components", "1", NULL);
	fit_step(&f, EM_ITERATION);
	const struct em_snapshot *s = fit_look(&f);
	double log_p = 0;
	for (size_t v = 0; v < 3; v++) {
		fit_near(fit_theta(s, "topics", 0, v), want[v], 1e-15);
		log_p += 10 * want[v] * log(want[v]);
	}
	assert_true(fit_theta(s, "weights", 0, 0) == 1);
	fit_near(fit_entry(&f)->log_evidence, log_p, 1e-12);
	fit_near(fit_entry(&f)->kl, 0, 1e-12);
	em_snapshot_release(s);
	fit_step(&f, EM_ITERATION);
	fit_near(fit_entry(&f)->gain, 0, 1e-12);
	fit_close(&f);
}

/* What a topic cannot produce it gets no share of, exactly, and nothing infinite comes of it. */
static void test_zeros_are_exact(void **state)
{
	(void)state;
	static const unsigned counts[] = {3, 1, 0, 0, 0, 0, 2, 2, 1, 0, 0, 0, 0, 0, 0, 5};
	static const double weights[] = {.25, .75, 0}, topics[] = {.5, .5, 0, 0, 0, 0, .5, .5, .25, .25, .25, .25};
	double *theta = theta_of(3, 4, weights, topics);
	struct fit f;
	fit_open(&f, "unigrams", small_corpus(4, 4, counts), NULL, theta, "components", "3", NULL);
	free(theta);
	fit_near(fit_entry(&f)->log_evidence, 14 * log(.5) + 2 * log(.25) + 2 * log(.75), 1e-12);
	for (int i = 0; i < 6; i++) {
		fit_step(&f, EM_PHASE);
		const struct em_snapshot *s = fit_look(&f);
		for (size_t d = 0; d < 4; d++)
			for (size_t k = 0; k < 3; k++)
				assert_true(fit_q(s, "responsibilities", d, k) == (k == (d == 1 || d == 3)));
		for (size_t v = 0; v < 4 && i > 0; v++) {
			assert_true((fit_theta(s, "topics", 0, v) > 0) == (v < 2));
			assert_true(fit_theta(s, "topics", 2, v) == .25); /* an empty topic keeps its words */
		}
		em_snapshot_release(s);
	}
	const struct em_snapshot *s = fit_look(&f);
	fit_near(fit_theta(s, "weights", 0, 0), .5, 1e-15);
	fit_near(fit_theta(s, "topics", 0, 0), .8, 1e-15);
	fit_near(fit_theta(s, "topics", 1, 3), 7. / 9, 1e-15);
	em_snapshot_release(s);
	fit_close(&f);
}

/* Likelihoods far below the smallest double, responsibilities near it: the engine checks every number at every step. */
static void test_long_documents(void **state)
{
	(void)state;
	unsigned counts[10 * 6] = {0};
	uint64_t rng = 3;
	for (size_t i = 0; i < 60; i++)
		counts[i] = small_next(&rng) % 3 ? (unsigned)exp(15 * small_uniform(&rng)) : 0;
	for (size_t d = 0; d < 10; d++)
		counts[d * 6]++;
	for (int scale = 0; scale < 6; scale++) {
		unsigned scaled[10 * 6];
		struct fit f;
		for (size_t i = 0; i < 60; i++)
			scaled[i] = counts[i] >> (4 * scale);
		fit_open(&f, "unigrams", small_corpus(10, 6, scaled), NULL, NULL, "components", "4", NULL);
		for (int i = 0; i < 60; i++)
			fit_step(&f, EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->log_evidence));
		fit_close(&f);
	}
}

/* Two topics a hair apart: the responsibilities pass through every size a double has. */
static void test_tiny_responsibilities(void **state)
{
	(void)state;
	for (int n = 400; n <= 1400; n += 10) {
		unsigned counts[] = {1, (unsigned)n, 0, (unsigned)n, 0, 1};
		static const double weights[] = {.5, .5}, topics[] = {.5, .3, .2, .2, .6, .2};
		double *theta = theta_of(2, 3, weights, topics);
		struct fit f;
		fit_open(&f, "unigrams", small_corpus(2, 3, counts), NULL, theta, "components", "2", NULL);
		free(theta);
		for (int i = 0; i < 8; i++)
			fit_step(&f, EM_PHASE);
		assert_true(isfinite(fit_entry(&f)->elbo));
		fit_close(&f);
	}
}

static void test_empty_documents_count_zero(void **state)
{
	(void)state;
	static const unsigned gaps[] = {2, 1, 0, 0, 0, 0, 0, 1, 3, 0, 0, 0, 1, 1, 1}, full[] = {2, 1, 0, 0, 1, 3, 1, 1, 1};
	static const double weights[] = {.4, .6}, topics[] = {.5, .3, .2, .2, .3, .5};
	double *theta = theta_of(2, 3, weights, topics);
	struct fit a, b;
	fit_open(&a, "unigrams", small_corpus(5, 3, gaps), NULL, theta, "components", "2", NULL);
	fit_open(&b, "unigrams", small_corpus(3, 3, full), NULL, theta, "components", "2", NULL);
	free(theta);
	for (int i = 0; i < 10; i++) {
		fit_step(&a, EM_PHASE);
		fit_step(&b, EM_PHASE);
		fit_near(fit_entry(&a)->elbo, fit_entry(&b)->elbo, 1e-12);
		fit_near(fit_entry(&a)->log_evidence, fit_entry(&b)->log_evidence, 1e-12);
		const struct em_snapshot *s = fit_look(&a), *t = fit_look(&b);
		fit_near(fit_theta(s, "weights", 0, 0), fit_theta(t, "weights", 0, 0), 1e-14);
		assert_true(s->obs[1].log_evidence == 0 && s->obs[3].kl == 0);
		em_snapshot_release(s);
		em_snapshot_release(t);
	}
	fit_close(&a);
	fit_close(&b);
}

static void test_degenerate_corpora(void **state)
{
	(void)state;
	static const unsigned one[] = {1, 2, 3}, alike[] = {1, 2, 3, 1, 2, 3, 1, 2, 3};
	struct fit f;
	fit_open(&f, "unigrams", small_corpus(1, 3, one), NULL, NULL, "components", "4", NULL);
	for (int i = 0; i < 200; i++)
		fit_step(&f, EM_PHASE);
	double best = log(1. / 6) + 2 * log(1. / 3) + 3 * log(.5);
	fit_near(fit_entry(&f)->log_evidence, best, 1e-6);
	fit_close(&f);
	fit_open(&f, "unigrams", small_corpus(3, 3, alike), NULL, NULL, "components", "2", NULL);
	for (int i = 0; i < 400; i++)
		fit_step(&f, EM_PHASE);
	fit_near(fit_entry(&f)->log_evidence, 3 * best, 1e-6);
	fit_close(&f);
}

static void test_fixed_weights(void **state)
{
	(void)state;
	struct fit f;
	fit_open(&f, "unigrams", small_random(4, 9, 7, 15), NULL, NULL, "components", "3", "weights_update", "fixed", NULL);
	for (int i = 0; i < 10; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	assert_true(fit_theta(s, "weights", 1, 0) == 1. / 3);
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_wrong_starts(void **state)
{
	(void)state;
	static const unsigned counts[] = {1, 1, 0, 0, 1, 1};
	static const struct {
		double weights[2], topics[6];
		const char *message;
	} cases[] = {
		{{.5, .4}, {.5, .3, .2, .2, .3, .5}, "the weights sum to 0.9; they sum to 1"},
		{{.5, .5}, {.5, .3, .2, .2, .3, .4}, "topics[2] sums to 0.9; a topic's probabilities sum to 1"},
		{{.5, .5}, {.5, .7, -.2, .2, .3, .5}, "topics[1][3] is -0.2; a probability is from 0 to 1"},
		{{.5, .5}, {.5, .5, 0, .5, 0, .5}, "document 2 is possible under no topic; every document needs a topic of weight "
		                                   "above 0 that has all its words"},
		{{1, 0}, {.5, .5, 0, .2, .3, .5}, "document 2 is possible under no topic; every document needs a topic of weight "
		                                  "above 0 that has all its words"},
	};
	struct em_corpus *c = small_corpus(2, 3, counts);
	struct em_data data = {EM_DATA_CORPUS, "small", 2, c, NULL, NULL};
	struct em_settings *plain = fit_settings("unigrams"), *s;
	struct em_err err;
	struct em_run *run = NULL;
	assert_int_equal(em_settings_with(plain, "components", "2", &s, &err), EM_OK);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct em_given given = {.theta = theta_of(2, 3, cases[i].weights, cases[i].topics)};
		assert_int_equal(em_run_new(em_model_named("unigrams"), &data, s, NULL, &given, NULL, &run, &err), EM_INPUT);
		assert_string_equal(err.msg, cases[i].message);
		free((void *)(uintptr_t)given.theta);
	}
	em_settings_release(s);
	small_free(c);
	static const unsigned nothing[] = {0, 0};
	c = small_corpus(1, 2, nothing);
	data = (struct em_data){EM_DATA_CORPUS, "small", 1, c, NULL, NULL};
	assert_int_equal(em_run_new(em_model_named("unigrams"), &data, plain, NULL, NULL, NULL, &run, &err), EM_INPUT);
	assert_string_equal(err.msg, "the corpus has no tokens; a mixture of unigrams needs at least one");
	em_settings_release(plain);
	small_free(c);
}

/* Documents that were written from one topic each are told apart. */
static void test_separate_topics_are_found(void **state)
{
	(void)state;
	unsigned counts[60 * 12] = {0};
	uint64_t rng = 11;
	for (size_t d = 0; d < 60; d++)
		for (int i = 0; i < 30; i++)
			counts[d * 12 + (small_uniform(&rng) < .9 ? d % 3 * 4 + small_next(&rng) % 4 : small_next(&rng) % 12)]++;
	struct fit f;
	fit_open(&f, "unigrams", small_corpus(60, 12, counts), NULL, NULL, "components", "3", NULL);
	for (int i = 0; i < 30; i++)
		fit_step(&f, EM_PHASE);
	const struct em_snapshot *s = fit_look(&f);
	size_t topic[3];
	for (size_t t = 0; t < 3; t++)
		for (size_t k = 0; k < 3; k++)
			if (fit_q(s, "responsibilities", t, k) > .99)
				topic[t] = k;
	assert_true(topic[0] != topic[1] && topic[1] != topic[2] && topic[0] != topic[2]);
	for (size_t d = 0; d < 60; d++)
		assert_true(fit_q(s, "responsibilities", d, topic[d % 3]) > .99);
	struct em_item item[4];
	assert_int_equal(s->problem->model->describe(s->problem, s->theta, topic[1], item, 4), 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(item[i].id >= 4 && item[i].id < 8 && (i == 0 || item[i].weight <= item[i - 1].weight));
	em_snapshot_release(s);
	fit_close(&f);
}

static void test_random_corpora(void **state)
{
	(void)state;
	fit_check_random("unigrams");
}

static void test_threads(void **state)
{
	(void)state;
	fit_check_threads("unigrams");
}

static void test_units(void **state)
{
	(void)state;
	fit_check_units("unigrams");
}

static void test_back(void **state)
{
	(void)state;
	fit_check_back("unigrams");
}

/* ---- the corpora ---- */

static void test_corpus_in_memory(void **state)
{
	(void)state;
	static const char csv[] = "title,text\nsea,boat tide boat\nland,\"goat, hill\"\n,the\n";
	struct em_settings *s = fit_settings("unigrams");
	struct em_corpus *c;
	struct em_err err;
	assert_int_equal(em_corpus_from("here", csv, sizeof csv - 1, s, &c, &err), EM_OK);
	assert_int_equal(c->docs, 3);
	assert_int_equal(c->terms, 4);
	assert_int_equal(c->tokens, 5);
	assert_string_equal(c->vocabulary[0], "boat");
	assert_string_equal(c->name[1], "land");
	assert_string_equal(c->name[2], "document 3");
	assert_int_equal(c->length[2], 0);
	assert_true(c->has_text);
	assert_string_equal(em_corpus_name(c), "here");
	em_corpus_free(c);
	assert_int_equal(em_corpus_from("here", "title\nx\n", 8, s, &c, &err), EM_INPUT);
	assert_string_equal(err.msg, "here:1: no column \"text\", only title; name one with --set text=COLUMN");
	assert_null(c);
	assert_int_equal(em_corpus_from("here", "", 0, s, &c, &err), EM_INPUT);
	assert_string_equal(err.msg, "here: empty; the first row must name the columns");
	em_settings_release(s);
}

static void test_bars(void **state)
{
	(void)state;
	struct em_settings *s = fit_settings("unigrams");
	struct em_data *a, *b, *other;
	struct em_err err;
	assert_int_equal(bars_make(1, s, &a, &err), EM_OK);
	assert_int_equal(bars_make(1, s, &b, &err), EM_OK);
	assert_int_equal(bars_make(2, s, &other, &err), EM_OK);
	const struct em_corpus *c = a->corpus;
	assert_int_equal(c->docs, BARS_DOCUMENTS);
	assert_int_equal(c->terms, BARS_SIDE * BARS_SIDE);
	assert_int_equal(c->tokens, BARS_DOCUMENTS * BARS_LENGTH);
	assert_string_equal(c->name[0], "document 1");
	assert_string_equal(a->name, "bars");
	double seen[BARS_SIDE * BARS_SIDE] = {0};
	for (size_t v = 0; v < c->terms; v++) {
		char want[48];
		snprintf(want, sizeof want, "r%zuc%zu", v / BARS_SIDE + 1, v % BARS_SIDE + 1);
		assert_string_equal(c->vocabulary[v], want);
	}
	for (size_t j = 0; j < c->pairs; j++)
		seen[c->term[j]] += c->count[j];
	for (size_t v = 0; v < c->terms; v++) /* every cell is on two of the ten bars */
		fit_near(seen[v] / (double)c->tokens, .04, .004);
	assert_int_equal(b->corpus->pairs, c->pairs);
	assert_memory_equal(b->corpus->count, c->count, c->pairs * sizeof *c->count);
	assert_true(other->corpus->pairs != c->pairs || memcmp(other->corpus->count, c->count, c->pairs * sizeof *c->count));
	em_settings_release(s);
	em_data_free(a);
	em_data_free(b);
	em_data_free(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain_implementation),
		cmocka_unit_test(test_every_assignment),
		cmocka_unit_test(test_one_topic_is_the_frequencies),
		cmocka_unit_test(test_zeros_are_exact),
		cmocka_unit_test(test_long_documents),
		cmocka_unit_test(test_tiny_responsibilities),
		cmocka_unit_test(test_empty_documents_count_zero),
		cmocka_unit_test(test_degenerate_corpora),
		cmocka_unit_test(test_fixed_weights),
		cmocka_unit_test(test_wrong_starts),
		cmocka_unit_test(test_separate_topics_are_found),
		cmocka_unit_test(test_random_corpora),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_back),
		cmocka_unit_test(test_corpus_in_memory),
		cmocka_unit_test(test_bars),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
