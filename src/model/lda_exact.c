/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * LDA with an exact E-step, for documents that can afford it: q(theta_d, z_d) is the posterior under the theta it was made with,
 *
 *     q = p(theta, z | w, alpha', beta'),  so  ELBO = log p(w|alpha',beta') + E_q[log p(w,z,theta|alpha,beta) / p(w,z,theta|alpha',beta')],
 *
 * and what E_q takes of it is E[log theta] and p(z|w). EM then follows log p itself (Dempster, Laird & Rubin 1977) and not a bound.
 *
 * q of a document: whether the rest is there, log p', shares E[theta] [kp], E[log theta] [kp], E[log p(z|theta)], p(z = k|w)
 * [pairs][K]. A q that came from a file has the shares only: its posterior is made again. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "elbow/corpus.h"
#include "elbow/evidence.h"
#include "model/lda.h"
#include "model/mixture.h"
#include "model/topics.h"

enum { Q_THERE, Q_LOG_P, Q_COUNTS_LOG, Q_HEAD = LDA_LANES };
enum { TERM_Q = LDA_TERM_OWN, TERM_COUNT };
enum { D_NOW, D_MADE };

static const struct em_term terms[] = {
	{"e_log_p_theta", "E[log p(θ|α)]", false, "how well the documents' topic shares fit the Dirichlet prior"},
	{"e_log_p_z", "E[log p(z|θ)]", false, "how well the topics of the words fit their document's shares"},
	{"e_log_p_w", "E[log p(w|z,β)]", false, "how well the words fit the topics they are given to"},
	{"h_theta_z", "H[q(θ,z)]", true, "how open the posterior leaves shares and topics together (partly differential: may be negative)"},
};

struct row {
	double *there, *log_p, *counts_log, *shares, *logs, *z;
};

static struct row row_of(const struct em_problem *p, double *q)
{
	size_t kp = lda_padded(p);
	return (struct row){q + Q_THERE, q + Q_LOG_P, q + Q_COUNTS_LOG, q + Q_HEAD, q + Q_HEAD + kp, q + Q_HEAD + 2 * kp};
}

/* One E-step and the log p after an M-step, predicted. */
static enum em_status affordable(const struct em_corpus *c, size_t k, const struct em_settings *s, struct em_err *err)
{
	double each = em_settings_number(s, "evidence_budget"), all = em_settings_number(s, "evidence_step"), sum = 0, worst = 0;
	size_t dearest = 0;
	for (size_t d = 0; d < c->docs; d++) {
		double cost = em_expectations_cost(k, c->row[d + 1] - c->row[d], c->count + c->row[d]);
		sum += cost;
		if (cost > worst) {
			worst = cost;
			dearest = d;
		}
	}
	if (isinf(worst))
		return em_fail(err, EM_USAGE, "e_step=exact: document %zu (%zu tokens) is out of reach of an exact posterior over %zu topics; "
		               "take fewer topics or shorter documents", dearest + 1, (size_t)c->length[dearest], k);
	if (worst > each)
		return em_fail(err, EM_USAGE, "e_step=exact: document %zu (%zu tokens, %zu topics) would take %.2g s, evidence_budget allows %.2g; "
		               "raise it, or take fewer topics", dearest + 1, (size_t)c->length[dearest], k, worst, each);
	if (sum > all)
		return em_fail(err, EM_USAGE, "e_step=exact: an E-step would take %.2g s, evidence_step allows %.2g; raise it, or take fewer topics",
		               sum, all);
	return EM_OK;
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_corpus *c = data->corpus;
	enum em_status st = em_model_lda.layout(data, s, out, err);
	if (!st)
		st = affordable(c, out->components, s, err);
	if (st)
		return st;
	size_t k = out->components, kp = topics_padded(k);
	out->q_stride = Q_HEAD + 2 * kp + topics_padded(topics_longest(c) * k);
	out->q_arrays = 2;
	out->q[0] = (struct em_array){"shares", 2, {c->docs, k}, {out->q_stride, 1}, Q_HEAD, EM_SIMPLEX_ROWS};
	out->q[1] = (struct em_array){"log_shares", 2, {c->docs, k}, {out->q_stride, 1}, Q_HEAD + kp, EM_FREE};
	out->derived_size = LDA_LANES + 2 * c->terms * kp;
	out->work_size = out->q_stride;
	out->terms = TERM_COUNT;
	return EM_OK;
}

/* From these q knows nothing but which topics can have produced a word. */
static void blank(const struct em_problem *p, double *made)
{
	for (size_t i = lda_padded(p); i < p->layout.theta_size; i++)
		made[i] = made[i] > 0 ? 1 : 0;
}

/* The D of both alphas, log of the topics now, log of the topics q was made with (absent when the same). */
static void derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	size_t kp = lda_padded(p), n = p->data->corpus->terms * kp;
	derived[D_NOW] = special_log_norm(now, p->layout.components);
	derived[D_MADE] = special_log_norm(made, p->layout.components);
	lda_log(now + kp, n, derived + LDA_LANES);
	if (made != now)
		lda_log(made + kp, n, derived + LDA_LANES + n);
}

/* The posterior of document n under theta. What fails (memory) leaves NAN, which the run reports. */
static void posterior(const struct em_problem *p, const double *theta, size_t n, double *q)
{
	struct row r = row_of(p, q);
	struct em_posterior *x;
	struct em_document d;
	size_t k = p->layout.components;
	memset(q, 0, p->layout.q_stride * sizeof *q);
	*r.there = 1;
	*r.log_p = NAN;
	if (!em_document_of(p, theta, n, &d) || em_expectations_new(&d, NULL, &x, NULL))
		return;
	*r.log_p = x->log_p;
	memcpy(r.shares, x->mean, k * sizeof *q);
	memcpy(r.logs, x->log_mean, k * sizeof *q);
	for (size_t i = 0; i < k; i++)
		*r.counts_log += x->counts_log[i];
	memcpy(r.z, x->z, d.pairs * k * sizeof *q);
	em_posterior_free(x);
}

static void start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	(void)work;
	posterior(p, t->made, n, q);
}

static void e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget, const double *q_before,
                   const struct em_bound *before, double *q, struct em_progress *pr, double *work)
{
	(void)q_before, (void)before, (void)work;
	if (!budget)
		return;
	posterior(p, t->now, n, q);
	pr->sweeps = 1;
	pr->done = true;
}

/* What is in q, or, where it came from a file, what belongs there. */
static struct row known(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *work)
{
	memcpy(work, q, p->layout.q_stride * sizeof *q);
	if (q[Q_THERE] == 0)
		posterior(p, t->made, n, work);
	return row_of(p, work);
}

/* sum_w c_w sum_k z_wk log beta_wk of both tables; counts to stats. */
static void words(const struct em_problem *p, const struct em_theta *t, size_t n, const double *z, double *stats, double *now,
                  double *made)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components, kp = lda_padded(p);
	const double *log_now = t->derived + LDA_LANES, *log_made = t->now == t->made ? log_now : log_now + c->terms * kp;
	*now = *made = 0;
	for (size_t i = c->row[n]; i < c->row[n + 1]; i++, z += k) {
		size_t at = c->term[i] * kp;
		for (size_t j = 0; j < k; j++) {
			double count = c->count[i] * z[j];
			*now += count * log_now[at + j];
			*made += count * log_made[at + j];
			if (stats)
				stats[at + j] += count;
		}
	}
}

static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components, kp = lda_padded(p);
	const double *d = t->derived;
	*out = (struct em_bound){0};
	if (c->length[n] == 0) /* says nothing of theta */
		return;
	struct row r = known(p, t, n, q, work);
	double prior_now = d[D_NOW], prior_made = d[D_MADE], prior_moved = d[D_NOW] - d[D_MADE], words_now, words_made;
	for (size_t i = 0; i < k; i++) {
		prior_now += (t->now[i] - 1) * r.logs[i];
		prior_made += (t->made[i] - 1) * r.logs[i];
		prior_moved += (t->now[i] - t->made[i]) * r.logs[i];
		if (stats)
			stats[c->terms * kp + i] += r.logs[i];
	}
	words(p, t, n, r.z, stats, &words_now, &words_made);
	out->terms[LDA_TERM_PTHETA] = prior_now;
	out->terms[LDA_TERM_PZ] = *r.counts_log;
	out->terms[LDA_TERM_PW] = words_now;
	out->terms[TERM_Q] = *r.log_p - prior_made - *r.counts_log - words_made; /* -E_q[log q], q = p(w,z,theta|made) / p(w|made) */
	double moved = prior_moved + (words_now - words_made);
	out->elbo = *r.log_p + moved;
	out->log_p = *r.log_p;
	if (t->now != t->made) {
		struct em_document doc;
		if (!em_document_of(p, t->now, n, &doc) || em_document_log_p(&doc, NULL, &out->log_p, NULL))
			out->log_p = NAN;
	}
	/* Between two posteriors of one family KL is the Bregman divergence of log p. */
	out->kl = out->log_p - *r.log_p - moved;
	if (stats) {
		double *scalar = stats + c->terms * kp + kp;
		scalar[LDA_STAT_DOCS] += 1;
		scalar[LDA_STAT_LOG_PZ] += *r.counts_log;
	}
}

static void shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)n;
	memcpy(out, q + Q_HEAD, p->layout.components * sizeof *out);
}

static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	size_t k = p->layout.components;
	double *again = NULL;
	if (q[Q_THERE] == 0) {
		if (!(again = malloc(p->layout.q_stride * sizeof *again)))
			return em_no_memory(err);
		posterior(p, made, n, again);
	}
	memcpy(out, (again ? again : q) + Q_HEAD + 2 * lda_padded(p) + from * k, count * k * sizeof *out);
	free(again);
	return EM_OK;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	return m_phase ? lda_equation(p, true) : "q(θ,z) = p(θ,z|w)    E[log θ_k] = Σ_n p(n_k=n|w) ψ(α_k+n) − ψ(A+N)";
}

const struct em_model lda_exact = {
	.name = "lda",
	.title = "LDA, exact",
	.observation = "document",
	.component = "topic",
	.unit = "token",
	.latent = "q(θ,z) = p(θ,z|w): the posterior itself",
	.takes = EM_DATA_CORPUS,
	.exact = true,
	.discrete = true,
	.picture = EM_PICTURE_TERMS,
	.settings = &lda_settings,
	.terms = terms,
	.layout = layout,
	.init = lda_init,
	.check = lda_check,
	.blank = blank,
	.start = start,
	.derive = derive,
	.e_step = e_step,
	.collect = collect,
	.m_step = lda_m_step,
	.block = lda_block,
	.energy = lda_energy,
	.monotone = exact_monotone,
	.describe = lda_describe,
	.masses = lda_masses,
	.shares = shares,
	.parts = parts,
	.explain = exact_explain,
	.remark = lda_remark,
	.equation = equation,
};
