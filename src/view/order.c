/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/order.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/arrays.h"

struct ui_order {
	struct sight sight;
	enum ui_sort sort;
	bool up;
	size_t topic, n;
	size_t *row;
};

/* What a row is sorted by. */
struct key {
	double value;
	const char *text;
	size_t n;
};

void order_free(struct ui_order *o)
{
	if (!o)
		return;
	free(o->row);
	free(o);
}

double order_change(const struct em_snapshot *s, size_t n)
{
	return s->position > 0 ? s->obs[n].elbo - s->obs_before[n].elbo : NAN;
}

static double value_of(const struct ui *ui, const struct picture *pic, size_t n)
{
	const struct em_snapshot *s = pic->run;
	switch (ui->sort) {
	case SORT_TOKENS:
		return em_data_length(pic->data, n);
	case SORT_TOPIC:
		return em_data_length(pic->data, n) == 0 ? NAN : share_of(s, s->q, n, ui->sort_topic);
	case SORT_ELBO:
		return s->obs[n].elbo;
	case SORT_EVIDENCE:
		return isnan(s->obs[n].log_evidence) ? s->obs[n].guess.log_p : s->obs[n].log_evidence;
	case SORT_KL:
		return isnan(s->obs[n].log_evidence) ? s->obs[n].guess.log_p - s->obs[n].elbo : s->obs[n].kl;
	case SORT_CHANGE:
		return order_change(s, n);
	case SORT_SWEEPS:
		return (double)s->obs[n].sweeps;
	default:
		return (double)n;
	}
}

static int tie(const struct key *x, const struct key *y)
{
	return x->n < y->n ? -1 : x->n > y->n;
}

/* What is unknown comes last whichever way the rest goes; that is why there are two. */
static int rising(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int by = x->text ? text_compare(x->text, y->text) : 0;
	if (isnan(x->value) || isnan(y->value))
		by = isnan(x->value) - isnan(y->value);
	else if (!x->text)
		by = (x->value > y->value) - (x->value < y->value);
	return by ? by : tie(x, y);
}

static int falling(const void *a, const void *b)
{
	const struct key *x = a, *y = b;
	int by = x->text ? text_compare(y->text, x->text) : 0;
	if (isnan(x->value) || isnan(y->value))
		by = isnan(x->value) - isnan(y->value);
	else if (!x->text)
		by = (x->value < y->value) - (x->value > y->value);
	return by ? by : tie(x, y);
}

static bool fresh(const struct ui *ui, const struct sight *sight)
{
	const struct ui_order *o = ui->order;
	return o && o->sort == ui->sort && o->up == ui->sort_up && o->topic == ui->sort_topic &&
	       sight_same(&o->sight, sight);
}

const size_t *order_of(struct ui *ui, const struct picture *pic)
{
	struct sight sight = sight_of(pic->run);
	size_t n = sight.observations;
	if (fresh(ui, &sight))
		return ui->order->row;
	order_free(ui->order);
	ui->order = calloc(1, sizeof *ui->order);
	struct key *key = malloc((n + 1) * sizeof *key);
	if (ui->order)
		*ui->order = (struct ui_order){.sight = sight, .sort = ui->sort, .up = ui->sort_up, .topic = ui->sort_topic,
		                               .n = n, .row = malloc((n + 1) * sizeof(size_t))};
	if (!ui->order || !key || !ui->order->row) {
		free(key);
		order_free(ui->order);
		ui->order = NULL;
		return NULL;
	}
	bool named = ui->sort == SORT_NAME && pic->corpus;
	for (size_t i = 0; i < n; i++)
		key[i] = (struct key){named ? 0 : value_of(ui, pic, i), named ? pic->corpus->name[i] : NULL, i};
	qsort(key, n, sizeof *key, ui->sort_up ? rising : falling);
	for (size_t i = 0; i < n; i++)
		ui->order->row[i] = key[i].n;
	free(key);
	return ui->order->row;
}

size_t order_row(struct ui *ui, const struct picture *pic, size_t n)
{
	const size_t *row = order_of(ui, pic);
	for (size_t i = 0; row && i < ui->order->n; i++)
		if (row[i] == n)
			return i;
	return 0;
}

void order_select(struct ui *ui, size_t n)
{
	if (ui->document == n)
		return;
	ui->document = n;
	ui->token = 0;
	ui->reader = (struct ui_list){.page = ui->reader.page};
}
