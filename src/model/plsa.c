/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Probabilistic latent semantic analysis (Hofmann, Machine Learning 42, 2001): every document has its own mixture of
 * topics, as parameters without a prior; every word has its own topic. log p is that of the words given the documents.
 *
 *     q(z_dn = k | w_dn = v) = mixtures_dk topics_kv / sum_j mixtures_dj topics_jv
 *
 * q is never stored by token: it is made again from theta.made. What a row of q holds is its mean over the document's
 * tokens, for the screen. theta: topics term-major [terms][kp], mixtures [docs][kp]; statistics: expected counts, laid
 * out alike. A share of a token below TOPICS_TINY counts as 0 everywhere. */
#include <math.h>
#include <string.h>

#include "model/mixture.h"
#include "model/models.h"
#include "model/topics.h"
#include "model/topics_kernel.h"

enum { TERM_PZ, TERM_PW, TERM_QZ, TERM_COUNT };
enum { INIT_RANDOM, INIT_DOCUMENTS, INIT_GIVEN };
/* A start from outside must give every word at least this: then no product of what EM makes of it underflows. */
#define LEAST 1e-60

static const struct em_term terms[] = {
	{"e_log_p_z", "E[log p(z|θ)]", false, "how well the topics of the words fit their document's mixture"},
	{"e_log_p_w", "E[log p(w|z,β)]", false, "how well the words fit the topics they are given to"},
	{"h_z", "H[q(z)]", true, "how open q leaves the topic of each word"},
};

static size_t padded(const struct em_problem *p)
{
	return topics_padded(p->layout.components);
}

/* Where the mixtures of document d begin in theta and the statistics. */
static size_t mixture_at(const struct em_problem *p, size_t d)
{
	return (p->data->corpus->terms + d) * padded(p);
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_corpus *c = data->corpus;
	size_t k = (size_t)em_settings_number(s, "components"), kp = topics_padded(k), at = c->terms * kp;
	enum em_status st = topics_fit(c, k, "pLSA", err);
	if (st)
		return st;
	*out = (struct em_layout){
	    .observations = c->docs,
	    .components = k,
	    .theta = {{"topics", 2, {k, c->terms}, {1, kp}, 0, EM_SIMPLEX_ROWS},
	              {"mixtures", 2, {c->docs, k}, {kp, 1}, at, EM_SIMPLEX_ROWS}},
	    .theta_arrays = 2,
	    .q = {{"shares", 2, {c->docs, k}, {kp, 1}, 0, EM_SIMPLEX_ROWS}},
	    .q_arrays = 1,
	    .stats = {{"words", 2, {k, c->terms}, {1, kp}, 0, EM_FREE}, {"counts", 2, {c->docs, k}, {kp, 1}, at, EM_FREE}},
	    .stats_arrays = 2,
	    .theta_size = at + c->docs * kp,
	    .q_stride = kp,
	    .stats_size = at + c->docs * kp,
	    .derived_size = 2 * at, /* log topics now, made */
	    /* counts, logs of the mixtures now and made; per pair: s of made, s of now, their logs */
	    .work_size = 3 * kp + 3 * topics_padded(topics_longest(c)),
	    .terms = TERM_COUNT,
	};
	return EM_OK;
}

static enum em_status init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components;
	int how = (int)em_settings_number(p->settings, "init");
	gsl_rng *rng;
	enum em_status st = topics_rng(how == INIT_GIVEN, seed, &rng, err);
	if (st)
		return st;
	st = topics_init(c, rng, how == INIT_RANDOM ? TOPICS_NOISE : TOPICS_APART, 9, theta, padded(p), k, err);
	for (size_t d = 0; !st && d < c->docs; d++) {
		double *mix = theta + mixture_at(p, d), sum = 0;
		for (size_t i = 0; i < k; i++)
			sum += mix[i] = 0.95 + 0.1 * gsl_rng_uniform(rng);
		for (size_t i = 0; i < k; i++)
			mix[i] /= sum;
	}
	gsl_rng_free(rng);
	return st;
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components, kp = padded(p);
	enum em_status st = topics_check(c, theta, kp, k, err);
	for (size_t d = 0; !st && d < c->docs; d++) {
		const double *mix = theta + mixture_at(p, d);
		st = topics_check_row("mixtures", "a document's", d, mix, k, 1, err);
		for (size_t j = c->row[d]; !st && j < c->row[d + 1]; j++) {
			const double *row = theta + c->term[j] * kp;
			double s = 0;
			for (size_t i = 0; i < k; i++)
				if (mix[i] > TOPICS_TINY && row[i] > TOPICS_TINY)
					s += mix[i] * row[i];
			if (s < LEAST)
				return em_fail(err, EM_INPUT, "document %zu has the term \"%s\", which no topic of its mixture can produce; "
				               "every term of a document needs a probability above 0 in one of its topics", d + 1,
				               c->vocabulary[c->term[j]]);
		}
	}
	return st;
}

/* From these, q is uniform over the topics that can have produced a token. */
static void blank(const struct em_problem *p, double *made)
{
	for (size_t i = 0; i < p->layout.theta_size; i++)
		made[i] = made[i] > TOPICS_TINY ? 1 : 0;
}

static void derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	size_t n = p->data->corpus->terms * padded(p);
	lda_log(now, n, derived);
	if (made != now)
		lda_log(made, n, derived + n);
}

struct work {
	double *count, *log_now, *log_made, *s, *s_now, *log_s;
};

static struct work work_of(const struct lda_doc *doc, double *work)
{
	size_t kp = doc->kp, pairs = topics_padded(doc->pairs);
	double *s = work + 3 * kp;
	return (struct work){work, work + kp, work + 2 * kp, s, s + pairs, s + 2 * pairs};
}

/* q of document n made with theta: its expected counts of topics and its s into work, its mean into q. */
static void make_q(const struct em_problem *p, const double *theta, size_t n, double *q, double *work)
{
	const double *mix = theta + mixture_at(p, n);
	struct lda_doc doc = topics_document(p->data->corpus, theta, padded(p), n);
	struct work w = work_of(&doc, work);
	double sum = 0;
	topics_split(&doc, mix, w.s, w.count);
	const double *from = doc.pairs ? w.count : mix; /* without a word nothing is known beyond the mixture */
	for (size_t i = 0; i < p->layout.components; i++)
		sum += from[i];
	for (size_t i = 0; i < p->layout.components; i++)
		q[i] = from[i] / sum;
}

static void start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	make_q(p, t->made, n, q, work);
}

static void e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
                   const double *q_before, const struct em_bound *before, double *q, struct em_progress *progress,
                   double *work)
{
	(void)budget, (void)q_before, (void)before;
	make_q(p, t->now, n, q, work);
	progress->sweeps++;
	progress->done = true;
}

static double dot(const double *a, const double *b, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += a[i] * b[i];
	return sum;
}

/* sum_w c_w log s_w */
static double log_sum(const struct lda_doc *doc, const double *s, double *logs)
{
	double sum = 0;
	lda_log(s, doc->pairs, logs);
	for (size_t w = 0; w < doc->pairs; w++)
		sum += (double)doc->count[w] * logs[w];
	return sum;
}

static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	(void)q;
	const struct em_corpus *c = p->data->corpus;
	size_t kp = padded(p), at = mixture_at(p, n), size = c->terms * kp;
	const double *mix = t->made + at, *mix_now = t->now + at;
	bool moved = t->now != t->made;
	*out = (struct em_bound){0};
	if (c->length[n] == 0)
		return;
	struct lda_doc doc = topics_document(c, t->made, kp, n);
	struct work w = work_of(&doc, work);
	if (!t->fresh)
		topics_split(&doc, mix, w.s, w.count);
	double words = log_sum(&doc, w.s, w.log_s), pw, pw_made = 0, pz, pz_made;
	pw = topics_expect(&doc, mix, w.s, stats, t->derived, moved ? t->derived + size : NULL, &pw_made);
	if (!moved)
		pw_made = pw;
	lda_log(mix_now, kp, w.log_now);
	lda_log(mix, kp, w.log_made);
	pz = dot(w.count, w.log_now, kp);
	pz_made = dot(w.count, w.log_made, kp);
	out->terms[TERM_PZ] = pz;
	out->terms[TERM_PW] = pw;
	out->terms[TERM_QZ] = words - pz_made - pw_made; /* -sum c q log q, log q = log mixture + log topic - log s, all of made */
	out->elbo = words + (pz - pz_made) + (pw - pw_made);
	out->log_p = words;
	if (moved) { /* else q is the posterior, number by number: KL is 0 */
		out->kl = topics_diverge(&doc, mix, w.s, t->now, mix_now, w.s_now);
		out->log_p = log_sum(&doc, w.s_now, w.log_s);
	}
	for (size_t i = 0; stats && i < kp; i++)
		stats[at + i] += w.count[i];
}

/* ---- M-step ---- */

static const char *block(const struct em_problem *p, unsigned i)
{
	(void)p;
	return i == 0 ? "topics" : i == 1 ? "mixtures" : NULL;
}

static enum em_status m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta,
                             struct em_err *err)
{
	(void)err;
	size_t k = p->layout.components;
	if (i == 0) {
		topics_m_step(stats, p->data->corpus->terms, padded(p), k, theta);
		return EM_OK;
	}
	for (size_t d = 0; d < p->layout.observations; d++) {
		const double *count = stats + mixture_at(p, d);
		double *mix = theta + mixture_at(p, d), sum = 0;
		for (size_t j = 0; j < k; j++)
			sum += count[j];
		for (size_t j = 0; j < k && sum > 0; j++) /* an empty document keeps its mixture: 0/0 */
			mix[j] = count[j] / sum;
	}
	return EM_OK;
}

static void energy(const struct em_problem *p, const double *theta, const double *stats, double *out)
{
	size_t terms_count = p->data->corpus->terms, kp = padded(p), at = terms_count * kp;
	out[TERM_PW] = topics_energy(stats, theta, terms_count, kp);
	out[TERM_PZ] = topics_energy(stats + at, theta + at, p->layout.observations, kp);
}

static void masses(const struct em_problem *p, const double *stats, double *out)
{
	topics_masses(stats, p->data->corpus->terms, padded(p), p->layout.components, out);
}

static void shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)n;
	memcpy(out, q, p->layout.components * sizeof *out);
}

static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	(void)q, (void)err;
	size_t k = p->layout.components;
	const double *mix = made + mixture_at(p, n);
	struct lda_doc doc = topics_document(p->data->corpus, made, padded(p), n);
	for (size_t i = 0; i < count; i++) {
		const double *row = made + (size_t)doc.term[from + i] * doc.kp;
		double s = 0;
		for (size_t j = 0; j < k; j++)
			s += out[i * k + j] = mix[j] * row[j];
		for (size_t j = 0; j < k; j++)
			out[i * k + j] = out[i * k + j] < TOPICS_TINY * s ? 0 : out[i * k + j] / s;
	}
	return EM_OK;
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	return topics_describe(p->data->corpus, theta, padded(p), k, out, max);
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	(void)p;
	return m_phase ? "β_kv = Σ_d c_dv q_dvk / Σ_dv c_dv q_dvk    θ_dk = Σ_v c_dv q_dvk / N_d" : "q_dvk ∝ θ_dk β_kv";
}

static const char *const init_choices[] = {"random", "documents", "given", NULL};

static const struct em_setting rows[] = {
	{"components", EM_INTEGER, "4", 1, 10000, NULL, EM_EFFECT_RESTART, "number of topics K"},
	{"init", EM_CHOICE, "documents", 0, 0, init_choices, EM_EFFECT_RESTART,
	 "where the topics start: random, a document each, far from one another, or given by a state file"},
};

static const struct em_setting_table settings = {"plsa", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_plsa = {
	.name = "plsa",
	.title = "pLSA",
	.observation = "document",
	.component = "topic",
	.unit = "token",
	.latent = "q(z) = Π_dn q(z_dn): which topic word n of document d was drawn from",
	.takes = EM_DATA_CORPUS,
	.exact = true,
	.discrete = true,
	.picture = EM_PICTURE_TERMS,
	.settings = &settings,
	.terms = terms,
	.layout = layout,
	.init = init,
	.check = check,
	.blank = blank,
	.start = start,
	.derive = derive,
	.e_step = e_step,
	.collect = collect,
	.m_step = m_step,
	.block = block,
	.energy = energy,
	.monotone = exact_monotone,
	.describe = describe,
	.masses = masses,
	.shares = shares,
	.parts = parts,
	.explain = exact_explain,
	.equation = equation,
};
