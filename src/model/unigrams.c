/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A mixture of unigrams: all words of a document are drawn from one topic (Nigam, McCallum, Thrun and Mitchell, Machine
 * Learning 39, 2000, without labels). log p is that of the sequence of words: no multinomial coefficient. An empty
 * document counts zero; its q is the weights.
 *
 * theta: weights, topics term-major [terms][kp]. Statistics: expected counts, laid out alike. Derived: log topics, -inf
 * for 0, so that a topic which cannot produce a word gets no share of its document without a test in the loop. */
#include <math.h>
#include <string.h>

#include "model/mixture.h"
#include "model/models.h"
#include "model/topics.h"
#include "model/topics_kernel.h"

enum { INIT_RANDOM, INIT_OBSERVATIONS, INIT_GIVEN };
/* A document's counts weigh as much as the flat share in the topic that starts there: a whole document is judged at once,
 * and topics too sure of themselves would take it for what few words they share. */
enum { START_WEIGHT = 1 };

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_corpus *c = data->corpus;
	size_t k = (size_t)em_settings_number(s, "components"), kp = mixture_padded(k), size = c->terms * kp;
	enum em_status st = topics_fit(c, k, "a mixture of unigrams", err);
	if (st)
		return st;
	mixture_layout(data, k, size, size, size, 0, out);
	out->theta[out->theta_arrays++] =
	    (struct em_array){"topics", 2, {k, c->terms}, {1, kp}, mixture_theta(k), EM_SIMPLEX_ROWS};
	out->stats[out->stats_arrays++] = (struct em_array){"words", 2, {k, c->terms}, {1, kp}, mixture_stats(k), EM_FREE};
	return EM_OK;
}

static size_t padded(const struct em_problem *p)
{
	return mixture_padded(p->layout.components);
}

static enum em_status init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	size_t k = p->layout.components;
	int how = (int)em_settings_number(p->settings, "init");
	gsl_rng *rng;
	enum em_status st = topics_rng(how == INIT_GIVEN, seed, &rng, err);
	if (st)
		return st;
	st = topics_init(p->data->corpus, rng, how == INIT_OBSERVATIONS ? TOPICS_APART : TOPICS_ANY, START_WEIGHT,
	                 theta + mixture_theta(k), padded(p), k, err);
	gsl_rng_free(rng);
	for (size_t i = 0; i < k; i++)
		theta[i] = 1 / (double)k;
	return st;
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components, kp = padded(p);
	const double *topics = theta + mixture_theta(k);
	enum em_status st = topics_check(c, topics, kp, k, err);
	for (size_t d = 0; !st && d < c->docs; d++) {
		bool possible = false;
		for (size_t i = 0; i < k && !possible; i++) {
			possible = theta[i] > 0;
			for (size_t j = c->row[d]; j < c->row[d + 1] && possible; j++)
				possible = topics[c->term[j] * kp + i] > 0;
		}
		if (!possible)
			return em_fail(err, EM_INPUT, "document %zu is possible under no topic; every document needs a topic of "
			               "weight above 0 that has all its words", d + 1);
	}
	return st;
}

static void derive(const struct em_problem *p, const double *theta, double *out)
{
	topics_log(theta + mixture_theta(p->layout.components), p->data->corpus->terms * padded(p), out);
}

static void log_density(const struct em_problem *p, const double *theta, const double *derived, size_t n, double *out,
                        double *scratch)
{
	(void)theta, (void)scratch;
	struct lda_doc doc = topics_document(p->data->corpus, derived, padded(p), n);
	topics_sum_rows(&doc, out);
}

static void accumulate(const struct em_problem *p, const double *theta, size_t n, const double *q, double *stats,
                       double *scratch)
{
	(void)theta, (void)scratch;
	struct lda_doc doc = topics_document(p->data->corpus, NULL, padded(p), n);
	topics_add_rows(&doc, q, stats);
}

static enum em_status m_step(const struct em_problem *p, const double *counts, const double *stats, unsigned block,
                             double *theta, struct em_err *err)
{
	(void)counts, (void)block, (void)err;
	size_t k = p->layout.components;
	topics_m_step(stats, p->data->corpus->terms, padded(p), k, theta + mixture_theta(k));
	return EM_OK;
}

static double expected(const struct em_problem *p, const double *theta, const double *counts, const double *stats)
{
	(void)counts;
	return topics_energy(stats, theta + mixture_theta(p->layout.components), p->data->corpus->terms, padded(p));
}

static double times(const struct em_problem *p, size_t n)
{
	return p->data->corpus->length[n] > 0;
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	return topics_describe(p->data->corpus, theta + mixture_theta(p->layout.components), padded(p), k, out, max);
}

/* Every token of a document has the document's topic. */
static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	(void)made, (void)n, (void)from, (void)err;
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * p->layout.components, q, p->layout.components * sizeof *out);
	return EM_OK;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	(void)p;
	return m_phase ? "β_kv = Σ_d q_dk c_dv / Σ_d q_dk N_d    w_k = Σ_d q_dk / D" : "q_dk ∝ w_k Π_v β_kv^c_dv";
}

static const char *const blocks[] = {"topics", NULL};

static const struct mixture mixture = {
	.blocks = blocks, .derive = derive, .log_density = log_density, .accumulate = accumulate, .m_step = m_step,
	.expected = expected, .times = times, .check = check,
};

static const struct em_setting rows[] = {MIXTURE_ROWS("4")};
static const struct em_setting_table settings = {"unigrams", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_unigrams = {
	MIXTURE_MEMBERS,
	.name = "unigrams",
	.title = "Unigrams",
	.observation = "document",
	.component = "topic",
	.latent = "q(z) = Π_d q(z_d): which topic document d was written from",
	.takes = EM_DATA_CORPUS,
	.discrete = true,
	.picture = EM_PICTURE_TERMS,
	.init = init,
	.collect = mixture_collect,
	.parts = parts,
};
