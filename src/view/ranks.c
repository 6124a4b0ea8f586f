/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/ranks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "view/arrays.h"

struct ranks {
	struct sight sight;
	size_t components;
	struct rank_top **top; /* [components], made when asked for */
	struct rank_all all;
	size_t all_of;         /* the component of all; components: none */
};

static void all_free(struct rank_all *a)
{
	free(a->rank);
	free(a->sum);
	*a = (struct rank_all){0};
}

void ranks_free(struct ranks *r)
{
	if (!r)
		return;
	for (size_t k = 0; k < r->components; k++)
		free(r->top[k]);
	free(r->top);
	all_free(&r->all);
	free(r);
}

bool ranks_moved(const struct em_snapshot *s)
{
	enum em_phase phase = s->ledger[s->position].phase;
	return phase == EM_M || phase == EM_M_PART || phase == EM_EDIT;
}

/* The cache for this snapshot; an old one is given up. */
static struct ranks *current(struct ui *ui, const struct em_snapshot *s)
{
	struct sight sight = sight_of(s);
	if (ui->ranks && sight_same(&ui->ranks->sight, &sight))
		return ui->ranks;
	ranks_free(ui->ranks);
	ui->ranks = calloc(1, sizeof *ui->ranks);
	if (!ui->ranks)
		return NULL;
	ui->ranks->sight = sight;
	ui->ranks->components = ui->ranks->all_of = s->problem->layout.components;
	ui->ranks->top = calloc(ui->ranks->components + 1, sizeof *ui->ranks->top);
	if (!ui->ranks->top) {
		free(ui->ranks);
		ui->ranks = NULL;
	}
	return ui->ranks;
}

static size_t describe(const struct em_snapshot *s, const double *theta, size_t k, struct em_item out[RANKS_TOP])
{
	return s->problem->model->describe ? s->problem->model->describe(s->problem, theta, k, out, RANKS_TOP) : 0;
}

/* Rank and weight before, from a list of the first items then. */
static void look_back(struct rank *r, const struct em_item *old, size_t n)
{
	r->was = 0;
	r->before = NAN;
	for (size_t i = 0; i < n; i++)
		if (old[i].id == r->id) {
			r->was = i + 1;
			r->before = old[i].weight;
			return;
		}
}

const struct rank_top *ranks_top(struct ui *ui, const struct em_snapshot *s, size_t k)
{
	struct ranks *r = current(ui, s);
	if (!r || k >= r->components)
		return NULL;
	if (r->top[k])
		return r->top[k];
	struct rank_top *t = calloc(1, sizeof *t);
	struct em_item now[RANKS_TOP], old[RANKS_TOP];
	const struct em_array *a = array_weights(s->problem);
	if (!t)
		return NULL;
	t->n = describe(s, s->theta, k, now);
	size_t n = ranks_moved(s) ? describe(s, s->theta_before, k, old) : 0;
	for (size_t i = 0; i < t->n; i++) {
		t->rank[i] = (struct rank){.id = now[i].id, .weight = now[i].weight};
		if (ranks_moved(s))
			look_back(&t->rank[i], old, n);
		else
			t->rank[i].was = i + 1;
		if (a && now[i].id < a->dim[1])
			t->rank[i].before = array_at(s->theta_before, a, k, now[i].id);
	}
	return r->top[k] = t;
}

static int by_weight(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	if (x->weight != y->weight)
		return x->weight > y->weight ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static int by_before(const void *a, const void *b)
{
	const struct rank *x = a, *y = b;
	if (x->before != y->before)
		return x->before > y->before ? -1 : 1;
	return x->id < y->id ? -1 : x->id > y->id;
}

static bool rank_array(struct rank_all *all, const struct em_snapshot *s, const struct em_array *a, size_t k)
{
	all->n = a->dim[1];
	all->rank = malloc((all->n + 1) * sizeof *all->rank);
	if (!all->rank)
		return false;
	for (size_t i = 0; i < all->n; i++)
		all->rank[i] = (struct rank){.id = (uint32_t)i, .weight = array_at(s->theta, a, k, i),
		                             .before = array_at(s->theta_before, a, k, i)};
	if (ranks_moved(s)) {
		qsort(all->rank, all->n, sizeof *all->rank, by_before);
		for (size_t i = 0; i < all->n; i++)
			all->rank[i].was = i + 1;
	}
	qsort(all->rank, all->n, sizeof *all->rank, by_weight);
	for (size_t i = 0; i < all->n && !ranks_moved(s); i++)
		all->rank[i].was = i + 1;
	return true;
}

/* For a model whose weights are no array: as many as it describes. */
static bool rank_described(struct rank_all *all, struct ui *ui, const struct em_snapshot *s, size_t k)
{
	const struct rank_top *t = ranks_top(ui, s, k);
	if (!t || !(all->rank = malloc((t->n + 1) * sizeof *all->rank)))
		return false;
	all->n = t->n;
	memcpy(all->rank, t->rank, t->n * sizeof *all->rank);
	return true;
}

/* The observations with the largest share of k, largest first, the smaller number first among equals. */
static void find_leaders(struct rank_all *all, const struct em_snapshot *s, size_t k)
{
	size_t observations = s->problem->layout.observations;
	const struct em_corpus *c = s->problem->data->kind == EM_DATA_CORPUS ? s->problem->data->corpus : NULL;
	all->leaders = 0;
	for (size_t n = 0; n < observations && s->problem->model->shares; n++) {
		double x = share_of(s, s->q, n, k);
		if (c && c->length[n] == 0)
			continue;
		if (all->leaders == RANKS_TOP && x <= all->leader[RANKS_TOP - 1].share)
			continue;
		size_t at = all->leaders < RANKS_TOP ? all->leaders++ : RANKS_TOP - 1;
		for (; at > 0 && all->leader[at - 1].share < x; at--)
			all->leader[at] = all->leader[at - 1];
		all->leader[at].n = n;
		all->leader[at].share = x;
	}
}

const struct rank_all *ranks_all(struct ui *ui, const struct em_snapshot *s, size_t k)
{
	struct ranks *r = current(ui, s);
	if (!r || k >= r->components)
		return NULL;
	if (r->all_of == k)
		return &r->all;
	const struct em_array *a = array_weights(s->problem);
	all_free(&r->all);
	r->all_of = r->components;
	if (!(a ? rank_array(&r->all, s, a, k) : rank_described(&r->all, ui, s, k)))
		return NULL;
	r->all.sum = malloc((r->all.n + 1) * sizeof *r->all.sum);
	if (!r->all.sum) {
		all_free(&r->all);
		return NULL;
	}
	double sum = 0;
	for (size_t i = 0; i < r->all.n; i++) {
		const struct rank *x = &r->all.rank[i];
		r->all.sum[i] = sum += x->weight;
		r->all.largest = fmax(r->all.largest, fabs(x->weight - x->before));
	}
	find_leaders(&r->all, s, k);
	r->all_of = k;
	return &r->all;
}
