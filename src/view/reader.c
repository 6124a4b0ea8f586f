/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document: its text with every word under its leading component, its shares with their intervals, its parts of the
 * decomposition, and on a word the arithmetic of its phi. */
#include "view/reader.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "view/arrays.h"
#include "view/list.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/topics.h"

/* ---- where things are ---- */

struct parts {
	struct rect head, numbers, bar, truth, text, panel, why;
};

static struct parts parts_of(const struct ui *ui, const struct picture *pic, struct rect r)
{
	struct parts p = {0};
	size_t k = pic->run->problem->layout.components;
	p.head = rect_cut_top(&r, 1);
	p.numbers = rect_cut_top(&r, r.h >= 3 ? 1 : 0);
	if (r.w < 70 && r.h >= (ui->why ? 8 : 5))
		p.bar = rect_cut_top(&r, 1);
	bool studied = pic->study && pic->study->n == ui->document;
	if (r.h >= 7 && studied)
		p.truth = rect_cut_top(&r, r.h >= 14 ? 2 : 1);
	if (r.h >= 12 || (r.h >= 7 && !studied))
		rect_cut_top(&r, 1);
	int most = r.h - (ui->why ? 2 : 4), want = ui->why ? reader_why_rows(k) : 1;
	if (want > r.h * 3 / 5 && r.w >= 70)
		want = r.h * 3 / 5;
	want = want > most ? most : want;
	if (want > 0) {
		p.why = rect_cut_bottom(&r, want);
		if (r.h >= (ui->why ? 12 : 5)) /* a blank line between */
			rect_cut_bottom(&r, 1);
	}
	if (r.w >= 70) {
		p.panel = rect_cut_right(&r, r.w >= 190 ? 72 : r.w >= 150 ? 60 : r.w >= 110 ? 50 : 31);
		rect_cut_right(&r, 3);
	}
	p.text = r;
	return p;
}

/* A short text has what belongs to it close below, not at the foot of a large screen. */
static void close_up(struct parts *p, size_t lines, size_t components, bool truth)
{
	size_t panel = p->panel.h > 0 ? (truth ? 3u : 2u) * components + 1 : 0, want = lines > panel ? lines : panel;
	int spare = p->text.h > 0 && (size_t)p->text.h > want ? p->text.h - (int)want : 0;
	p->why.y -= spare;
}

/* The text's own columns: the scroll bar stands behind them. */
static int text_width_in(struct rect r)
{
	return r.w > 4 ? r.w - 2 : r.w;
}

/* ---- drawing ---- */

static void draw_head(struct canvas *c, struct rect r, const struct picture *pic, size_t n)
{
	const struct em_snapshot *s = pic->run;
	char right[128];
	snprintf(right, sizeof right, "%s %s of %s", s->problem->model->observation, number_count(n + 1).s,
	         number_count(s->problem->layout.observations).s);
	int wide = canvas_width(c, right);
	if (wide > r.w / 2) {
		snprintf(right, sizeof right, "%s", number_count(n + 1).s);
		wide = canvas_width(c, right);
	}
	canvas_put_clipped(c, r.x, r.y, r.w - wide - 2, style_with(COLOR_TITLE, ATTR_BOLD), pic->corpus->name[n]);
	canvas_put_right(c, r.x, r.y, r.w, style_of(COLOR_DIM), right);
}

/* A label and its value; the column behind. */
static int put_value(struct canvas *c, struct rect r, int x, enum color color, const char *label, const char *value)
{
	int wide = canvas_width(c, label) + 1 + canvas_width(c, value);
	if (x + wide > r.x + r.w)
		return r.x + r.w;
	x += canvas_put(c, x, r.y, style_of(COLOR_DIM), label) + 1;
	return x + canvas_put(c, x, r.y, style_with(color, ATTR_BOLD), value) + 3;
}

static void draw_numbers(struct canvas *c, struct rect r, const struct picture *pic, size_t n)
{
	const struct em_snapshot *s = pic->run;
	const struct em_obs *o = &s->obs[n];
	char text[96];
	int x = r.x;
	double length = em_data_length(pic->data, n);
	if (length == 0) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_WARN), array_q(s->problem, "gamma", 2) ?
		                   "empty: no token is left of it, so it counts zero and γ = α" : "empty: it counts zero");
		return;
	}
	bool known = !isnan(o->log_evidence);
	double change = order_change(s, n), kl = o->kl;
	x = put_value(c, r, x, COLOR_ELBO, "ELBO", number_fixed(o->elbo, 2).s);
	if (known) {
		x = put_value(c, r, x, COLOR_KL, "KL", number_fixed(kl < 0 ? 0 : kl, 3).s);
		snprintf(text, sizeof text, "%.40s exact", number_fixed(o->log_evidence, 2).s);
		x = put_value(c, r, x, COLOR_EVIDENCE, "log p", text);
	} else if (!isnan(o->guess.log_p)) {
		x = put_value(c, r, x, o->guess.doubtful ? COLOR_WARN : COLOR_KL, "KL",
		              number_about(number_fixed(o->guess.log_p - o->elbo, 3), o->guess.doubtful).s);
		snprintf(text, sizeof text, "%.40s ± %.20s %s", number_about(number_fixed(o->guess.log_p, 2), o->guess.doubtful).s, number_short(2 * o->guess.se, 2).s,
		         o->guess.doubtful ? "doubtful" : "estimate");
		x = put_value(c, r, x, o->guess.doubtful ? COLOR_WARN : COLOR_EVIDENCE, "log p", text);
	} else {
		x = put_value(c, r, x, COLOR_DIM, "log p", "unknown");
	}
	if (!isnan(change))
		x = put_value(c, r, x, change > 0 ? COLOR_UP : change < 0 ? COLOR_DOWN : COLOR_DEFAULT, "change",
		              pane_change(change).s);
	if (!isnan(length))
		x = put_value(c, r, x, COLOR_DEFAULT, pic->corpus ? "tokens" : "symbols", number_count((size_t)length).s);
	if (s->problem->model->exact)
		return;
	snprintf(text, sizeof text, "%u%s", o->sweeps, o->capped ? ", at the limit" : o->done ? ", settled" : "");
	put_value(c, r, x, o->capped ? COLOR_WARN : COLOR_DEFAULT, "sweeps", text);
}

static struct style word_style(size_t lead, bool selected)
{
	return style_with(color_series((unsigned)lead), selected ? ATTR_BOLD | ATTR_REVERSE : 0);
}

/* The column of a byte of the line; its runs are given. */
static int column_of(const struct page *p, const struct page_run *run, size_t n, size_t at)
{
	for (size_t i = 0; i < n; i++)
		if (at < run[i].at + run[i].length)
			return run[i].x + (at > run[i].at ? page_columns(p, run[i].at, at - run[i].at) : 0);
	return n > 0 ? run[n - 1].x + run[n - 1].width : 0;
}

/* What was searched for is underlined, wherever it stands. */
static void mark_found(struct canvas *c, struct rect r, const struct page *p, size_t line, const struct page_run *run,
                       size_t n, const char *find)
{
	size_t to = p->line[line].to, length;
	if (!find[0] || !p->text->bytes)
		return;
	for (size_t at = p->line[line].from; (at = list_place(p->text->bytes, to, at, find, &length)) < to; at += length) {
		int x = column_of(p, run, n, at);
		canvas_attr(c, (struct rect){r.x + x, r.y, column_of(p, run, n, at + length - 1) + 1 - x, 1},
		            ATTR_UNDERLINE | ATTR_BOLD);
	}
}

static void draw_text_line(struct canvas *c, struct rect r, const struct picture *pic, const struct page *p, size_t i,
                           struct mind *m, size_t selected, const char *find)
{
	struct page_run run[PAGE_RUNS];
	size_t n = page_runs(p, pic, c, i, run);
	for (size_t j = 0; j < n; j++) {
		const struct page_word *w = run[j].word < p->words ? &p->word[run[j].word] : NULL;
		bool kept = w && w->kept && !m->missing;
		size_t lead = kept ? mind_phi(m, w->term) : 0;
		struct style style = kept ? word_style(lead, run[j].word == selected) : style_of(COLOR_DIM);
		int x = r.x + run[j].x;
		if (p->text->bytes)
			canvas_put_clipped_n(c, x, r.y, run[j].width, style, p->text->bytes + run[j].at, run[j].length);
		else if (w)
			canvas_put_clipped(c, x, r.y, run[j].width, style, item_label(pic->run->problem, w->term));
		x += run[j].width;
		if (kept && run[j].ends) {
			char mark[PAGE_MARK];
			component_mark(mark, c, lead, m->components);
			x += canvas_put(c, x, r.y, style_of(color_series((unsigned)lead)), mark);
		}
		if (w && !p->text->bytes)
			canvas_put(c, x, r.y, style_of(COLOR_DIM), page_times(w).s);
	}
	mark_found(c, r, p, i, run, n, find);
}

static void draw_text(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct page *p,
                      struct mind *m)
{
	size_t selected = ui->token < p->kept_n ? p->kept[ui->token] : SIZE_MAX;
	struct ui_list *l = &ui->reader;
	if (p->lines == 0)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DIM), "(no text)");
	for (int i = 0; i < r.h && l->top + (size_t)i < p->lines; i++)
		draw_text_line(c, (struct rect){r.x, r.y + i, r.w, 1}, pic, p, l->top + (size_t)i, m, selected, ui->find);
	if (r.w > 4)
		canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), l->top, l->page, p->lines);
}

/* "harbour ×3  topic 2 0.986, 1 0.012 · y: why this topic" */
static void draw_word(struct canvas *c, struct rect r, const struct picture *pic, struct mind *m,
                      const struct page_word *w, size_t place, size_t of)
{
	struct buf b = {0};
	double left = 1;
	mind_phi(m, w->term);
	text_clip(&b, item_label(pic->run->problem, w->term), 30, c->glyphs == GLYPHS_ASCII);
	if (w->count > 1)
		buf_printf(&b, " ×%u", w->count);
	buf_printf(&b, " · %s of %s · φ", number_count(place + 1).s, number_count(of).s);
	for (int i = 0; i < 3 && left > 0.001; i++) {
		size_t best = 0;
		for (size_t k = 1; k < m->components; k++)
			if (m->phi[k] > m->phi[best])
				best = k;
		buf_printf(&b, "%s %zu: %s", i ? "," : "", best + 1, number_fixed(m->phi[best], 3).s);
		left -= m->phi[best];
		m->phi[best] = -1;
	}
	const double *z = truth_of(m, w->term);
	size_t lead = 0;
	for (size_t k = 1; z && k < m->components; k++)
		lead = z[k] > z[lead] ? k : lead;
	if (z)
		buf_printf(&b, " · exact %zu: %s", lead + 1, number_fixed(z[lead], 3).s);
	const char *key = pane_key("reader", "arithmetic");
	if (key[0])
		buf_printf(&b, " · %s why", key);
	if (b.s && !b.failed)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DEFAULT), b.s);
	buf_free(&b);
}

/* Keeps the selected word in sight; without words, the top in range. */
static void fit(struct ui *ui, const struct page *p, int height)
{
	struct ui_list *l = &ui->reader;
	if (ui->token >= p->kept_n)
		ui->token = p->kept_n > 0 ? p->kept_n - 1 : 0;
	if (p->kept_n > 0)
		l->cursor = page_line_of(p, ui->token);
	else
		l->cursor = l->top;
	list_fit(l, p->lines, height);
}

static void draw_below(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r, struct mind *m,
                       const struct page *p)
{
	if (r.h < 1 || m->missing || p->kept_n == 0)
		return;
	const struct page_word *w = &p->word[p->kept[ui->token]];
	if (w->term >= m->topics->dim[1])
		return;
	if (ui->why)
		reader_why(ui, pic, c, r, m, w, ui->token, p->kept_n);
	else
		draw_word(c, r, pic, m, w, ui->token, p->kept_n);
}

/* What is no text: the observation's numbers and where its responsibilities come from. */
static void draw_observation(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	struct rect head = rect_cut_top(&r, 1), label = rect_cut_top(&r, 1), numbers = rect_cut_top(&r, 1), bar = rect_cut_top(&r, 1);
	if (s->problem->layout.observations == 0 || !list_room(c, r, 12, 1, "reader: too small"))
		return;
	if (ui->document >= s->problem->layout.observations)
		order_select(ui, s->problem->layout.observations - 1);
	size_t n = ui->document;
	char text[512], right[128];
	snprintf(right, sizeof right, "%s %s of %s", s->problem->model->observation, number_count(n + 1).s,
	         number_count(s->problem->layout.observations).s);
	canvas_put_clipped(c, head.x, head.y, head.w, style_with(COLOR_TITLE, ATTR_BOLD), right);
	struct buf b = {0};
	for (size_t j = 0; pic->data->points && j < pic->data->points->columns && j < 64; j++) {
		buf_puts(&b, j ? ", " : "");
		text_clip(&b, pic->data->points->column[j], 20, c->glyphs == GLYPHS_ASCII);
		buf_printf(&b, " %.6g", pic->data->points->x[n * pic->data->points->columns + j]);
	}
	em_data_label(pic->data, n, text, sizeof text);
	canvas_put_clipped(c, label.x, label.y, label.w, style_of(COLOR_DEFAULT), b.s && !b.failed ? b.s : text);
	buf_free(&b);
	draw_numbers(c, numbers, pic, n);
	double *share = malloc((s->problem->layout.components + 1) * sizeof *share);
	if (share && shares_of(s, s->q, n, share))
		share_bar(c, bar, share, s->problem->layout.components);
	free(share);
	rect_cut_top(&r, r.h > 8 ? 1 : 0);
	reader_card(s, c, r, n);
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	struct mind m;
	if (!pic->corpus || s->problem->layout.observations == 0) {
		draw_observation(ui, pic, c, r);
		return;
	}
	if (!list_room(c, r, 12, 3, "reader: too small"))
		return;
	if (ui->document >= s->problem->layout.observations)
		order_select(ui, s->problem->layout.observations - 1);
	size_t n = ui->document;
	struct parts at = parts_of(ui, pic, r);
	struct page *p = page_of(ui, pic, n, text_width_in(at.text), c);
	if (!p || !mind_open(&m, s, n)) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	if (pic->study && pic->study->n == n && pic->study->posterior && m.kind == MIND_DIRICHLET && !m.missing)
		m.truth = pic->study;
	fit(ui, p, at.text.h);
	if (!ui->simplex)
		close_up(&at, p->lines, s->problem->layout.components, m.truth != NULL);
	if (!m.missing)
		reader_truth_line(c, at.truth, pic, &m, p);
	draw_head(c, at.head, pic, n);
	if (at.numbers.h > 0)
		draw_numbers(c, at.numbers, pic, n);
	double *share = at.bar.h > 0 ? malloc((s->problem->layout.components + 1) * sizeof *share) : NULL;
	if (share && shares_of(s, s->q, n, share))
		share_bar(c, at.bar, share, s->problem->layout.components);
	free(share);
	if (m.missing)
		canvas_put_clipped(c, at.panel.x, at.panel.y, at.panel.w, style_of(COLOR_WARN), m.missing);
	else
		reader_panel(ui, c, at.panel, &m, p);
	if (ui->simplex && !m.missing)
		reader_truth_picture(ui, c, at.text, &m);
	else
		draw_text(ui, pic, c, at.text, p, &m);
	draw_below(ui, pic, c, at.why, &m, p);
	mind_close(&m);
}

/* ---- commands ---- */

static bool move_by_words(struct ui *ui, const struct page *p, const char *name, size_t n)
{
	if (strcmp(name, "left") == 0)
		ui->token = ui->token > n ? ui->token - n : 0;
	else if (strcmp(name, "right") == 0)
		ui->token += n;
	else if (strcmp(name, "home") == 0)
		ui->token = 0;
	else if (strcmp(name, "end") == 0)
		ui->token = p->kept_n;
	else
		return false;
	return true; /* fit() keeps it in range */
}

/* By lines: to the word below (above) in the same column, past lines without a word. */
static bool move_by_lines(struct ui *ui, const struct picture *pic, const struct page *p, const struct canvas *c,
                          const struct view_call *call)
{
	struct ui_list *l = &ui->reader;
	bool page = strncmp(call->name, "page", 4) == 0;
	if (!list_moves(call->name))
		return false;
	bool up = strstr(call->name, "up") != NULL;
	size_t n = page ? (l->page > 1 ? l->page - 1 : 1) : pane_count(call);
	if (p->kept_n == 0) { /* nothing to select, so scroll */
		l->top = up ? (l->top > n ? l->top - n : 0) : l->top + n;
		return true;
	}
	size_t line = page_line_of(p, ui->token), down = line - l->top, to, hit = p->kept_n;
	int x = page_column(p, pic, c, ui->token);
	to = up ? (line > n ? line - n : 0) : line + n < p->lines ? line + n : p->lines - 1;
	for (size_t at = to; at < p->lines && hit == p->kept_n; at += up ? (size_t)-1 : 1) /* wraps past line 0 */
		hit = page_nearest(p, pic, c, at, x);
	if (hit == p->kept_n)
		hit = up ? 0 : p->kept_n - 1;
	ui->token = hit;
	if (page) {
		to = page_line_of(p, hit);
		l->top = to > down ? to - down : 0;
	}
	return true;
}

/* The first kept word that ends behind a byte of the text. */
static size_t kept_after(const struct page *p, size_t at)
{
	size_t i = 0;
	while (i + 1 < p->kept_n && p->word[p->kept[i]].at + p->word[p->kept[i]].length <= at)
		i++;
	return i;
}

static size_t last_place(const struct page *p, size_t before, const char *words)
{
	size_t best = p->text->length, length;
	for (size_t at = 0; (at = list_place(p->text->bytes, p->text->length, at, words, &length)) < before; at++)
		best = at;
	return best;
}

static void find_in_text(struct ui *ui, struct page *p, bool back, bool again, struct em_err *err)
{
	size_t n = p->text->length, length, from = 0;
	if (p->kept_n > 0 && ui->token < p->kept_n)
		from = p->word[p->kept[ui->token]].at;
	if (again && p->hit < n)
		from = p->hit;
	size_t at = back ? last_place(p, from, ui->find)
	                 : list_place(p->text->bytes, n, from + (again ? 1 : 0), ui->find, &length);
	if (at >= n) /* around the end */
		at = back ? last_place(p, n, ui->find) : list_place(p->text->bytes, n, 0, ui->find, &length);
	p->hit = at < n ? at : SIZE_MAX;
	if (at >= n)
		em_fail(err, EM_USAGE, "\"%.60s\" is not in this document; find in Documents looks through all", ui->find);
	else
		ui->token = kept_after(p, at);
}

struct looking {
	const struct picture *pic;
	const struct page *p;
	const char *words;
};

static bool label_holds(void *self, size_t i)
{
	const struct looking *l = self;
	const char *label = item_label(l->pic->run->problem, l->p->word[l->p->kept[i]].term);
	return list_holds(label, strlen(label), l->words);
}

static void find(struct ui *ui, const struct picture *pic, struct page *p, bool back, bool again, struct em_err *err)
{
	if (!ui->find[0])
		return;
	if (p->text->bytes) {
		find_in_text(ui, p, back, again, err);
		return;
	}
	struct looking l = {pic, p, ui->find};
	size_t hit = list_find(p->kept_n, ui->token, back, again, label_holds, &l);
	if (hit < p->kept_n)
		ui->token = hit;
	else
		em_fail(err, EM_USAGE, "\"%.60s\" is not in this document; find in Documents looks through all", ui->find);
}

static void other_document(struct ui *ui, const struct picture *pic, bool next)
{
	const size_t *order = order_of(ui, pic);
	size_t row = order_row(ui, pic, ui->document), n = pic->run->problem->layout.observations;
	if (order && next && row + 1 < n)
		order_select(ui, order[row + 1]);
	else if (order && !next && row > 0)
		order_select(ui, order[row - 1]);
}

/* On a word: selects it; the second time opens or closes its arithmetic. */
static void click(struct ui *ui, const struct picture *pic, const struct page *p, const struct canvas *c, struct rect r,
                  int x, int y)
{
	struct page_run run[PAGE_RUNS];
	if (!rect_has(r, x, y))
		return;
	size_t line = ui->reader.top + (size_t)(y - r.y), n = page_runs(p, pic, c, line, run);
	for (size_t i = 0; i < n; i++) {
		bool inside = x - r.x >= run[i].x && x - r.x < run[i].x + run[i].width;
		if (!inside || run[i].word >= p->words || !p->word[run[i].word].kept)
			continue;
		size_t hit = page_nearest(p, pic, c, line, x - r.x);
		if (hit == ui->token)
			ui->why = !ui->why;
		ui->token = hit;
	}
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const char *name = call->name;
	size_t n = pic->run->problem->layout.observations;
	bool back, again;
	int x, y;
	if (n == 0)
		return false;
	if (strcmp(name, "next-document") == 0 || strcmp(name, "previous-document") == 0) {
		other_document(ui, pic, name[0] == 'n');
		return true;
	}
	if (strcmp(name, "select") == 0)
		return view_documents.command(ui, pic, call, err);
	if (!pic->corpus && (strcmp(name, "up") == 0 || strcmp(name, "left") == 0 || strcmp(name, "down") == 0 || strcmp(name, "right") == 0))
		other_document(ui, pic, name[0] == 'd' || name[0] == 'r');
	if (!pic->corpus)
		return list_moves(name) || strcmp(name, "left") == 0 || strcmp(name, "right") == 0;
	if (strcmp(name, "posterior") == 0) {
		ui->simplex = !ui->simplex;
		return true;
	}
	if (strcmp(name, "arithmetic") == 0 || strcmp(name, "enter") == 0) {
		ui->why = !ui->why;
		return true;
	}
	struct canvas like = {.glyphs = ui->glyphs, .mono = ui->mono};
	struct parts at = parts_of(ui, pic, ui->area);
	struct page *p = page_of(ui, pic, ui->document < n ? ui->document : n - 1, text_width_in(at.text), &like);
	if (!p) {
		em_no_memory(err);
		return true;
	}
	fit(ui, p, at.text.h);
	if (list_finds(ui, call, &back, &again))
		find(ui, pic, p, back, again, err);
	else if (strcmp(name, "click") == 0 && pane_cell(call, &x, &y))
		click(ui, pic, p, &like, at.text, x, y);
	else if (!move_by_words(ui, p, name, pane_count(call)) && !move_by_lines(ui, pic, p, &like, call))
		return false;
	fit(ui, p, at.text.h);
	return true;
}

/* The exact posterior of the document, asked for once as long as nothing moves; once more where it came and another's took its place. */
static bool wants(struct ui *ui, const struct picture *pic, struct job *out)
{
	struct em_document d;
	size_t n = ui->document;
	if (pic->study && pic->study->n == n) {
		ui->studied = SIZE_MAX;
		return false;
	}
	if (!pic->run || !pic->corpus || !study_of(pic->run, n, &d) || (ui->studied == n && ui->studied_of == pic->version + 1))
		return false;
	ui->studied = n;
	ui->studied_of = pic->version + 1;
	*out = (struct job){.kind = JOB_STUDY, .count = n};
	return true;
}

const struct view view_reader = {
	.name = "reader",
	.title = "Reader",
	.key = '6',
	.about = "One document: every word in the colour and with the number of its leading topic, dropped words dim; the shares with the "
	         "90 % intervals of their Dirichlet; and on a word its φ and the arithmetic that made it. Of other data, the arithmetic of "
	         "one observation's responsibilities.",
	.draw = draw,
	.command = command,
	.wants = wants,
};
