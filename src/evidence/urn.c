/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The exact evidence of one document under LDA: p(w) summed over the counts m of its words' topics, word by word as in
 * Polya's urn,
 *
 *     a'(m + e_k) += a(m) (alpha_k + m_k)/(A + n) beta_kw        A = sum alpha, n = sum m
 *
 * where a(m) = p(w_1..w_n, counts m). Every term is positive; the sum of a after a word, over the sum before, is the
 * predictive probability of that word. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "elbow/evidence.h"

enum { EM_URN_TOPICS = 64 };
#define EM_URN_STATES 5e6 /* tens of bytes each */

/* A state is the first K-1 counts; the last is n - s, s their sum. States lie graded by s, within a grade in the order of
 * the combinadic of the partial sums. So an index does not depend on n: topic K leaves it, topic j < K leads from a state
 * of grade s-1 to one of grade s, and a pass from high grades to low updates in place. */
struct way { /* into a state, by one more of topic j */
	uint32_t weight; /* index of its weight: j, and the count of j before */
	uint32_t from;
};

struct urn {
	size_t k, n;       /* topics, tokens */
	double *choose;    /* [n+k+2][k]: binomial coefficients */
	size_t *grade;     /* [n+2]: first state of a grade; the last is the number of states */
	uint32_t *first;   /* [states+1]: its first way */
	struct way *way;   /* at most states * min(n, k-1) */
	double *a;         /* [states] */
	double *weight;    /* [k][n+1]: (alpha_j + m) beta_j / scale, for one word */
};

static double binomial(size_t n, size_t k)
{
	double c = 1;
	for (size_t i = 1; i <= k; i++)
		c = c * (double)(n - k + i) / (double)i;
	return c;
}

double em_urn_cost(size_t k, size_t tokens)
{
	double states = k > 0 && k <= EM_URN_TOPICS ? binomial(tokens + k - 1, k - 1) : HUGE_VAL;
	return states <= EM_URN_STATES ? 2e-9 * states * (double)(tokens + k) : HUGE_VAL;
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

/* The ways into the states of grade s. One count less lowers the partial sums from there on by one, so the rank of the
 * state before is a prefix of this state's rank and a suffix of the lowered one's. */
static size_t fill_grade(struct urn *u, size_t s, size_t ways)
{
	size_t parts = u->k - 1, sum[EM_URN_TOPICS];
	uint32_t m[EM_URN_TOPICS] = {0};
	m[parts - 1] = (uint32_t)s;
	for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
		double prefix = 0, suffix = 0;
		u->first[i] = (uint32_t)ways;
		for (size_t j = 0, r = 0; j < parts; j++)
			sum[j] = r += m[j];
		for (size_t j = 0; s > 0 && j + 1 < parts; j++) /* lowered where the sum is 0 is a way that does not exist */
			suffix += sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
		for (size_t j = 0; j < parts; j++) {
			if (m[j]) {
				size_t from = u->grade[s - 1] + (size_t)(prefix + suffix + 0.5);
				u->way[ways++] = (struct way){(uint32_t)(j * (u->n + 1) + m[j] - 1), (uint32_t)from};
			}
			if (j + 1 < parts) {
				prefix += u->choose[(sum[j] + j) * u->k + j + 1];
				suffix -= s > 0 && sum[j] ? u->choose[(sum[j] + j - 1) * u->k + j + 1] : 0;
			}
		}
		next_composition(m, parts);
	}
	return ways;
}

static void fill_tables(struct urn *u)
{
	size_t ways = 0;
	for (size_t s = 0; s <= u->n; s++)
		ways = fill_grade(u, s, ways);
	u->first[u->grade[u->n + 1]] = (uint32_t)ways;
}

static void urn_free(struct urn *u)
{
	free(u->choose);
	free(u->grade);
	free(u->first);
	free(u->way);
	free(u->a);
	free(u->weight);
}

static enum em_status urn_new(struct urn *u, size_t k, size_t n, struct em_err *err)
{
	*u = (struct urn){.k = k, .n = n};
	double states = binomial(n + k - 1, k - 1);
	if (k > EM_URN_TOPICS || states > EM_URN_STATES)
		return em_fail(err, EM_USAGE, "%zu words and %zu topics have %.3g states; the exact sum goes to %.3g states and %d topics",
		               n, k, states, EM_URN_STATES, EM_URN_TOPICS);
	size_t m = (size_t)(states + 0.5), parts = k - 1;
	u->choose = calloc((n + k + 2) * k, sizeof *u->choose);
	u->grade = calloc(n + 2, sizeof *u->grade);
	u->first = calloc(m + 1, sizeof *u->first);
	u->way = malloc((m * (parts < n ? parts : n) + 1) * sizeof *u->way);
	u->a = calloc(m, sizeof *u->a);
	u->weight = calloc(k * (n + 1), sizeof *u->weight);
	if (!u->choose || !u->grade || !u->first || !u->way || !u->a || !u->weight) {
		urn_free(u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n + k + 2; i++)
		for (size_t j = 0; j < k; j++)
			u->choose[i * k + j] = i >= j ? binomial(i, j) : 0;
	for (size_t s = 0; s <= n; s++)
		u->grade[s + 1] = u->grade[s] + (size_t)(binomial(s + parts - 1, parts - 1) + 0.5);
	fill_tables(u);
	u->a[0] = 1;
	return EM_OK;
}

/* Adds the (n+1)-st word: states of n words become states of n+1. Returns the sum of all. */
static double add_word(struct urn *u, size_t n)
{
	double sum = 0;
	const double *last = u->weight + (u->k - 1) * (u->n + 1);
	for (size_t s = n + 2; s-- > 0;) {
		double stay = s <= n ? last[n - s] : 0;
		for (size_t i = u->grade[s]; i < u->grade[s + 1]; i++) {
			double x = stay * u->a[i];
			for (size_t j = u->first[i]; j < u->first[i + 1]; j++)
				x += u->weight[u->way[j].weight] * u->a[u->way[j].from];
			u->a[i] = x;
			sum += x;
		}
	}
	return sum;
}

struct place {
	double at;
	size_t word;
};

static int earlier(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->at != y->at)
		return x->at < y->at ? -1 : 1;
	return x->word < y->word ? -1 : x->word > y->word;
}

/* The words of the document with the repeats of each spread out evenly: a long run of one word would let states that later
 * words need sink below the smallest double. */
static struct place *spread(size_t pairs, const unsigned *count, size_t n)
{
	struct place *order = calloc(n + 1, sizeof *order);
	size_t at = 0;
	for (size_t w = 0; order && w < pairs; w++)
		for (unsigned i = 0; i < count[w]; i++)
			order[at++] = (struct place){(i + 0.5) / count[w], w};
	if (order)
		qsort(order, n, sizeof *order, earlier);
	return order;
}

enum em_status em_urn_log_evidence(size_t k, const double *alpha, const double *beta, size_t stride, size_t pairs,
                                   const unsigned *term, const unsigned *count, double *out,
                                   bool (*cancelled)(void *), void *self, struct em_err *err)
{
	size_t n = 0;
	double log_p = 0, total = 0, scale = 1;
	for (size_t w = 0; w < pairs; w++)
		n += count[w];
	for (size_t j = 0; j < k; j++)
		total += alpha[j];
	if (k == 1) {
		for (size_t w = 0; w < pairs; w++)
			log_p += count[w] * log(beta[term[w] * stride]);
		*out = log_p;
		return EM_OK;
	}
	struct urn u;
	enum em_status st = urn_new(&u, k, n, err);
	if (st)
		return st;
	struct place *order = spread(pairs, count, n);
	if (!order) {
		urn_free(&u);
		return em_no_memory(err);
	}
	for (size_t i = 0; i < n && !st; i++) {
		const double *row = beta + (size_t)term[order[i].word] * stride;
		for (size_t j = 0; j < k; j++)
			for (size_t m = 0; m <= i; m++)
				u.weight[j * (n + 1) + m] = (alpha[j] + (double)m) * row[j] / ((total + (double)i) * scale);
		scale = add_word(&u, i);
		log_p += log(scale);
		if (cancelled && cancelled(self))
			st = em_fail(err, EM_CANCELLED, "cancelled; the run stands where it stood");
	}
	free(order);
	urn_free(&u);
	*out = log_p;
	return st;
}
