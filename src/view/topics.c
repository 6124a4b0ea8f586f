/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The components: each as a card with its size, its first words and what moved, or as one line where there are many. */
#include "view/topics.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "plot/bars.h"
#include "view/arrays.h"
#include "view/components.h"
#include "view/list.h"
#include "view/pane.h"
#include "view/ranks.h"

enum { CARD_MIN = 24, CARD_GAP = 2, CARD_WORDS = 4, CARD_ENOUGH = 20 };

struct number percent(double x, int decimals)
{
	struct number out;
	double least = 0.5 * pow(10, -decimals - 2);
	if (isnan(x))
		return (struct number){"?"};
	if (x > 0 && x < least)
		snprintf(out.s, sizeof out.s, "<%.*f%%", decimals, 200 * least);
	else
		snprintf(out.s, sizeof out.s, "%.40s%%", number_fixed(100 * x, decimals).s);
	return out;
}

bool topic_size(const struct em_snapshot *s, size_t k, double *tokens, double *share)
{
	double sum = 0;
	*tokens = *share = NAN;
	if (!s->mass)
		return false;
	for (size_t i = 0; i < s->problem->layout.components; i++)
		sum += s->mass[i];
	*tokens = s->mass[k];
	*share = sum > 0 ? s->mass[k] / sum : 0;
	return true;
}

int topic_badge(struct canvas *c, int x, int y, size_t k)
{
	bool plain = c->mono || c->glyphs == GLYPHS_ASCII;
	struct style style = style_with(color_series((unsigned)k), ATTR_BOLD | (plain ? 0 : ATTR_REVERSE));
	return canvas_printf(c, x, y, style, plain ? "[%zu]" : " %zu ", k + 1);
}

void topic_move(struct canvas *c, int x, int y, int width, size_t was, size_t now)
{
	if (was == now || width < 1)
		return;
	bool up = was == 0 || was > now;
	struct style style = style_of(up ? COLOR_UP : COLOR_DOWN);
	char text[32];
	size_t by = was == 0 ? 0 : up ? was - now : now - was;
	if (width < 3)
		snprintf(text, sizeof text, "%s", up ? "▲" : "▼");
	else if (was == 0)
		snprintf(text, sizeof text, "▲%s", width >= 4 ? "new" : "");
	else
		snprintf(text, sizeof text, "%s%zu", up ? "▲" : "▼", by);
	if (canvas_width(c, text) > width)
		snprintf(text, sizeof text, "%s", up ? "▲" : "▼");
	canvas_put(c, x, y, style, text);
}

void topic_compared(const struct em_snapshot *s, char *out, size_t size)
{
	const char *one = s->problem->model->component;
	if (s->position == 0)
		snprintf(out, size, "the start: %ss as the setting init made them", one);
	else if (!ranks_moved(s))
		snprintf(out, size, "an E-step leaves the %ss as they are", one);
	else
		snprintf(out, size, "▲▼ places up or down in %s", pane_step(&s->ledger[s->position]).s);
}

/* ---- where the cards go ---- */

struct grid {
	bool lines;          /* one line a component instead of cards */
	int columns, w, h;   /* of a card */
	int rows;            /* of cards, all of them */
	size_t count;
};

static struct grid grid_of(struct rect r, size_t k, int least)
{
	struct grid g = {.lines = true, .columns = 1, .w = r.w, .h = 1, .rows = (int)k, .count = k};
	int best = CARD_WORDS - 1, most = (r.w + CARD_GAP) / (least + CARD_GAP);
	for (int columns = 1; columns <= most && (size_t)columns <= k; columns++) {
		size_t rows = (k + (size_t)columns - 1) / (size_t)columns;
		int h = rows <= (size_t)(r.h > 0 ? r.h + 1 : 0) ? (r.h + 1) / (int)rows : 0; /* the last needs no gap below */
		int words = h - 2 > CARD_ENOUGH ? CARD_ENOUGH : h - 2;
		if (words <= best)
			continue;
		best = words;
		g.lines = false;
		g.columns = columns;
		g.rows = (int)rows;
		g.h = h;
		g.w = (r.w - (columns - 1) * CARD_GAP) / columns;
	}
	return g;
}

/* The least width of a card: images can do with less than words. */
static int card_width(const struct ui *ui, const struct em_snapshot *s)
{
	int image = (int)(ui->grid < 100 ? ui->grid : 100) * 2 + 2;
	bool images = ui->grid > 1 && component_pictured(ui, s) && image < CARD_MIN;
	return images ? image > 14 ? image : 14 : CARD_MIN;
}

static struct rect card_rect(const struct grid *g, struct rect r, size_t k)
{
	int column = (int)(k % (size_t)g->columns), row = (int)(k / (size_t)g->columns);
	return (struct rect){r.x + column * (g->w + CARD_GAP), r.y + row * g->h, g->w, g->h - 1};
}

/* The area without the footer. */
static struct rect body_of(struct rect r)
{
	if (r.h > 4)
		r.h -= 1;
	return r;
}

/* ---- drawing ---- */

/* "24.9%  1 734 tokens"; sizes of a few have decimals; of factors only the size. */
static void say_size(const struct em_snapshot *s, double size, double share, char *out, size_t room)
{
	const struct em_model *m = s->problem->model;
	const char *unit = em_model_unit(m);
	if (m->picture == EM_PICTURE_FACTORS)
		snprintf(out, room, "size %.20s", number_short(size, 4).s);
	else if (m->picture == EM_PICTURE_TERMS)
		snprintf(out, room, "%.20s  %.20s %.20s%s", percent(share, 1).s, number_count((size_t)llround(size)).s, unit, plural((size_t)llround(size)));
	else
		snprintf(out, room, "%.20s  %.20s %.20ss", percent(share, 1).s, number_fixed(size, size < 1000 ? 2 : 0).s, unit);
}

/* "▸ 3  1 734 tokens  24.9% ███" */
static void draw_head(struct canvas *c, struct rect r, const struct em_snapshot *s, size_t k, bool selected)
{
	double tokens, share;
	char size[96] = "size not known yet";
	bool known = topic_size(s, k, &tokens, &share);
	canvas_fill(c, r, style_on(COLOR_DEFAULT, selected ? COLOR_SELECTION : COLOR_BAR), ' ');
	int x = r.x;
	canvas_put(c, x, r.y, style_with(COLOR_ACCENT, ATTR_BOLD), selected ? "▸" : " ");
	x += 1 + topic_badge(c, x + 1, r.y, k) + 1;
	if (known && r.w < CARD_MIN)
		snprintf(size, sizeof size, "%.20s", percent(share, 1).s);
	else if (known)
		say_size(s, tokens, share, size, sizeof size);
	x += canvas_put_clipped(c, x, r.y, r.x + r.w - x, style_with(COLOR_TITLE, selected ? ATTR_BOLD : 0), size) + 1;
	int room = r.x + r.w - x - 1;
	if (known && room >= 4 && r.w >= 36)
		bar_horizontal(c, (struct rect){x, r.y, room, 1}, color_series((unsigned)k), share, 1);
	for (int i = r.x; i < r.x + r.w; i++) /* the badge keeps its own background */
		if (!(canvas_at(c, i, r.y).style.attr & ATTR_REVERSE))
			canvas_background(c, (struct rect){i, r.y, 1, 1}, selected ? COLOR_SELECTION : COLOR_BAR);
}

/* "harbour    4.12% ▲2 ██████" */
static void draw_word(struct canvas *c, struct rect r, const struct em_snapshot *s, size_t k, const struct rank *rank,
                      size_t place, double full, const char *find)
{
	int word = r.w * 9 / 20, x = r.x + 1;
	word = word > 24 ? 24 : word < 8 ? 8 : word;
	const char *label = item_label(s->problem, rank->id);
	bool hit = find[0] && list_holds(label, strlen(label), find);
	canvas_put_clipped(c, x, r.y, word, style_with(COLOR_DEFAULT, hit ? ATTR_BOLD | ATTR_UNDERLINE : 0), label);
	x += word;
	canvas_put_right(c, x, r.y, 6, style_of(COLOR_DEFAULT), percent(rank->weight, 2).s);
	x += 7;
	int move = r.w >= 34 ? 4 : 2;
	topic_move(c, x, r.y, move - (move > 2 ? 1 : 0), rank->was, place);
	x += move;
	if (r.x + r.w - x >= 2)
		thin_bar(c, (struct rect){x, r.y, r.x + r.w - x, 1}, color_series((unsigned)k), rank->weight, full);
}

static void draw_card(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r, size_t k, double full)
{
	draw_head(c, (struct rect){r.x, r.y, r.w, 1}, s, k, k == ui->topic);
	if (component_pictured(ui, s)) {
		component_draw(ui, s, c, (struct rect){r.x, r.y + 1, r.w, r.h - 1}, k);
		return;
	}
	const struct rank_top *top = ranks_top(ui, s, k);
	for (int i = 1; top && i < r.h && (size_t)i <= top->n; i++)
		draw_word(c, (struct rect){r.x, r.y + i, r.w, 1}, s, k, &top->rank[i - 1], (size_t)i, full, ui->find);
}

/* "▸12  24.9% ████   harbour▲ boats quay nets" */
static void draw_line(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r, size_t k, double most)
{
	const struct rank_top *top = ranks_top(ui, s, k);
	double tokens, share;
	int number = (int)(r.w >= 60 ? 8 : 0), bar = r.w >= 60 ? 12 : r.w >= 40 ? 6 : 0;
	int x = r.x + 1;
	topic_badge(c, x, r.y, k);
	x += s->problem->layout.components > 99 ? 6 : 5;
	if (topic_size(s, k, &tokens, &share)) {
		canvas_put_right(c, x, r.y, 6, style_of(COLOR_DEFAULT), percent(share, 1).s);
		x += 6;
		if (number)
			canvas_put_right(c, x, r.y, number, style_of(COLOR_DIM), number_count((size_t)llround(tokens)).s);
		x += number + 1;
		thin_bar(c, (struct rect){x, r.y, bar, 1}, color_series((unsigned)k), share, most);
		x += bar + (bar ? 1 : 0);
	}
	for (size_t i = 0; top && i < top->n; i++) {
		const char *label = item_label(s->problem, top->rank[i].id);
		int left = r.x + r.w - x, wide = canvas_width(c, label);
		bool moved = top->rank[i].was != i + 1, hit = ui->find[0] && list_holds(label, strlen(label), ui->find);
		if (wide + (moved ? 1 : 0) > left && i > 0)
			break;
		x += canvas_put_clipped(c, x, r.y, left, style_with(COLOR_DEFAULT, hit ? ATTR_BOLD | ATTR_UNDERLINE : 0), label);
		topic_move(c, x, r.y, 1, top->rank[i].was, i + 1);
		x += (moved ? 1 : 0) + 1;
	}
	if (k == ui->topic)
		list_highlight(c, r, true);
}

static void draw_foot(struct canvas *c, struct rect r, const struct em_snapshot *s, const struct grid *g, double full)
{
	char compared[96], scale[96];
	topic_compared(s, compared, sizeof compared);
	if (g->lines)
		snprintf(scale, sizeof scale, "share, tokens, first words of %zu %ss", g->count, s->problem->model->component);
	else
		snprintf(scale, sizeof scale, "%s%s", full > 0 ? "a whole bar is " : "", full > 0 ? percent(full, 2).s : "");
	int used = canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), compared);
	if (used + 3 + canvas_width(c, scale) <= r.w)
		canvas_put_right(c, r.x + used, r.y, r.w - used, style_of(COLOR_DIM), scale);
}

static void draw_cards(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect body,
                       const struct grid *g, double full)
{
	for (size_t k = 0; k < g->count; k++)
		draw_card(ui, s, c, card_rect(g, body, k), k, full);
}

static void draw_lines(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect body,
                       const struct grid *g)
{
	struct ui_list *l = &ui->topics;
	double most = 0, tokens, share;
	l->cursor = ui->topic;
	list_fit(l, g->count, body.h);
	for (size_t k = 0; k < g->count; k++)
		if (topic_size(s, k, &tokens, &share))
			most = fmax(most, share);
	for (int i = 0; i < body.h && l->top + (size_t)i < g->count; i++)
		draw_line(ui, s, c, (struct rect){body.x, body.y + i, body.w - 2, 1}, l->top + (size_t)i, most);
	canvas_scrollbar(c, (struct rect){body.x + body.w - 1, body.y, 1, body.h}, style_of(COLOR_DIM), l->top,
	                 l->page, g->count);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	size_t k = s->problem->layout.components;
	double full = 0;
	if (ui->topic >= k)
		ui->topic = k > 0 ? k - 1 : 0;
	if (!list_room(c, r, 24, 3, "topics: too small"))
		return;
	bool pictured = component_pictured(ui, s);
	if (ui->topic_open && pictured) {
		draw_card(ui, s, c, r, ui->topic, 0);
		return;
	}
	if (ui->topic_open) {
		topic_list_draw(ui, pic, c, r);
		return;
	}
	struct rect body = body_of(r);
	struct grid g = grid_of(body, k, card_width(ui, s));
	for (size_t i = 0; !g.lines && !pictured && i < k; i++) {
		const struct rank_top *top = ranks_top(ui, s, i);
		full = fmax(full, top && top->n ? top->rank[0].weight : 0);
	}
	if (g.lines)
		draw_lines(ui, s, c, body, &g);
	else
		draw_cards(ui, s, c, body, &g, full);
	if (body.h < r.h)
		draw_foot(c, (struct rect){r.x, r.y + r.h - 1, r.w, 1}, s, &g, full);
}

/* ---- commands ---- */

/* Moves the selection by `by` components, staying in the list. */
static void move(struct ui *ui, size_t components, bool back, size_t by)
{
	if (components == 0)
		return;
	if (back)
		ui->topic = ui->topic > by ? ui->topic - by : 0;
	else
		ui->topic = by > components - 1 || ui->topic > components - 1 - by ? components - 1 : ui->topic + by;
}

static bool grid_command(struct ui *ui, const struct grid *g, const struct view_call *call)
{
	const char *name = call->name;
	bool sideways = strcmp(name, "left") == 0 || strcmp(name, "right") == 0;
	if (g->lines && !sideways) {
		ui->topics.cursor = ui->topic;
		bool mine = list_command(&ui->topics, g->count, call);
		if (mine)
			ui->topic = ui->topics.cursor;
		return mine;
	}
	size_t n = pane_count(call), row = (size_t)g->columns;
	bool back = strcmp(name, "up") == 0 || strcmp(name, "left") == 0 || strcmp(name, "wheel-up") == 0 ||
	            strcmp(name, "page-up") == 0;
	if (sideways)
		move(ui, g->count, back, n);
	else if (strcmp(name, "up") == 0 || strcmp(name, "down") == 0) {
		size_t by = n * row;
		bool stays = back ? ui->topic < by : ui->topic + by >= g->count;
		if (!stays)
			move(ui, g->count, back, by);
	} else if (strcmp(name, "home") == 0)
		ui->topic = 0;
	else if (strcmp(name, "end") == 0)
		ui->topic = g->count > 0 ? g->count - 1 : 0;
	else if (list_moves(name))
		move(ui, g->count, back, row);
	else
		return false;
	return true;
}

static void open_list(struct ui *ui)
{
	ui->topic_open = true;
	ui->topic_terms = (struct ui_list){.page = ui->topic_terms.page};
}

static void click(struct ui *ui, const struct grid *g, struct rect body, int x, int y)
{
	size_t hit = g->count;
	if (g->lines && !list_at(&ui->topics, g->count, body, x, y, &hit))
		return;
	for (size_t k = 0; !g->lines && k < g->count; k++)
		if (rect_has(card_rect(g, body, k), x, y))
			hit = k;
	if (hit >= g->count)
		return;
	if (hit == ui->topic) /* a second click opens */
		open_list(ui);
	ui->topic = hit;
}

/* The component in which the words found are strongest; components when they are in none. */
static size_t strongest(const struct em_snapshot *s, const char *words)
{
	const struct em_array *a = array_weights(s->problem);
	size_t best = s->problem->layout.components;
	double most = 0;
	for (int exact = 1; a && exact >= 0 && best == s->problem->layout.components; exact--)
		for (size_t v = 0; v < a->dim[1]; v++) {
			const char *label = item_label(s->problem, v);
			if (exact ? strcmp(label, words) != 0 : !list_holds(label, strlen(label), words))
				continue;
			for (size_t k = 0; k < a->dim[0]; k++)
				if (array_at(s->theta, a, k, v) > most) {
					most = array_at(s->theta, a, k, v);
					best = k;
				}
		}
	return best;
}

struct looking {
	struct ui *ui;
	const struct em_snapshot *s;
};

static bool top_holds(void *self, size_t k)
{
	const struct looking *l = self;
	const struct rank_top *top = ranks_top(l->ui, l->s, k);
	for (size_t i = 0; top && i < top->n && i < CARD_ENOUGH; i++) {
		const char *label = item_label(l->s->problem, top->rank[i].id);
		if (list_holds(label, strlen(label), l->ui->find))
			return true;
	}
	return false;
}

static void find(struct ui *ui, const struct em_snapshot *s, bool back, bool again, struct em_err *err)
{
	size_t k = s->problem->layout.components;
	struct looking l = {ui, s};
	if (!ui->find[0])
		return;
	size_t hit = again ? list_find(k, ui->topic, back, true, top_holds, &l) : strongest(s, ui->find);
	if (hit < k)
		ui->topic = hit;
	else if (!again)
		em_fail(err, EM_USAGE, "\"%.60s\" is not among the terms", ui->find);
}

static void select_topic(struct ui *ui, const struct em_snapshot *s, const struct view_call *call, struct em_err *err)
{
	size_t k = s->problem->layout.components;
	long n = call->argc > 0 ? strtol(call->argv[0], NULL, 10) : 0;
	if (n < 1 || (size_t)n > k)
		em_fail(err, EM_USAGE, "select: there are %ss 1 to %zu", s->problem->model->component, k);
	else
		ui->topic = (size_t)n - 1;
}

/* One card over the whole view. */
static bool card_command(struct ui *ui, const struct em_snapshot *s, const struct view_call *call)
{
	bool left = strcmp(call->name, "left") == 0 || strcmp(call->name, "up") == 0;
	if (left || strcmp(call->name, "right") == 0 || strcmp(call->name, "down") == 0)
		move(ui, s->problem->layout.components, left, pane_count(call));
	else if (strcmp(call->name, "enter") == 0)
		ui->topic_open = false;
	else
		return false;
	return true;
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const struct em_snapshot *s = pic->run;
	bool back, again;
	int x, y;
	if (strcmp(call->name, "select") == 0) {
		select_topic(ui, s, call, err);
		return true;
	}
	if (ui->topic_open && !component_pictured(ui, s))
		return topic_list_command(ui, pic, call, err);
	if (ui->topic_open)
		return card_command(ui, s, call);
	struct rect body = body_of(ui->area);
	struct grid g = grid_of(body, s->problem->layout.components, card_width(ui, s));
	if (list_finds(ui, call, &back, &again))
		find(ui, s, back, again, err);
	else if (strcmp(call->name, "enter") == 0)
		open_list(ui);
	else if (strcmp(call->name, "click") == 0 && pane_cell(call, &x, &y))
		click(ui, &g, body, x, y);
	else
		return grid_command(ui, &g, call);
	return true;
}

static const char *titled(const struct picture *pic, bool brief)
{
	return !pic->run || pic->run->problem->model->picture == EM_PICTURE_TERMS ? "Topics" : brief ? "Comp" : "Components";
}

const struct view view_topics = {
	.titled = titled,
	.name = "topics",
	.alias = "components",
	.title = "Topics",
	.key = '4',
	.about = "Each topic with its size, its first words and their probabilities, and what rose and fell in the last step; for other "
	         "models each component as it looks: bias, means and deviations, an image, a row of the chain. Enter "
	         "opens the long list of one: there, sum adds up from the top, and of word is the part of the word's tokens that "
	         "this topic has. Numbers and colours of topics never change.",
	.draw = draw,
	.command = command,
};
