/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a step of LDA did, in words, with the step's own numbers. */
#include <math.h>

#include "base/buf.h"
#include "base/number.h"
#include "elbow/corpus.h"
#include "elbow/run.h"
#include "model/lda.h"

/* Differences well below a nat want more digits than sums of thousands. */
static int decimals(double x)
{
	double size = fabs(x);
	return !isfinite(x) || size >= 10 ? 1 : size >= 0.1 ? 3 : size >= 1e-4 ? 6 : 9;
}

static const char *rose(double gain)
{
	return gain < 0 ? "fell" : "rose";
}

static void sentence_start(const struct em_problem *p, const struct em_entry *now, struct buf *b)
{
	buf_printf(b, "The start: %zu topics, q uniform over them in every document. ELBO %s nats", p->layout.components,
	           number_fixed(now->elbo, 1).s);
	if (now->evidence == EM_EVIDENCE_EXACT)
		buf_printf(b, ", log p %s (exact), so KL is %s", number_fixed(now->log_evidence, 1).s,
		           number_fixed(now->kl, 1).s);
	buf_puts(b, ". The first E-step moves q towards the posterior under these topics; θ waits.");
}

/* Within rounding: the step found nothing to do. */
static bool stayed(const struct em_entry *now)
{
	return fabs(now->gain) <= now->allowance;
}

static void sentence_kl(const struct em_entry *before, const struct em_entry *now, struct buf *b)
{
	double gain = now->gain;
	int d = decimals(gain), dk = d > 3 ? 3 : d;
	bool exact = now->evidence == EM_EVIDENCE_EXACT;
	if (exact)
		buf_printf(b, "θ did not move, so log p stayed at %s. ", number_fixed(now->log_evidence, 1).s);
	else if (now->evidence == EM_EVIDENCE_ESTIMATE)
		buf_printf(b, "θ did not move, so log p stayed, at about %s ± %s%s. ", number_fixed(now->log_evidence, 1).s,
		           number_short(2 * now->log_evidence_se, 2).s, now->doubtful ? ", which is doubtful" : "");
	else
		buf_puts(b, "θ did not move, so log p(X|θ), unknown here, stayed. ");
	if (stayed(now))
		buf_puts(b, "q had settled already, so ELBO and KL stayed too. ");
	else if (exact)
		buf_printf(b, "KL went %s → %s and the ELBO %s by the same %s. ", number_fixed(before->kl, dk).s,
		           number_fixed(now->kl, dk).s, rose(gain), number_fixed(fabs(gain), d).s);
	else
		buf_printf(b, "The ELBO %s by %s, and KL moved by exactly as much the other way. ", rose(gain),
		           number_fixed(fabs(gain), d).s);
}

static void sentence_e(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now,
                       struct buf *b)
{
	double gain = now->gain, limit = em_settings_number(p->settings, "e_sweeps");
	if (now->phase == EM_E)
		buf_printf(b, "E-step %zu, mean field: %s sweeps over %s documents (%.1f each). ", now->iteration,
		           number_count(now->sweeps).s, number_count(now->active).s,
		           now->active ? (double)now->sweeps / (double)now->active : 0.0);
	else if (now->size == EM_UNIT)
		buf_printf(b, "One sweep of document %zu: its φ from γ, then γ = α + Σ c φ. ", now->unit + 1);
	else
		buf_printf(b, "One sweep of %s documents, a part of E-step %zu. ", number_count(now->active).s, now->iteration);
	sentence_kl(before, now, b);
	if (now->phase != EM_E && gain < 0)
		buf_puts(b, "It fell because a cold E-step starts each document again from uniform; the next sweeps lift it.");
	else if (now->decreased)
		buf_printf(b, "Document %zu lost most: from its %s start it ended %s nats lower than before; e_start=guarded "
		              "keeps the better of the two.",
		           now->worst + 1, em_settings_number(p->settings, "e_start") == 0 ? "cold" : "warm",
		           number_fixed(-now->worst_gain, decimals(now->worst_gain)).s);
	else if (now->capped)
		buf_printf(b, "%s document%s hit the limit of %.0f sweep%s (e_sweeps) before settling.",
		           number_count(now->capped).s, now->capped == 1 ? "" : "s", limit, limit == 1 ? "" : "s");
	else if (p->layout.components == 1)
		buf_puts(b, "With one topic there is nothing to share out: q is the posterior and KL is 0.");
	else
		buf_puts(b, "KL cannot reach 0: q factorizes, the posterior does not.");
}

/* Only beyond three standard errors of the difference is it said that log p rose or fell. */
static void sentence_estimated(const struct em_entry *now, struct buf *b)
{
	double dp = now->log_p_change, se = now->log_p_change_se, dk = dp - now->gain;
	int d = se > 0 && se < 1 ? (int)ceil(-log10(2 * se)) + 1 : 1;
	if (fabs(dp) <= 3 * se)
		buf_printf(b, "log p changed by %s ± %s (the same draws before and after): that cannot be told from 0.", number_signed(dp, d).s,
		           number_short(2 * se, 2).s);
	else
		buf_printf(b, "log p %s by %s ± %s, by the same draws before and after%s, so KL %s by about %s.", rose(dp), number_fixed(fabs(dp), d).s,
		           number_short(2 * se, 2).s, dp < 0 ? ", though the bound rose" : "", rose(dk), number_fixed(fabs(dk), d).s);
}

static void sentence_m(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now,
                       struct buf *b)
{
	double gain = now->gain;
	int d = decimals(gain);
	bool alpha = (int)em_settings_number(p->settings, "alpha_update") != 0;
	if (now->phase == EM_M_PART || (now->size == EM_UNIT && alpha)) /* without alpha the topics are all there is */
		buf_printf(b, "M-step %zu, its part for the %s. ", now->iteration, now->unit == 0 ? "topics" : "alpha");
	else
		buf_printf(b, "M-step %zu: topics%s to the maximum of the energy for this q. ", now->iteration,
		           alpha ? " and alpha" : "");
	if (stayed(now)) {
		buf_puts(b, "θ was there already: nothing moved.");
		return;
	}
	buf_printf(b, "q did not move, so its entropy stayed; energy and ELBO %s by %s. ", rose(gain),
	           number_fixed(fabs(gain), d).s);
	if (!isnan(now->log_p_change)) {
		sentence_estimated(now, b);
		return;
	}
	if (now->evidence != EM_EVIDENCE_EXACT || before->evidence != EM_EVIDENCE_EXACT) {
		buf_puts(b, "log p(X|θ) moved too, by how much is unknown here.");
		return;
	}
	double dp = now->log_evidence - before->log_evidence, dk = now->kl - before->kl;
	int dd = decimals(dp);
	if (dp < -now->allowance)
		buf_printf(b,
		           "Yet log p fell by %s, to %s: KL was not 0 before, and it fell by %s, more than the ELBO rose. θ "
		           "moved to where the posterior factorizes better.",
		           number_fixed(-dp, dd).s, number_fixed(now->log_evidence, 1).s, number_fixed(-dk, decimals(dk)).s);
	else if (fabs(dk) <= now->allowance)
		buf_printf(b, "log p rose by as much, to %s, and KL stayed.", number_fixed(now->log_evidence, 1).s);
	else
		buf_printf(b, "log p rose by %s to %s, and KL %s by %s because the posterior moved and q did not.",
		           number_fixed(dp, dd).s, number_fixed(now->log_evidence, 1).s, rose(dk),
		           number_fixed(fabs(dk), decimals(dk)).s);
}

void lda_explain(const struct em_problem *p, const struct em_entry *before, const struct em_entry *now, char *out,
                 size_t size)
{
	struct buf b = {0};
	if (now->phase == EM_INIT || !before)
		sentence_start(p, now, &b);
	else if (now->phase == EM_E || now->phase == EM_E_PART)
		sentence_e(p, before, now, &b);
	else
		sentence_m(p, before, now, &b);
	buf_copy(&b, out, size);
	buf_free(&b);
}

const char *lda_equation(const struct em_problem *p, bool m_phase)
{
	bool alpha = (int)em_settings_number(p->settings, "alpha_update") != 0;
	if (!m_phase)
		return "φ_wk ∝ β_kw exp ψ(γ_k)    γ_k = α_k + Σ_w c_w φ_wk";
	return alpha ? "β_kv ∝ Σ_d c_dv φ_dvk    α = argmax D·log B⁻¹(α) + Σ_k (α_k−1) Σ_d E[log θ_dk]" : "β_kv ∝ Σ_d c_dv φ_dvk";
}
