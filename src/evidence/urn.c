/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of one document under LDA: p(w) summed over the counts m of its words' topics, word by word as in
 * Polya's urn,
 *
 *     a'(m + e_k) += a(m) (alpha_k + m_k)/(A + n) beta_kw        A = sum alpha, n = sum m
 *
 * where a(m) = p(w_1..w_n, counts m). Every term is positive; the sum of a after a word, over the sum before, is the
 * predictive probability of that word.
 *
 * Range. A state below TINY is dropped. What it could still have brought is bounded: whatever topics the words to come take,
 * a state x with the counts x_k is worth at most
 *     prod_k (alpha_k+x_k)_r / (alpha_k)_r  <=  2^N (1 + N/(L alpha))^L,    alpha = min alpha_k, L = min(K, N/2)
 * times any other state. safe() asks that all the dropped ones together stay below 1e-14 of the sum; where they might not (two
 * or three topics and many hundreds of words), the sum is done in numbers with an exponent of their own. So the order of
 * the words does not matter. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/vec.h"
#include "elbow/document.h"
#include "evidence/posterior.h"

enum { EM_URN_TOPICS = 64, PATIENCE = 1 << 15 /* states between two looks at cancelled */ };
#define EM_URN_STATES 5e6 /* tens of bytes each */
#define TINY 0x1p-960

/* A state is the first K-1 counts; the last is n - s, s their sum. States lie graded by s, within a grade in the order of
 * the combinadic of the partial sums. So an index does not depend on n: topic K leaves it, topic j < K leads from a state
 * of grade s-1 to one of grade s, so each is made from itself and states of the grade below. The states of a grade that differ in the
 * first two counts alone, m_1 + m_2 = r, are neighbours: a run, rising in m_1. Topics 1 and 2 lead to it from one run, every other
 * topic from one run of its own, all of them state by state, so that eight states are done at once. With two topics all states
 * are one run, and it leads to itself. */
struct run {
	uint32_t first, r;
	uint32_t before; /* the run of r - 1 */
	uint32_t ways;   /* the first of its ways; they end where those of the next begin */
};

struct way { /* into a run, by one more of topic j > 2 */
	uint32_t weight; /* index of its weight: j, and the count of j before */
	uint32_t from;
};

/* m 2^(256 e), 2^-256 <= m < 2^64; or m = 0. */
struct wide {
	double m;
	int32_t e;
};

struct urn {
	size_t k, n;       /* topics, tokens */
	bool narrow;       /* doubles are wide enough */
	bool halted;       /* cancelled once is cancelled for good */
	bool (*cancelled)(void *);
	void *self;
	uint32_t *choose;  /* [n+k+2][k]: binomial coefficients; those beyond the states are not asked for */
	size_t *grade;     /* [n+2]: first state of a grade; the last is the number of states */
	size_t *grade_run; /* [n+2]: its first run */
	struct run *run;   /* and one more, for its ways */
	struct way *way;   /* at most runs * min(n, k-3) */
	double *memory, *a, *next; /* twice [states], and room on both sides */
	double *weight;    /* [k][n+1]: (alpha_j + m) beta_j / scale, for one word */
	double *up, *down; /* topic 1: up[1+m], topic 2: down[n-1-m]; [n+1] and room, 0 at up[0] and down[n] */
	struct wide *wide_a, *wide_weight; /* the same, where not narrow */
};

static bool stopped(struct urn *u)
{
	u->halted = u->halted || (u->cancelled && u->cancelled(u->self));
	return u->halted;
}

static double binomial(size_t n, size_t k)
{
	double c = 1;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return c;
}

double em_urn_cost(size_t k, size_t tokens)
{
	double states = k > 0 && k <= EM_URN_TOPICS ? binomial(tokens + k - 1, k - 1) : HUGE_VAL, n = (double)tokens;
	if (!(states <= EM_URN_STATES))
		return HUGE_VAL;
	return states * (0.2e-9 * n + 2e-9 * (double)k) + (n > 600 ? 4e-9 * n * states : 0);
}

/* The next composition of the same sum in combinadic order; false after the last. */
static bool next_composition(uint32_t *m, size_t parts)
{
	size_t j = 0;
	while (j + 1 < parts && m[j + 1] == 0)
		j++;
	if (j + 1 >= parts)
		return false;
	/* The smallest partial sum that can grow does, by one, and those before it fall to 0. */
	uint32_t sum = 1;
	for (size_t i = 0; i <= j; i++) {
		sum += m[i];
		m[i] = 0;
	}
	m[j] = sum;
	m[j + 1]--;
	return true;
}

/* The runs of grade s. One count less lowers the partial sums from there on by one, so the rank of a run before is a
 * prefix of this run's rank and a suffix of the lowered one's. */
static size_t fill_grade(struct urn *u, size_t s, size_t ways)
{
	size_t parts = u->k - 1, sum[EM_URN_TOPICS], first = u->grade[s];
	uint32_t m[EM_URN_TOPICS] = {0}; /* m[1] stands for the first two */
	m[parts - 1] = (uint32_t)s;
	for (size_t i = u->grade_run[s]; i < u->grade_run[s + 1]; i++) {
		uint32_t prefix = 0, suffix = 0;
		if (i % PATIENCE == 0 && stopped(u))
			break;
		for (size_t j = 1, sofar = 0; j < parts; j++)
			sum[j] = sofar += m[j];
		for (size_t j = 1; s > 0 && j + 1 < parts; j++) /* lowered where the sum is 0 is a way that does not exist */
			suffix += sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
		u->run[i] = (struct run){(uint32_t)first, m[1], m[1] ? (uint32_t)u->grade[s - 1] + suffix : 0, (uint32_t)ways};
		first += m[1] + 1;
		for (size_t j = 1; j < parts; j++) {
			if (m[j] && j > 1)
				u->way[ways++] = (struct way){(uint32_t)(j * (u->n + 1) + m[j] - 1), (uint32_t)u->grade[s - 1] + prefix + suffix};
			if (j + 1 < parts) {
				prefix += u->choose[(sum[j] + j) * u->k + j + 1];
				suffix -= s > 0 && sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
			}
		}
		next_composition(m + 1, parts - 1);
	}
	return ways;
}

static void fill_tables(struct urn *u)
{
	size_t ways = 0;
	for (size_t s = 0; s <= u->n && u->k > 2; s++)
		ways = fill_grade(u, s, ways);
	u->run[u->grade_run[u->n + 1]].ways = (uint32_t)ways;
}

static void urn_free(struct urn *u)
{
	free(u->choose);
	free(u->grade);
	free(u->grade_run);
	free(u->run);
	free(u->way);
	free(u->memory);
	free(u->weight);
	free(u->up);
	free(u->wide_a);
	free(u->wide_weight);
}

static bool reserve(struct urn *u, size_t states, size_t runs)
{
	size_t k = u->k, n = u->n, others = k > 3 ? k - 3 : 0, ways = runs * (others < n ? others : n), weights = k * (n + 1);
	u->choose = calloc((n + k + 2) * k, sizeof *u->choose);
	u->grade = calloc(n + 2, sizeof *u->grade);
	u->grade_run = calloc(n + 2, sizeof *u->grade_run);
	u->run = calloc(runs + 1, sizeof *u->run);
	u->way = malloc((ways + 1) * sizeof *u->way);
	if (u->narrow) {
		u->memory = calloc(2 * (states + 2 * VEC_LANES), sizeof *u->a);
		u->weight = calloc(weights, sizeof *u->weight);
		u->up = calloc(2 * (n + 1 + VEC_LANES), sizeof *u->up);
	} else {
		u->wide_a = calloc(states, sizeof *u->wide_a);
		u->wide_weight = calloc(weights, sizeof *u->wide_weight);
	}
	if (!(u->choose && u->grade && u->grade_run && u->run && u->way &&
	      (u->narrow ? u->memory && u->weight && u->up : u->wide_a && u->wide_weight)))
		return false;
	if (u->narrow) {
		u->a = u->memory + VEC_LANES;
		u->next = u->a + states + 2 * VEC_LANES;
		u->down = u->up + n + 1 + VEC_LANES;
	}
	return true;
}

static enum em_status urn_new(struct urn *u, struct em_err *err)
{
	size_t k = u->k, n = u->n, parts = k - 1;
	double states = binomial(n + k - 1, k - 1);
	if (k > EM_URN_TOPICS || states > EM_URN_STATES)
		return em_fail(err, EM_USAGE, "%zu words and %zu topics have %.3g states; the exact sum goes to %.3g states and %d topics",
		               n, k, states, EM_URN_STATES, EM_URN_TOPICS);
	if (!reserve(u, (size_t)(states + 0.5), k > 2 ? (size_t)(binomial(n + parts - 1, parts - 1) + 0.5) : 1)) {
		urn_free(u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n + k + 2; i++)
		for (size_t j = 0; j < k; j++)
			u->choose[i * k + j] = i >= j ? (uint32_t)fmin(binomial(i, j) + 0.5, UINT32_MAX) : 0;
	for (size_t s = 0; s <= n; s++) {
		u->grade[s + 1] = u->grade[s] + (size_t)(binomial(s + parts - 1, parts - 1) + 0.5);
		u->grade_run[s + 1] = k > 2 ? u->grade_run[s] + (size_t)(binomial(s + parts - 2, parts - 2) + 0.5) : 0;
	}
	fill_tables(u);
	return EM_OK;
}

/* ---- the sum in doubles ---- */

static bool safe(size_t k, size_t n, const double *alpha)
{
	double least = INFINITY, total = 0, words = (double)n, lead = fmin((double)k, words / 2);
	for (size_t j = 0; j < k; j++) {
		least = fmin(least, alpha[j]);
		total += alpha[j];
	}
	/* Dropped at each of n words, under a sum no less than alpha / (total + n). */
	double room = log(words + 1) + log(binomial(n + k - 1, k - 1)) + log((total + words) / least);
	double regain = words * log(2) + (lead > 0 ? lead * log1p(words / (lead * least)) : 0);
	return log(TINY) + room + regain < log(1e-14);
}

/* Eight doubles anywhere. */
typedef double anyvec __attribute__((vector_size(64), aligned(8), may_alias));
#define ANY_GET(x) ((vec)*(const anyvec *)(const void *)(x))
#define ANY_PUT(x) (*(anyvec *)(void *)(x))

/* All bits of the lanes that are wanted: eight from masks + 8 - lanes. */
typedef int64_t anyivec __attribute__((vector_size(64), aligned(8), may_alias));
static const int64_t masks[2 * VEC_LANES] = {-1, -1, -1, -1, -1, -1, -1, -1};

/* Kernel: of a run of `length` states from `first` on, state i is stay old[i] + up[i] before[i-1] + down[i] before[i] + the other
 * ways into it. up[0] and down[length-1] are 0. What it writes beyond the run is overwritten by the runs to come. */
#define EIGHT_STATES(x, u, i, first, before, up, down, stay, begin, end)                                \
	do {                                                                                            \
		(x) = (stay) * ANY_GET((u)->a + (first) + (i));                                         \
		(x) += ANY_GET((up) + (i)) * ANY_GET((u)->a + (before) + (i) - 1);                      \
		(x) += ANY_GET((down) + (i)) * ANY_GET((u)->a + (before) + (i));                        \
		for (const struct way *w_ = (begin); w_ < (end); w_++)                                  \
			(x) += (u)->weight[w_->weight] * ANY_GET((u)->a + w_->from + (i));              \
		ivec low_ = (x) < TINY;                                                                 \
		(x) = (vec)((ivec)(x) & ~low_);                                                         \
		ANY_PUT((u)->next + (first) + (i)) = (x);                                               \
	} while (0)
#define FILL_RUN(total, u, first, length, before, up, down, stay, begin, end)                           \
	do {                                                                                            \
		size_t i_ = 0, all_ = (length);                                                         \
		vec x_;                                                                                 \
		for (; i_ + VEC_LANES <= all_; i_ += VEC_LANES) {                                       \
			EIGHT_STATES(x_, u, i_, first, before, up, down, stay, begin, end);             \
			(total) += x_;                                                                  \
		}                                                                                       \
		if (i_ < all_) {                                                                        \
			EIGHT_STATES(x_, u, i_, first, before, up, down, stay, begin, end);             \
			(total) += (vec)((ivec)x_ & *(const anyivec *)(const void *)(masks + VEC_LANES - (all_ - i_))); \
		}                                                                                       \
	} while (0)

/* Runs from .. to-1 of one grade. */
HOT static double fill_runs(const struct urn *restrict u, size_t from, size_t to, double stay)
{
	vec total = EACH(0.0);
	const struct urn v = *u;
	for (const struct run *x = v.run + from; x < v.run + to; x++)
		FILL_RUN(total, &v, x->first, (size_t)x->r + 1, x->before, v.up, v.down + v.n - x->r, stay, v.way + x->ways, v.way + x[1].ways);
	return LANE_SUM(total);
}

/* Two topics: the states of n + 1 words. */
HOT static double fill_one(const struct urn *u, size_t n)
{
	vec total = EACH(0.0);
	FILL_RUN(total, u, 0, n + 2, 0, u->up, u->down + u->n - n - 1, 0, u->way, u->way);
	return LANE_SUM(total);
}

/* Adds the (n+1)-st word: states of n words become states of n+1. Returns the sum of all. */
static double add_word(struct urn *u, size_t n)
{
	const double *last = u->weight + (u->k - 1) * (u->n + 1);
	double sum = 0, *spare = u->a;
	if (u->k == 2)
		sum = stopped(u) ? NAN : fill_one(u, n);
	for (size_t s = 0; s < n + 2 && u->k > 2; s++)
		for (size_t from = u->grade_run[s], to; from < u->grade_run[s + 1]; from = to) {
			if (stopped(u))
				return NAN;
			to = from + PATIENCE / 16 < u->grade_run[s + 1] ? from + PATIENCE / 16 : u->grade_run[s + 1];
			sum += fill_runs(u, from, to, s <= n ? last[n - s] : 0);
		}
	u->a = u->next;
	u->next = spare;
	return sum;
}

/* What a call sums over, in the order of the document. */
struct words {
	const double *alpha, *beta;
	size_t stride, pairs;
	const unsigned *term, *count;
	double total; /* of alpha */
};

/* The largest of beta of a word: the weights are taken relative to it. */
static double top_of(const double *row, size_t k)
{
	double top = row[0];
	for (size_t j = 1; j < k; j++)
		top = fmax(top, row[j]);
	return top;
}

static double sum_narrow(struct urn *u, const struct words *x)
{
	double log_p = 0, scale = 1;
	size_t i = 0;
	u->a[0] = 1;
	for (size_t w = 0; w < x->pairs; w++) {
		const double *row = x->beta + x->term[w] * x->stride;
		double top = top_of(row, u->k);
		if (!(top > 0) && x->count[w])
			return -INFINITY;
		for (unsigned c = 0; c < x->count[w]; c++, i++) {
			for (size_t j = 0; j < u->k; j++) {
				double *weight = u->weight + j * (u->n + 1), each = row[j] / top / ((x->total + (double)i) * scale);
				for (size_t m = 0; m <= i; m++)
					weight[m] = (x->alpha[j] + (double)m) * each;
			}
			for (size_t m = 0; m <= i; m++) {
				u->up[1 + m] = u->weight[m];
				u->down[u->n - 1 - m] = u->weight[u->n + 1 + m];
			}
			scale = add_word(u, i);
			if (stopped(u))
				return NAN;
			log_p += log(scale) + log(top);
		}
	}
	return log_p;
}

/* ---- the sum in wide numbers ---- */

static struct wide widen(double m, int32_t e)
{
	if (m < 0x1p-256 && m > 0) {
		m *= 0x1p256;
		e--;
	} else if (m >= 0x1p64) {
		m *= 0x1p-256;
		e++;
	}
	return (struct wide){m, e};
}

static struct wide wide_of(double x)
{
	int32_t e = 0;
	for (; x > 0 && x < 0x1p-256; e--)
		x *= 0x1p256;
	return (struct wide){x, e};
}

/* x += y z */
static inline void add_product(struct wide *x, struct wide y, struct wide z)
{
	struct wide p = widen(y.m * z.m, y.e + z.e);
	if (p.m == 0 || (x->m > 0 && p.e < x->e - 1))
		return;
	if (p.e == x->e)
		x->m += p.m;
	else if (x->m > 0 && p.e == x->e - 1)
		x->m += p.m * 0x1p-256;
	else
		*x = (struct wide){p.m + (x->m > 0 && x->e == p.e - 1 ? x->m * 0x1p-256 : 0), p.e};
}

static void fill_wide(struct urn *u, const struct run *x, size_t length, struct wide stay)
{
	const struct wide *up = u->wide_weight, *down = up + u->n + 1;
	for (size_t i = length; i-- > 0;) {
		struct wide sum = {0}, *a = u->wide_a + x->first + i, *before = u->wide_a + x->before + i;
		if (stay.m > 0)
			add_product(&sum, stay, *a);
		if (i > 0)
			add_product(&sum, up[i - 1], before[-1]);
		if (i + 1 < length)
			add_product(&sum, down[length - i - 2], before[0]);
		for (size_t j = x->ways; u->k > 3 && j < x[1].ways; j++)
			add_product(&sum, u->wide_weight[u->way[j].weight], u->wide_a[u->way[j].from + i]);
		*a = widen(sum.m, sum.e);
	}
}

static void add_wide(struct urn *u, size_t n)
{
	static const struct wide none = {0, 0};
	const struct wide *last = u->wide_weight + (u->k - 1) * (u->n + 1);
	if (u->k == 2 && !stopped(u))
		fill_wide(u, u->run, n + 2, none);
	for (size_t s = n + 2; s-- > 0 && u->k > 2;)
		for (size_t i = u->grade_run[s]; i < u->grade_run[s + 1]; i++) {
			if (i % 64 == 0 && stopped(u))
				return;
			fill_wide(u, u->run + i, (size_t)u->run[i].r + 1, s <= n ? last[n - s] : none);
		}
}

/* No state is ever scaled: relative to the largest betas, all are probabilities. */
static double sum_wide(struct urn *u, const struct words *x)
{
	static const struct wide one = {1, 0};
	struct wide sum = {0};
	double log_p = 0;
	size_t i = 0;
	u->wide_a[0] = one;
	for (size_t w = 0; w < x->pairs; w++) {
		const double *row = x->beta + x->term[w] * x->stride;
		double top = top_of(row, u->k);
		if (!(top > 0) && x->count[w])
			return -INFINITY;
		log_p += x->count[w] ? x->count[w] * log(top) : 0;
		for (unsigned c = 0; c < x->count[w]; c++, i++) {
			for (size_t j = 0; j < u->k; j++) {
				struct wide *weight = u->wide_weight + j * (u->n + 1), each = wide_of(row[j] / top);
				for (size_t m = 0; m <= i; m++) {
					struct wide share = wide_of((x->alpha[j] + (double)m) / (x->total + (double)i));
					weight[m] = widen(share.m * each.m, share.e + each.e);
				}
			}
			add_wide(u, i);
			if (stopped(u))
				return NAN;
		}
	}
	for (size_t s = 0; s < u->grade[u->n + 1]; s++)
		add_product(&sum, one, u->wide_a[s]);
	return log_p + log(sum.m) + 256 * log(2) * sum.e;
}

/* p(n_k = n | w) from the last states. */
static void read_counts(const struct urn *u, double *counts)
{
	struct wide most = {0};
	double sum = 0;
	memset(counts, 0, u->k * (u->n + 1) * sizeof *counts);
	for (size_t i = 0; !u->narrow && i < u->grade[u->n + 1]; i++)
		if (u->wide_a[i].m > 0 && (most.m == 0 || u->wide_a[i].e > most.e))
			most = u->wide_a[i];
	for (size_t s = 0; s <= u->n; s++) {
		uint32_t m[EM_URN_TOPICS] = {0};
		m[u->k - 2] = (uint32_t)s;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			double x = u->narrow ? u->a[i] : ldexp(u->wide_a[i].m, 256 * (u->wide_a[i].e - most.e));
			for (size_t j = 0; j + 1 < u->k; j++)
				counts[j * (u->n + 1) + m[j]] += x;
			counts[(u->k - 1) * (u->n + 1) + u->n - s] += x;
			sum += x;
			next_composition(m, u->k - 1);
		}
	}
	for (size_t i = 0; i < u->k * (u->n + 1); i++)
		counts[i] /= sum;
}

/* counts may be NULL. K >= 2. */
static enum em_status run_urn(struct words *x, size_t k, double *out, double *counts, const struct em_stop *stop,
                              struct em_err *err)
{
	struct urn u = {.k = k, .cancelled = stop ? stop->cancelled : NULL, .self = stop ? stop->self : NULL};
	for (size_t w = 0; w < x->pairs; w++)
		u.n += x->count[w];
	for (size_t j = 0; j < k; j++)
		x->total += x->alpha[j];
	u.narrow = safe(k, u.n, x->alpha);
	enum em_status st = urn_new(&u, err);
	if (st)
		return st;
	*out = stopped(&u) ? NAN : u.narrow ? sum_narrow(&u, x) : sum_wide(&u, x);
	if (!u.halted && counts)
		read_counts(&u, counts);
	urn_free(&u);
	return u.halted ? em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood") : EM_OK;
}

enum em_status urn_counts(const struct em_document *d, double *counts, const struct em_stop *stop, struct em_err *err)
{
	struct words x = {d->alpha, d->beta, d->stride, d->pairs, d->term, d->count, 0};
	double log_p;
	return run_urn(&x, d->topics, &log_p, counts, stop, err);
}

enum em_status em_urn_log_evidence(size_t k, const double *alpha, const double *beta, size_t stride, size_t pairs,
                                   const unsigned *term, const unsigned *count, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	struct words x = {alpha, beta, stride, pairs, term, count, 0};
	struct em_stop stop = {cancelled, self};
	double log_p = 0;
	if (k == 1) {
		for (size_t w = 0; w < pairs; w++)
			log_p += count[w] ? count[w] * log(beta[term[w] * stride]) : 0;
		*out = log_p;
		return EM_OK;
	}
	enum em_status st = run_urn(&x, k, &log_p, NULL, &stop, err);
	if (!st)
		*out = log_p;
	return st;
}
