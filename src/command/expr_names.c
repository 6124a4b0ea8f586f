/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What names mean in a snapshot: quantities, terms, arrays, labels in place of indices. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "command/expr_names.h"

const struct expr_known expr_quantities[] = {
	{"elbo", "the bound, nats; elbo[N]: the share of one observation"},
	{"kl", "KL from q to the posterior, nats; kl[N]"},
	{"log_p", "the log evidence, nats; log_p[N]"},
	{"sweeps", "coordinate sweeps of the last entry; sweeps[N] of one observation in its E phase"},
	{"energy", "E_q[log p(x, z)], nats"},
	{"entropy", "H[q], nats"},
	{"delta", "what the last whole iteration gained, nats"},
	{"gain", "what the last entry gained, nats"},
	{"iteration", "the number of the iteration"},
	{"step", "the number of the ledger entry"},
	{"perplexity", "exp(-elbo / tokens)"},
	{"moved", "the largest change that the last entry made in q (E) or theta (M)"},
	{"capped", "observations at the sweep limit in the last E-step"},
	{"to_come", "nats still to come by Aitken"},
	{"rate", "ratio of the last gains per iteration"},
	{"share", "share[N][K]: the expected share of a component in an observation"},
	{"size", "size[K]: the expected size of a component"},
	{NULL, NULL},
};

static double last_iteration(const struct em_entry *ledger, size_t at)
{
	while (at > 0 && ledger[at].phase != EM_M)
		at--;
	size_t from = at;
	if (at == 0)
		return NAN;
	while (from > 0 && (from == at || (ledger[from].phase != EM_M && ledger[from].phase != EM_EDIT)))
		from--;
	return ledger[at].elbo - ledger[from].elbo;
}

static double tokens(const struct em_data *d)
{
	return d->corpus ? (double)d->corpus->tokens : d->sequences ? (double)d->sequences->total : NAN;
}

static double judged(const struct em_snapshot *s, size_t at, enum quantity which)
{
	struct em_verdict v = s->verdict;
	if (at != s->position)
		v = em_verdict_on(s->ledger, at, em_settings_number(s->problem->settings, "tolerance"), s->problem->model->observation);
	return which == Q_CAPPED ? (double)v.capped : which == Q_RATE ? v.rate : v.to_come;
}

double names_quantity(const struct em_snapshot *s, bool before, unsigned which)
{
	size_t at = s->position - (before && s->position > 0);
	const struct em_entry *e = s->ledger + at;
	switch ((enum quantity)which) {
	case Q_ELBO: return e->elbo;
	case Q_KL: return e->kl;
	case Q_LOG_P: return e->log_evidence;
	case Q_SWEEPS: return (double)e->sweeps;
	case Q_ENERGY: return e->energy;
	case Q_ENTROPY: return e->entropy;
	case Q_DELTA: return last_iteration(s->ledger, at);
	case Q_GAIN: return e->gain;
	case Q_ITERATION: return (double)e->iteration;
	case Q_STEP: return (double)e->step;
	case Q_PERPLEXITY: return tokens(s->problem->data) > 0 ? exp(-e->elbo / tokens(s->problem->data)) : NAN;
	case Q_MOVED: return at > 0 ? e->moved : NAN;
	case Q_CAPPED:
	case Q_TO_COME:
	case Q_RATE: return judged(s, at, (enum quantity)which);
	case Q_SHARE:
	case Q_SIZE:
	case Q_QUANTITIES: break;
	}
	return NAN;
}

/* An array of the layout by the word of a node. */
static bool find_array(const struct expr *e, const struct expr_node *n, const struct em_array *a, unsigned count,
                       enum expr_home home, struct expr_place *out)
{
	for (unsigned i = 0; i < count; i++)
		if (expr_word_is(e, n, a[i].name)) {
			*out = (struct expr_place){.home = home, .name = a[i].name, .array = a + i, .which = i, .rank = a[i].rank};
			return true;
		}
	return false;
}

static bool find_name(const struct expr *e, const struct expr_node *n, const struct em_problem *p, struct expr_place *out)
{
	const struct em_layout *l = &p->layout;
	for (unsigned i = 0; i < Q_SHARE; i++)
		if (expr_word_is(e, n, expr_quantities[i].name)) {
			bool each = i < Q_ENERGY && n->kid;
			*out = (struct expr_place){.home = each ? EXPR_OBSERVATION : EXPR_QUANTITY, .name = expr_quantities[i].name,
			                           .which = i, .rank = each};
			return true;
		}
	for (unsigned i = 0; i < l->terms; i++)
		if (expr_word_is(e, n, p->model->terms[i].name)) {
			*out = (struct expr_place){.home = EXPR_TERM, .name = p->model->terms[i].name, .which = i};
			return true;
		}
	if (find_array(e, n, l->theta, l->theta_arrays, EXPR_THETA, out) || find_array(e, n, l->q, l->q_arrays, EXPR_Q, out) ||
	    find_array(e, n, l->stats, l->stats_arrays, EXPR_STATS, out))
		return true;
	bool share = expr_word_is(e, n, "share"), size = expr_word_is(e, n, "size");
	*out = (struct expr_place){.home = share ? EXPR_SHARE : EXPR_SIZE, .name = share ? "share" : "size", .rank = share ? 2 : 1};
	return (share && p->model->shares) || size;
}

static const char *near_name(const struct em_problem *p, const char *word)
{
	const struct em_layout *l = &p->layout;
	const struct em_array *const arrays[] = {l->theta, l->q, l->stats};
	const unsigned counts[] = {l->theta_arrays, l->q_arrays, l->stats_arrays};
	const char *best = NULL;
	for (int set = 0; set < 3; set++)
		for (unsigned i = 0; i < counts[set]; i++)
			if (text_near(word, arrays[set][i].name))
				best = arrays[set][i].name;
	for (unsigned i = 0; i < l->terms; i++)
		if (text_near(word, p->model->terms[i].name))
			best = p->model->terms[i].name;
	for (unsigned i = 0; expr_quantities[i].name; i++)
		if (text_near(word, expr_quantities[i].name))
			best = expr_quantities[i].name;
	return best;
}

static void list_arrays(struct buf *b, const struct em_array *a, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		buf_printf(b, "%s%s", b->len ? ", " : "", a[i].name);
}

static enum em_status unknown(const struct expr *e, const struct expr_node *n, const struct em_problem *p, struct em_err *err)
{
	char word[64];
	const struct em_layout *l = &p->layout;
	snprintf(word, sizeof word, "%.*s", (int)(n->length < 60 ? n->length : 60), e->text + n->at);
	const char *near = near_name(p, word);
	if (near)
		return expr_fail(e, n->at, err, "no \"%s\" in this run; did you mean %s?", word, near);
	struct buf b = {0};
	list_arrays(&b, l->theta, l->theta_arrays);
	list_arrays(&b, l->q, l->q_arrays);
	list_arrays(&b, l->stats, l->stats_arrays);
	enum em_status st = expr_fail(e, n->at, err, "no \"%s\" in this run; there are elbo, kl, delta, ... (help print) and %s", word,
	                              b.s ? b.s : "");
	buf_free(&b);
	return st;
}

size_t names_dim(const struct expr_place *pl, const struct em_problem *p, unsigned d)
{
	if (pl->array)
		return pl->array->dim[d];
	return d == 1 || pl->home == EXPR_SIZE ? p->layout.components : p->layout.observations;
}

/* What the indices of dimension d are called: terms or columns (list), or observations. */
static const char *const *labels(const struct expr_place *pl, const struct em_problem *p, unsigned d, const char **kind)
{
	const struct em_data *data = p->data;
	size_t n = names_dim(pl, p, d);
	bool theirs = pl->home == EXPR_THETA || pl->home == EXPR_STATS;
	if (!theirs || strcmp(pl->name, "transitions") == 0 || (d == 0 && (pl->rank > 1 || n == p->layout.components)))
		return NULL;
	*kind = data->corpus ? "term" : data->points ? "column" : "symbol";
	if (data->corpus && n == data->corpus->terms)
		return data->corpus->vocabulary;
	if (data->points && n == data->points->columns)
		return data->points->column;
	return data->sequences && n == data->sequences->symbols ? data->sequences->alphabet : NULL;
}

static bool of_observations(const struct expr_place *pl, const struct em_problem *p, unsigned d)
{
	return d == 0 && pl->home != EXPR_SIZE && pl->home != EXPR_STATS &&
	       (pl->home != EXPR_THETA || (pl->rank == 2 && pl->array->dim[0] == p->layout.observations &&
	                                   pl->array->dim[0] != p->layout.components));
}

static bool same(const char *label, const char *text, size_t n)
{
	return strncmp(label, text, n) == 0 && !label[n];
}

static enum em_status by_label(const struct expr *e, const struct expr_node *n, const struct expr_place *pl,
                               const struct em_problem *p, unsigned d, size_t *out, struct em_err *err)
{
	const char *text = e->text + n->at, *kind = "row", *near = NULL;
	const char *const *list = labels(pl, p, d, &kind);
	char own[200], word[100];
	size_t dim = names_dim(pl, p, d);
	for (size_t i = 0; list && i < dim; i++)
		if (same(list[i], text, n->length)) {
			*out = i;
			return EM_OK;
		}
	bool observations = !list && of_observations(pl, p, d);
	for (size_t i = 0; observations && i < dim; i++) {
		em_data_label(p->data, i, own, sizeof own);
		if (same(p->data->corpus ? p->data->corpus->name[i] : own, text, n->length)) {
			*out = i;
			return EM_OK;
		}
	}
	snprintf(word, sizeof word, "%.*s", (int)(n->length < 90 ? n->length : 90), text);
	for (size_t i = 0; list && i < dim && !near; i++)
		near = text_near(word, list[i]) ? list[i] : NULL;
	if (near)
		return expr_fail(e, n->at, err, "no %s \"%s\"; did you mean %.60s?", kind, word, near);
	if (list || observations)
		return expr_fail(e, n->at, err, "no %s \"%s\"; or a number from 1 to %zu", list ? kind : p->model->observation, word, dim);
	return expr_fail(e, n->at, err, "index %u of %s is a number from 1 to %zu, not \"%s\"", d + 1, pl->name, dim, word);
}

static enum em_status by_number(const struct expr *e, const struct expr_node *n, const struct expr_place *pl,
                                const struct em_problem *p, unsigned d, double x, size_t *out, struct em_err *err)
{
	size_t dim = names_dim(pl, p, d);
	static const char *const of[] = {"row", "column", "layer"};
	if (!(x >= 1 && x <= (double)dim) || x != floor(x))
		return expr_fail(e, n->at, err, "%s of %s: a number from 1 to %zu, not %.6g", of[d], pl->name, dim, x);
	*out = (size_t)x - 1;
	return EM_OK;
}

static enum em_status index_at(struct expr_look *x, size_t node, struct expr_place *pl, unsigned d, size_t *out)
{
	const struct expr_node *n = x->e->node + node;
	double number;
	enum em_status st;
	if (n->op == OP_LABEL) {
		st = by_label(x->e, n, pl, x->s->problem, d, out, x->err);
		struct expr_node word = *n;
		struct expr_place other;
		word.op = OP_NAME;
		bool quoted = n->at > 0 && strchr("\"'", x->e->text[n->at - 1]);
		if (!st || quoted || !find_name(x->e, &word, x->s->problem, &other) || other.rank)
			return st;
		struct expr_value v;
		st = names_value(x, &other, &v);
		number = v.one;
	} else {
		st = expr_node_number(x, node, &number);
	}
	return st ? st : by_number(x->e, n, pl, x->s->problem, d, number, out, x->err);
}

static enum em_status index_range(struct expr_look *x, size_t node, struct expr_place *pl, unsigned d)
{
	const struct expr_node *n = x->e->node + node;
	if (n->op == OP_ALL)
		return EM_OK;
	if (n->op != OP_RANGE) {
		enum em_status st = index_at(x, node, pl, d, &pl->from[d]);
		pl->to[d] = pl->from[d];
		return st;
	}
	enum em_status st = index_at(x, n->kid, pl, d, &pl->from[d]);
	if (!st)
		st = index_at(x, x->e->node[n->kid].next, pl, d, &pl->to[d]);
	if (!st && pl->to[d] < pl->from[d])
		st = expr_fail(x->e, n->at, x->err, "this range ends before it begins");
	return st;
}

enum em_status names_find(struct expr_look *x, size_t node, struct expr_place *out)
{
	const struct expr_node *n = x->e->node + node;
	const struct em_problem *p = x->s->problem;
	if (!find_name(x->e, n, p, out))
		return unknown(x->e, n, p, x->err);
	unsigned d = 0;
	enum em_status st = EM_OK;
	for (unsigned i = 0; i < out->rank; i++)
		out->to[i] = names_dim(out, p, i) - 1;
	for (size_t k = n->kid; k && !st; k = x->e->node[k].next, d++) {
		if (d == out->rank)
			return expr_fail(x->e, n->at, x->err, out->rank ? "%s takes %u ind%s" : "%s is one number without indices", out->name, out->rank,
			                 out->rank == 1 ? "ex" : "ices");
		if (names_dim(out, p, d) == 0)
			return expr_fail(x->e, n->at, x->err, "%s is empty here", out->name);
		st = index_range(x, k, out, d);
	}
	return st;
}

static bool guessed(const struct em_obs *o)
{
	return isnan(o->log_evidence) && !isnan(o->guess.log_p);
}

static double observation(const struct em_obs *o, unsigned which)
{
	if ((which == Q_KL || which == Q_LOG_P) && guessed(o))
		return which == Q_KL ? o->guess.log_p - o->elbo : o->guess.log_p;
	return which == Q_ELBO ? o->elbo : which == Q_KL ? o->kl : which == Q_LOG_P ? o->log_evidence : (double)o->sweeps;
}

enum expr_sure names_sure(const struct expr_look *x, const struct expr_place *pl)
{
	enum expr_sure out = EXPR_SURE;
	if ((pl->home != EXPR_QUANTITY && pl->home != EXPR_OBSERVATION) || (pl->which != Q_KL && pl->which != Q_LOG_P))
		return out;
	if (pl->home == EXPR_QUANTITY) {
		const struct em_entry *e = x->s->ledger + x->s->position - (x->before && x->s->position > 0);
		return e->evidence != EM_EVIDENCE_ESTIMATE ? EXPR_SURE : e->doubtful ? EXPR_DOUBTFUL : EXPR_ABOUT;
	}
	const struct em_obs *o = x->before ? x->s->obs_before : x->s->obs;
	for (size_t i = pl->from[0]; i <= pl->to[0]; i++)
		if (guessed(o + i))
			out = o[i].guess.doubtful ? EXPR_DOUBTFUL : out == EXPR_SURE ? EXPR_ABOUT : out;
	return out;
}

static const double *block_of(const struct expr_look *x, enum expr_home home)
{
	const struct em_snapshot *s = x->s;
	if (home == EXPR_THETA)
		return x->before ? s->theta_before : s->theta;
	if (home == EXPR_Q)
		return x->before ? s->q_before : s->q;
	return x->before ? NULL : home == EXPR_SIZE ? s->mass : s->stats; /* kept of the present only */
}

/* One element of a place with indices. room: [components] */
static double element(const struct expr_look *x, const struct expr_place *pl, const double *v, const size_t at[3], double *room)
{
	const struct em_array *a = pl->array;
	if (pl->home == EXPR_OBSERVATION)
		return observation((x->before ? x->s->obs_before : x->s->obs) + at[0], pl->which);
	if (pl->home == EXPR_SHARE) {
		const struct em_problem *p = x->s->problem;
		if (at[1] == pl->from[1])
			p->model->shares(p, (x->before ? x->s->q_before : x->s->q) + at[0] * p->layout.q_stride, at[0], room);
		return room[at[1]];
	}
	if (!v)
		return NAN;
	return a ? v[a->offset + at[0] * a->stride[0] + at[1] * a->stride[1] + at[2] * a->stride[2]] : v[at[0]];
}

enum em_status names_value(struct expr_look *x, const struct expr_place *pl, struct expr_value *out)
{
	const struct em_problem *p = x->s->problem;
	*out = (struct expr_value){.count = 1, .row = 1};
	if (pl->home == EXPR_QUANTITY || pl->home == EXPR_TERM) {
		size_t at = x->s->position - (x->before && x->s->position > 0);
		out->one = pl->home == EXPR_TERM ? x->s->ledger[at].terms[pl->which] : names_quantity(x->s, x->before, pl->which);
		return EM_OK;
	}
	size_t n[3] = {1, 1, 1}, at[3], i = 0;
	for (unsigned d = 0; d < pl->rank; d++)
		out->count *= n[d] = pl->to[d] - pl->from[d] + 1;
	out->row = pl->rank > 1 ? n[pl->rank - 1] : 1;
	double *room = pl->home == EXPR_SHARE ? calloc(p->layout.components + 1, sizeof *room) : NULL;
	if (out->count != 1)
		out->many = calloc(out->count ? out->count : 1, sizeof(double));
	if ((out->count != 1 && !out->many) || (pl->home == EXPR_SHARE && !room)) {
		expr_value_free(out);
		free(room);
		return em_no_memory(x->err);
	}
	const double *v = block_of(x, pl->home);
	double *to = out->many ? out->many : &out->one;
	for (at[0] = pl->from[0]; at[0] < pl->from[0] + n[0]; at[0]++)
		for (at[1] = pl->from[1]; at[1] < pl->from[1] + n[1]; at[1]++)
			for (at[2] = pl->from[2]; at[2] < pl->from[2] + n[2]; at[2]++)
				to[i++] = element(x, pl, v, at, room);
	free(room);
	return EM_OK;
}

void expr_place_text(const struct expr_place *pl, const struct em_snapshot *s, struct buf *out)
{
	buf_puts(out, pl->name);
	for (unsigned d = 0; d < pl->rank; d++) {
		const char *kind;
		const char *const *list = labels(pl, s->problem, d, &kind);
		bool one = pl->from[d] == pl->to[d];
		buf_putc(out, '[');
		if (one && list) {
			const char *text = list[pl->from[d]];
			bool plain = *text && text[strcspn(text, " ]\"'.,+-*/^()[<>=!")] == '\0' && !(*text >= '0' && *text <= '9');
			buf_puts(out, plain ? "" : "\"");
			text_safe(out, text, strlen(text));
			buf_puts(out, plain ? "" : "\"");
		} else if (one)
			buf_printf(out, "%zu", pl->from[d] + 1);
		else if (pl->from[d] == 0 && pl->to[d] + 1 == names_dim(pl, s->problem, d))
			buf_putc(out, '*');
		else
			buf_printf(out, "%zu..%zu", pl->from[d] + 1, pl->to[d] + 1);
		buf_putc(out, ']');
	}
}
