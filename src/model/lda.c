/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Latent Dirichlet allocation by variational EM (Blei, Ng & Jordan, JMLR 3, 2003).
 *
 *     q(theta_d, z_d) = Dir(theta_d | gamma_d) prod_n Mult(z_dn | phi_dn)
 *
 * phi is never stored: an E-step ends on a phi update, so q is (gamma, the topics that update saw), with
 * phi_wk = e_k beta_kw / s_w, e_k = exp(psi(gamma_k)) up to a common factor, s_w = sum_k e_k beta_kw.
 *
 * theta: alpha[kp], then beta term-major [terms][kp]; q: gamma[kp]; kp pads K to whole vectors, the padding is 0.
 * statistics: expected counts [terms][kp], sum of E[log theta_k] [kp], then the scalars of enum. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/special.h"
#include "elbow/corpus.h"
#include "model/lda.h"
#include "model/lda_kernel.h"
#include "model/topics.h"

enum { STAT_SCALARS = LDA_LANES };
enum { TERM_QTHETA = LDA_TERM_OWN, TERM_QZ, TERM_COUNT };
/* em_progress.mode */
enum { MODE_FRESH, MODE_COLD, MODE_WARM };
enum { START_COLD, START_WARM, START_GUARDED };
enum { ORDER_BATCH, ORDER_SEQUENTIAL };

static const struct em_term terms[] = {
	{"e_log_p_theta", "E[log p(θ|α)]", false, "how well the documents' topic shares fit the Dirichlet prior"},
	{"e_log_p_z", "E[log p(z|θ)]", false, "how well the topics of the words fit their document's shares"},
	{"e_log_p_w", "E[log p(w|z,β)]", false, "how well the words fit the topics they are given to"},
	{"h_theta", "H[q(θ)]", true, "how open q leaves the documents' topic shares (differential: may be negative)"},
	{"h_z", "H[q(z)]", true, "how open q leaves the topic of each word"},
};

size_t lda_padded(const struct em_problem *p)
{
	return topics_padded(p->layout.components);
}

/* The document before what stands for its topics' probabilities: beta, or exp E[log beta] as lda_smooth.c derives it. */
static struct lda_doc document(const struct em_problem *p, const struct em_theta *t, bool made, size_t d)
{
	size_t kp = lda_padded(p), n = p->data->corpus->terms * kp;
	const double *table = lda_smoothed(p) ? t->derived + LDA_LANES + (made && t->made != t->now ? 3 : 2) * n : (made ? t->made : t->now) + kp;
	return topics_document(p->data->corpus, table, kp, d);
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_corpus *c = data->corpus;
	size_t k = (size_t)em_settings_number(s, "components"), kp = topics_padded(k), longest = topics_longest(c);
	enum em_status st = topics_fit(c, k, "LDA", err);
	if (st)
		return st;
	bool sequential = (int)em_settings_number(s, "e_order") == ORDER_SEQUENTIAL;
	*out = (struct em_layout){
	    .observations = c->docs,
	    .components = k,
	    .theta = {{"alpha", 1, {k}, {1}, 0, EM_POSITIVE},
	              {"topics", 2, {k, c->terms}, {1, kp}, kp, EM_SIMPLEX_ROWS}},
	    .theta_arrays = 2,
	    .q = {{"gamma", 2, {c->docs, k}, {kp, 1}, 0, EM_POSITIVE}},
	    .q_arrays = 1,
	    .stats = {{"counts", 2, {k, c->terms}, {1, kp}, 0, EM_FREE},
	              {"log_shares", 1, {k}, {1}, c->terms * kp, EM_FREE}},
	    .stats_arrays = 2,
	    .theta_size = kp + c->terms * kp,
	    .q_stride = kp,
	    .stats_size = c->terms * kp + kp + STAT_SCALARS,
	    .derived_size = LDA_LANES + 2 * c->terms * kp,
	    /* psi, e, acc, next gamma; s per pair; sequential: phi per pair */
	    .work_size = 4 * kp + topics_padded(longest) + (sequential ? longest * kp : 0),
	    .terms = TERM_COUNT,
	};
	return EM_OK;
}

static void uniform(const struct em_problem *p, const double *theta, size_t n, double *q)
{
	size_t k = p->layout.components;
	double share = (double)p->data->corpus->length[n] / (double)k;
	for (size_t i = 0; i < k; i++)
		q[i] = theta[i] + share;
}

void lda_start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	(void)work;
	uniform(p, t->now, n, q);
}

/* derived: D(alpha), then log of the topics now, then log of the topics q was made with (absent when the same). */
static void derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	size_t kp = lda_padded(p), n = p->data->corpus->terms * kp;
	derived[0] = special_log_norm(now, p->layout.components);
	lda_log(now + kp, n, derived + LDA_LANES);
	if (made != now)
		lda_log(made + kp, n, derived + LDA_LANES + n);
}

struct work {
	double *psi, *e, *acc, *next, *s, *phi;
};

static struct work work_of(const struct lda_doc *doc, double *work)
{
	size_t kp = doc->kp;
	return (struct work){work,          work + kp,     work + 2 * kp,
	                     work + 3 * kp, work + 4 * kp, work + 4 * kp + topics_padded(doc->pairs)};
}

void lda_collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	const struct em_corpus *c = p->data->corpus;
	size_t k = p->layout.components, kp = lda_padded(p);
	*out = (struct em_bound){.log_p = NAN, .kl = NAN};
	if (c->length[n] == 0)
		return;
	struct lda_doc doc = document(p, t, true, n);
	struct work w = work_of(&doc, work);
	double top = lda_exp_digamma(q, k, kp, w.psi, w.e), sum = 0;
	lda_gather(&doc, w.e, w.acc, w.s, stats);
	for (size_t i = 0; i < k; i++)
		sum += q[i];
	double psi_sum = special_digamma(sum), words = 0, prior = 0, own = 0, mixed = 0, pz = 0;
	for (size_t i = 0; i < doc.pairs; i++)
		words += (double)doc.count[i] * (log(w.s[i]) + (top - psi_sum));
	for (size_t i = 0; i < k; i++) {
		double e_log = w.psi[i] - psi_sum; /* E[log theta_i], ibid. appendix A.1 */
		prior += (t->now[i] - 1) * e_log;
		own += (q[i] - 1) * e_log;
		mixed += (t->now[i] - q[i]) * e_log;
		pz += w.e[i] * w.acc[i] * e_log;
		if (stats)
			stats[c->terms * kp + i] += e_log;
	}
	double log_norm = special_log_norm(q, k);
	double made_pw, now_pw;
	now_pw = made_pw = lda_expect(&doc, w.e, w.s, t->derived + LDA_LANES);
	if (t->now != t->made)
		made_pw = lda_expect(&doc, w.e, w.s, t->derived + LDA_LANES + c->terms * kp);
	out->terms[LDA_TERM_PTHETA] = t->derived[0] + prior;
	out->terms[LDA_TERM_PZ] = pz;
	out->terms[LDA_TERM_PW] = now_pw;
	out->terms[TERM_QTHETA] = -log_norm - own;
	out->terms[TERM_QZ] = words - pz - made_pw; /* -sum c phi log phi, log phi = E + log beta_made - log s */
	/* Terms 1 and 4 are huge and opposite for small gamma: the total takes their difference (alpha - gamma). */
	out->elbo = t->derived[0] - log_norm + mixed + words + (now_pw - made_pw);
	if (stats) {
		double *scalar = stats + c->terms * kp + kp;
		scalar[LDA_STAT_DOCS] += 1;
		scalar[LDA_STAT_LOG_PZ] += pz;
	}
}

void lda_energy(const struct em_problem *p, const double *theta, const double *stats, double *out)
{
	size_t k = p->layout.components, kp = lda_padded(p), terms_count = p->data->corpus->terms;
	const double *log_shares = stats + terms_count * kp, *scalar = log_shares + kp;
	out[LDA_TERM_PTHETA] = scalar[LDA_STAT_DOCS] * special_log_norm(theta, k);
	for (size_t i = 0; i < k; i++)
		out[LDA_TERM_PTHETA] += (theta[i] - 1) * log_shares[i];
	out[LDA_TERM_PZ] = scalar[LDA_STAT_LOG_PZ];
	out[LDA_TERM_PW] = topics_energy(stats, theta + kp, terms_count, kp);
}

bool lda_monotone(const struct em_problem *p)
{
	return (int)em_settings_number(p->settings, "e_start") != START_COLD;
}

/* ---- one document's E-step ---- */

struct sweeper {
	const struct em_problem *p;
	const struct em_theta *t;
	struct lda_doc doc;
	struct work w;
	double tolerance;
	size_t n;
};

static bool settled(const struct sweeper *x, const double *old, const double *new)
{
	double change = 0, top = 0;
	for (size_t i = 0; i < x->p->layout.components; i++) {
		double d = fabs(new[i] - old[i]);
		if (d > change)
			change = d;
		if (new[i] > top)
			top = new[i];
	}
	return change <= x->tolerance * (1 + top);
}

/* gamma_k = alpha_k + sum_w c_w phi_wk with every phi from the same gamma. True when it moved no more. */
static bool batch_sweep(const struct sweeper *x, double *gamma)
{
	size_t k = x->p->layout.components, kp = x->doc.kp;
	lda_exp_digamma(gamma, k, kp, x->w.psi, x->w.e);
	lda_accumulate(&x->doc, x->w.e, x->w.acc);
	for (size_t i = 0; i < k; i++)
		x->w.next[i] = x->t->now[i] + x->w.e[i] * x->w.acc[i];
	bool same = settled(x, gamma, x->w.next);
	memcpy(gamma, x->w.next, k * sizeof *gamma);
	return same;
}

/* The phi that a sequential pass begins with: uniform, or those of gamma, and the gamma that belongs to them. */
static void sequential_begin(const struct sweeper *x, bool uniform, double *gamma)
{
	size_t k = x->p->layout.components, kp = x->doc.kp;
	lda_exp_digamma(gamma, k, kp, x->w.psi, x->w.e);
	if (!uniform)
		memcpy(gamma, x->t->now, k * sizeof *gamma);
	for (size_t w = 0; w < x->doc.pairs; w++) {
		const double *row = x->doc.beta + (size_t)x->doc.term[w] * kp;
		double *phi = x->w.phi + w * k, s = 0;
		for (size_t i = 0; i < k; i++)
			s += phi[i] = x->w.e[i] * row[i];
		for (size_t i = 0; i < k; i++) {
			phi[i] = uniform ? 1.0 / (double)k : phi[i] / s;
			if (!uniform)
				gamma[i] += (double)x->doc.count[w] * phi[i];
		}
	}
}

/* LDA-C's order: gamma is corrected after every term. */
static bool sequential_sweep(const struct sweeper *x, double *gamma)
{
	size_t k = x->p->layout.components, kp = x->doc.kp;
	memcpy(x->w.next, gamma, k * sizeof *gamma);
	for (size_t w = 0; w < x->doc.pairs; w++) {
		const double *row = x->doc.beta + (size_t)x->doc.term[w] * kp;
		double *phi = x->w.phi + w * k, s = 0;
		lda_exp_digamma(gamma, k, kp, x->w.psi, x->w.e);
		for (size_t i = 0; i < k; i++)
			s += x->w.e[i] * row[i];
		for (size_t i = 0; i < k; i++) {
			double next = x->w.e[i] * row[i] / s;
			gamma[i] += (double)x->doc.count[w] * (next - phi[i]);
			phi[i] = next;
		}
	}
	for (size_t i = 0; i < k; i++) /* the corrections can leave -1e-17 */
		if (gamma[i] < x->t->now[i])
			gamma[i] = x->t->now[i];
	return settled(x, x->w.next, gamma);
}

/* Sweeps from where gamma stands until settled, at most limit. Returns the number made. The phi of a sequential pass are
 * not kept between calls: it begins again from q_before and makes the sweeps it had made once more. */
static uint32_t sweep_on(const struct sweeper *x, const double *from, struct em_progress *pr, uint32_t limit,
                         double *gamma)
{
	bool sequential = (int)em_settings_number(x->p->settings, "e_order") == ORDER_SEQUENTIAL;
	uint32_t again = pr->sweeps - pr->base, made = 0;
	if (sequential) {
		if (pr->mode == MODE_COLD)
			uniform(x->p, x->t->now, x->n, gamma);
		else
			memcpy(gamma, from, x->doc.kp * sizeof *gamma);
		sequential_begin(x, pr->mode == MODE_COLD, gamma);
		for (uint32_t i = 0; i < again; i++)
			sequential_sweep(x, gamma);
	}
	while (made < limit && !pr->done) {
		pr->done = sequential ? sequential_sweep(x, gamma) : batch_sweep(x, gamma);
		made++;
	}
	return made;
}

void lda_e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
                   const double *q_before, const struct em_bound *before, double *q, struct em_progress *pr,
                   double *work)
{
	if (p->data->corpus->length[n] == 0) {
		uniform(p, t->now, n, q);
		pr->done = true;
		return;
	}
	int how = (int)em_settings_number(p->settings, "e_start");
	double cap = em_settings_number(p->settings, "e_sweeps");
	struct lda_doc doc = document(p, t, false, n);
	struct sweeper x = {.p = p, .t = t, .doc = doc, .w = work_of(&doc, work), .n = n,
	                    .tolerance = em_settings_number(p->settings, "e_tolerance")};
	if (pr->mode == MODE_FRESH) {
		pr->mode = how == START_WARM ? MODE_WARM : MODE_COLD;
		if (pr->mode == MODE_COLD)
			uniform(p, t->now, n, q);
	}
	while (budget > 0 && !pr->done) {
		double left = cap - (pr->sweeps - pr->base);
		uint32_t made = sweep_on(&x, q_before, pr, left < budget ? (uint32_t)left : budget, q);
		budget -= made;
		pr->sweeps += made;
		pr->capped = !pr->done && pr->sweeps - pr->base >= cap;
		pr->done |= pr->capped;
		if (!pr->done || pr->mode != MODE_COLD || how != START_GUARDED)
			continue;
		struct em_bound ends;
		lda_collect(p, t, n, q, NULL, &ends, work);
		if (ends.elbo >= before->elbo)
			continue;
		pr->mode = MODE_WARM; /* the cold start led to a worse place than where q was: go on from there */
		pr->base = pr->sweeps;
		pr->done = pr->capped = false;
		memcpy(q, q_before, p->layout.q_stride * sizeof *q);
	}
}

/* ---- M-step ---- */

const char *lda_block(const struct em_problem *p, unsigned i)
{
	bool fixed = (int)em_settings_number(p->settings, "alpha_update") == 0;
	return i == 0 ? "topics" : i == 1 && !fixed ? "alpha" : NULL;
}

enum em_status lda_m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta,
                             struct em_err *err)
{
	size_t kp = lda_padded(p), count = p->data->corpus->terms;
	const double *log_shares = stats + count * kp;
	if (i == 0)
		topics_m_step(stats, count, kp, p->layout.components, theta + kp);
	else if ((int)em_settings_number(p->settings, "alpha_update") == 1)
		lda_alpha_symmetric(theta, p->layout.components, log_shares, log_shares[kp + LDA_STAT_DOCS]);
	else {
		double *scratch = calloc(2 * kp, sizeof *scratch);
		if (!scratch)
			return em_no_memory(err);
		lda_alpha_vector(theta, p->layout.components, log_shares, log_shares[kp + LDA_STAT_DOCS], scratch);
		free(scratch);
	}
	for (size_t k = 0; k < p->layout.components; k++)
		if (!isfinite(theta[k]) || theta[k] <= 0)
			return em_fail(err, EM_BREACH, "M-step: alpha %zu became %g; it must stay positive", k + 1, theta[k]);
	return EM_OK;
}

void lda_masses(const struct em_problem *p, const double *stats, double *out)
{
	topics_masses(stats, p->data->corpus->terms, lda_padded(p), p->layout.components, out);
}

void lda_shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)n;
	double sum = 0;
	for (size_t i = 0; i < p->layout.components; i++)
		sum += q[i];
	for (size_t i = 0; i < p->layout.components; i++)
		out[i] = q[i] / sum;
}

size_t lda_describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	size_t kp = lda_padded(p);
	return topics_describe(p->data->corpus, theta + kp, kp, k, out, max);
}

enum em_status lda_phi(const struct em_problem *p, const double *table, const double *q, size_t n, size_t from, size_t count, double *out,
                       struct em_err *err)
{
	size_t k = p->layout.components, kp = lda_padded(p);
	struct lda_doc doc = topics_document(p->data->corpus, table, kp, n);
	double *psi = aligned_alloc(64, 2 * kp * sizeof *psi), *e = psi + kp;
	if (!psi)
		return em_no_memory(err);
	lda_exp_digamma(q, k, kp, psi, e);
	for (size_t i = 0; i < count; i++) {
		const double *row = doc.beta + (size_t)doc.term[from + i] * kp;
		double s = 0;
		for (size_t j = 0; j < k; j++)
			s += out[i * k + j] = e[j] * row[j];
		for (size_t j = 0; j < k; j++)
			out[i * k + j] /= s;
	}
	free(psi);
	return EM_OK;
}

static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	return lda_phi(p, made + lda_padded(p), q, n, from, count, out, err);
}

static const char *const update_choices[] = {"fixed", "symmetric", "vector", NULL};
static const char *const init_choices[] = {"random", "documents", "given", NULL};
static const char *const start_choices[] = {"cold", "warm", "guarded", NULL};
static const char *const order_choices[] = {"batch", "sequential", NULL};
static const char *const eta_choices[] = {"fixed", "symmetric", NULL};
static const char *const e_step_choices[] = {"variational", "exact", NULL};

static const struct em_setting rows[] = {
	{"components", EM_INTEGER, "4", 1, 10000, NULL, EM_EFFECT_RESTART, "number of topics K"},
	{"alpha", EM_REAL, "0.1", 1e-6, 1e4, NULL, EM_EFFECT_RESTART, "Dirichlet parameter of the topic shares, per topic"},
	{"alpha_update", EM_CHOICE, "fixed", 0, 0, update_choices, EM_EFFECT_STEP,
	 "how the M-step moves alpha: not, one value for all topics, or one a topic"},
	{"init", EM_CHOICE, "documents", 0, 0, init_choices, EM_EFFECT_RESTART,
	 "where the topics start: random, a document each, far from one another, or given by a state file"},
	{"eta", EM_REAL, "0", 0, 1e6, NULL, EM_EFFECT_RESTART,
	 "above 0: topics have a prior Dirichlet(eta), and q is over them too, Dirichlet(lambda)"},
	{"eta_update", EM_CHOICE, "fixed", 0, 0, eta_choices, EM_EFFECT_STEP, "eta stays, or is set to its maximum in each M-step"},
	{"e_step", EM_CHOICE, "variational", 0, 0, e_step_choices, EM_EFFECT_RESTART,
	 "q factorizes (mean field), or is the posterior itself where every document's can be afforded (evidence_budget, evidence_step)"},
	{"e_sweeps", EM_INTEGER, "200", 1, 1000000, NULL, EM_EFFECT_STEP, "most coordinate sweeps of a document in one E-step"},
	{"e_tolerance", EM_REAL, "1e-06", 0, 1, NULL, EM_EFFECT_STEP,
	 "a document has settled when no gamma moves by more than this times (1 + the largest)"},
	{"e_start", EM_CHOICE, "guarded", 0, 0, start_choices, EM_EFFECT_STEP,
	 "gamma at the start of an E-step: uniform, the last one, or uniform unless that ends lower"},
	{"e_order", EM_CHOICE, "batch", 0, 0, order_choices, EM_EFFECT_STEP,
	 "all phi of a document from one gamma, or gamma corrected after every term as LDA-C does"},
};

const struct em_setting_table lda_settings = {"lda", rows, sizeof rows / sizeof rows[0]};

static const struct em_model *variant(const struct em_settings *s)
{
	if (em_settings_number(s, "eta") > 0)
		return &lda_smooth;
	return (int)em_settings_number(s, "e_step") == 1 ? &lda_exact : &em_model_lda;
}

const struct em_model em_model_lda = {
	.name = "lda",
	.title = "LDA",
	.observation = "document",
	.component = "topic",
	.unit = "token",
	.latent = "q(θ,z) = Dir(θ|γ) Π Mult(zₙ|φₙ)",
	.takes = EM_DATA_CORPUS,
	.exact = false,
	.discrete = true,
	.picture = EM_PICTURE_TERMS,
	.settings = &lda_settings,
	.variant = variant,
	.terms = terms,
	.layout = layout,
	.init = lda_init,
	.check = lda_check,
	.start = lda_start,
	.derive = derive,
	.e_step = lda_e_step,
	.collect = lda_collect,
	.m_step = lda_m_step,
	.block = lda_block,
	.energy = lda_energy,
	.monotone = lda_monotone,
	.describe = lda_describe,
	.masses = lda_masses,
	.shares = lda_shares,
	.parts = parts,
	.explain = lda_explain,
	.remark = lda_remark,
	.equation = lda_equation,
};
