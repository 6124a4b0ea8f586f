/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The decomposition log p(X|theta) = ELBO + KL: as numbers, as bars to scale over the last half-steps, and in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "command/verbs.h"
#include "plot/fig.h"
#include "view/pane.h"
#include "view/ui.h"

enum { BARS = 24, LABEL = 64 };

static const struct em_entry *entry(const struct em_snapshot *s)
{
	return &s->ledger[s->position];
}

static const struct em_entry *before(const struct em_snapshot *s)
{
	return s->position ? &s->ledger[s->position - 1] : NULL;
}

static bool is_m(const struct em_entry *e)
{
	return e->phase == EM_M || e->phase == EM_M_PART || e->phase == EM_EDIT; /* what may move log p */
}

/* ---- the identity as a small table: values, and below them what the last step changed ---- */

enum { EVIDENCE, ELBO, KL, COLUMNS };

static const struct {
	const char *head, *brief;
	enum color color;
} columns[COLUMNS] = {{"log p(X|θ)", "log p", COLOR_EVIDENCE},
                      {"ELBO(q,θ)", "ELBO", COLOR_ELBO},
                      {"KL(q‖p)", "KL", COLOR_KL}};

struct table {
	char now[COLUMNS][LABEL], change[COLUMNS][LABEL];
	char label[LABEL], change_label[LABEL], note[LABEL];
	bool changed;
};

static void put(char out[LABEL], struct number n)
{
	snprintf(out, LABEL, "%s", n.s);
}

static void fill_table(struct table *t, const struct em_snapshot *s)
{
	const struct em_entry *now = entry(s), *old = before(s);
	int d = pane_decimals(now->kl);
	put(t->now[EVIDENCE], pane_about(now, now->log_evidence, d));
	put(t->now[ELBO], number_fixed(now->elbo, d));
	put(t->now[KL], isnan(now->kl) ? (struct number){"unknown, ≥ 0"} : pane_about(now, now->kl, d));
	bool part = now->phase == EM_E_PART || now->phase == EM_M_PART;
	if (now->phase == EM_INIT)
		snprintf(t->label, LABEL, "the start");
	else if (now->phase == EM_EDIT)
		snprintf(t->label, LABEL, "after your edit");
	else
		snprintf(t->label, LABEL, "%s %c %zu", part ? "inside" : "after", now->leap ? 'S' : is_m(now) ? 'M' : 'E', now->iteration);
	snprintf(t->note, LABEL, "%.50s", isnan(now->kl) ? "" : pane_known(now).s);
	t->changed = old != NULL;
	if (!old)
		return;
	bool e = !is_m(now);
	struct pane_moved moved = {.change = now->log_evidence - old->log_evidence};
	if (!e)
		pane_log_p_moved(s, s->position, &moved); /* by the same draws, where it is estimated */
	double dp = e ? 0 : moved.change; /* an E-step leaves theta alone, known or not */
	put(t->change[EVIDENCE], pane_change_at(dp, d));
	put(t->change[ELBO], pane_change_at(now->gain, d));
	put(t->change[KL], pane_change_at(e ? -now->gain : moved.se > 0 ? dp - now->gain : now->kl - old->kl, d));
	if (moved.se > 0 && !isnan(dp)) { /* estimated: ~, and ? where it cannot be told from 0 */
		bool doubt = fabs(dp) <= 3 * moved.se;
		put(t->change[EVIDENCE], number_about(pane_change_at(dp, d), doubt));
		put(t->change[KL], number_about(pane_change_at(dp - now->gain, d), doubt));
	}
	snprintf(t->change_label, LABEL, "change");
}

static int widest(const struct canvas *c, const char *a, const char *b, const char *d)
{
	int wa = canvas_width(c, a), wb = canvas_width(c, b), wd = canvas_width(c, d);
	return wa > wb ? (wa > wd ? wa : wd) : wb > wd ? wb : wd;
}

/* The widths of the columns and the blanks around = and +: as much air as there is room for. */
struct widths {
	int label, column[COLUMNS], gap, note;
	bool brief; /* short heads */
};

static struct widths widths(const struct canvas *c, const struct table *t, int room, bool brief)
{
	struct widths w = {.brief = brief, .label = widest(c, t->label, t->change_label, "inside E 12") + 1,
	                   .note = widest(c, t->note, "nats", "exact") + 1};
	int sum = 4;
	for (int i = 0; i < COLUMNS; i++) {
		w.column[i] = widest(c, brief ? columns[i].brief : columns[i].head, t->now[i], t->change[i]);
		sum += w.column[i] + (i ? 1 : 0);
	}
	for (w.gap = 3; w.gap > 1 && w.label + sum + 6 * (w.gap - 1) + 2 + w.note > room;)
		w.gap--;
	if (w.label + sum + w.note > room)
		w.label = 0;
	if (w.label + sum + w.note > room)
		w.note = 0;
	return sum > room && !brief ? widths(c, t, room, true) : w;
}

/* Returns the rows used. */
static int draw_table(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	static const char *const between[COLUMNS] = {"", "=", "+"};
	struct table t = {0};
	fill_table(&t, s);
	struct widths w = widths(c, &t, r.w, false);
	int rows = t.changed ? 3 : 2, x = r.x + w.label + (w.label ? w.gap - 1 : 0);
	canvas_put_clipped(c, r.x, r.y + 1, w.label, style_of(COLOR_DIM), t.label);
	canvas_put_clipped(c, r.x, r.y + 2, w.label, style_of(COLOR_DIM), t.change_label);
	for (int i = 0; i < COLUMNS; i++) {
		struct style strong = style_with(columns[i].color, ATTR_BOLD), plain = style_of(columns[i].color);
		for (int y = 0; y < rows && i > 0; y++)
			canvas_put(c, x + w.gap, r.y + y, style_of(COLOR_DIM), between[i]);
		x += i ? 2 * w.gap + 1 : 0;
		canvas_put_right(c, x, r.y, w.column[i], plain, w.brief ? columns[i].brief : columns[i].head);
		canvas_put_right(c, x, r.y + 1, w.column[i], strong, t.now[i]);
		canvas_put_right(c, x, r.y + 2, w.column[i], plain, t.change[i]);
		x += w.column[i];
	}
	if (w.note) {
		canvas_put(c, x + w.gap, r.y, style_of(COLOR_DIM), "nats");
		canvas_put(c, x + w.gap, r.y + 1, style_of(COLOR_DIM), t.note);
	}
	return rows;
}

/* ---- the bars ---- */

/* How many of the last entries become bars: as many as fit, but fewer where old low ones would make the axis so long
 * that the present KL and gain could not be seen. */
static size_t bars_shown(const struct em_snapshot *s, int width)
{
	int fit = (width - 8) / 7;
	size_t most = fit < 2 ? 2 : fit > BARS ? BARS : (size_t)fit, n = s->position + 1 < most ? s->position + 1 : most;
	const struct em_entry *now = entry(s);
	double detail = fmax(fabs(now->gain), now->kl > 0 ? now->kl : 0);
	for (; n > 4; n--) {
		double top = now->elbo, low = now->elbo;
		for (size_t i = s->position + 1 - n; i < s->position; i++) {
			top = fmax(top, fmax(s->ledger[i].elbo, s->ledger[i].log_evidence));
			low = fmin(low, s->ledger[i].elbo);
		}
		if (!(top - low > 40 * detail))
			break;
	}
	return n;
}

/* What the parts of a bar are, where the figure's own legend is too wide: right in its first row. */
static void draw_legend(struct canvas *c, struct rect r, bool known)
{
	bool ascii = c->glyphs == GLYPHS_ASCII;
	uint32_t full = ascii ? '#' : 0x2588, open = ascii ? '.' : 0x2591;
	const char *kl = known ? " KL" : " KL unknown";
	int wide = 7 + 2 + (int)strlen(kl), x = r.x + r.w - wide;
	for (int i = -1; i < wide; i++)
		if (r.h < 1 || canvas_at(c, x + i, r.y).code != ' ')
			return;
	canvas_set(c, x, r.y, style_of(COLOR_ELBO), full);
	canvas_put(c, x + 1, r.y, style_of(COLOR_DEFAULT), " ELBO");
	canvas_set(c, x + 8, r.y, c->mono || !known ? style_of(COLOR_KL) : style_on(COLOR_KL, COLOR_KL), known ? open : '?');
	canvas_put(c, x + 9, r.y, style_of(COLOR_DEFAULT), kl);
}

static void draw_bars(struct ui *ui, const struct em_snapshot *s, struct canvas *c, struct rect r)
{
	struct fig_bar bars[BARS];
	char label[BARS][LABEL];
	size_t n = bars_shown(s, r.w), from = s->position + 1 - n;
	bool known = false;
	for (size_t i = 0; i < n; i++) {
		const struct em_entry *e = &s->ledger[from + i];
		put(label[i], pane_short_step(e));
		bars[i] = (struct fig_bar){.label = label[i],
		                           .elbo = e->elbo,
		                           .kl = e->kl,
		                           .known = e->evidence == EM_EVIDENCE_EXACT      ? FIG_EXACT
		                                    : e->evidence == EM_EVIDENCE_ESTIMATE ? FIG_ESTIMATE
		                                                                          : FIG_UNKNOWN,
		                           .error = 2 * e->log_evidence_se,
		                           .doubtful = e->doubtful > 0,
		                           .mark = from + i == s->position};
		known |= e->evidence != EM_EVIDENCE_NONE;
	}
	struct fig f = {.y_title = known ? "nats" : "ELBO", .bars = bars, .bars_n = n, .legend = r.w >= 56};
	if (n == 1 && !known) /* nothing to compare it with: any scale is as good */
		f.y = (struct fig_range){bars[0].elbo - 0.01 * fabs(bars[0].elbo), bars[0].elbo + 0.003 * fabs(bars[0].elbo)};
	fig_canvas(&f, c, r);
	if (!f.legend && r.h >= 8)
		draw_legend(c, r, known);
	ui->plot = fig_plot_rect(&f, c, r);
	ui->plot_from = (double)from;
	ui->plot_to = (double)(from + n);
}

/* ---- in words ---- */

/* Equations stand apart by several blanks: each gets its own line. */
static int draw_equations(struct canvas *c, struct rect r, const char *text)
{
	int rows = 0;
	while (*text && rows < r.h) {
		const char *end = strstr(text, "   ");
		size_t n = end ? (size_t)(end - text) : strlen(text);
		char line[256];
		snprintf(line, sizeof line, "%.*s", (int)(n < sizeof line ? n : sizeof line - 1), text);
		rows += pane_text(c, (struct rect){r.x, r.y + rows, r.w, r.h - rows}, style_of(COLOR_ACCENT), line);
		text += n;
		while (*text == ' ')
			text++;
	}
	return rows;
}

/* "Next: M-step 7   n all of it   s topics only", the keys standing out. */
static void draw_next(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	const struct em_model *m = s->problem->model;
	const struct em_entry *now = entry(s);
	const char *block = s->next_m ? m->block(s->problem, (unsigned)s->next_unit) : NULL;
	char text[4][96];
	const char *const lines[] = {"next", "sweep", "step"};
	snprintf(text[0], 96, "%s %c-step %zu", s->inside ? "Inside" : "Next:", s->next_m ? 'M' : 'E',
	         s->inside || s->next_m ? now->iteration : now->iteration + 1);
	snprintf(text[1], 96, "%s", s->inside ? "the rest of it" : "all of it");
	snprintf(text[2], 96, "one sweep");
	if (s->next_m)
		snprintf(text[3], 96, "%.60s only", block ? block : "the rest");
	else
		snprintf(text[3], 96, "%.40s %zu only", m->observation, s->next_unit + 1);
	int x = r.x + canvas_put_clipped(c, r.x, r.y, r.w, style_with(COLOR_TITLE, ATTR_BOLD), text[0]) + 3;
	for (int i = 0; i < 3; i++) {
		const char *key = pane_key("bound", lines[i]);
		if (!key[0] || (i == 1 && s->next_m)) /* an M-step has no sweeps */
			continue;
		if (x + canvas_width(c, key) + 1 + canvas_width(c, text[i + 1]) > r.x + r.w)
			break;
		x += canvas_put(c, x, r.y, style_with(COLOR_ACCENT, ATTR_BOLD), key) + 1;
		x += canvas_put(c, x, r.y, style_of(COLOR_DEFAULT), text[i + 1]) + 3;
	}
}

static enum color verdict_color(enum em_verdict_kind kind)
{
	return kind == EM_CONVERGED                          ? COLOR_GOOD
	       : kind == EM_DECREASED || kind == EM_BROKEN || kind == EM_STUCK   ? COLOR_BAD
	       : kind == EM_STALLED || kind == EM_LIMIT      ? COLOR_WARN
	                                                     : COLOR_DEFAULT;
}

/* Why log p is unknown, the verdict, and what comes next, at the foot of r; returns the rows used. */
static int draw_foot(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	char text[2][320];
	enum color color[] = {COLOR_WARN, verdict_color(s->verdict.kind)};
	pane_unknown(s, text[0], sizeof text[0]);
	snprintf(text[1], sizeof text[1], "%s", s->verdict.text);
	if (text[1][0] >= 'a' && text[1][0] <= 'z')
		text[1][0] = (char)(text[1][0] - 'a' + 'A');
	int y = r.y + r.h - 1, rows = r.h;
	draw_next(c, (struct rect){r.x, y, r.w, 1}, s);
	for (int i = 1; i >= 0; i--) {
		int n = pane_rows(c, r.w, text[i]);
		if (n > y - r.y)
			break;
		y -= n;
		pane_text(c, (struct rect){r.x, y, r.w, n}, style_of(color[i]), text[i]);
	}
	return rows - (y - r.y);
}

static void draw_ledger(struct canvas *c, struct rect r, const struct em_snapshot *s);

static void draw_words(struct canvas *c, struct rect r, const struct picture *pic)
{
	const struct em_snapshot *s = pic->run;
	const struct em_model *m = s->problem->model;
	const struct em_entry *now = entry(s);
	char text[1024] = "";
	em_snapshot_explain(s, text, sizeof text);
	bool m_phase = now->phase == EM_INIT || now->phase == EM_EDIT ? s->next_m : is_m(now);
	const char *equation = m->equation(s->problem, m_phase);
	int y = pane_text(c, r, style_of(COLOR_DEFAULT), text);
	if (pic->split && r.h - y >= 2) {
		char parts[320];
		evidence_parts(&pic->parts, parts, sizeof parts);
		y += pane_text(c, (struct rect){r.x, r.y + y, r.w, r.h - y}, style_of(COLOR_KL), parts);
	}
	if (r.h - y >= 2)
		y += 1 + draw_equations(c, (struct rect){r.x, r.y + y + 1, r.w, r.h - y - 1}, equation);
	if (r.h - y >= 5)
		draw_ledger(c, (struct rect){r.x, r.y + y + 1, r.w, r.h - y - 1}, s);
}

/* Where there is room: the last steps as a table, newest at the bottom. */
static void draw_ledger(struct canvas *c, struct rect r, const struct em_snapshot *s)
{
	int x = r.x + 8, w = r.w >= 8 + 4 * 12 ? (r.w - 8) / 4 : (r.w - 8) / 3;
	if (w < 11 || r.h < 4)
		return;
	w = w > 14 ? 14 : w;
	size_t rows = (size_t)(r.h - 1), n = s->position + 1 < rows ? s->position + 1 : rows, from = s->position + 1 - n;
	bool wide = r.w >= 8 + 4 * 12;
	canvas_put(c, r.x, r.y, style_of(COLOR_DIM), "step");
	canvas_put_right(c, x, r.y, w, style_of(COLOR_DIM), "ELBO");
	canvas_put_right(c, x + w, r.y, w, style_of(COLOR_DIM), "change");
	canvas_put_right(c, x + 2 * w, r.y, w, style_of(COLOR_DIM), wide ? "log p" : "KL");
	if (wide)
		canvas_put_right(c, x + 3 * w, r.y, w, style_of(COLOR_DIM), "KL");
	for (size_t i = 0; i < n; i++) {
		const struct em_entry *e = &s->ledger[from + i];
		int y = r.y + 1 + (int)i, at = x, attr = from + i == s->position ? ATTR_BOLD : 0;
		canvas_put_clipped(c, r.x, y, 8, style_with(COLOR_DEFAULT, attr), pane_short_step(e).s);
		canvas_put_right(c, at, y, w, style_with(COLOR_ELBO, attr), number_fixed(e->elbo, pane_places(s)).s);
		canvas_put_right(c, at += w, y, w, style_with(e->decreased ? COLOR_BAD : COLOR_DEFAULT, attr),
		                 isnan(e->gain) ? "" : pane_change(e->gain).s);
		if (wide)
			canvas_put_right(c, at += w, y, w, style_with(COLOR_EVIDENCE, attr), pane_about(e, e->log_evidence, pane_places(s)).s);
		canvas_put_right(c, at + w, y, w, style_with(COLOR_KL, attr), pane_about(e, e->kl, pane_decimals(e->kl)).s);
	}
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	rect_cut_top(&r, draw_table(c, r, s));
	if (r.h >= 12)
		rect_cut_top(&r, 1);
	struct rect foot = {r.x, r.y + r.h / 2, r.w, r.h - r.h / 2};
	int used = r.h >= 6 ? draw_foot(c, foot, s) : 0;
	rect_cut_bottom(&r, used + (r.h - used >= 8 ? 1 : 0));
	if (r.w >= 66) {
		int words = r.w * 44 / 100;
		struct rect right = rect_cut_right(&r, words > 64 ? 64 : words);
		rect_cut_right(&r, 2);
		draw_bars(ui, s, c, r);
		draw_words(c, right, pic);
	} else {
		struct rect below = rect_cut_bottom(&r, r.h >= 9 ? r.h * 2 / 5 : 0);
		draw_bars(ui, s, c, r);
		draw_words(c, below, pic);
	}
}

/* A click on a bar goes to its step. */
static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	(void)err;
	(void)pic;
	int x, y;
	if (strcmp(call->name, "click") != 0 || !pane_cell(call, &x, &y))
		return false;
	if (!rect_has(ui->plot, x, y))
		return true;
	double step = ui->plot_from + (ui->plot_to - ui->plot_from) * (x - ui->plot.x) / ui->plot.w;
	snprintf(ui->line, sizeof ui->line, "goto %zu", (size_t)step);
	return true;
}

const struct view view_bound = {
	.name = "bound",
	.title = "Bound",
	.key = '1',
	.about = "log p(X|θ) split into the ELBO and the KL divergence of q from the posterior, to scale, for the last steps. "
	         "An E-step moves the line between the two and leaves their sum; an M-step moves the sum.",
	.draw = draw,
	.command = command,
};
