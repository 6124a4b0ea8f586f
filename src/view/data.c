/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The observations as their model sees them: which picture suits the model, and what all pictures share. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "view/arrays.h"
#include "view/data_parts.h"
#include "view/list.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/ranks.h"
#include "view/topics.h"

enum { DRAWN_MOST = 200000, WIDTH_LEAST = 36 };

/* ---- which picture ---- */

static bool forms_grid(const struct ui *ui, size_t items)
{
	return ui->grid > 0 && items > 0;
}

static const struct data_picture *of_points(const struct ui *ui, const struct picture *pic)
{
	(void)ui;
	switch (pic->run->problem->model->picture) {
	case EM_PICTURE_GAUSSIAN:
		return pic->data->points->columns > 1 ? &data_scatter : &data_histogram;
	case EM_PICTURE_FACTORS:
		return &data_scatter;
	case EM_PICTURE_COIN:
		return &data_coins;
	case EM_PICTURE_RATE:
		return &data_rates;
	case EM_PICTURE_CELLS:
		return &data_cells;
	default:
		return &data_gallery;
	}
}

static const struct data_picture *picture_of(const struct ui *ui, const struct picture *pic)
{
	switch (pic->data->kind) {
	case EM_DATA_CORPUS:
		return forms_grid(ui, pic->data->corpus->terms) ? &data_gallery : &data_rows;
	case EM_DATA_SEQUENCES:
		return &data_chain;
	default:
		return of_points(ui, pic);
	}
}

/* ---- what they share ---- */

void data_head(struct canvas *c, struct rect *r, const struct picture *pic, const char *text)
{
	const struct em_snapshot *s = pic->run;
	char right[96];
	if (r->h < 6 || r->w < 20)
		return;
	struct rect line = rect_cut_top(r, 1);
	struct number step = pane_step(&s->ledger[s->position]);
	snprintf(right, sizeof right, "%s%s", s->position ? "after " : "", s->position ? step.s : "at the start");
	int wide = canvas_width(c, right), room = line.w - wide - 2;
	if (room < canvas_width(c, text) && room < line.w / 2)
		room = line.w, wide = 0;
	canvas_put_clipped(c, line.x, line.y, room, style_of(COLOR_DIM), text);
	if (wide)
		canvas_put_right(c, line.x, line.y, line.w, style_of(COLOR_DIM), right);
}

void data_note(struct canvas *c, struct rect *r, const char *text)
{
	if (r->h < 8)
		return;
	struct rect line = rect_cut_bottom(r, 1);
	canvas_put_clipped(c, line.x, line.y, line.w, style_of(COLOR_DIM), text);
}

const double *data_shares(const struct em_snapshot *s, size_t n, double **room)
{
	if (!*room)
		*room = malloc((s->problem->layout.components + 1) * sizeof **room);
	return *room && n < s->problem->layout.observations && shares_of(s, s->q, n, *room) ? *room : NULL;
}

size_t data_leader(const double *share, size_t k)
{
	size_t best = 0;
	for (size_t i = 1; i < k; i++)
		if (share[i] > share[best])
			best = i;
	return best;
}

/* "component 1 81%, 3 15%" */
static void say_shares(struct buf *b, const struct em_snapshot *s, double *share)
{
	size_t k = s->problem->layout.components;
	buf_printf(b, " · %s", s->problem->model->component);
	for (int i = 0; i < 4 && (size_t)i < k; i++) {
		size_t best = data_leader(share, k);
		if (i > 0 && share[best] < 0.0005)
			break;
		buf_printf(b, "%s %zu %s", i ? "," : "", best + 1, percent(share[best], 1).s);
		share[best] = -1;
	}
}

void data_foot(const struct ui *ui, struct canvas *c, struct rect *r, const struct picture *pic)
{
	const struct em_snapshot *s = pic->run;
	size_t n = ui->document;
	if (r->h < 4 || n >= s->problem->layout.observations)
		return;
	struct rect line = rect_cut_bottom(r, 1);
	char label[512];
	struct buf b = {0};
	double *room = NULL;
	em_data_label(pic->data, n, label, sizeof label);
	buf_printf(&b, "%s %s: ", s->problem->model->observation, number_count(n + 1).s);
	text_clip(&b, label, line.w >= 110 ? 60 : 28, c->glyphs == GLYPHS_ASCII);
	if (data_shares(s, n, &room))
		say_shares(&b, s, room);
	if (!isnan(s->obs[n].log_evidence))
		buf_printf(&b, " · log p %s", number_fixed(s->obs[n].log_evidence, pane_places(s)).s);
	else
		buf_printf(&b, " · ELBO %s", number_fixed(s->obs[n].elbo, pane_places(s)).s);
	if (!b.failed)
		canvas_put_clipped(c, line.x, line.y, line.w, style_of(COLOR_DEFAULT), b.s);
	buf_free(&b);
	free(room);
}

double data_at3(const double *block, const struct em_array *a, size_t i, size_t j, size_t l)
{
	return block[a->offset + i * a->stride[0] + j * a->stride[1] + l * a->stride[2]];
}

size_t data_step(size_t observations)
{
	return 1 + (observations - (observations > 0)) / DRAWN_MOST;
}

bool data_moved(const struct em_snapshot *s)
{
	return s->position > 0 && ranks_moved(s);
}

size_t data_items(struct ui *ui, const struct picture *pic, struct rect body, size_t columns, int w, int h)
{
	struct ui_data *d = &ui->data;
	size_t n = pic->run->problem->layout.observations, rows = (n + columns - 1) / columns;
	size_t seen = h > 0 && body.h >= h ? (size_t)(body.h / h) : 1;
	if (ui->document >= n)
		order_select(ui, n > 0 ? n - 1 : 0);
	size_t at = ui->document / columns;
	if (at < d->top)
		d->top = at;
	if (at >= d->top + seen)
		d->top = at - seen + 1;
	if (d->top + seen > rows)
		d->top = rows > seen ? rows - seen : 0;
	d->columns = columns;
	d->rows_seen = seen;
	d->body_x = body.x;
	d->body_y = body.y;
	d->item_w = w;
	d->item_h = h;
	return d->top * columns;
}

/* ---- the view ---- */

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	size_t n = pic->run->problem->layout.observations;
	if (ui->document >= n)
		order_select(ui, n > 0 ? n - 1 : 0);
	ui->data.columns = ui->data.variables = 0;
	if (n > 0 && r.w >= WIDTH_LEAST && r.h > 1)
		picture_of(ui, pic)->draw(ui, pic, c, r);
	else if (r.w > 0 && r.h > 0)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "no room for a picture");
}

/* Moves the selection by `by` observations, to the first or last at most. */
static void move(struct ui *ui, size_t n, bool back, size_t by)
{
	size_t at = ui->document < n ? ui->document : n - 1;
	order_select(ui, back ? (at > by ? at - by : 0) : by > n - 1 - at ? n - 1 : at + by);
}

static bool move_command(struct ui *ui, size_t n, const struct view_call *call)
{
	const struct ui_data *d = &ui->data;
	const char *name = call->name;
	size_t by = pane_count(call), row = d->columns ? d->columns : 1, page = row * (d->columns ? d->rows_seen : 10);
	bool back = strcmp(name, "up") == 0 || strcmp(name, "page-up") == 0 || strcmp(name, "left") == 0 ||
	            strcmp(name, "wheel-up") == 0 || strcmp(name, "previous-document") == 0;
	if (strcmp(name, "home") == 0 || strcmp(name, "end") == 0)
		order_select(ui, name[0] == 'h' ? 0 : n - 1);
	else if (strcmp(name, "up") == 0 || strcmp(name, "down") == 0 || strncmp(name, "wheel", 5) == 0)
		move(ui, n, back, by > n ? n : by * row);
	else if (strncmp(name, "page", 4) == 0)
		move(ui, n, back, page);
	else if (strcmp(name, "left") == 0 || strcmp(name, "right") == 0 || strcmp(name, "next-document") == 0 ||
	         strcmp(name, "previous-document") == 0)
		move(ui, n, back, by);
	else
		return false;
	return true;
}

static void select_one(struct ui *ui, const struct em_snapshot *s, const struct view_call *call, struct em_err *err)
{
	size_t n = s->problem->layout.observations;
	long i = call->argc > 0 ? strtol(call->argv[0], NULL, 10) : 0;
	if (i < 1 || (size_t)i > n)
		em_fail(err, EM_USAGE, "select: there are %ss 1 to %zu", s->problem->model->observation, n);
	else
		order_select(ui, (size_t)i - 1);
}

static void open_selected(struct ui *ui, const struct picture *pic)
{
	ui->back = &view_data;
	ui->view = pic->corpus ? &view_reader : &view_documents;
}

/* On an item: selects it, the second time opens it. */
static void click(struct ui *ui, const struct picture *pic, int x, int y)
{
	const struct ui_data *d = &ui->data;
	if (!d->columns || x < d->body_x || y < d->body_y || d->item_w < 1 || d->item_h < 1)
		return;
	size_t column = (size_t)((x - d->body_x) / d->item_w), row = (size_t)((y - d->body_y) / d->item_h);
	size_t n = (d->top + row) * d->columns + column;
	if (column >= d->columns || row >= d->rows_seen || n >= pic->run->problem->layout.observations)
		return;
	if (n == ui->document)
		open_selected(ui, pic);
	order_select(ui, n);
}

struct looking {
	const struct em_data *data;
	const char *words;
};

static bool label_holds(void *self, size_t n)
{
	const struct looking *l = self;
	char label[512];
	em_data_label(l->data, n, label, sizeof label);
	return list_holds(label, strlen(label), l->words);
}

static void find(struct ui *ui, const struct picture *pic, bool back, bool again, struct em_err *err)
{
	size_t n = pic->run->problem->layout.observations;
	struct looking l = {pic->data, ui->find};
	if (!ui->find[0])
		return;
	size_t hit = list_find(n, ui->document, back, again, label_holds, &l);
	if (hit < n)
		order_select(ui, hit);
	else
		em_fail(err, EM_USAGE, "\"%.60s\" is in no %s's label", ui->find, pic->run->problem->model->observation);
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct data_picture *p = picture_of(ui, pic);
	size_t n = pic->run->problem->layout.observations;
	bool back, again;
	int x, y;
	if (n == 0)
		return false;
	if (p->command && p->command(ui, pic, call, err))
		return true;
	if (list_finds(ui, call, &back, &again))
		find(ui, pic, back, again, err);
	else if (strcmp(call->name, "select") == 0)
		select_one(ui, pic->run, call, err);
	else if (strcmp(call->name, "enter") == 0)
		open_selected(ui, pic);
	else if (strcmp(call->name, "click") == 0 && pane_cell(call, &x, &y))
		click(ui, pic, x, y);
	else if (strcmp(call->name, "axes") == 0)
		em_fail(err, EM_USAGE, "axes: this picture of the data has none to choose");
	else
		return move_command(ui, n, call);
	return true;
}

/* Axes are chosen where there are some; left and right choose the pair there. */
static bool offers(const struct ui *ui, const char *line)
{
	if (strncmp(line, "axes", 4) == 0)
		return ui->data.variables > (strcmp(line, "axes principal") == 0 ? 1 : 2);
	return true;
}

const struct view view_data = {
	.name = "data",
	.title = "Data",
	.key = '8',
	.about = "The observations as their model sees them: points or counts under the components' densities, coins with their "
	         "expected tosses, images, documents and sequences with their responsibilities. Colour and mark tell the leading "
	         "component, strength how sure it is; what is dotted and grey stood before the last step. Arrows choose an "
	         "observation (in scatter plots left and right the pair of columns), Enter opens it.",
	.draw = draw,
	.command = command,
	.offers = offers,
};
