/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The frame around the views: what is open and where it stands, the tabs, and the bottom line. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "elbow/corpus.h"
#include "plot/bars.h"
#include "view/arrays.h"
#include "view/pane.h"
#include "view/ui.h"

enum { MIN_W = 40, MIN_H = 10, PIECES = 8 };

/* A piece of the top line. Those with the highest rank go first when it is too narrow; rank 0 stays. */
struct piece {
	char text[160];
	struct style style;
	int rank;
	bool right, left_out;
};

struct line {
	struct piece piece[PIECES];
	int n;
};

static struct style on_bar(enum color fg, int attr)
{
	return (struct style){.fg = (uint8_t)fg, .bg = COLOR_BAR, .attr = (uint8_t)attr};
}

static struct piece *add(struct line *l, int rank, bool right, struct style style)
{
	struct piece *p = &l->piece[l->n < PIECES - 1 ? l->n++ : l->n];
	*p = (struct piece){.style = style, .rank = rank, .right = right};
	return p;
}

/* "LDA K=4 α=0.1" */
static void say_model(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_layout *l = &s->problem->layout;
	char alpha[64] = "";
	for (unsigned i = 0; i < l->theta_arrays; i++) {
		const struct em_array *a = &l->theta[i];
		if (strcmp(a->name, "alpha") != 0 || a->rank != 1 || a->dim[0] == 0)
			continue;
		double lo = HUGE_VAL, hi = -HUGE_VAL;
		for (size_t k = 0; k < a->dim[0]; k++) {
			lo = fmin(lo, s->theta[a->offset + k * a->stride[0]]);
			hi = fmax(hi, s->theta[a->offset + k * a->stride[0]]);
		}
		if (hi - lo <= 1e-9 * hi)
			snprintf(alpha, sizeof alpha, " α=%.40s", number_short(lo, lo == 0.1 ? 1 : 2).s);
		else
			snprintf(alpha, sizeof alpha, " α=%.20s to %.20s", number_short(lo, 2).s, number_short(hi, 2).s);
	}
	snprintf(out, size, "%s K=%zu%s", s->problem->model->title, l->components, alpha);
}

/* "iteration 7: E done, next M"; gone back: "step 9 of 14: E 5 done, next M". True when gone back. */
static bool say_place(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_entry *now = &s->ledger[s->position];
	bool back = s->position + 1 < s->entries;
	int n = 0;
	if (back)
		n = snprintf(out, size, "step %zu of %zu: ", s->position, s->entries - 1);
	else if (now->phase != EM_INIT)
		n = snprintf(out, size, "iteration %zu: ", now->iteration);
	if (s->inside)
		snprintf(out + n, size - (size_t)n, "inside %c", s->next_m ? 'M' : 'E');
	else if (now->phase == EM_INIT)
		snprintf(out + n, size - (size_t)n, "start, next %c", s->next_m ? 'M' : 'E');
	else
		snprintf(out + n, size - (size_t)n, "%s done, next %c", back ? pane_short_step(now).s : em_entry_name(now),
		         s->next_m ? 'M' : 'E');
	return back;
}

static void say_verdict(const struct em_snapshot *s, struct line *l)
{
	static const enum color colors[] = {
	    [EM_CONVERGED] = COLOR_GOOD, [EM_STALLED] = COLOR_WARN, [EM_DECREASED] = COLOR_BAD, [EM_LIMIT] = COLOR_WARN, [EM_STUCK] = COLOR_BAD,
	    [EM_BROKEN] = COLOR_BAD};
	if (s->verdict.kind != EM_NOT_CONVERGED) /* that it moves is what one sees */
		snprintf(add(l, 2, true, on_bar(colors[s->verdict.kind], ATTR_BOLD))->text, 160, "%s", em_verdict_word(s->verdict.kind));
}

static int line_width(const struct canvas *c, const struct line *l)
{
	int w = 2; /* a blank at each end */
	for (int i = 0, shown = 0; i < l->n; i++)
		if (!l->piece[i].left_out)
			w += canvas_width(c, l->piece[i].text) + (shown++ ? 3 : 0);
	return w;
}

static void draw_line(struct canvas *c, struct line *l, int y)
{
	while (line_width(c, l) > c->w) {
		int worst = 0;
		for (int i = 1; i < l->n; i++)
			if (!l->piece[i].left_out && (l->piece[worst].left_out || l->piece[i].rank > l->piece[worst].rank))
				worst = i;
		if (l->piece[worst].left_out || l->piece[worst].rank == 0)
			break;
		l->piece[worst].left_out = true;
	}
	int x = 1, right = c->w - 1;
	for (int i = 0; i < l->n; i++)
		if (!l->piece[i].left_out && !l->piece[i].right)
			x += canvas_put(c, x, y, l->piece[i].style, l->piece[i].text) + 3;
	for (int i = l->n; i-- > 0;)
		if (!l->piece[i].left_out && l->piece[i].right) {
			right -= canvas_width(c, l->piece[i].text);
			canvas_put(c, right, y, l->piece[i].style, l->piece[i].text);
			right -= 3;
		}
}

static void draw_top(const struct picture *pic, struct canvas *c)
{
	struct line l = {0};
	canvas_fill(c, (struct rect){0, 0, c->w, 1}, on_bar(COLOR_DEFAULT, 0), ' ');
	snprintf(add(&l, 0, false, on_bar(COLOR_TITLE, ATTR_BOLD))->text, 160, "elbow");
	if (pic->name) {
		struct buf b = {0};
		text_clip(&b, pic->name, (size_t)(c->w > 100 ? 40 : 18), c->glyphs == GLYPHS_ASCII);
		snprintf(add(&l, 1, false, on_bar(COLOR_DEFAULT, ATTR_BOLD))->text, 160, "%s", b.s ? b.s : "");
		buf_free(&b);
	}
	if (pic->run) {
		const struct em_snapshot *s = pic->run;
		say_model(s, add(&l, 3, false, on_bar(COLOR_DEFAULT, 0))->text, 160);
		struct piece *size = add(&l, 6, false, on_bar(COLOR_DIM, 0));
		if (pic->corpus)
			snprintf(size->text, sizeof size->text, "%.20s document%s · %.20s term%s · %.20s token%s", number_count(pic->corpus->docs).s,
			         plural(pic->corpus->docs), number_count(pic->corpus->terms).s, plural(pic->corpus->terms),
			         number_count(pic->corpus->tokens).s, plural(pic->corpus->tokens));
		else if (pic->data->sequences)
			snprintf(size->text, sizeof size->text, "%.20s sequence%s · %.20s symbols · %.20s in all",
			         number_count(pic->data->sequences->count).s, pic->data->sequences->count == 1 ? "" : "s", number_count(pic->data->sequences->symbols).s,
			         number_count(pic->data->sequences->total).s);
		if (pic->data->points || line_width(c, &l) + 30 > c->w)
			snprintf(size->text, sizeof size->text, "%s %s%s", number_count(s->problem->layout.observations).s,
			         s->problem->model->observation, s->problem->layout.observations == 1 ? "" : "s");
		if (em_settings_row(s->problem->settings, "bug") && em_settings_number(s->problem->settings, "bug") > 0)
			snprintf(add(&l, 0, false, on_bar(COLOR_BAD, ATTR_BOLD))->text, 160, "BUG");
		if (pic->branches > 1)
			snprintf(add(&l, 4, false, on_bar(COLOR_TITLE, 0))->text, 160, "branch %s", pic->branch);
		say_verdict(s, &l);
		struct piece *place = add(&l, 0, true, on_bar(COLOR_DEFAULT, 0));
		if (say_place(s, place->text, sizeof place->text))
			place->style = on_bar(COLOR_WARN, ATTR_BOLD);
	}
	draw_line(c, &l, 0);
}

/* How the tabs are written: " 1 Bound ", "1Bound", only the digits. */
enum tabs { TABS_WIDE, TABS_TIGHT, TABS_DIGITS };

static const char *title_of(const struct view *v, const struct picture *pic, enum tabs how)
{
	return v->titled ? v->titled(pic, how != TABS_WIDE) : v->title;
}

static enum tabs tabs_that_fit(const struct view *shown, const struct picture *pic, const struct canvas *c)
{
	for (enum tabs how = TABS_WIDE; how < TABS_DIGITS; how++) {
		int wide = 8;
		for (size_t i = 0; ui_view_at(i); i++)
			if (!ui_view_at(i)->aside || ui_view_at(i) == shown)
				wide += (how == TABS_WIDE ? 4 : 2) + canvas_width(c, title_of(ui_view_at(i), pic, how));
		if (wide <= c->w)
			return how;
	}
	return TABS_DIGITS;
}

static void draw_tabs(struct ui *ui, const struct picture *pic, struct canvas *c, int y)
{
	const struct view *shown = ui->view == &view_help ? ui->back : ui->view;
	enum tabs how = tabs_that_fit(shown, pic, c);
	int x = how == TABS_TIGHT ? 0 : 1, n = 0;
	for (; ui_view_at((size_t)n); n++) {
		const struct view *v = ui_view_at((size_t)n);
		bool here = v == ui->view;
		if (v->aside && v != shown) {
			ui->tab_end[n] = x;
			continue;
		}
		struct style key = style_with(COLOR_ACCENT, here ? ATTR_BOLD : 0);
		struct style text = here ? style_with(COLOR_TITLE, ATTR_BOLD | ATTR_UNDERLINE)
		                         : style_with(v == shown ? COLOR_TITLE : COLOR_DIM, 0);
		if (how == TABS_TIGHT) {
			if (n == 0 || ui_view_at((size_t)n - 1) != ui->view) /* its bracket stands in this blank */
				canvas_put(c, x, y, key, here ? "[" : " ");
			x += 1 + canvas_printf(c, x + 1, y, key, "%c", v->key);
			x += canvas_put(c, x, y, text, title_of(v, pic, how));
			canvas_put(c, x, y, key, here ? "]" : " ");
			ui->tab_end[n] = x;
			continue;
		}
		x += canvas_printf(c, x, y, key, "%s%c", here ? "[" : " ", v->key);
		if (here || how == TABS_WIDE) {
			x += 1;
			x += canvas_put(c, x, y, text, title_of(v, pic, how));
		}
		x += canvas_put(c, x, y, key, here ? "]" : " ");
		ui->tab_end[n] = x;
	}
	bool help = ui->view == &view_help;
	if (c->w - x < 8)
		return;
	ui->tab_end[n] = c->w - 8;
	canvas_put(c, c->w - 8, y, style_with(COLOR_ACCENT, help ? ATTR_BOLD : 0), help ? "[?" : " ?");
	canvas_put(c, c->w - 5, y, help ? style_with(COLOR_TITLE, ATTR_BOLD | ATTR_UNDERLINE) : style_of(COLOR_DIM), "help");
	if (help)
		canvas_put(c, c->w - 1, y, style_with(COLOR_ACCENT, ATTR_BOLD), "]");
}

/* Key hints of one context from x on, until limit, but not that of the line `without`; returns the column behind. */
static int draw_hints(struct canvas *c, const struct ui *ui, const char *context, const char *without, int x, int limit,
                      bool measure)
{
	const struct view *view = ui->view;
	for (size_t i = 0; cmd_key_at(i); i++) {
		const struct cmd_key *k = cmd_key_at(i);
		if (!k->hint || !k->hint[0] || strcmp(k->context, context) != 0 || strcmp(k->line, without) == 0 ||
		    cmd_key_find(view->name, k->key) != k || /* the view has its own use for the key */
		    (view->offers && !view->offers(ui, k->line)))
			continue;
		bool again = false; /* a hint is given once, with its first key */
		for (size_t j = 0; j < i && !again; j++)
			again = cmd_key_at(j)->hint && strcmp(cmd_key_at(j)->hint, k->hint) == 0 &&
			        strcmp(cmd_key_at(j)->context, context) == 0;
		if (again)
			continue;
		int wide = canvas_width(c, k->key) + 1 + canvas_width(c, k->hint);
		if (x + wide > limit)
			break;
		if (!measure) {
			int at = x + canvas_put(c, x, c->h - 1, on_bar(COLOR_ACCENT, ATTR_BOLD), k->key) + 1;
			canvas_put(c, at, c->h - 1, on_bar(COLOR_DEFAULT, 0), k->hint);
		}
		x += wide + 2;
	}
	return x;
}

/* The general keys at the left; at the right the view's own, in at most two fifths of the line, or the prompt's key. */
static void draw_keys(const struct ui *ui, struct canvas *c)
{
	int general = draw_hints(c, ui, "", "", 1, c->w, true), room = c->w - 1 - general;
	if (room < c->w * 2 / 5)
		room = c->w * 2 / 5;
	int own = draw_hints(c, ui, ui->view->name, "", 0, room, true), y = c->h - 1;
	const char *prompt = pane_key("", ":");
	int wide = own > 0 ? own - 2 : prompt[0] && c->w >= 60 ? canvas_width(c, prompt) + 8 : 0;
	int from = c->w - 1 - wide;
	draw_hints(c, ui, "", own > 0 || !wide ? "" : ":", 1, wide > 0 ? from - 2 : from, false);
	if (own > 0)
		draw_hints(c, ui, ui->view->name, "", from, c->w, false);
	else if (wide > 0)
		canvas_put(c, from + canvas_put(c, from, y, on_bar(COLOR_ACCENT, ATTR_BOLD), prompt) + 1, y,
		           on_bar(COLOR_DEFAULT, 0), "command");
}

static void draw_progress(struct canvas *c, const struct ui_status *st)
{
	int y = c->h - 1, x = 1;
	x += canvas_put_clipped(c, x, y, c->w / 3, on_bar(COLOR_TITLE, ATTR_BOLD), st->what ? st->what : "working") + 1;
	const char *stop = pane_key("", "cancel");
	if (st->of > 0) {
		int w = c->w - x - 34 < 40 ? c->w - x - 34 : 40;
		struct rect r = {x, y, w, 1};
		if (w > 3) {
			canvas_fill(c, r, on_bar(COLOR_DIM, 0), c->glyphs == GLYPHS_ASCII ? '.' : 0x2591);
			int done = (int)((double)w * (double)st->done / (double)st->of);
			canvas_fill(c, (struct rect){x, y, done < w ? done : w, 1}, on_bar(COLOR_ACCENT, 0),
			            c->glyphs == GLYPHS_ASCII ? '#' : 0x2588);
			x += w + 1;
		}
		char counts[160];
		snprintf(counts, sizeof counts, "%s of %s", number_count(st->done).s, number_count(st->of).s);
		x += canvas_put_clipped(c, x, y, c->w - x - 1, on_bar(COLOR_DEFAULT, 0), counts) + 2;
	}
	char stops[80], waiting[32] = "";
	if (st->waiting)
		snprintf(waiting, sizeof waiting, "%s wait%s, ", number_count(st->waiting).s, st->waiting == 1 ? "s" : "");
	snprintf(stops, sizeof stops, "%s%.20s stops%s", waiting, stop[0] ? stop : "Ctrl-C", st->waiting ? " all" : "");
	if (x + canvas_width(c, stops) + 1 < c->w)
		canvas_put_right(c, x, y, c->w - 1 - x, on_bar(COLOR_DIM, 0), stops);
}

/* The completions in columns above the prompt, over what is drawn there. */
static void draw_menu(struct canvas *c, const char *const *menu)
{
	int n = 0, wide = 1;
	for (; menu[n]; n++)
		if (canvas_width(c, menu[n]) > wide)
			wide = canvas_width(c, menu[n]);
	if (n == 0)
		return;
	wide = wide + 2 > c->w - 2 ? c->w - 2 : wide + 2;
	int columns = wide > 0 ? (c->w - 2) / wide : 1;
	columns = columns < 1 ? 1 : columns;
	int rows = (n + columns - 1) / columns, most = c->h / 2 < 8 ? c->h / 2 : 8;
	bool more = rows > most;
	rows = more ? most : rows;
	struct rect r = {0, c->h - 1 - rows, c->w, rows};
	canvas_fill(c, r, on_bar(COLOR_DEFAULT, 0), ' ');
	int shown = more ? rows * columns - 1 : n;
	for (int i = 0; i < shown && i < n; i++)
		canvas_put_clipped(c, 1 + i / rows * wide, r.y + i % rows, wide - 1, on_bar(COLOR_DEFAULT, 0), menu[i]);
	if (more)
		canvas_printf(c, 1 + shown / rows * wide, r.y + rows - 1, on_bar(COLOR_DIM, 0), "%d more", n - shown);
}

static void draw_bottom(const struct ui *ui, const struct ui_status *st, struct canvas *c)
{
	struct rect r = {0, c->h - 1, c->w, 1};
	if (st->prompt) {
		canvas_fill(c, r, style_of(COLOR_DEFAULT), ' ');
		if (st->menu)
			draw_menu(c, st->menu);
		canvas_put(c, 0, r.y, style_with(COLOR_DEFAULT, ATTR_BOLD), st->prompt);
		return;
	}
	canvas_fill(c, r, on_bar(COLOR_DEFAULT, 0), ' ');
	if (st->message)
		canvas_put_clipped(c, 1, r.y, c->w - 2, on_bar(st->is_error ? COLOR_BAD : COLOR_DEFAULT, ATTR_BOLD),
		                   st->message);
	else if (st->busy)
		draw_progress(c, st);
	else
		draw_keys(ui, c);
}

static void draw_identity(struct canvas *c, struct rect r, int y)
{
	static const struct {
		const char *text;
		enum color color;
	} parts[] = {{"log p(X|θ)", COLOR_EVIDENCE}, {"  =  ", COLOR_DEFAULT}, {"ELBO(q,θ)", COLOR_ELBO},
	             {"  +  ", COLOR_DEFAULT},        {"KL(q‖p)", COLOR_KL}};
	int wide = 0;
	for (int i = 0; i < 5; i++)
		wide += canvas_width(c, parts[i].text);
	for (int i = 0, x = r.x + (r.w - wide) / 2; i < 5; i++)
		x += canvas_put(c, x, y, style_with(parts[i].color, ATTR_BOLD), parts[i].text);
}

static void draw_opening(const struct ui_status *st, struct canvas *c, struct rect r)
{
	int y = r.y + (r.h > 7 ? (r.h - 7) / 2 : 0);
	canvas_put_center(c, r.x, y, r.w, style_with(COLOR_TITLE, ATTR_BOLD), "elbow");
	canvas_put_center(c, r.x, y + 1, r.w, style_of(COLOR_DIM), "a debugger for expectation-maximization");
	draw_identity(c, r, y + 3);
	char text[256];
	if (st->busy)
		snprintf(text, sizeof text, "%.200s …", st->what ? st->what : "opening");
	else
		snprintf(text, sizeof text, "Nothing is open: open FILE reads data.");
	canvas_put_center(c, r.x, y + 5, r.w, style_of(COLOR_DEFAULT), text);
}

static void draw_too_small(const struct picture *pic, struct canvas *c)
{
	int y = c->h > 3 ? (c->h - 3) / 2 : 0;
	char text[64];
	snprintf(text, sizeof text, "%dx%d: too small", c->w, c->h);
	canvas_put_clipped(c, 0, y, c->w, style_with(COLOR_WARN, ATTR_BOLD), text);
	snprintf(text, sizeof text, "needs %dx%d", MIN_W, MIN_H);
	canvas_put_clipped(c, 0, y + 1, c->w, style_of(COLOR_DEFAULT), text);
	if (!pic->run)
		return;
	snprintf(text, sizeof text, "ELBO %.40s", number_fixed(pic->run->ledger[pic->run->position].elbo, 1).s);
	canvas_put_clipped(c, 0, y + 2, c->w, style_of(COLOR_ELBO), text);
}

void ui_draw(struct ui *ui, const struct picture *pic, const struct ui_status *status, struct canvas *c)
{
	canvas_clear(c);
	ui->area = ui->plot = (struct rect){0};
	memset(ui->tab_end, 0, sizeof ui->tab_end);
	if (c->w < MIN_W || c->h < MIN_H) {
		draw_too_small(pic, c);
		if (status->prompt && c->h > 0)
			draw_bottom(ui, status, c);
		return;
	}
	draw_top(pic, c);
	draw_tabs(ui, pic, c, 1);
	bool rule = c->h >= 16;
	if (rule)
		canvas_hline(c, 0, 2, c->w, style_of(COLOR_DIM));
	ui->area = (struct rect){1, rule ? 3 : 2, c->w - 2, c->h - (rule ? 4 : 3)};
	if (pic->run || ui->view == &view_help)
		ui->view->draw(ui, pic, c, ui->area);
	else
		draw_opening(status, c, ui->area);
	draw_bottom(ui, status, c);
}
