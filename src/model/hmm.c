/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hidden Markov model with discrete emissions: Baum-Welch over any number of sequences (Baum, Petrie, Soules and Weiss
 * 1970; Rabiner 1989). log p is that of the sequence of symbols.
 *
 * q of a sequence is the posterior over its paths, a chain that is never stored but made again from the theta it was made
 * with; its row of q holds the expected share of each state in the times. With final=stop every state has a chance to
 * stop, the last column of transitions, and a sequence ends with one; an empty sequence has no time and counts nothing. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "model/hmm.h"
#include "model/hmm_kernel.h"
#include "model/lda_kernel.h"
#include "model/mixture.h"
#include "model/models.h"

enum { TERM_PZ1, TERM_PZZ, TERM_PX, TERM_QZ, TERM_COUNT };
enum { FINAL_NONE, FINAL_STOP };
enum { ARITHMETIC_SCALED, ARITHMETIC_LOG };
enum { ROOM = 8 };

static const struct em_term terms[] = {
	{"e_log_p_z1", "E[log p(z_1|π)]", false, "how well the first states of the sequences fit the initial probabilities"},
	{"e_log_p_zz", "E[log p(z_t+1|z_t,A)]", false, "how well the moves from state to state (and the stops) fit the transitions"},
	{"e_log_p_x", "E[log p(x|z,B)]", false, "how well the symbols fit the states that are to have emitted them"},
	{"h_z", "H[q(z)]", true, "how open q leaves the path of states behind each sequence"},
};

size_t hmm_room(size_t doubles)
{
	return (doubles + ROOM - 1) / ROOM * ROOM;
}

struct hmm_shape hmm_shape_of(size_t k, size_t symbols, bool stops)
{
	struct hmm_shape s = {.k = k, .kp = hmm_padded(k), .rp = hmm_room(k + 1), .symbols = symbols, .stops = stops};
	s.transitions = hmm_room(s.kp);
	s.emissions = s.transitions + k * s.rp;
	s.size = s.emissions + hmm_room(symbols * s.kp);
	return s;
}

struct hmm_shape hmm_shape(const struct em_problem *p)
{
	bool stops = (int)em_settings_number(p->settings, "final") == FINAL_STOP;
	return hmm_shape_of(p->layout.components, p->data->sequences->symbols, stops);
}

/* ---- tables of one theta ---- */

size_t hmm_tables_size(const struct hmm_shape *s)
{
	return 4 * hmm_room(s->kp) + 3 * hmm_room(s->k * s->kp) + 2 * hmm_room(s->symbols * s->kp) + hmm_room(s->symbols);
}

struct hmm_tables hmm_tables_at(const struct hmm_shape *s, const double *room)
{
	size_t row = hmm_room(s->kp), square = hmm_room(s->k * s->kp), all = hmm_room(s->symbols * s->kp);
	const double *rows = room + 4 * row, *emit = rows + 3 * square;
	return (struct hmm_tables){.k = s->k, .kp = s->kp, .initial = room, .log_initial = room + row,
	                           .stop = room + 2 * row, .log_stop = room + 3 * row, .rows = rows,
	                           .log_rows = rows + square, .columns = rows + 2 * square, .emit = emit,
	                           .log_emit = emit + all, .shift = emit + 2 * all};
}

/* Logs of rows of kp, of which the first k count. */
static void logs_of(const double *x, size_t rows, size_t k, size_t kp, double *out)
{
	for (size_t r = 0; r < rows; r++, x += kp, out += kp)
		for (size_t i = 0; i < kp; i++)
			out[i] = i >= k ? 0 : x[i] > 0 ? log(x[i]) : HMM_LOG_ZERO;
}

/* Emissions by symbol, brought near 1 by a power of two: what all states find unlikely must not underflow. */
static void shift_emissions(const struct hmm_shape *s, const double *theta, double *emit, double *shift)
{
	for (size_t v = 0; v < s->symbols; v++) {
		const double *from = theta + s->emissions + v * s->kp;
		double top = 0;
		int exponent = 0;
		for (size_t i = 0; i < s->k; i++)
			top = fmax(top, from[i]);
		if (top > 0)
			frexp(top, &exponent);
		shift[v] = -exponent;
		for (size_t i = 0; i < s->kp; i++)
			emit[v * s->kp + i] = i < s->k ? ldexp(from[i], -exponent) : 0;
	}
}

void hmm_tables_fill(const struct hmm_shape *s, const double *theta, double *room)
{
	struct hmm_tables t = hmm_tables_at(s, room);
	size_t row = hmm_room(s->kp), square = hmm_room(s->k * s->kp), all = hmm_room(s->symbols * s->kp);
	double *initial = room, *stop = room + 2 * row, *rows = room + 4 * row, *columns = rows + 2 * square, *emit = rows + 3 * square;
	memset(room, 0, (size_t)(t.shift - room) * sizeof *room);
	memcpy(initial, theta, s->k * sizeof *initial);
	for (size_t i = 0; i < s->k; i++) {
		const double *from = theta + s->transitions + i * s->rp;
		memcpy(rows + i * s->kp, from, s->k * sizeof *rows);
		for (size_t j = 0; j < s->k; j++)
			columns[j * s->kp + i] = from[j];
	}
	for (size_t i = 0; i < s->kp; i++)
		stop[i] = s->stops ? theta[s->transitions + (i < s->k ? i : 0) * s->rp + s->k] : 1;
	for (size_t j = 0; j < s->k; j++)
		for (size_t i = s->k; i < s->kp; i++)
			columns[j * s->kp + i] = columns[j * s->kp];
	shift_emissions(s, theta, emit, emit + 2 * all);
	logs_of(initial, 1, s->k, s->kp, room + row);
	logs_of(stop, 1, s->k, s->kp, room + 3 * row);
	logs_of(rows, s->k, s->k, s->kp, rows + square);
	logs_of(theta + s->emissions, s->symbols, s->k, s->kp, emit + all);
}

static void derive(const struct em_problem *p, const double *now, const double *made, double *derived)
{
	struct hmm_shape s = hmm_shape(p);
	hmm_tables_fill(&s, now, derived);
	if (made != now)
		hmm_tables_fill(&s, made, derived + hmm_tables_size(&s));
}

/* ---- shapes ---- */

static size_t longest_of(const struct em_data *data)
{
	return data->sequences->longest ? data->sequences->longest : 1;
}

/* counts, scratch, scales and messages under two thetas, behind the results. */
static size_t work_size(const struct hmm_shape *s, size_t longest)
{
	return ROOM + hmm_room(s->k * s->kp) + hmm_scratch_size(s) + 2 * hmm_room(longest) + 2 * hmm_room(longest * s->kp);
}

static enum em_status layout(const struct em_data *data, const struct em_settings *s, struct em_layout *out,
                             struct em_err *err)
{
	const struct em_sequences *x = data->sequences;
	size_t k = (size_t)em_settings_number(s, "components"), longest = longest_of(data);
	bool stops = (int)em_settings_number(s, "final") == FINAL_STOP;
	if (x->total == 0)
		return em_fail(err, EM_INPUT, "the sequences have no symbols; a hidden Markov model needs at least one");
	if (k + 8 > SIZE_MAX / 1024 / (longest + x->symbols + k + 8))
		return em_fail(err, EM_USAGE, "components: %zu states, %zu symbols and %zu times do not fit in memory", k, x->symbols,
		               longest);
	struct hmm_shape h = hmm_shape_of(k, x->symbols, stops);
	*out = (struct em_layout){
	    .observations = x->count,
	    .components = k,
	    .theta = {{"initial", 1, {k}, {1}, 0, EM_SIMPLEX_ROWS},
	              {"transitions", 2, {k, k + stops}, {h.rp, 1}, h.transitions, EM_SIMPLEX_ROWS},
	              {"emissions", 2, {k, x->symbols}, {1, h.kp}, h.emissions, EM_SIMPLEX_ROWS}},
	    .theta_arrays = 3,
	    .q = {{"occupancy", 2, {x->count, k}, {h.kp, 1}, 0, EM_SIMPLEX_ROWS}},
	    .q_arrays = 1,
	    .stats = {{"initial", 1, {k}, {1}, 0, EM_FREE},
	              {"transitions", 2, {k, k + stops}, {h.rp, 1}, h.transitions, EM_FREE},
	              {"emissions", 2, {k, x->symbols}, {1, h.kp}, h.emissions, EM_FREE}},
	    .stats_arrays = 3,
	    .theta_size = h.size,
	    .q_stride = h.kp,
	    .stats_size = h.size,
	    .derived_size = 2 * hmm_tables_size(&h),
	    .work_size = work_size(&h, longest),
	    .terms = TERM_COUNT,
	};
	return EM_OK;
}

/* Every possible path alike: all that is possible has weight 1. */
static void blank(const struct em_problem *p, double *made)
{
	for (size_t i = 0; i < p->layout.theta_size; i++)
		made[i] = made[i] > 0 ? 1 : 0;
}

/* ---- one sequence ---- */

/* What lies in work: results, then counts, scratch, scales, messages. The messages under the theta that q was made with
 * end as its marginals. */
struct place {
	double *log_p, *h, *kl;
	double *counts, *scratch, *scale, *scale_now, *marginal, *message_now;
};

static struct place place_of(const struct hmm_shape *s, size_t longest, double *work)
{
	struct place at = {.log_p = work, .h = work + 1, .kl = work + 2, .counts = work + ROOM};
	at.scratch = at.counts + hmm_room(s->k * s->kp);
	at.scale = at.scratch + hmm_scratch_size(s);
	at.scale_now = at.scale + hmm_room(longest);
	at.marginal = at.scale_now + hmm_room(longest);
	at.message_now = at.marginal + hmm_room(longest * s->kp);
	return at;
}

/* The chain of sequence n under `made`, judged under `now` (NULL: the same). */
static void make_chain(const struct em_problem *p, size_t n, const struct hmm_tables *made, const struct hmm_tables *now,
                       const struct place *at)
{
	const struct em_sequences *x = p->data->sequences;
	bool logs = (int)em_settings_number(p->settings, "arithmetic") == ARITHMETIC_LOG;
	struct hmm_chain q = {.t = made, .x = x->symbol + x->row[n], .length = x->row[n + 1] - x->row[n],
	                      .message = at->marginal, .scale = at->scale};
	struct hmm_chain other = q;
	struct hmm_sums sums;
	hmm_backward(&q, logs, at->scratch);
	if (now) {
		other.t = now;
		other.message = at->message_now;
		other.scale = at->scale_now;
		hmm_backward(&other, logs, at->scratch);
	}
	hmm_forward(&q, now ? &other : NULL, at->counts, at->scratch, &sums);
	*at->log_p = now ? other.log_p : q.log_p;
	*at->h = sums.h;
	*at->kl = sums.kl;
}

static bool is_empty(const struct em_problem *p, size_t n)
{
	return p->data->sequences->row[n + 1] == p->data->sequences->row[n];
}

/* The mean of the marginals; of no times the uniform. */
static void occupy(const struct em_problem *p, size_t n, const struct place *at, double *q)
{
	const struct em_sequences *x = p->data->sequences;
	size_t k = p->layout.components, kp = p->layout.q_stride, length = x->row[n + 1] - x->row[n];
	for (size_t i = 0; i < k; i++)
		q[i] = length ? 0 : 1 / (double)k;
	for (size_t t = 0; t < length; t++)
		for (size_t i = 0; i < k; i++)
			q[i] += at->marginal[t * kp + i];
	for (size_t i = 0; i < k && length; i++)
		q[i] /= (double)length;
}

static void start(const struct em_problem *p, const struct em_theta *t, size_t n, double *q, double *work)
{
	struct hmm_shape s = hmm_shape(p);
	struct place at = place_of(&s, longest_of(p->data), work);
	struct hmm_tables made = hmm_tables_at(&s, t->derived + (t->made != t->now ? hmm_tables_size(&s) : 0));
	if (!is_empty(p, n))
		make_chain(p, n, &made, NULL, &at);
	occupy(p, n, &at, q);
}

static void e_step(const struct em_problem *p, const struct em_theta *t, size_t n, uint32_t budget,
                   const double *q_before, const struct em_bound *before, double *q, struct em_progress *progress,
                   double *work)
{
	(void)budget, (void)q_before, (void)before;
	struct hmm_shape s = hmm_shape(p);
	struct place at = place_of(&s, longest_of(p->data), work);
	struct hmm_tables now = hmm_tables_at(&s, t->derived);
	if (!is_empty(p, n))
		make_chain(p, n, &now, NULL, &at);
	occupy(p, n, &at, q);
	progress->sweeps++;
	progress->done = true;
}

static double never(double x)
{
	return x < HMM_NEVER ? -INFINITY : x;
}

static void add_counts(const struct hmm_shape *s, const double *first, const double *last, const double *counts, double *stats)
{
	for (size_t i = 0; i < s->k; i++) {
		double *row = stats + s->transitions + i * s->rp;
		stats[i] += first[i];
		for (size_t j = 0; j < s->k; j++)
			row[j] += counts[i * s->kp + j];
		if (s->stops)
			row[s->k] += last[i];
	}
}

static void collect(const struct em_problem *p, const struct em_theta *t, size_t n, const double *q, double *stats,
                    struct em_bound *out, double *work)
{
	(void)q;
	struct hmm_shape s = hmm_shape(p);
	struct place at = place_of(&s, longest_of(p->data), work);
	struct hmm_tables now = hmm_tables_at(&s, t->derived), made = now;
	const struct em_sequences *x = p->data->sequences;
	size_t length = x->row[n + 1] - x->row[n];
	*out = (struct em_bound){0};
	if (length == 0)
		return;
	if (t->made != t->now)
		made = hmm_tables_at(&s, t->derived + hmm_tables_size(&s));
	if (!t->fresh)
		make_chain(p, n, &made, t->made != t->now ? &now : NULL, &at);
	const double *first = at.marginal, *last = at.marginal + (length - 1) * s.kp;
	double z1 = 0, zz = 0;
	for (size_t i = 0; i < s.k; i++) {
		z1 += first[i] * now.log_initial[i];
		zz += last[i] * now.log_stop[i];
		for (size_t j = 0; j < s.k; j++)
			zz += at.counts[i * s.kp + j] * now.log_rows[i * s.kp + j];
	}
	out->terms[TERM_PZ1] = never(z1);
	out->terms[TERM_PZZ] = never(zz);
	out->terms[TERM_PX] = never(hmm_kernel_gather(at.marginal, x->symbol + x->row[n], length, s.kp, now.log_emit,
	                                              stats ? stats + s.emissions : NULL));
	out->terms[TERM_QZ] = *at.h;
	for (size_t i = 0; i < TERM_COUNT; i++)
		out->elbo += out->terms[i];
	out->log_p = *at.log_p;
	out->kl = *at.kl;
	if (stats)
		add_counts(&s, first, last, at.counts, stats);
}

static enum em_status parts(const struct em_problem *p, const double *made, const double *q, size_t n, size_t from,
                            size_t count, double *out, struct em_err *err)
{
	(void)q;
	struct hmm_shape s = hmm_shape(p);
	const struct em_sequences *x = p->data->sequences;
	size_t length = x->row[n + 1] - x->row[n], tables = hmm_tables_size(&s);
	if (from > length || count > length - from)
		return em_fail(err, EM_USAGE, "%s has %zu symbols; there is none at %zu", x->name[n], length, from + count);
	if (count == 0)
		return EM_OK;
	size_t bytes = (tables + work_size(&s, length)) * sizeof(double);
	double *room = aligned_alloc(64, (bytes + 63) / 64 * 64);
	if (!room)
		return em_no_memory(err);
	struct place at = place_of(&s, length, room + tables);
	struct hmm_tables t = hmm_tables_at(&s, room);
	hmm_tables_fill(&s, made, room);
	make_chain(p, n, &t, NULL, &at);
	for (size_t i = 0; i < count; i++)
		memcpy(out + i * s.k, at.marginal + (from + i) * s.kp, s.k * sizeof *out);
	free(room);
	return EM_OK;
}

/* ---- M-step ---- */

static const char *block(const struct em_problem *p, unsigned i)
{
	(void)p;
	return i == 0 ? "initial" : i == 1 ? "transitions" : i == 2 ? "emissions" : NULL;
}

/* Counts to shares; of no counts the old shares stay: 0/0. */
static void share(const double *counts, double *row, size_t count, size_t stride)
{
	double sum = 0;
	for (size_t i = 0; i < count; i++)
		sum += counts[i * stride];
	for (size_t i = 0; i < count && sum > 0; i++)
		row[i * stride] = counts[i * stride] / sum;
}

static enum em_status m_step(const struct em_problem *p, const double *stats, unsigned i, double *theta, struct em_err *err)
{
	(void)err;
	struct hmm_shape s = hmm_shape(p);
	if (i == 0)
		share(stats, theta, s.k, 1);
	for (size_t k = 0; k < s.k && i == 1; k++)
		share(stats + s.transitions + k * s.rp, theta + s.transitions + k * s.rp, s.k + s.stops, 1);
	for (size_t k = 0; k < s.k && i == 2; k++)
		share(stats + s.emissions + k, theta + s.emissions + k, s.symbols, s.kp);
	return EM_OK;
}

/* sum of counts times log theta. What lda_log takes for 0, the log of 0, only counts where there is no count. */
static double expect(const double *counts, const double *theta, size_t n)
{
	_Alignas(64) double logs[64], shares[64];
	double sum = 0;
	for (size_t from = 0; from < n; from += 64) {
		size_t m = n - from < 64 ? n - from : 64;
		memcpy(shares, theta + from, m * sizeof *shares);
		lda_log(shares, m, logs);
		double part = 0;
		for (size_t i = 0; i < m; i++)
			part += counts[from + i] * (shares[i] > 0 ? logs[i] : HMM_LOG_ZERO);
		sum += part;
	}
	return never(sum);
}

static void energy(const struct em_problem *p, const double *theta, const double *stats, double *out)
{
	struct hmm_shape s = hmm_shape(p);
	out[TERM_PZ1] = expect(stats, theta, s.k);
	out[TERM_PZZ] = 0;
	for (size_t i = 0; i < s.k; i++)
		out[TERM_PZZ] += expect(stats + s.transitions + i * s.rp, theta + s.transitions + i * s.rp, s.k + s.stops);
	out[TERM_PX] = expect(stats + s.emissions, theta + s.emissions, s.symbols * s.kp);
}

/* ---- to look at ---- */

static void shares(const struct em_problem *p, const double *q, size_t n, double *out)
{
	(void)n;
	memcpy(out, q, p->layout.components * sizeof *out);
}

static void masses(const struct em_problem *p, const double *stats, double *out)
{
	struct hmm_shape s = hmm_shape(p);
	memset(out, 0, s.k * sizeof *out);
	for (size_t v = 0; v < s.symbols; v++)
		for (size_t i = 0; i < s.k; i++)
			out[i] += stats[s.emissions + v * s.kp + i];
}

static size_t describe(const struct em_problem *p, const double *theta, size_t k, struct em_item *out, size_t max)
{
	struct hmm_shape s = hmm_shape(p);
	size_t n = 0;
	for (size_t v = 0; v < s.symbols && max; v++) {
		double x = theta[s.emissions + v * s.kp + k];
		if (n == max && x <= out[n - 1].weight)
			continue;
		size_t at = n < max ? n++ : n - 1;
		for (; at > 0 && out[at - 1].weight < x; at--)
			out[at] = out[at - 1];
		out[at] = (struct em_item){(uint32_t)v, x, p->data->sequences->alphabet[v]};
	}
	return n;
}

static const char *equation(const struct em_problem *p, bool m_phase)
{
	bool stops = (int)em_settings_number(p->settings, "final") == FINAL_STOP;
	if (!m_phase)
		return "b_t(i) = Σ_j A_ij B_j(x_t+1) b_t+1(j)    q(z_t+1=j | z_t=i) = A_ij B_j(x_t+1) b_t+1(j) / b_t(i)";
	return stops ? "π_i ∝ Σ q(z₁=i)    A_ij ∝ Σ_t q(z_t=i, z_t+1=j), A_i,stop ∝ Σ q(z_T=i)    B_i(v) ∝ Σ_{t: x_t=v} q(z_t=i)"
	             : "π_i ∝ Σ q(z₁=i)    A_ij ∝ Σ_t q(z_t=i, z_t+1=j)    B_i(v) ∝ Σ_{t: x_t=v} q(z_t=i)";
}

static const char *const init_choices[] = {"random", "given", NULL};
static const char *const arithmetic_choices[] = {"scaled", "log", NULL};
static const char *const final_choices[] = {"none", "stop", NULL};

static const struct em_setting rows[] = {
	{"components", EM_INTEGER, "2", 1, 1000, NULL, EM_EFFECT_RESTART, "number of states K"},
	{"init", EM_CHOICE, "random", 0, 0, init_choices, EM_EFFECT_RESTART,
	 "where theta starts: rows near the uniform with noise from the seed, or given by a state file"},
	{"arithmetic", EM_CHOICE, "scaled", 0, 0, arithmetic_choices, EM_EFFECT_STEP,
	 "how the passes over a sequence keep from underflow: scaled, or in logarithms; the numbers are the same"},
	{"final", EM_CHOICE, "none", 0, 0, final_choices, EM_EFFECT_RESTART,
	 "how a sequence ends: it just does, or by a stop that every state has a chance of (the last column of transitions)"},
};

static const struct em_setting_table settings = {"hmm", rows, sizeof rows / sizeof rows[0]};

const struct em_model em_model_hmm = {
	.name = "hmm",
	.title = "HMM",
	.observation = "sequence",
	.component = "state",
	.unit = "symbol",
	.latent = "q(z) = Π_n q(z_n1) Π_t q(z_n,t+1 | z_nt): the path of states behind sequence n",
	.takes = EM_DATA_SEQUENCES,
	.exact = true,
	.discrete = true,
	.picture = EM_PICTURE_CHAIN,
	.settings = &settings,
	.terms = terms,
	.layout = layout,
	.init = hmm_init,
	.check = hmm_check,
	.blank = blank,
	.start = start,
	.derive = derive,
	.e_step = e_step,
	.collect = collect,
	.m_step = m_step,
	.block = block,
	.energy = energy,
	.shares = shares,
	.parts = parts,
	.monotone = exact_monotone,
	.describe = describe,
	.masses = masses,
	.explain = exact_explain,
	.equation = equation,
};
