/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The long list of one component: every item with its probability, what the step changed, and who has most of it. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "plot/bars.h"
#include "view/arrays.h"
#include "view/list.h"
#include "view/pane.h"
#include "view/ranks.h"
#include "view/topics.h"

/* Widths of the columns, 0 for one that is left out, in the order in which they stand. */
struct columns {
	int rank, word, weight, bar, sum, change, moved, own;
};

/* Left out in this order when there is no room: own, moved, sum, bar, change. */
static struct columns columns_of(int w, size_t items)
{
	int rank = (int)text_width(number_count(items).s) + 3;
	struct columns k = {.rank = rank > 6 ? rank : 6, .word = 16, .weight = 9, .sum = 8, .change = 10, .moved = 6, .own = 9};
	int room = w - k.rank - k.word - k.weight;
	k.change = room >= k.change ? k.change : 0;
	room -= k.change;
	k.bar = room >= 8 ? 8 : 0;
	room -= k.bar;
	k.sum = room >= k.sum ? k.sum : 0;
	room -= k.sum;
	k.moved = k.change && room >= k.moved ? k.moved : 0;
	room -= k.moved;
	k.own = room >= k.own + 8 ? k.own : 0;
	room -= k.own;
	if (room > 0 && k.bar) {
		int word = room / 3 < 14 ? room / 3 : 14;
		k.word += word;
		k.bar += room - word < 40 ? room - word : 40;
	} else if (room > 0) {
		k.word += room;
	} else if (room < 0) { /* narrower than the three that stay */
		k.rank = w >= 30 ? k.rank : 0;
		k.weight = w >= 16 ? 7 : 0;
		k.word = w - k.rank - k.weight;
	}
	return k;
}

/* ---- where things are ---- */

struct parts {
	struct rect head, names, body, side, foot;
};

static struct parts parts_of(struct rect r)
{
	struct parts p = {0};
	p.head = rect_cut_top(&r, 1);
	if (r.h >= 8)
		rect_cut_top(&r, 1);
	if (r.w >= 110) {
		p.side = rect_cut_right(&r, r.w / 3 < 60 ? r.w / 3 : 60);
		rect_cut_right(&r, 3);
	} else if (r.h >= 12) {
		p.foot = rect_cut_bottom(&r, 2);
		rect_cut_bottom(&r, 1);
	} else if (r.h >= 6) {
		p.foot = rect_cut_bottom(&r, 1);
	}
	p.names = rect_cut_top(&r, r.h > 2 ? 1 : 0);
	p.body = r;
	return p;
}

/* ---- drawing ---- */

static void draw_title(struct canvas *c, struct rect r, const struct em_snapshot *s, size_t k)
{
	const char *one = s->problem->model->component;
	char text[160], upper[40];
	double tokens, share;
	snprintf(upper, sizeof upper, "%.30s", one);
	if (upper[0] >= 'a' && upper[0] <= 'z')
		upper[0] = (char)(upper[0] - 'a' + 'A');
	int x = r.x + canvas_put_clipped(c, r.x, r.y, r.w, style_with(COLOR_TITLE, ATTR_BOLD), upper) + 1;
	x += topic_badge(c, x, r.y, k) + 1;
	if (topic_size(s, k, &tokens, &share))
		snprintf(text, sizeof text, "of %zu · %.20s expected tokens, %.20s of all", s->problem->layout.components,
		         number_count((size_t)llround(tokens)).s, percent(share, 1).s);
	else
		snprintf(text, sizeof text, "of %zu · size not known inside this step", s->problem->layout.components);
	x += canvas_put_clipped(c, x, r.y, r.x + r.w - x, style_of(COLOR_DEFAULT), text) + 1;
	int room = r.x + r.w - x;
	if (room >= 8 && isfinite(share))
		bar_horizontal(c, (struct rect){x, r.y, room < 40 ? room : 40, 1}, color_series((unsigned)k), share, 1);
}

static void draw_names(struct canvas *c, struct rect r, const struct columns *k, bool moved)
{
	struct style dim = style_of(COLOR_DIM);
	int x = r.x;
	canvas_put_right(c, x, r.y, k->rank ? k->rank - 2 : 0, dim, "rank");
	x += k->rank;
	canvas_put_clipped(c, x, r.y, k->word - 1, dim, "word");
	x += k->word;
	canvas_put_right(c, x, r.y, k->weight, dim, k->weight > 8 ? "p(word)" : "p");
	x += k->weight + (k->bar ? 1 : 0);
	x += k->bar ? k->bar - 1 : 0;
	canvas_put_right(c, x, r.y, k->sum, dim, "sum");
	x += k->sum;
	canvas_put_right(c, x, r.y, k->change, dim, moved ? "change" : "");
	x += k->change;
	canvas_put_clipped(c, x + 1, r.y, k->moved - 1, dim, moved ? "place" : "");
	x += k->moved;
	canvas_put_right(c, x, r.y, k->own, dim, "of word");
}

/* The part of an item's expected tokens that belong to component k, by the sizes and weights; NAN when unknown. */
static double own_share(const struct em_snapshot *s, const struct em_array *a, size_t k, size_t id)
{
	double sum = 0;
	if (!a || !s->mass || id >= a->dim[1])
		return NAN;
	for (size_t i = 0; i < a->dim[0]; i++)
		sum += s->mass[i] * array_at(s->theta, a, i, id);
	return sum > 0 ? s->mass[k] * array_at(s->theta, a, k, id) / sum : NAN;
}

/* With as many decimals as the largest change of the component needs; "0" for what is less than shows. */
static struct number change_of(double x, double largest)
{
	struct number out = {""};
	int decimals = 2;
	for (double show = 0.1; decimals < 5 && 100 * largest < show; show /= 10)
		decimals++;
	if (fabs(100 * x) < 0.5 * pow(10, -decimals))
		return (struct number){"0"};
	if (!isnan(x))
		snprintf(out.s, sizeof out.s, "%.40s%%", number_signed(100 * x, decimals).s);
	return out;
}

static void draw_row(struct canvas *c, struct rect r, const struct columns *w, const struct em_snapshot *s, size_t k,
                     const struct rank_all *all, size_t i, const char *find)
{
	const struct rank *rank = &all->rank[i];
	const char *label = item_label(s->problem, rank->id);
	bool moved = ranks_moved(s), hit = find[0] && list_holds(label, strlen(label), find);
	int x = r.x;
	canvas_put_right(c, x, r.y, w->rank ? w->rank - 2 : 0, style_of(COLOR_DIM), number_count(i + 1).s);
	x += w->rank;
	canvas_put_clipped(c, x, r.y, w->word - 1, style_with(COLOR_DEFAULT, hit ? ATTR_BOLD | ATTR_UNDERLINE : 0), label);
	x += w->word;
	canvas_put_right(c, x, r.y, w->weight, style_of(COLOR_DEFAULT), percent(rank->weight, w->weight > 8 ? 3 : 2).s);
	x += w->weight;
	if (w->bar)
		thin_bar(c, (struct rect){x + 1, r.y, w->bar - 1, 1}, color_series((unsigned)k), rank->weight,
		         all->rank[0].weight);
	x += w->bar;
	canvas_put_right(c, x, r.y, w->sum, style_of(COLOR_DIM), percent(all->sum[i], 1).s);
	x += w->sum;
	double change = moved ? rank->weight - rank->before : NAN;
	struct number shown = change_of(change, all->largest);
	canvas_put_right(c, x, r.y, w->change, style_of(shown.s[0] == '+' ? COLOR_UP : shown.s[0] == '0' ? COLOR_DIM : COLOR_DOWN),
	                 shown.s);
	x += w->change;
	if (moved)
		topic_move(c, x + 1, r.y, w->moved - 1, rank->was, i + 1);
	x += w->moved;
	if (w->own)
		canvas_put_right(c, x, r.y, w->own, style_of(COLOR_DIM),
		                 percent(own_share(s, array_weights(s->problem), k, rank->id), 0).s);
}

static const char *name_of(const struct picture *pic, size_t n)
{
	return pic->corpus && n < pic->corpus->docs ? pic->corpus->name[n] : "";
}

/* Who has most of it, beside the list. */
static void draw_side(struct canvas *c, struct rect r, const struct picture *pic, const struct rank_all *all, size_t k)
{
	char title[96];
	if (r.w < 12 || all->leaders == 0)
		return;
	snprintf(title, sizeof title, "%ss with the largest share", pic->run->problem->model->observation);
	canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), title);
	for (int i = 1; i < r.h && (size_t)i <= all->leaders; i++) {
		size_t n = all->leader[i - 1].n;
		int x = r.x + canvas_put(c, r.x, r.y + i, style_of(COLOR_DEFAULT), "");
		canvas_put_right(c, x, r.y + i, 6, style_of(COLOR_DEFAULT), percent(all->leader[i - 1].share, 1).s);
		thin_bar(c, (struct rect){x + 7, r.y + i, 10, 1}, color_series((unsigned)k), all->leader[i - 1].share, 1);
		canvas_put_right(c, x + 17, r.y + i, 6, style_of(COLOR_DIM), number_count(n + 1).s);
		canvas_put_clipped(c, x + 24, r.y + i, r.w - 24, style_of(COLOR_DEFAULT), name_of(pic, n));
	}
}

/* The same as a sentence below. */
static void draw_foot(struct canvas *c, struct rect r, const struct picture *pic, const struct rank_all *all)
{
	struct buf b = {0};
	if (r.h < 1 || all->leaders == 0)
		return;
	buf_printf(&b, "Largest shares: ");
	for (size_t i = 0; i < all->leaders && b.len < 600; i++) {
		buf_printf(&b, "%s%s ", i ? ", " : "", percent(all->leader[i].share, 0).s);
		text_clip(&b, name_of(pic, all->leader[i].n), 24, c->glyphs == GLYPHS_ASCII);
	}
	if (b.s && !b.failed)
		pane_text(c, r, style_of(COLOR_DIM), b.s);
	buf_free(&b);
}

void topic_list_draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	size_t k = ui->topic;
	struct parts p = parts_of(r);
	const struct rank_all *all = ranks_all(ui, s, k);
	struct ui_list *l = &ui->topic_terms;
	draw_title(c, p.head, s, k);
	if (!all) {
		canvas_put_clipped(c, p.body.x, p.body.y, p.body.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	struct columns w = columns_of(p.body.w - 2, all->n);
	list_fit(l, all->n, p.body.h);
	draw_names(c, p.names, &w, ranks_moved(s));
	for (int i = 0; i < p.body.h && l->top + (size_t)i < all->n; i++) {
		struct rect row = {p.body.x, p.body.y + i, p.body.w - 2, 1};
		draw_row(c, row, &w, s, k, all, l->top + (size_t)i, ui->find);
		if (l->top + (size_t)i == l->cursor)
			list_highlight(c, row, w.rank > 0);
	}
	canvas_scrollbar(c, (struct rect){p.body.x + p.body.w - 1, p.body.y, 1, p.body.h}, style_of(COLOR_DIM), l->top,
	                 l->page, all->n);
	draw_side(c, p.side, pic, all, k);
	draw_foot(c, p.foot, pic, all);
}

/* ---- commands ---- */

struct looking {
	const struct em_snapshot *s;
	const struct rank_all *all;
	const char *words;
};

static bool row_holds(void *self, size_t row)
{
	const struct looking *l = self;
	const char *label = item_label(l->s->problem, l->all->rank[row].id);
	return list_holds(label, strlen(label), l->words);
}

static bool other_topic(struct ui *ui, const struct em_snapshot *s, const struct view_call *call)
{
	size_t k = s->problem->layout.components, n = pane_count(call);
	bool left = strcmp(call->name, "left") == 0;
	if (!left && strcmp(call->name, "right") != 0)
		return false;
	if (left)
		ui->topic = ui->topic > n ? ui->topic - n : 0;
	else
		ui->topic = ui->topic + n < k ? ui->topic + n : k - 1;
	ui->topic_terms = (struct ui_list){.page = ui->topic_terms.page};
	return true;
}

bool topic_list_command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct em_snapshot *s = pic->run;
	const struct rank_all *all = ranks_all(ui, s, ui->topic);
	struct ui_list *l = &ui->topic_terms;
	struct rect body = parts_of(ui->area).body;
	bool back, again;
	int x, y;
	size_t row;
	if (!all)
		return em_no_memory(err) != EM_OK;
	if (list_finds(ui, call, &back, &again)) {
		struct looking look = {s, all, ui->find};
		row = ui->find[0] ? list_find(all->n, again ? l->cursor : 0, back, again, row_holds, &look) : all->n;
		if (row < all->n)
			list_move_to(l, all->n, row);
		else if (ui->find[0])
			em_fail(err, EM_USAGE, "\"%.60s\" is not among the terms", ui->find);
		return true;
	}
	if (strcmp(call->name, "click") == 0 && pane_cell(call, &x, &y)) {
		if (list_at(l, all->n, body, x, y, &row))
			l->cursor = row;
		return true;
	}
	if (strcmp(call->name, "enter") == 0) {
		ui->topic_open = false;
		return true;
	}
	return list_command(l, all->n, call) || other_topic(ui, s, call);
}
