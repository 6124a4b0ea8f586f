/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One function a kind of number. What is printed is computed here from the snapshot, and the number itself stands beside it. */
#include "command/formula.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "base/text.h"
#include "command/expr.h"

enum { LINES = 12 };

static const struct em_array *array_named(const struct em_array *a, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(a[i].name, name) == 0)
			return a + i;
	return NULL;
}

static double cell(const struct em_array *a, const double *v, size_t i, size_t j)
{
	return v[a->offset + i * a->stride[0] + (a->rank > 1 ? j * a->stride[1] : 0)];
}

/* ---- of the whole ---- */

static void term_line(const struct em_snapshot *s, size_t i, struct buf *out)
{
	const struct em_term *t = s->problem->model->terms + i;
	buf_printf(out, "  %+16.6f  %-14s %s%s\n", s->ledger[s->position].terms[i], t->name, t->formula, t->entropy ? "  (entropy)" : "");
}

static void tell_sums(const struct em_snapshot *s, const char *name, struct buf *out)
{
	const struct em_entry *e = s->ledger + s->position;
	bool energy = strcmp(name, "entropy") != 0, entropy = strcmp(name, "energy") != 0;
	buf_printf(out, "%s = the sum of its terms, from q and θ of step %zu (nats):\n", name, e->step);
	for (size_t i = 0; i < s->problem->layout.terms; i++)
		if (s->problem->model->terms[i].entropy ? entropy : energy)
			term_line(s, i, out);
	buf_printf(out, "= %.6f", energy && entropy ? e->elbo : energy ? e->energy : e->entropy);
	if (energy && entropy)
		buf_printf(out, "; energy %.6f + entropy %.6f", e->energy, e->entropy);
	buf_putc(out, '\n');
}

static void tell_term(const struct em_snapshot *s, unsigned i, struct buf *out)
{
	const struct em_term *t = s->problem->model->terms + i;
	const struct em_entry *e = s->ledger + s->position;
	buf_printf(out, "%s = %s = %.6f nats, summed over %zu %ss\n%s\n", t->name, t->formula, e->terms[i], s->problem->layout.observations,
	           s->problem->model->observation, t->help);
	if (s->position)
		buf_printf(out, "the last entry changed it by %+.6g, from %.6f\n", e->terms[i] - e[-1].terms[i], e[-1].terms[i]);
}

/* Of an estimate what it is and how far off it may be. */
static void guess_line(struct buf *out, double se, bool doubtful)
{
	buf_printf(out, "log_p is an estimate, ± %.2g (2 standard errors)%s\n", 2 * se, doubtful ? ", and its own signs say that it is doubtful" : "");
}

static void identity(struct buf *out, const char *of, double elbo, double kl, double log_p, bool defined)
{
	if (isnan(kl)) {
		buf_printf(out, "kl%s = log_p%s - elbo%s; log_p%s is not known, only that it is no less than %.6f\n", of, of, of, of, elbo);
		return;
	}
	buf_printf(out, "kl%s = log_p%s - elbo%s = %.6f - (%.6f) = %.6g nats\n", of, of, of, log_p, elbo, log_p - elbo);
	if (defined)
		buf_printf(out, "by its own definition, the sum of q log (q / posterior): %.6g\n", kl);
}

static void tell_kl(const struct em_snapshot *s, struct buf *out)
{
	const struct em_entry *e = s->ledger + s->position;
	identity(out, "", e->elbo, e->kl, e->log_evidence, s->problem->model->exact);
	if (e->evidence == EM_EVIDENCE_ESTIMATE)
		guess_line(out, e->log_evidence_se, e->doubtful > 0);
}

static void tell_number(const struct em_snapshot *s, const char *name, struct buf *out)
{
	const struct em_entry *e = s->ledger + s->position, *ends[2] = {NULL, NULL};
	const struct em_verdict *v = &s->verdict;
	for (size_t i = s->position + 1; i-- > 0 && !ends[1];)
		if (s->ledger[i].phase == EM_M || (ends[0] && (s->ledger[i].phase == EM_INIT || s->ledger[i].phase == EM_EDIT)))
			ends[ends[0] != NULL] = s->ledger + i;
	if (strcmp(name, "delta") == 0 && ends[1])
		buf_printf(out, "delta = elbo after step %zu - elbo after step %zu = %.6f - (%.6f) = %.6g nats\n", ends[0]->step, ends[1]->step,
		           ends[0]->elbo, ends[1]->elbo, ends[0]->elbo - ends[1]->elbo);
	else if (strcmp(name, "gain") == 0 && s->position)
		buf_printf(out, "gain = elbo now - elbo an entry before = %.6f - (%.6f) = %.6g nats; rounding allows %.3g\n", e->elbo, e[-1].elbo, e->gain,
		           e->allowance);
	else if (strcmp(name, "to_come") == 0 && ends[1])
		buf_printf(out, "to_come = delta rate / (1 - rate) = %.6g x %.6g / %.6g = %.6g nats (Aitken, if the rate holds)\n",
		           ends[0]->elbo - ends[1]->elbo, v->rate, 1 - v->rate, v->to_come);
	else if (strcmp(name, "rate") == 0)
		buf_printf(out, "rate = the gain of an iteration / that of the one before, over up to four of them: %.6g\n", v->rate);
	else if (strcmp(name, "perplexity") == 0 && (s->problem->data->corpus || s->problem->data->sequences)) {
		double n = s->problem->data->corpus ? (double)s->problem->data->corpus->tokens : (double)s->problem->data->sequences->total;
		buf_printf(out, "perplexity = exp(-elbo / tokens) = exp(%.6f / %.0f) = %.6g\n", -e->elbo, n, exp(-e->elbo / n));
	} else if (strcmp(name, "log_p") == 0 && isnan(e->log_evidence)) {
		buf_printf(out, "log_p = the sum of log p(x|θ) over %zu %ss is not known, only that it is no less than elbo = %.6f\n",
		           s->problem->layout.observations, s->problem->model->observation, e->elbo);
	} else if (strcmp(name, "log_p") == 0) {
		buf_printf(out, "log_p = the sum of log p(x|θ) over %zu %ss = %.6f nats; elbo %.6f is below it by kl\n", s->problem->layout.observations,
		           s->problem->model->observation, e->log_evidence, e->elbo);
		if (e->evidence == EM_EVIDENCE_ESTIMATE)
			guess_line(out, e->log_evidence_se, e->doubtful > 0);
	} else if (strcmp(name, "moved") == 0 && s->position)
		buf_printf(out, "moved = the largest change of an element in step %zu, of %s: %.6g\n", e->step, e->moved_array, e->moved);
}

static void tell_observation(const struct em_snapshot *s, const struct expr_place *at, struct buf *out)
{
	const struct em_obs *o = s->obs + at->from[0];
	char of[32];
	snprintf(of, sizeof of, "[%zu]", at->from[0] + 1);
	bool guess = isnan(o->log_evidence) && !isnan(o->guess.log_p);
	if (strcmp(at->name, "kl") == 0 && guess) {
		identity(out, of, o->elbo, o->guess.log_p - o->elbo, o->guess.log_p, false);
		guess_line(out, o->guess.se, o->guess.doubtful);
	} else if (strcmp(at->name, "log_p") == 0 && guess) {
		buf_printf(out, "log_p%s = %.6f nats by importance sampling\n", of, o->guess.log_p);
		guess_line(out, o->guess.se, o->guess.doubtful);
	} else if (strcmp(at->name, "kl") == 0)
		identity(out, of, o->elbo, o->kl, o->log_evidence, s->problem->model->exact);
	else if (strcmp(at->name, "elbo") == 0)
		buf_printf(out, "elbo%s = the terms of the bound of this %s alone = log_p%s - kl%s = %.6f nats; all of them sum to elbo = %.6f\n", of,
		           s->problem->model->observation, of, of, o->elbo, s->ledger[s->position].elbo);
}

/* ---- phi and gamma of a document ---- */

static void word_into(struct buf *out, const struct em_snapshot *s, size_t term)
{
	const char *word = s->problem->data->corpus->vocabulary[term];
	text_safe(out, word, strlen(word));
}

/* phi of every pair of a document, [pairs][K]; owned by the caller. */
static enum em_status phi_of(const struct em_snapshot *s, size_t n, double **out, size_t *pairs, struct em_err *err)
{
	const struct em_problem *p = s->problem;
	const struct em_corpus *c = p->data->corpus;
	if (!c || !p->model->parts)
		return em_fail(err, EM_USAGE, "this model has no phi: its %ss have no words with topics of their own", p->model->observation);
	*pairs = c->row[n + 1] - c->row[n];
	*out = malloc((*pairs * p->layout.components + 1) * sizeof **out);
	if (!*out)
		return em_no_memory(err);
	enum em_status st = p->model->parts(p, em_snapshot_made(s, n), s->q + n * p->layout.q_stride, n, 0, *pairs, *out, err);
	if (st)
		free(*out);
	return st;
}

static void tell_phi_dirichlet(const struct em_snapshot *s, const struct em_array *gamma, const struct em_array *topics, size_t n, size_t term,
                               const double *phi, struct buf *out)
{
	size_t k = s->problem->layout.components;
	const double *made = em_snapshot_made(s, n);
	double sum = 0, norm = 0;
	for (size_t i = 0; i < k; i++)
		sum += cell(gamma, s->q, n, i);
	for (size_t i = 0; i < k; i++)
		norm += exp(special_digamma(cell(gamma, s->q, n, i)) - special_digamma(sum)) * cell(topics, made, i, term);
	buf_printf(out, "phi_k is in proportion to beta_k exp E[log theta_k], E[log theta_k] = psi(gamma_k) - psi(%.6g); the products sum to %.6g\n", sum, norm);
	buf_puts(out, "  k        gamma   E[log theta]      beta        product       phi\n");
	for (size_t i = 0; i < k; i++) {
		double g = cell(gamma, s->q, n, i), e = special_digamma(g) - special_digamma(sum), b = cell(topics, made, i, term);
		buf_printf(out, "%3zu %12.6g   %12.6g %9.4g %14.6g %9.6f\n", i + 1, g, e, b, exp(e) * b, phi[i]);
	}
	buf_printf(out, "gamma is q of the document now; beta is topics[k][word] of %s\n",
	           memcmp(made, s->theta, s->problem->layout.theta_size * sizeof *made) == 0 ? "θ now" : "the θ that the last E-step saw, not of θ now");
}

static enum em_status tell_phi(const struct em_snapshot *s, size_t n, size_t term, struct buf *out, struct em_err *err)
{
	const struct em_layout *l = &s->problem->layout;
	const struct em_corpus *c = s->problem->data->corpus;
	const struct em_array *gamma = array_named(l->q, l->q_arrays, "gamma"), *topics = array_named(l->theta, l->theta_arrays, "topics");
	double *phi;
	size_t pairs, at = 0;
	enum em_status st = phi_of(s, n, &phi, &pairs, err);
	if (st)
		return st;
	while (at < pairs && c->term[c->row[n] + at] != term)
		at++;
	if (at == pairs) {
		free(phi);
		return em_fail(err, EM_USAGE, "document %zu does not have the word \"%.60s\"", n + 1, c->vocabulary[term]);
	}
	buf_puts(out, "phi of \"");
	word_into(out, s, term);
	buf_printf(out, "\" in document %zu, %u times there: q of the topic of each\n", n + 1, c->count[c->row[n] + at]);
	if (gamma && topics && l->theta_arrays == 2)
		tell_phi_dirichlet(s, gamma, topics, n, term, phi + at * l->components, out);
	else
		for (size_t i = 0; i < l->components; i++)
			buf_printf(out, "%3zu %9.6f\n", i + 1, phi[at * l->components + i]);
	free(phi);
	return EM_OK;
}

static enum em_status tell_gamma(const struct em_snapshot *s, const struct expr_place *at, struct buf *out, struct em_err *err)
{
	const struct em_layout *l = &s->problem->layout;
	const struct em_corpus *c = s->problem->data->corpus;
	const struct em_array *alpha = array_named(l->theta, l->theta_arrays, "alpha");
	size_t n = at->from[0], k = at->from[1], pairs;
	double *phi, sum = 0, left = 0, prior = alpha ? cell(alpha, em_snapshot_made(s, n), k, 0) : 0, is = cell(at->array, s->q, n, k);
	enum em_status st = phi_of(s, n, &phi, &pairs, err);
	if (st)
		return st;
	buf_printf(out, "gamma[%zu][%zu] = alpha[%zu] + sum over the words of count x phi\n  %12.6g  alpha[%zu]\n", n + 1, k + 1, k + 1, prior, k + 1);
	for (size_t line = 0; line < LINES && line < pairs; line++) { /* by size; what was shown is taken out */
		size_t best = 0;
		for (size_t i = 0; i < pairs; i++)
			if (c->count[c->row[n] + i] * phi[i * l->components + k] > c->count[c->row[n] + best] * phi[best * l->components + k])
				best = i;
		double *x = phi + best * l->components + k, count = c->count[c->row[n] + best];
		if (!(count * *x > 0))
			break;
		buf_printf(out, "  %12.6g  %.0f x %.6f  ", count * *x, count, *x);
		word_into(out, s, c->term[c->row[n] + best]);
		buf_putc(out, '\n');
		sum += count * *x;
		*x = 0;
	}
	for (size_t i = 0; i < pairs; i++)
		left += c->count[c->row[n] + i] * phi[i * l->components + k];
	if (left > 0)
		buf_printf(out, "  %12.6g  all other words\n", left);
	free(phi);
	buf_printf(out, "= %.6g with the phi that this gamma gives; gamma itself is %.6g, from the phi of the sweep before (the two meet at the fixed point; "
	                "they are %.3g apart)\n", prior + sum + left, is, fabs(prior + sum + left - is));
	return EM_OK;
}

/* ---- mixtures ---- */

static enum em_status tell_responsibility(const struct em_snapshot *s, const struct expr_place *at, struct buf *out, struct em_err *err)
{
	const struct em_problem *p = s->problem;
	size_t k = p->layout.components, n = at->from[0];
	double *weight = malloc(3 * k * sizeof *weight);
	if (!weight)
		return em_no_memory(err);
	double *fit = weight + k, *joint = weight + 2 * k;
	enum em_status st = p->model->weigh(p, em_snapshot_made(s, n), n, weight, fit, err);
	if (!st) {
		for (size_t i = 0; i < k; i++)
			joint[i] = weight[i] + fit[i];
		double all = special_log_sum_exp(joint, k);
		buf_printf(out, "%s = exp(log weight_k + log p(x_%zu|k) - log p(x_%zu)), log p(x_%zu) = %.6f the log of the sum of the exp of the sums\n", at->name,
		           n + 1, n + 1, n + 1, all);
		buf_puts(out, "  k   log weight   log p(x|k)          sum   posterior         q\n");
		for (size_t i = 0; i < k; i++)
			buf_printf(out, "%3zu %12.6f %12.6f %12.6f   %9.6f %9.6f\n", i + 1, weight[i], fit[i], joint[i], exp(joint[i] - all),
			           cell(at->array, s->q, n, i));
		buf_printf(out, "weights and densities are those of %s\n",
		           memcmp(em_snapshot_made(s, n), s->theta, p->layout.theta_size * sizeof(double)) == 0 ? "θ now" : "the θ that the last E-step saw");
	}
	free(weight);
	return st;
}

/* ---- θ, and the rest ---- */

/* Blocks are called as the arrays they move, where a model has several. */
static bool is_kept(const struct em_snapshot *s, const char *name)
{
	const struct em_layout *l = &s->problem->layout;
	bool any = false;
	for (unsigned b = 0; s->problem->model->block(s->problem, b); b++) {
		const char *block = s->problem->model->block(s->problem, b);
		any |= array_named(l->theta, l->theta_arrays, block) != NULL;
		if (strcmp(block, name) == 0)
			return false;
	}
	return any;
}

static void tell_theta(const struct em_snapshot *s, const struct expr_place *at, struct buf *out)
{
	const struct em_layout *l = &s->problem->layout;
	const struct em_array *counts = array_named(l->stats, l->stats_arrays, "counts"), *a = at->array;
	struct buf name = {0};
	expr_place_text(at, s, &name);
	size_t offset = a->offset;
	for (unsigned d = 0; d < a->rank; d++)
		offset += at->from[d] * a->stride[d];
	double now = s->theta[offset], was = s->theta_before[offset];
	if (strcmp(a->name, "topics") == 0 && a->rank == 2 && counts && counts->rank == 2 && counts->dim[0] == a->dim[0] && s->stats) {
		double mine = cell(counts, s->stats, at->from[0], at->from[1]), all = 0;
		for (size_t j = 0; j < a->dim[1]; j++)
			all += cell(counts, s->stats, at->from[0], j);
		buf_printf(out, "%s: the M-step makes it the expected count of the word in the topic over the topic's total = %.6g / %.6g = %.6g\n",
		           name.s ? name.s : "", mine, all, mine / all);
		buf_printf(out, "it is %.6g%s\n", now, s->next_m ? ": that M-step has not been made yet" : "");
	} else {
		buf_printf(out, "%s = %.9g\n", name.s ? name.s : "", now);
		if (is_kept(s, a->name))
			buf_puts(out, "the settings keep it: no M-step moves it\n");
		else
			buf_printf(out, "the M-step: %s\n", s->problem->model->equation(s->problem, true));
	}
	if (now != was)
		buf_printf(out, "the last entry changed it from %.6g by %+.6g\n", was, now - was);
	buf_free(&name);
}

static void tell_share(const struct em_snapshot *s, const struct expr_place *at, struct buf *out)
{
	const struct em_layout *l = &s->problem->layout;
	const struct em_array *gamma = array_named(l->q, l->q_arrays, "gamma");
	size_t n = at->from[0], k = at->from[1];
	double sum = 0;
	for (size_t i = 0; gamma && i < l->components; i++)
		sum += cell(gamma, s->q, n, i);
	if (gamma)
		buf_printf(out, "share[%zu][%zu] = gamma[%zu][%zu] / sum(gamma[%zu]) = %.6g / %.6g = %.6g, the mean of q\n", n + 1, k + 1, n + 1, k + 1, n + 1,
		           cell(gamma, s->q, n, k), sum, cell(gamma, s->q, n, k) / sum);
}

static enum em_status tell_place(const struct em_snapshot *s, const struct expr_place *at, struct buf *out, struct em_err *err)
{
	switch (at->home) {
	case EXPR_QUANTITY:
		if (strcmp(at->name, "elbo") == 0 || strcmp(at->name, "energy") == 0 || strcmp(at->name, "entropy") == 0)
			tell_sums(s, at->name, out);
		else if (strcmp(at->name, "kl") == 0)
			tell_kl(s, out);
		else
			tell_number(s, at->name, out);
		return EM_OK;
	case EXPR_TERM: tell_term(s, at->which, out); return EM_OK;
	case EXPR_OBSERVATION: tell_observation(s, at, out); return EM_OK;
	case EXPR_THETA: tell_theta(s, at, out); return EM_OK;
	case EXPR_SHARE: tell_share(s, at, out); return EM_OK;
	case EXPR_Q:
		if (strcmp(at->name, "gamma") == 0)
			return tell_gamma(s, at, out, err);
		return s->problem->model->weigh && at->rank == 2 ? tell_responsibility(s, at, out, err) : EM_OK;
	case EXPR_STATS:
	case EXPR_SIZE: break;
	}
	return EM_OK;
}

/* phi[N][WORD] is no array of the run: its parts are those of gamma[N] and topics[1][WORD]. */
static enum em_status explain_phi(const struct em_snapshot *s, const char *text, struct buf *out, struct em_err *err)
{
	const char *middle = strstr(text, "][");
	char row[300], column[300];
	struct expr *e = NULL;
	struct expr_place n, w;
	if (!middle)
		return em_fail(err, EM_USAGE, "phi of what? phi[12][harbour]: a document and a word of it");
	snprintf(row, sizeof row, "kl%.*s", (int)(middle + 1 - (text + 3)), text + 3);
	snprintf(column, sizeof column, "topics[1]%s", middle + 1);
	enum em_status st = expr_parse(row, &e, err);
	if (!st)
		st = expr_name(e, s, &n, err);
	expr_free(e);
	e = NULL;
	if (!st)
		st = expr_parse(column, &e, err);
	if (!st)
		st = expr_name(e, s, &w, err);
	expr_free(e);
	if (!st && (n.from[0] != n.to[0] || w.rank != 2 || w.from[1] != w.to[1] || !s->problem->data->corpus))
		st = em_fail(err, EM_USAGE, "phi of what? phi[12][harbour]: a document and a word of it");
	return st ? st : tell_phi(s, n.from[0], w.from[1], out, err);
}

enum em_status formula_explain(const struct em_snapshot *s, const char *text, struct buf *out, struct em_err *err)
{
	struct expr *e = NULL;
	struct expr_place at;
	double x;
	if (strncmp(text, "phi[", 4) == 0)
		return explain_phi(s, text, out, err);
	enum em_status st = expr_parse(text, &e, err);
	if (!st)
		st = expr_number(e, s, &x, err);
	if (!st && expr_name(e, s, &at, NULL)) { /* a computed number: what goes into it */
		struct buf parts = {0};
		expr_parts(e, s, &parts);
		buf_printf(out, "%.9g, from %s\n", x, parts.s ? parts.s : "numbers alone");
		buf_free(&parts);
	} else if (!st) {
		size_t before = out->len;
		st = tell_place(s, &at, out, err);
		if (!st && out->len == before) {
			expr_place_text(&at, s, out);
			buf_printf(out, " = %.9g\n", x);
		}
	}
	expr_free(e);
	return st;
}
