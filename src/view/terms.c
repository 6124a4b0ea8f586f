/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ELBO taken apart: its terms before and after the last step and what they changed, summed to energy, entropy, ELBO. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "elbow/corpus.h"
#include "plot/bars.h"
#include "view/pane.h"
#include "view/ui.h"

enum row_kind { TERM, SUBTOTAL, TOTAL, GAP };

struct row {
	enum row_kind kind;
	const char *name, *help;
	enum color color;
	double before, now, change;
};

struct table {
	struct row row[EM_TERMS + 8];
	size_t n;
	double rounding; /* sums of thousands of numbers differ in their last bits: that is no change */
	int places; /* decimals of the values */
};

static void add(struct table *t, struct row row)
{
	if (isnan(row.change))
		row.change = row.now - row.before;
	if (fabs(row.change) <= t->rounding)
		row.change = 0;
	t->row[t->n++] = row;
}

static void add_terms(struct table *t, const struct em_snapshot *s, const struct em_entry *old, bool entropy)
{
	const struct em_model *m = s->problem->model;
	const struct em_entry *now = &s->ledger[s->position];
	for (size_t i = 0; i < s->problem->layout.terms && i < EM_TERMS; i++)
		if (m->terms[i].entropy == entropy)
			add(t, (struct row){TERM, m->terms[i].formula, m->terms[i].help, COLOR_DEFAULT, old->terms[i], now->terms[i],
			                    NAN});
}

/* Before the first step there is nothing to compare with: an entry of NANs. */
static void nothing(struct em_entry *e)
{
	*e = (struct em_entry){.elbo = NAN, .energy = NAN, .entropy = NAN, .log_evidence = NAN, .kl = NAN};
	for (size_t i = 0; i < EM_TERMS; i++)
		e->terms[i] = NAN;
}

static void fill(struct table *t, const struct em_snapshot *s)
{
	const struct em_entry *now = &s->ledger[s->position];
	struct em_entry old;
	bool e = now->phase == EM_E || now->phase == EM_E_PART; /* leaves log p alone, known or not */
	nothing(&old);
	if (s->position)
		old = now[-1];
	*t = (struct table){.rounding = now->allowance, .places = pane_places(s)};
	add_terms(t, s, &old, false);
	add(t, (struct row){SUBTOTAL, "energy", "the sum of the rows above: E[log p(X,Z|θ)] under q, the Q of the textbooks; the M-step maximizes it, yet from one "
	                    "iteration to the next it may fall: only the ELBO may not",
	                    COLOR_TITLE, old.energy, now->energy, NAN});
	add_terms(t, s, &old, true);
	add(t, (struct row){SUBTOTAL, "entropy", "H[q], how open q leaves what is hidden; an M-step does not touch it",
	                    COLOR_TITLE, old.entropy, now->entropy, NAN});
	add(t, (struct row){TOTAL, "ELBO", "energy + entropy: a lower bound of log p(X|θ), which EM raises", COLOR_ELBO, old.elbo,
	                    now->elbo, now->gain});
	add(t, (struct row){TOTAL, "KL(q‖p)", "log p(X|θ) − ELBO, how far q is from the posterior p(Z|X,θ); never below 0",
	                    COLOR_KL, old.kl, now->kl, e ? -now->gain : NAN});
	add(t, (struct row){TOTAL, "log p(X|θ)", "the evidence itself, of the observed sequence; an E-step does not move it",
	                    COLOR_EVIDENCE, old.log_evidence, now->log_evidence, e ? 0 : NAN});
}

/* A bar of a change, half cells wide at most, from column middle: to the right when it rose, to the left when it fell. */
static void signed_bar(struct canvas *c, int middle, int y, int half, double x, double full)
{
	if (!(full > 0) || !isfinite(x) || x == 0 || half < 1)
		return;
	if (x > 0) {
		bar_horizontal(c, (struct rect){middle + 1, y, half, 1}, COLOR_UP, x, full);
		return;
	}
	int eighths = (int)lround(fmin(1, -x / full) * half * 8), whole = eighths / 8, rest = eighths % 8;
	struct style style = style_of(COLOR_DOWN);
	canvas_fill(c, (struct rect){middle - whole, y, whole, 1}, style, c->glyphs == GLYPHS_ASCII ? '#' : 0x2588);
	if (rest && c->glyphs == GLYPHS_UTF8) {
		style.attr = ATTR_REVERSE; /* the right part of a cell is what its left part leaves */
		canvas_set(c, middle - whole - 1, y, style, bar_glyph_left(8 - rest));
	} else if (rest >= 4) {
		canvas_set(c, middle - whole - 1, y, style, '#');
	}
}

struct columns {
	int name, number, change, token, bar; /* widths; 0: left out */
	int help;                     /* the column where the rows' meanings begin; 0: left out */
	int middle;                   /* the column that bars start from, counted from the left edge */
	int decimals, places;         /* of the changes, of the values */
	bool before;
	double tokens;                /* 0: no per-token column */
};

static struct columns columns(const struct canvas *c, int w, const struct table *t, double tokens, double full)
{
	struct columns k = {.number = 12, .tokens = tokens, .places = t->places};
	k.decimals = full >= 1000 ? 1 : full >= 10 ? 2 : full >= 1 ? 3 : full >= 0.1 ? 4 : 6;
	for (size_t i = 0; i < t->n; i++) {
		int wide = canvas_width(c, t->row[i].name) + (t->row[i].kind == TERM ? 4 : 2);
		int number = 2 + canvas_width(c, number_fixed(t->row[i].now, t->places).s);
		k.name = wide > k.name ? wide : k.name;
		k.number = number > k.number ? number : k.number;
	}
	k.name += 2;
	k.before = w >= k.name + 3 * k.number;
	int left = w - k.name - (k.before ? 3 : 2) * k.number;
	k.change = k.number;
	if (left < 0) { /* numbers are not cut: rather no change than half of one */
		int change = 7, number = 7;
		for (size_t i = 0; i < t->n; i++) {
			int now = canvas_width(c, number_fixed(t->row[i].now, t->places).s) + 1;
			int moved = isnan(t->row[i].change) ? 0 : canvas_width(c, pane_change_at(t->row[i].change, k.decimals).s) + 1;
			number = now > number ? now : number;
			change = moved > change ? moved : change;
		}
		k.name -= 2;
		k.number = w - k.name - change >= number ? w - k.name - change : w - k.name;
		k.change = w - k.name - k.number;
		left = 0;
	}
	if (tokens > 0 && left >= 40)
		k.token = 12;
	left -= k.token + 2;
	k.bar = left >= 7 ? (left > 50 ? 50 : left) : 0;
	if (left - k.bar >= 50)
		k.help = w - (left - k.bar) + 2;
	k.middle = k.name + (k.before ? 3 : 2) * k.number + k.token + 2 + (k.bar - 1) / 2;
	return k;
}

static void draw_head(struct canvas *c, struct rect r, const struct columns *k, const struct em_snapshot *s)
{
	struct style dim = style_of(COLOR_DIM);
	int x = r.x + k->name;
	canvas_put_clipped(c, r.x + 2, r.y, k->name - 2, dim, "nats");
	if (k->before) {
		canvas_put_right(c, x, r.y, k->number, dim, s->position ? pane_step(&s->ledger[s->position - 1]).s : "before");
		x += k->number;
	}
	canvas_put_right(c, x, r.y, k->number, style_with(COLOR_TITLE, ATTR_BOLD), pane_step(&s->ledger[s->position]).s);
	canvas_put_right(c, x + k->number, r.y, k->change, dim, "change");
	x += k->number + k->change;
	if (k->token)
		canvas_put_right(c, x, r.y, k->token, dim, "per token");
	if (k->bar >= 13) {
		canvas_put_right(c, r.x + k->middle - 5, r.y, 4, dim, "fell");
		canvas_put(c, r.x + k->middle + 2, r.y, dim, "rose");
	}
}

static void draw_row(struct canvas *c, struct rect r, const struct columns *k, const struct row *row, double full,
                     bool selected)
{
	int attr = row->kind == TERM ? 0 : ATTR_BOLD, x = r.x + k->name;
	struct style style = style_with(row->color, attr);
	int set_in = row->kind == TERM ? 4 : 2;
	if (selected)
		canvas_put_clipped(c, r.x, r.y, r.w, style_with(COLOR_ACCENT, ATTR_BOLD), "▸");
	canvas_put_clipped(c, r.x + set_in, r.y, k->name - set_in, style, row->name);
	if (k->before) {
		canvas_put_right(c, x, r.y, k->number, style_of(COLOR_DIM), isnan(row->before) ? "" : number_fixed(row->before, k->places).s);
		x += k->number;
	}
	canvas_put_right(c, x, r.y, k->number, style, number_fixed(row->now, k->places).s);
	canvas_put_right(c, x + k->number, r.y, k->change, style_of(row->color),
	                 isnan(row->change) ? "" : pane_change_at(row->change, k->decimals).s);
	x += k->number + k->change;
	if (k->token && isfinite(row->now))
		canvas_put_right(c, x, r.y, k->token, style_of(COLOR_DIM), number_fixed(row->now / k->tokens, 4).s);
	if (k->bar)
		signed_bar(c, r.x + k->middle, r.y, (k->bar - 1) / 2, row->change, full);
	if (k->help)
		canvas_put_clipped(c, r.x + k->help, r.y, r.w - k->help, style_of(COLOR_DIM), row->help);
	if (selected)
		canvas_background(c, (struct rect){r.x, r.y, r.w, 1}, COLOR_SELECTION);
}

static void say_perplexity(const struct em_entry *now, double tokens, char *out, size_t size)
{
	double bound = now->elbo / tokens, exact = now->log_evidence / tokens;
	int n = snprintf(out, size, "Perplexity, exp(−nats a token) over %s tokens: at most %s by the ELBO (%s nats a token), ",
	                 number_count((size_t)tokens).s, number_short(exp(-bound), 4).s, number_fixed(bound, 4).s);
	if (n < 0 || (size_t)n >= size)
		return;
	if (isnan(exact))
		snprintf(out + n, size - (size_t)n, "unknown by log p(X|θ).");
	else
		snprintf(out + n, size - (size_t)n, "%s by log p(X|θ) (%s, %s).", number_short(exp(-exact), 4).s,
		         number_fixed(exact, 4).s, pane_known(now).s);
}

/* Q at its maximum, from M-step to M-step: it may fall while the ELBO rises. */
static void say_q(const struct em_snapshot *s, char *out, size_t size)
{
	const struct em_entry *last = NULL, *before = NULL;
	size_t pairs = 0, fell = 0;
	for (size_t i = 0; i <= s->position; i++) {
		if (s->ledger[i].phase != EM_M)
			continue;
		before = last;
		last = s->ledger + i;
		pairs += before != NULL;
		fell += before && last->energy < before->energy;
	}
	out[0] = '\0';
	if (!before)
		return;
	struct number change = pane_change_at(last->energy - before->energy, pane_decimals(fabs(last->energy - before->energy)));
	int n = snprintf(out, size, "Q, the energy after the M-step, went %s → %s (%s) from %s to %s", number_fixed(before->energy, 4).s,
	                 number_fixed(last->energy, 4).s, change.s, pane_step(before).s, pane_step(last).s);
	if (fell)
		n += snprintf(out + n, size - (size_t)n, "; it fell in %s of %s iterations. EM does not promise Q: the ELBO rose, for the E-steps "
		              "lower Q and raise the entropy by more", number_count(fell).s, number_count(pairs).s);
	snprintf(out + n, size - (size_t)n, ".");
}

/* Help of the selected row and the values per token, from row `rows` of r on where that leaves room. Returns the rows
 * used, the empty ones below included. */
static int draw_foot(struct canvas *c, struct rect r, int rows, const struct row *row, const struct em_snapshot *s, double tokens)
{
	const struct em_entry *now = s->ledger + s->position;
	char help[512], per[1024] = "", q[480];
	snprintf(help, sizeof help, "%s: %s.", row->name, row->help);
	if (tokens > 0)
		say_perplexity(now, tokens, per, sizeof per);
	say_q(s, q, sizeof q);
	if (q[0])
		snprintf(per + strlen(per), sizeof per - strlen(per), "%s%s", per[0] ? "\n" : "", q);
	int a = pane_rows(c, r.w, help), b = per[0] ? pane_rows(c, r.w, per) : 0, want = a + b + (b ? 1 : 0);
	if (want > r.h) {
		b = 0;
		want = a < r.h ? a : r.h;
	}
	int y = r.h - want > rows ? r.y + rows : r.y + r.h - want;
	pane_text(c, (struct rect){r.x, y, r.w, a < r.h ? a : r.h}, style_of(COLOR_DEFAULT), help);
	if (b)
		pane_text(c, (struct rect){r.x, y + a + 1, r.w, b}, style_of(COLOR_DEFAULT), per);
	return r.y + r.h - y;
}

static void keep_in_sight(struct ui_list *l, size_t n, int rows)
{
	l->page = rows > 0 ? (size_t)rows : 1;
	if (l->cursor < l->top)
		l->top = l->cursor;
	if (l->cursor >= l->top + l->page)
		l->top = l->cursor - l->page + 1;
	if (l->top + l->page > n)
		l->top = n > l->page ? n - l->page : 0;
}

static bool airy(const struct table *t, int rows) /* blank lines between the groups */
{
	return rows >= (int)t->n + 2;
}

static void draw_rows(struct canvas *c, struct rect r, const struct columns *k, const struct table *t, double full,
                      const struct ui_list *l)
{
	bool air = airy(t, r.h);
	int rows = (int)(t->n - l->top) + (air ? 2 : 0);
	if (k->bar)
		canvas_vline(c, r.x + k->middle, r.y, rows < r.h ? rows : r.h, style_of(COLOR_DIM));
	for (size_t i = l->top; i < t->n && r.h > 0; i++) {
		draw_row(c, r, k, &t->row[i], full, i == l->cursor);
		rect_cut_top(&r, air && t->row[i].kind == SUBTOTAL ? 2 : 1);
	}
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	double tokens = pic->corpus ? (double)pic->corpus->tokens : 0, full = 0;
	struct table t;
	fill(&t, s);
	if (ui->terms.cursor >= t.n)
		ui->terms.cursor = t.n - 1;
	for (size_t i = 0; i < t.n; i++)
		if (isfinite(t.row[i].change))
			full = fmax(full, fabs(t.row[i].change));
	struct columns k = columns(c, r.w, &t, tokens, full);
	draw_head(c, rect_cut_top(&r, 1), &k, s);
	int foot = r.h - (int)t.n - 3; /* the rows of the table come first */
	if (foot < 1 && r.h > 4)
		foot = 1;
	if (foot > 0) {
		struct rect below = {r.x, r.y + r.h - foot, r.w, foot};
		rect_cut_bottom(&r, draw_foot(c, below, 1, &t.row[ui->terms.cursor], s, tokens));
	}
	keep_in_sight(&ui->terms, t.n, r.h);
	ui->plot = r;
	draw_rows(c, r, &k, &t, full, &ui->terms);
}

static void click(struct ui *ui, const struct table *t, const struct view_call *call)
{
	int x, y, row = ui->plot.y;
	if (!pane_cell(call, &x, &y) || !rect_has(ui->plot, x, y))
		return;
	for (size_t i = ui->terms.top; i < t->n; i++) {
		if (y == row)
			ui->terms.cursor = i;
		row += airy(t, ui->plot.h) && t->row[i].kind == SUBTOTAL ? 2 : 1;
	}
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	(void)err;
	struct table t;
	fill(&t, pic->run);
	struct ui_list *l = &ui->terms;
	size_t n = pane_count(call), last = t.n - 1;
	const char *name = call->name;
	if (strcmp(name, "up") == 0)
		l->cursor = l->cursor > n ? l->cursor - n : 0;
	else if (strcmp(name, "down") == 0)
		l->cursor = l->cursor + n > last ? last : l->cursor + n;
	else if (strcmp(name, "home") == 0 || strcmp(name, "page-up") == 0)
		l->cursor = 0;
	else if (strcmp(name, "end") == 0 || strcmp(name, "page-down") == 0)
		l->cursor = last;
	else if (strcmp(name, "click") == 0)
		click(ui, &t, call);
	else
		return false;
	return true;
}

const struct view view_terms = {
	.name = "terms",
	.title = "Terms",
	.key = '3',
	.about = "The terms of the ELBO before and after the last step and what they changed, in nats. An M-step moves the "
	         "energy only; an E-step trades energy against entropy.",
	.draw = draw,
	.command = command,
};
