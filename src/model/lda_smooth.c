/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Smoothed LDA (Blei, Ng & Jordan 2003, section 5.4): topics have a prior Dir(eta) each, and q(beta_k) = Dir(lambda_k). The rest is
 * LDA's with E[log beta] in the place of log beta:
 *
 *     phi_wk ~ exp(psi(lambda_kw) - psi(sum_v lambda_kv) + psi(gamma_k)),   lambda_kv = eta + sum_d c_dv phi_dvk
 *
 *     ELBO = that of the documents + sum_k [ D(eta) - D(lambda_k) + sum_v (eta - lambda_kv) E[log beta_kv] ]
 *
 * theta: alpha [kp], topics [terms][kp] = E[beta], for whoever looks on, lambda [terms][kp], eta. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "base/special.h"
#include "elbow/corpus.h"
#include "elbow/run.h"
#include "model/lda.h"
#include "model/lda_kernel.h"
#include "model/topics.h"

enum { TERM_BETA = LDA_TERM_OWN + 2 /* after h_theta, h_z */, TERM_H_BETA, TERM_COUNT };

static const struct em_term terms[] = {
	{"e_log_p_theta", "E[log p(θ|α)]", false, "how well the documents' topic shares fit the Dirichlet prior"},
	{"e_log_p_z", "E[log p(z|θ)]", false, "how well the topics of the words fit their document's shares"},
	{"e_log_p_w", "E[log p(w|z,β)]", false, "how well the words fit the topics they are given to"},
	{"h_theta", "H[q(θ)]", true, "how open q leaves the documents' topic shares (differential: may be negative)"},
	{"h_z", "H[q(z)]", true, "how open q leaves the topic of each word"},
	{"e_log_p_beta", "E[log p(β|η)]", false, "how well the topics fit their Dirichlet prior"},
	{"h_beta", "H[q(β)]", true, "how open q leaves the topics themselves (differential: may be negative)"},
};

struct parts {
	size_t k, kp, terms, n;
	double *lambda, *eta;
};

static struct parts parts_of(const struct em_problem *p, const double *theta)
{
	struct parts x = {.k = p->layout.components, .kp = lda_padded(p), .terms = p->data->corpus->terms};
	x.n = x.terms * x.kp;
	x.lambda = (double *)(uintptr_t)theta + x.kp + x.n;
	x.eta = x.lambda + x.n;
	return x;
}

static double total(const struct parts *x, size_t k)
{
	double sum = 0;
	for (size_t v = 0; v < x->terms; v++)
		sum += x->lambda[v * x->kp + k];
	return sum;
}

/* topics = E[beta]. */
static void complete(const struct em_problem *p, double *theta)
{
	struct parts x = parts_of(p, theta);
	for (size_t k = 0; k < x.k; k++) {
		double sum = total(&x, k);
		for (size_t v = 0; v < x.terms; v++)
			theta[x.kp + v * x.kp + k] = x.lambda[v * x.kp + k] / sum;
	}
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	enum em_status st = em_model_lda.layout(data, s, out, err);
	if (st)
		return st;
	if (strcmp(em_settings_text(s, "e_step"), "exact") == 0)
		return em_fail(err, EM_USAGE, "e_step=exact needs eta=0: with a prior on the topics the documents depend on one another");
	size_t k = out->components, kp = topics_padded(k), n = data->corpus->terms * kp;
	out->theta[2] = (struct em_array){"lambda", 2, {k, data->corpus->terms}, {1, kp}, kp + n, EM_POSITIVE};
	out->theta[3] = (struct em_array){"eta", 1, {1}, {1}, kp + 2 * n, EM_POSITIVE};
	out->theta_arrays = 4;
	out->theta_size = kp + 2 * n + LDA_LANES;
	out->derived_size = LDA_LANES + 4 * n; /* E[log beta] now and made, their exp */
	out->terms = TERM_COUNT;
	return EM_OK;
}

/* lambda as if the tokens were shared out by the topics that LDA starts with. */
static enum em_status init(const struct em_problem *p, uint64_t seed, double *theta, struct em_err *err)
{
	struct parts x = parts_of(p, theta);
	enum em_status st = lda_init(p, seed, theta, err);
	*x.eta = em_settings_number(p->settings, "eta");
	for (size_t v = 0; v < x.terms && !st; v++)
		for (size_t k = 0; k < x.k; k++)
			x.lambda[v * x.kp + k] = *x.eta + theta[x.kp + v * x.kp + k] * (double)p->data->corpus->tokens / (double)x.k;
	if (!st)
		complete(p, theta);
	return st;
}

static enum em_status check(const struct em_problem *p, const double *theta, struct em_err *err)
{
	struct parts x = parts_of(p, theta);
	if (!(*x.eta > 0) || !isfinite(*x.eta))
		return em_fail(err, EM_INPUT, "eta is %g; a Dirichlet parameter is positive", *x.eta);
	for (size_t k = 0; k < x.k; k++) {
		if (!isfinite(theta[k]) || theta[k] <= 0)
			return em_fail(err, EM_INPUT, "alpha[%zu] is %g; a Dirichlet parameter is positive", k + 1, theta[k]);
		for (size_t v = 0; v < x.terms; v++)
			if (!isfinite(x.lambda[v * x.kp + k]) || x.lambda[v * x.kp + k] <= 0)
				return em_fail(err, EM_INPUT, "lambda[%zu][%zu] is %g; a Dirichlet parameter is positive", k + 1, v + 1,
				               x.lambda[v * x.kp + k]);
	}
	return EM_OK;
}

static void expect(const struct em_problem *p, const double *theta, double *e_log)
{
	struct parts x = parts_of(p, theta);
	memset(e_log, 0, x.n * sizeof *e_log);
	for (size_t k = 0; k < x.k; k++) {
		double all = special_digamma(total(&x, k));
		for (size_t v = 0; v < x.terms; v++)
			e_log[v * x.kp + k] = special_digamma(x.lambda[v * x.kp + k]) - all;
	}
}

/* exp E[log beta], the padding 0. At least 1e-300: a word's share in some topic is at least 1/K of a token. */
static void exps(const struct parts *x, const double *e_log, double *out)
{
	memset(out, 0, x->n * sizeof *out);
	for (size_t v = 0; v < x->terms; v++)
		for (size_t k = 0; k < x->k; k++)
			out[v * x->kp + k] = exp(fmax(e_log[v * x->kp + k], -690));
}

static void derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	struct parts x = parts_of(p, now);
	double *e_log = derived + LDA_LANES, *e = e_log + 2 * x.n;
	derived[0] = special_log_norm(now, x.k);
	expect(p, now, e_log);
	exps(&x, e_log, e);
	if (made != now) {
		expect(p, made, e_log + x.n);
		exps(&x, e_log + x.n, e + x.n);
	}
}

static double log_norm_flat(double eta, double n)
{
	return special_lgamma(n * eta) - n * special_lgamma(eta);
}

static void energy(const struct em_problem *p, const double *theta, const double *stats, double *out)
{
	struct parts x = parts_of(p, theta);
	lda_energy(p, theta, stats, out);
	out[LDA_TERM_PW] = 0;
	for (size_t k = 0; k < x.k; k++) {
		double all = special_digamma(total(&x, k)), sum = 0;
		for (size_t v = 0; v < x.terms; v++)
			sum += stats[v * x.kp + k] * (special_digamma(x.lambda[v * x.kp + k]) - all);
		out[LDA_TERM_PW] += sum;
	}
}

static double global(const struct em_problem *p, const double *theta, double *out)
{
	struct parts x = parts_of(p, theta);
	double eta = *x.eta, sum = 0;
	for (size_t k = 0; k < x.k; k++) {
		double all = total(&x, k), psi_all = special_digamma(all), log_norm = special_lgamma(all), prior = 0, own = 0, mixed = 0;
		for (size_t v = 0; v < x.terms; v++) {
			double l = x.lambda[v * x.kp + k], e_log = special_digamma(l) - psi_all;
			log_norm -= special_lgamma(l);
			prior += (eta - 1) * e_log;
			own += (l - 1) * e_log;
			mixed += (eta - l) * e_log;
		}
		double flat = log_norm_flat(eta, (double)x.terms);
		out[TERM_BETA] += flat + prior;
		out[TERM_H_BETA] -= log_norm + own;
		sum += flat - log_norm + mixed;
	}
	return sum;
}

/* ---- M-step ---- */

static const char *block(const struct em_problem *p, unsigned i)
{
	const char *name[3] = {"lambda"};
	unsigned n = 1;
	if (strcmp(em_settings_text(p->settings, "alpha_update"), "fixed") != 0)
		name[n++] = "alpha";
	if (strcmp(em_settings_text(p->settings, "eta_update"), "fixed") != 0)
		name[n++] = "eta";
	return i < n ? name[i] : NULL;
}

/* The maximum over eta is that over a symmetric alpha, with topics for documents and words for topics. */
static enum em_status update_eta(const struct em_problem *p, double *theta, struct em_err *err)
{
	struct parts x = parts_of(p, theta);
	double *eta = calloc(2 * x.terms, sizeof *eta), *logs = eta + x.terms;
	if (!eta)
		return em_no_memory(err);
	for (size_t k = 0; k < x.k; k++) {
		double all = special_digamma(total(&x, k));
		for (size_t v = 0; v < x.terms; v++)
			logs[v] += special_digamma(x.lambda[v * x.kp + k]) - all;
	}
	for (size_t v = 0; v < x.terms; v++)
		eta[v] = *x.eta;
	lda_alpha_symmetric(eta, x.terms, logs, (double)x.k);
	*x.eta = eta[0];
	free(eta);
	return EM_OK;
}

static enum em_status m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta, struct em_err *err)
{
	struct parts x = parts_of(p, theta);
	const char *what = block(p, i);
	if (strcmp(what, "alpha") == 0)
		return lda_m_step(p, stats, 1, theta, err);
	if (strcmp(what, "eta") == 0)
		return update_eta(p, theta, err);
	for (size_t v = 0; v < x.terms; v++)
		for (size_t k = 0; k < x.k; k++)
			x.lambda[v * x.kp + k] = *x.eta + stats[v * x.kp + k];
	complete(p, theta);
	return EM_OK;
}

static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	struct parts x = parts_of(p, made);
	double *e_log = aligned_alloc(64, (2 * x.n + 8) / 8 * 8 * sizeof *e_log);
	if (!e_log)
		return em_no_memory(err);
	expect(p, made, e_log);
	exps(&x, e_log, e_log + x.n);
	enum em_status st = lda_phi(p, e_log + x.n, q, n, from, count, out, err);
	free(e_log);
	return st;
}

/* log p(X|alpha,eta) does not depend on lambda: while alpha and eta stay, what the bound gains KL loses. */
static void explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out, size_t size)
{
	bool m = now->phase == EM_M || now->phase == EM_M_PART;
	const char *name = m && (now->size == EM_UNIT || now->phase == EM_M_PART) ? block(p, (unsigned)now->unit) : NULL;
	bool held = !m || !block(p, 1) || (name && strcmp(name, "lambda") == 0);
	double gain = before ? now->gain : 0;
	size_t n = 0;
	if (m)
		n = (size_t)snprintf(out, size, "M-step %zu%s%s: %s. The ELBO %s by %s.", now->iteration, name ? ", its part for " : "", name ? name : "",
		                     name && strcmp(name, "lambda") ? "to the maximum of the bound" : "λ = η + the expected counts of each topic's words, the best "
		                     "q(β) for these φ", gain < 0 ? "fell" : "rose", number_fixed(fabs(gain), fabs(gain) < 0.1 ? 6 : 3).s);
	else {
		lda_explain(p, before, now, out, size);
		n = strlen(out);
	}
	if (before && held && n + 1 < size && fabs(gain) > now->allowance)
		snprintf(out + n, size - n, " θ, z and the topics are all hidden here: log p(X|α,η) is the same at every step while α and η stay, so KL %s by exactly "
		         "as much, whatever it is.", gain < 0 ? "rose" : "fell");
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	if (!m_phase)
		return "φ_wk ∝ exp(ψ(γ_k) + ψ(λ_kw) − ψ(Σ_v λ_kv))    γ_k = α_k + Σ_w c_w φ_wk";
	return block(p, 1) ? "λ_kv = η + Σ_d c_dv φ_dvk    then α, η to their maxima" : "λ_kv = η + Σ_d c_dv φ_dvk";
}

const struct em_model lda_smooth = {
	.name = "lda",
	.title = "LDA, smoothed",
	.observation = "document",
	.component = "topic",
	.unit = "token",
	.latent = "q(θ,z,β) = Dir(θ|γ) Π Mult(zₙ|φₙ) Π Dir(β_k|λ_k)",
	.takes = EM_DATA_CORPUS,
	.exact = false,
	.discrete = true,
	.picture = EM_PICTURE_TERMS,
	.settings = &lda_settings,
	.terms = terms,
	.layout = layout,
	.init = init,
	.complete = complete,
	.check = check,
	.start = lda_start,
	.derive = derive,
	.e_step = lda_e_step,
	.collect = lda_collect,
	.m_step = m_step,
	.block = block,
	.energy = energy,
	.global = global,
	.monotone = lda_monotone,
	.describe = lda_describe,
	.masses = lda_masses,
	.shares = lda_shares,
	.parts = parts,
	.explain = explain,
	.remark = lda_remark,
	.equation = equation,
};
