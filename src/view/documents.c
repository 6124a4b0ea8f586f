/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The observations as a table: size, shares of the components, and their parts of the decomposition, in any order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "view/arrays.h"
#include "view/list.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/topics.h"
#include "view/ui.h"

/* The columns as they stand. BAR is sorted by as SORT_TOPIC, SHARE is there only then. */
enum column { NUMBER, NAME, TOKENS, BAR, SHARE, ELBO, EVIDENCE, KL, CHANGE, SWEEPS, COLUMNS };

static const struct {
	const char *head;
	enum ui_sort sort;
	bool right;
	int keep; /* columns with the smallest go first when there is no room */
} about[COLUMNS] = {
    [NUMBER] = {"#", SORT_NUMBER, true, 8},       [NAME] = {"name", SORT_NAME, false, 9},
    [TOKENS] = {"tokens", SORT_TOKENS, true, 5},  [BAR] = {"E[θ]", SORT_TOPIC, false, 7},
    [SHARE] = {"", SORT_TOPIC, true, 7},          [ELBO] = {"ELBO", SORT_ELBO, true, 6},
    [EVIDENCE] = {"log p", SORT_EVIDENCE, true, 2}, [KL] = {"KL", SORT_KL, true, 4},
    [CHANGE] = {"change", SORT_CHANGE, true, 3},  [SWEEPS] = {"sweeps", SORT_SWEEPS, true, 1},
};

static const char *const sort_names[SORTS] = {"number", "name", "tokens", "topic", "elbo", "evidence", "kl", "change",
                                              "sweeps"};

struct table {
	int w[COLUMNS], x[COLUMNS]; /* width with the gap before it; 0: left out */
	struct rect head, body, sum, foot;
	size_t topic;               /* of the column SHARE */
	int decimals;               /* of changes */
};

/* ---- layout ---- */

/* Tokens or symbols of all observations; NAN for points. */
static double parts_of(const struct em_data *d)
{
	return d->corpus ? (double)d->corpus->tokens : d->sequences ? (double)d->sequences->total : NAN;
}

static int total(const struct table *t)
{
	int sum = 0;
	for (int i = 0; i < COLUMNS; i++)
		sum += t->w[i];
	return sum;
}

static int digits_of(size_t n)
{
	int d = 1;
	for (; n >= 10; n /= 10)
		d++;
	return d;
}

static bool any_known(const struct em_snapshot *s)
{
	for (size_t n = 0; n < s->problem->layout.observations; n++)
		if (!isnan(s->obs[n].log_evidence) || !isnan(s->obs[n].guess.log_p))
			return true;
	return false;
}

/* What one sorts by stays in sight. */
static int keep_of(const struct ui *ui, int column)
{
	return about[column].sort == ui->sort && column != BAR && column != NAME ? about[NUMBER].keep : about[column].keep;
}

static void widths(struct table *t, const struct ui *ui, const struct picture *pic, int w)
{
	const struct em_snapshot *s = pic->run;
	const struct em_entry *now = &s->ledger[s->position];
	int elbo = (int)text_width(number_fixed(now->elbo, pane_places(s)).s) + 1, kl = (int)text_width(number_fixed(now->kl, 2).s) + 1;
	bool known = any_known(s);
	t->w[NUMBER] = digits_of(s->problem->layout.observations) + 2;
	t->w[NAME] = 14;
	double all = parts_of(pic->data);
	int tokens = isnan(all) ? 0 : (int)text_width(number_count((size_t)all).s) + 1; /* the sum fits too */
	t->w[TOKENS] = isnan(all) ? 0 : tokens > 8 ? tokens : pic->corpus ? 7 : 8;
	t->w[BAR] = s->problem->model->shares ? 11 : 0;
	t->w[SHARE] = ui->sort == SORT_TOPIC && s->problem->model->shares ? 8 : 0;
	t->w[ELBO] = elbo > 9 ? elbo : 9;
	int signs = now->evidence == EM_EVIDENCE_ESTIMATE ? 2 : 0; /* ~ and ? */
	t->w[EVIDENCE] = known ? t->w[ELBO] + signs : 0;
	t->w[KL] = known ? (kl + signs > 8 && isfinite(now->kl) ? kl + signs : 8) : 0;
	t->w[CHANGE] = s->position > 0 ? 9 : 0;
	t->w[SWEEPS] = s->problem->model->exact ? 0 : 7; /* one sweep is all there is */
	for (int i = TOKENS; i <= SWEEPS; i++) /* its head has an arrow */
		if (t->w[i] > 0 && about[i].sort == ui->sort && t->w[i] < (int)text_width(about[i].head) + 2)
			t->w[i]++;
	while (total(t) > w) {
		int out = NAME;
		for (int i = 0; i < COLUMNS; i++)
			if (t->w[i] > 0 && keep_of(ui, i) < keep_of(ui, out))
				out = i;
		if (out == NAME)
			break;
		t->w[out] = 0;
	}
	int left = w - total(t);
	if (left < 0)
		t->w[NAME] += left;
	int more = left > 0 ? (t->w[BAR] ? left / 2 : left) : 0;
	more = more > 36 ? 36 : more;
	t->w[NAME] += more;
	if (t->w[BAR])
		t->w[BAR] += left - more > 0 ? (left - more > 52 ? 52 : left - more) : 0;
	for (int i = 0, x = 0; i < COLUMNS; i++) {
		t->x[i] = x;
		x += t->w[i];
	}
}

/* Decimals that show the largest change of an observation. */
static int decimals_of(const struct em_snapshot *s)
{
	double largest = 0;
	for (size_t n = 0; n < s->problem->layout.observations; n++)
		largest = fmax(largest, fabs(order_change(s, n)));
	return largest >= 10 ? 1 : largest >= 0.1 ? 2 : largest >= 0.001 ? 4 : 5;
}

static struct number change_of(double x, int decimals)
{
	if (isnan(x))
		return (struct number){""};
	return fabs(x) < 0.5 * pow(10, -decimals) ? (struct number){"0"} : number_signed(x, decimals);
}

static struct table table_of(const struct ui *ui, const struct picture *pic, struct rect r)
{
	struct table t = {.topic = ui->sort_topic, .decimals = decimals_of(pic->run)};
	widths(&t, ui, pic, r.w - 2);
	t.head = rect_cut_top(&r, r.h > 1 ? 1 : 0);
	t.foot = rect_cut_bottom(&r, r.h > 4 ? 1 : 0);
	t.sum = rect_cut_bottom(&r, r.h > 2 ? 1 : 0);
	if (r.h > 10)
		rect_cut_bottom(&r, 1); /* the rule above the sum */
	t.body = r;
	return t;
}

/* ---- drawing ---- */

static void put(struct canvas *c, const struct table *t, struct rect r, enum column k, struct style style,
                const char *text)
{
	if (t->w[k] < 2)
		return;
	if (about[k].right)
		canvas_put_right(c, r.x + t->x[k] + 1, r.y, t->w[k] - 1, style, text);
	else
		canvas_put_clipped(c, r.x + t->x[k] + 2, r.y, t->w[k] - 2, style, text);
}

/* The words of this model. */
static const char *head_of(const struct picture *pic, int k)
{
	bool dirichlet = array_q(pic->run->problem, "gamma", 2) != NULL;
	if (k == TOKENS && pic->data->sequences)
		return "symbols";
	if (k == NAME && pic->data->points)
		return "values";
	return k == BAR && !dirichlet ? "q(z)" : about[k].head;
}

static void draw_head(struct canvas *c, const struct table *t, const struct ui *ui, const struct picture *pic)
{
	for (int k = 0; k < COLUMNS; k++) {
		bool sorted = about[k].sort == ui->sort && (k != BAR || !t->w[SHARE]);
		char head[64];
		const char *arrow = !sorted ? "" : ui->sort_up ? "▲" : "▼";
		if (k == SHARE)
			snprintf(head, sizeof head, "in %zu%s", t->topic + 1, arrow);
		else
			snprintf(head, sizeof head, "%s%s", head_of(pic, k), arrow);
		put(c, t, t->head, (enum column)k, style_with(sorted ? COLOR_ACCENT : COLOR_DIM, sorted ? ATTR_BOLD : 0), head);
	}
}

static struct style change_style(double x)
{
	return style_of(x > 0 ? COLOR_UP : x < 0 ? COLOR_DOWN : COLOR_DIM);
}

/* Space for the shares of one row; NULL when there are none or no memory. */
static double *share_room(const struct em_snapshot *s)
{
	return s->problem->model->shares ? malloc((s->problem->layout.components + 1) * sizeof(double)) : NULL;
}

static void draw_bar(struct canvas *c, const struct table *t, struct rect r, const struct picture *pic, size_t n,
                     double *share)
{
	struct rect at = {r.x + t->x[BAR] + 2, r.y, t->w[BAR] - 2, 1};
	if (t->w[BAR] < 3)
		return;
	if (em_data_length(pic->data, n) == 0)
		canvas_put_clipped(c, at.x, at.y, at.w, style_of(COLOR_WARN), at.w < 18 ? "empty" : "empty: counts zero");
	else if (share && shares_of(pic->run, pic->run->q, n, share))
		share_bar(c, at, share, pic->run->problem->layout.components);
}

/* log p and KL of one, exact, estimated or neither. */
static void draw_known(struct canvas *c, const struct table *t, struct rect r, const struct em_snapshot *s, const struct em_obs *o)
{
	bool exact = !isnan(o->log_evidence), guessed = !exact && !isnan(o->guess.log_p), doubtful = guessed && o->guess.doubtful;
	struct number p = {"?"}, kl = {"?"};
	if (exact || guessed) {
		double gap = exact ? o->kl : o->guess.log_p - o->elbo;
		p = number_fixed(exact ? o->log_evidence : o->guess.log_p, pane_places(s));
		kl = number_fixed(gap < 0 && exact ? 0 : gap, s->problem->model->exact ? 4 : 2);
	}
	if (guessed) {
		p = number_about(p, doubtful);
		kl = number_about(kl, doubtful);
	}
	enum color dim = doubtful ? COLOR_WARN : COLOR_DIM;
	put(c, t, r, EVIDENCE, style_of(exact || (guessed && !doubtful) ? COLOR_EVIDENCE : dim), p.s);
	put(c, t, r, KL, style_of(exact || (guessed && !doubtful) ? COLOR_KL : dim), kl.s);
}

static void draw_row(struct canvas *c, const struct table *t, struct rect r, const struct picture *pic, size_t n,
                     double *share, const char *find)
{
	const struct em_snapshot *s = pic->run;
	const struct em_obs *o = &s->obs[n];
	char name[256];
	double length = em_data_length(pic->data, n);
	bool empty = length == 0;
	em_data_label(pic->data, n, name, sizeof name);
	bool hit = find[0] && list_holds(name, strlen(name), find);
	struct style plain = style_of(empty ? COLOR_DIM : COLOR_DEFAULT), dim = style_of(COLOR_DIM);
	put(c, t, r, NUMBER, dim, number_count(n + 1).s);
	put(c, t, r, NAME, style_with(empty ? COLOR_DIM : COLOR_DEFAULT, hit ? ATTR_BOLD | ATTR_UNDERLINE : 0), name);
	if (!isnan(length))
		put(c, t, r, TOKENS, plain, number_count((size_t)length).s);
	draw_bar(c, t, r, pic, n, share);
	if (t->w[SHARE])
		put(c, t, r, SHARE, plain, empty ? "" : percent(share_of(s, s->q, n, t->topic), 1).s);
	put(c, t, r, ELBO, style_of(empty ? COLOR_DIM : COLOR_ELBO), number_fixed(o->elbo, pane_places(s)).s);
	double change = order_change(s, n);
	draw_known(c, t, r, s, o);
	struct number moved = change_of(change, t->decimals);
	put(c, t, r, CHANGE, change_style(moved.s[0] == '0' ? 0 : change), moved.s);
	char sweeps[40];
	snprintf(sweeps, sizeof sweeps, "%u%s", o->sweeps, o->capped ? "!" : "");
	put(c, t, r, SWEEPS, style_of(o->capped ? COLOR_WARN : COLOR_DIM), sweeps);
}

/* The sums, as the ledger has them. */
static void draw_sum(struct canvas *c, const struct table *t, const struct picture *pic, double *share)
{
	const struct em_snapshot *s = pic->run;
	const struct em_entry *now = &s->ledger[s->position];
	size_t k = s->problem->layout.components;
	struct rect r = t->sum;
	uint64_t sweeps = 0;
	double all = 0;
	char label[64];
	for (size_t n = 0; n < s->problem->layout.observations; n++)
		sweeps += s->obs[n].sweeps;
	snprintf(label, sizeof label, "sum of %s", number_count(s->problem->layout.observations).s);
	put(c, t, r, NAME, style_with(COLOR_TITLE, ATTR_BOLD), label);
	double parts = parts_of(pic->data);
	if (!isnan(parts))
		put(c, t, r, TOKENS, style_with(COLOR_DEFAULT, ATTR_BOLD), number_count((size_t)parts).s);
	for (size_t i = 0; share && s->mass && i < k; i++)
		all += share[i] = s->mass[i];
	for (size_t i = 0; all > 0 && i < k; i++)
		share[i] /= all;
	if (all > 0 && t->w[BAR] > 2)
		share_bar(c, (struct rect){r.x + t->x[BAR] + 2, r.y, t->w[BAR] - 2, 1}, share, k);
	put(c, t, r, ELBO, style_with(COLOR_ELBO, ATTR_BOLD), number_fixed(now->elbo, pane_places(s)).s);
	bool known = now->evidence != EM_EVIDENCE_NONE;
	put(c, t, r, EVIDENCE, style_with(known ? COLOR_EVIDENCE : COLOR_DIM, ATTR_BOLD),
	    known ? pane_about(now, now->log_evidence, pane_places(s)).s : "unknown");
	put(c, t, r, KL, style_with(known ? COLOR_KL : COLOR_DIM, ATTR_BOLD), known ? pane_about(now, now->kl, s->problem->model->exact ? 4 : 2).s : "unknown");
	struct style change = change_style(now->gain);
	change.attr = ATTR_BOLD;
	put(c, t, r, CHANGE, change, change_of(now->gain, t->decimals).s);
	put(c, t, r, SWEEPS, style_with(COLOR_DIM, ATTR_BOLD), number_count((size_t)sweeps).s);
}

/* The components with the largest shares: "topic 1 81%, 3 15%". */
static void say_shares(struct buf *b, const struct em_snapshot *s, double *share, size_t n)
{
	size_t k = s->problem->layout.components;
	if (!share || !shares_of(s, s->q, n, share))
		return;
	buf_printf(b, " · %s", s->problem->model->component);
	for (int i = 0; i < 3; i++) {
		size_t best = 0;
		for (size_t j = 1; j < k; j++)
			if (share[j] > share[best])
				best = j;
		if (i > 0 && share[best] < 0.01)
			break;
		buf_printf(b, "%s %zu %s", i ? "," : "", best + 1, percent(share[best], 0).s);
		share[best] = -1;
	}
}

/* Everything about the selected row in one line, so that nothing is lost in narrow columns. */
static void draw_foot(struct canvas *c, struct rect r, const struct picture *pic, size_t n, double *share)
{
	const struct em_snapshot *s = pic->run;
	const struct em_obs *o = &s->obs[n];
	struct buf b = {0};
	buf_printf(&b, "%zu ", n + 1);
	if (pic->corpus) {
		size_t terms = pic->corpus->row[n + 1] - pic->corpus->row[n];
		text_clip(&b, pic->corpus->name[n], r.w >= 110 ? 60 : 28, c->glyphs == GLYPHS_ASCII);
		if (pic->corpus->length[n] == 0)
			buf_puts(&b, " · empty: no token is left, it counts zero");
		else
			buf_printf(&b, " · %s terms", number_count(terms).s);
	}
	if (!pic->corpus) {
		char label[512];
		em_data_label(pic->data, n, label, sizeof label);
		text_clip(&b, label, r.w >= 110 ? 60 : 36, c->glyphs == GLYPHS_ASCII);
	}
	if (em_data_length(pic->data, n) == 0 && !pic->corpus)
		buf_puts(&b, " · empty: it counts zero");
	if (em_data_length(pic->data, n) != 0) {
		say_shares(&b, s, share, n);
		if (s->problem->model->exact)
			buf_printf(&b, " · KL %s", number_short(o->kl, 3).s);
		else
			buf_printf(&b, " · %u sweep%s%s", o->sweeps, plural(o->sweeps),
		           o->capped ? ", at the limit" : o->done ? "" : o->sweeps ? ", not settled" : "");
	}
	if (b.s && !b.failed)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DEFAULT), b.s);
	buf_free(&b);
}

/* Brings the cursor to the selected observation. Steps change the order, not the selection: then it stays at the same height. */
static void follow(struct ui *ui, const struct picture *pic)
{
	size_t n = pic->run->problem->layout.observations;
	struct ui_list *l = &ui->documents;
	if (ui->document >= n)
		order_select(ui, n > 0 ? n - 1 : 0);
	size_t row = order_row(ui, pic, ui->document);
	size_t down = l->cursor - l->top;
	if (row != l->cursor && ui->listed == ui->document)
		l->top = row > down ? row - down : 0;
	l->cursor = row;
	ui->listed = ui->document;
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	const struct em_snapshot *s = pic->run;
	size_t n = s->problem->layout.observations;
	const size_t *order = order_of(ui, pic);
	struct table t = table_of(ui, pic, r);
	struct ui_list *l = &ui->documents;
	if (!list_room(c, r, 20, 2, "too small"))
		return;
	if (!order) {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
		return;
	}
	double *share = share_room(s);
	follow(ui, pic);
	list_fit(l, n, t.body.h);
	draw_head(c, &t, ui, pic);
	for (int i = 0; i < t.body.h && l->top + (size_t)i < n; i++) {
		struct rect row = {t.body.x, t.body.y + i, t.body.w - 2, 1};
		draw_row(c, &t, row, pic, order[l->top + (size_t)i], share, ui->find);
		if (l->top + (size_t)i == l->cursor)
			list_highlight(c, row, true);
	}
	canvas_scrollbar(c, (struct rect){t.body.x + t.body.w - 1, t.body.y, 1, t.body.h}, style_of(COLOR_DIM), l->top,
	                 l->page, n);
	if (t.sum.h > 0 && t.body.y + t.body.h < t.sum.y)
		canvas_hline(c, t.sum.x, t.sum.y - 1, t.sum.w - 2, style_of(COLOR_DIM));
	if (t.sum.h > 0)
		draw_sum(c, &t, pic, share);
	if (t.foot.h > 0 && n > 0)
		draw_foot(c, t.foot, pic, ui->document, share);
	free(share);
}

/* ---- commands ---- */

static void sort_by(struct ui *ui, enum ui_sort sort)
{
	ui->sort = sort;
	ui->sort_up = sort == SORT_NUMBER || sort == SORT_NAME; /* of numbers the large ones are of interest */
	if (sort == SORT_TOPIC)
		ui->sort_topic = ui->topic;
}

/* Whoever sorts wants to see what comes first. */
static void to_top(struct ui *ui, const struct picture *pic)
{
	const size_t *order = order_of(ui, pic);
	ui->documents.cursor = ui->documents.top = 0;
	if (order && pic->run->problem->layout.observations > 0)
		order_select(ui, order[0]);
}

static void sort_next(struct ui *ui, const struct picture *pic)
{
	bool known = any_known(pic->run);
	enum ui_sort next = ui->sort;
	do
		next = (enum ui_sort)((next + 1) % SORTS);
	while (!known && (next == SORT_EVIDENCE || next == SORT_KL));
	sort_by(ui, next);
}

static void sort_command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	const char *name = call->argc > 0 ? call->argv[0] : "next";
	size_t k = pic->run->problem->layout.components;
	if (strcmp(name, "next") == 0) {
		sort_next(ui, pic);
		return;
	}
	if (strcmp(name, "reverse") == 0) {
		ui->sort_up = !ui->sort_up;
		return;
	}
	for (int i = 0; i < SORTS; i++) {
		if (strcasecmp(name, sort_names[i]) != 0)
			continue;
		long topic = call->argc > 1 ? strtol(call->argv[1], NULL, 10) : (long)ui->topic + 1;
		if (i == SORT_TOPIC && (topic < 1 || (size_t)topic > k)) {
			em_fail(err, EM_USAGE, "sort topic: there are %ss 1 to %zu", pic->run->problem->model->component, k);
			return;
		}
		if ((i == SORT_EVIDENCE || i == SORT_KL) && !any_known(pic->run)) {
			em_fail(err, EM_USAGE, "sort %s: log p is not known of any %s", name, pic->run->problem->model->observation);
			return;
		}
		sort_by(ui, (enum ui_sort)i);
		if (i == SORT_TOPIC)
			ui->sort_topic = (size_t)topic - 1;
		return;
	}
	em_fail(err, EM_USAGE, "sort by number, name, tokens, topic K, elbo, evidence, kl, change or sweeps, not \"%.40s\"",
	        name);
}

struct looking {
	const struct picture *pic;
	const size_t *order;
	const char *words;
	uint32_t term;      /* of that name, for documents without text */
};

static bool name_holds(void *self, size_t row)
{
	const struct looking *l = self;
	const char *name = l->pic->corpus->name[l->order[row]];
	return list_holds(name, strlen(name), l->words);
}

static bool text_holds(void *self, size_t row)
{
	const struct looking *l = self;
	const struct em_corpus *c = l->pic->corpus;
	size_t n = l->order[row];
	if (c->has_text)
		return list_holds(c->text[n].bytes, c->text[n].length, l->words);
	for (size_t i = c->row[n]; i < c->row[n + 1]; i++)
		if (c->term[i] == l->term)
			return true;
	return false;
}

static uint32_t term_named(const struct em_corpus *c, const char *words)
{
	for (size_t v = 0; v < c->terms; v++)
		if (strcasecmp(c->vocabulary[v], words) == 0)
			return (uint32_t)v;
	return UINT32_MAX;
}

/* By name, and where no name has the words, by what is in the documents. */
static void find(struct ui *ui, const struct picture *pic, bool back, bool again, struct em_err *err)
{
	size_t n = pic->run->problem->layout.observations;
	const size_t *order = order_of(ui, pic);
	if (!ui->find[0] || !order || !pic->corpus)
		return;
	struct looking l = {pic, order, ui->find, term_named(pic->corpus, ui->find)};
	size_t row = list_find(n, ui->documents.cursor, back, again, name_holds, &l);
	if (row == n)
		row = list_find(n, ui->documents.cursor, back, again, text_holds, &l);
	if (row < n)
		order_select(ui, order[row]);
	else
		em_fail(err, EM_USAGE, "\"%.60s\" is in no document's name or text", ui->find);
}

static void read_it(struct ui *ui)
{
	ui->back = &view_documents;
	ui->view = &view_reader;
}

/* On a column's head: sorts by it, or the other way round. On a row: selects it, the second time reads it. */
static void click(struct ui *ui, const struct picture *pic, const struct table *t, int x, int y)
{
	const size_t *order = order_of(ui, pic);
	size_t row;
	for (int k = 0; k < COLUMNS && rect_has(t->head, x, y); k++) {
		int from = t->head.x + t->x[k];
		if (t->w[k] == 0 || x < from || x >= from + t->w[k])
			continue;
		if (about[k].sort == ui->sort)
			ui->sort_up = !ui->sort_up;
		else
			sort_by(ui, about[k].sort);
		to_top(ui, pic);
		return;
	}
	if (!order || !list_at(&ui->documents, pic->run->problem->layout.observations, t->body, x, y, &row))
		return;
	if (order[row] == ui->document)
		read_it(ui);
	order_select(ui, order[row]);
}

static void select_document(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	size_t n = pic->run->problem->layout.observations;
	long i = call->argc > 0 ? strtol(call->argv[0], NULL, 10) : 0;
	if (i < 1 || (size_t)i > n)
		em_fail(err, EM_USAGE, "select: there are %ss 1 to %zu", pic->run->problem->model->observation, n);
	else
		order_select(ui, (size_t)i - 1);
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	size_t n = pic->run->problem->layout.observations;
	struct table t = table_of(ui, pic, ui->area);
	const char *name = call->name;
	bool back, again;
	int x, y;
	follow(ui, pic);
	if (list_finds(ui, call, &back, &again))
		find(ui, pic, back, again, err);
	else if (strcmp(name, "sort") == 0) {
		sort_command(ui, pic, call, err);
		to_top(ui, pic);
	}
	else if (strcmp(name, "select") == 0)
		select_document(ui, pic, call, err);
	else if (strcmp(name, "enter") == 0)
		read_it(ui);
	else if (strcmp(name, "click") == 0 && pane_cell(call, &x, &y))
		click(ui, pic, &t, x, y);
	else if (list_command(&ui->documents, n, call)) {
		const size_t *order = order_of(ui, pic);
		if (order && n > 0)
			order_select(ui, order[ui->documents.cursor]);
	} else
		return false;
	return true;
}

static const char *titled(const struct picture *pic, bool brief)
{
	return !pic->data || pic->corpus ? (brief ? "Docs" : "Documents") : brief ? "Obs" : "Observations";
}

const struct view view_documents = {
	.titled = titled,
	.name = "documents",
	.alias = "observations",
	.title = "Documents",
	.key = '5',
	.about = "Every document (point, sequence, set of tosses) with its size, the shares that q gives the components, and its own ELBO, "
	         "log p and KL. Sort by any column; Enter opens the Reader. A ! marks a document that ran into the sweep limit.",
	.draw = draw,
	.command = command,
};
