/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The views topics, documents and reader: that they say what the run holds, move as one expects, and keep to their place. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/number.h"
#include "base/text.h"
#include "fixture.h"
#include "view/arrays.h"
#include "view/list.h"
#include "view/order.h"
#include "view/pane.h"
#include "view/ranks.h"
#include "view/topics.h"
#include "fit.h"

/* ---- lists ---- */

static void list_call(struct ui_list *l, size_t rows, const char *name, const char *arg)
{
	char *argv[] = {(char *)(uintptr_t)arg, NULL};
	struct view_call call = {name, arg ? 1 : 0, argv};
	assert_true(list_command(l, rows, &call));
	assert_true(rows == 0 ? l->cursor == 0 : l->cursor < rows);
	assert_true(l->top <= l->cursor);
	assert_true(l->cursor - l->top < (l->page ? l->page : 1));
}

static void test_list_moves(void **state)
{
	(void)state;
	struct ui_list l = {0};
	list_fit(&l, 100, 10);
	list_call(&l, 100, "down", NULL);
	assert_int_equal(l.cursor, 1);
	list_call(&l, 100, "down", "20");
	assert_int_equal(l.cursor, 21);
	assert_int_equal(l.top, 12);
	list_call(&l, 100, "page-down", NULL);
	assert_int_equal(l.cursor, 30);
	assert_int_equal(l.top, 21);
	list_call(&l, 100, "page-up", NULL);
	assert_int_equal(l.cursor, 21);
	list_call(&l, 100, "end", NULL);
	assert_int_equal(l.cursor, 99);
	assert_int_equal(l.top, 90);
	list_call(&l, 100, "down", "1000000");
	assert_int_equal(l.cursor, 99);
	list_call(&l, 100, "page-down", NULL);
	assert_int_equal(l.cursor, 99);
	list_call(&l, 100, "wheel-up", NULL);
	assert_int_equal(l.top, 87);
	assert_int_equal(l.cursor, 96);
	list_call(&l, 100, "home", NULL);
	assert_int_equal(l.top, 0);
	list_call(&l, 100, "up", NULL);
	list_call(&l, 100, "page-up", NULL);
	assert_int_equal(l.cursor, 0);
	for (int i = 0; i < 20; i++)
		list_call(&l, 100, "page-down", NULL);
	assert_int_equal(l.cursor, 99);
}

static void test_list_of_nothing(void **state)
{
	static const char *const names[] = {"up", "down", "page-up", "page-down", "home", "end", "wheel-up", "wheel-down"};
	(void)state;
	struct ui_list l = {.cursor = 7, .top = 3};
	size_t row;
	for (size_t i = 0; i < 8; i++) {
		list_call(&l, 0, names[i], NULL);
		list_call(&l, 1, names[i], NULL);
	}
	list_fit(&l, 0, 0);
	assert_int_equal(l.cursor, 0);
	assert_false(list_at(&l, 0, (struct rect){0, 0, 10, 10}, 1, 1, &row));
	struct view_call other = {"zoom", 0, NULL};
	assert_false(list_command(&l, 5, &other));
	assert_int_equal(list_find(0, 3, false, true, NULL, NULL), 0);
}

static bool is_seven(void *self, size_t row)
{
	(void)self;
	return row == 7 || row == 3;
}

static bool never(void *self, size_t row)
{
	(void)self;
	(void)row;
	return false;
}

static void test_list_find(void **state)
{
	(void)state;
	assert_int_equal(list_find(10, 0, false, false, is_seven, NULL), 3);
	assert_int_equal(list_find(10, 3, false, false, is_seven, NULL), 3);
	assert_int_equal(list_find(10, 3, false, true, is_seven, NULL), 7);
	assert_int_equal(list_find(10, 7, false, true, is_seven, NULL), 3);
	assert_int_equal(list_find(10, 3, true, true, is_seven, NULL), 7);
	assert_int_equal(list_find(10, 99, false, false, is_seven, NULL), 3);
	assert_int_equal(list_find(10, 0, false, false, never, NULL), 10);
}

static void test_list_holds(void **state)
{
	(void)state;
	const char *text = "The Harbour; Садовые розы; \xff\xfe end";
	size_t n = strlen(text), length;
	assert_true(list_holds(text, n, "harBOUR"));
	assert_true(list_holds(text, n, "садовые"));
	assert_true(list_holds(text, n, "end"));
	assert_false(list_holds(text, n, "endx"));
	assert_false(list_holds(text, n, ""));
	assert_false(list_holds(NULL, 0, "x"));
	assert_int_equal(list_place(text, n, 0, "harbour", &length), 4);
	assert_int_equal(length, 7);
	assert_int_equal(list_place(text, n, 5, "harbour", &length), n);
	assert_int_equal(list_place(text, 6, 0, "harbour", &length), 6); /* the words go on behind the end */
}

/* ---- topics ---- */

static void test_percent(void **state)
{
	(void)state;
	assert_string_equal(percent(0.2494, 1).s, "24.9%");
	assert_string_equal(percent(1, 0).s, "100%");
	assert_string_equal(percent(0, 2).s, "0.00%");
	assert_string_equal(percent(1e-9, 2).s, "<0.01%");
	assert_string_equal(percent(1e-9, 0).s, "<1%");
	assert_string_equal(percent(NAN, 1).s, "?");
}

static void test_ranks(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	const struct em_snapshot *s = &f.snapshot;
	const struct em_array *a = array_weights(s->problem);
	assert_non_null(a);
	assert_true(ranks_moved(s));
	for (size_t k = 0; k < 3; k++) {
		const struct rank_all *all = ranks_all(&f.ui, s, k);
		const struct rank_top *top = ranks_top(&f.ui, s, k);
		assert_int_equal(all->n, f.corpus->terms);
		assert_true(fabs(all->sum[all->n - 1] - 1) < 1e-12);
		for (size_t i = 0; i < all->n; i++) {
			const struct rank *r = &all->rank[i];
			assert_true(r->weight == array_at(s->theta, a, k, r->id));
			assert_true(r->before == array_at(s->theta_before, a, k, r->id));
			assert_true(i == 0 || r->weight <= all->rank[i - 1].weight);
			size_t above = 0; /* the rank before, counted */
			for (size_t v = 0; v < f.corpus->terms; v++) {
				double x = array_at(s->theta_before, a, k, v);
				above += x > r->before || (x == r->before && v < r->id);
			}
			assert_int_equal(r->was, above + 1);
		}
		for (size_t i = 0; i < top->n && i < all->n; i++) {
			assert_int_equal(top->rank[i].id, all->rank[i].id);
			assert_true(top->rank[i].was == 0 || top->rank[i].was == all->rank[i].was);
		}
		for (size_t i = 1; i < all->leaders; i++)
			assert_true(all->leader[i].share <= all->leader[i - 1].share);
		assert_true(all->leaders == f.corpus->docs - 1); /* not the empty one */
	}
	fixture_step(&f, EM_PHASE, 1); /* an E-step: nothing has moved */
	assert_false(ranks_moved(&f.snapshot));
	const struct rank_all *all = ranks_all(&f.ui, &f.snapshot, 0);
	for (size_t i = 0; i < all->n; i++)
		assert_int_equal(all->rank[i].was, i + 1);
	fixture_close(&f);
}

static void test_topics_view(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 3);
	fixture_command(&f, "view topics");
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	double sum = 0, tokens, share;
	for (size_t k = 0; k < 3; k++) {
		assert_true(topic_size(&f.snapshot, k, &tokens, &share));
		sum += tokens;
		assert_true(fixture_shows(c, percent(share, 1).s));
	}
	assert_true(fabs(sum - (double)f.corpus->tokens) < 1e-9 * sum);
	assert_true(fixture_shows(c, "in M 3"));
	canvas_free(c);
	/* To the topic where the word is strongest, and in its list to the word. */
	const struct em_array *a = array_weights(f.snapshot.problem);
	size_t herring = 0, best = 0;
	while (strcmp(f.corpus->vocabulary[herring], "herring") != 0)
		herring++;
	for (size_t k = 1; k < 3; k++)
		if (array_at(f.snapshot.theta, a, k, herring) > array_at(f.snapshot.theta, a, best, herring))
			best = k;
	f.ui.topic = (best + 1) % 3;
	fixture_command(&f, "find HERRING");
	assert_int_equal(f.ui.topic, best);
	fixture_command(&f, "enter");
	assert_true(f.ui.topic_open);
	fixture_command(&f, "end");
	fixture_command(&f, "find-next");
	const struct rank_all *all = ranks_all(&f.ui, &f.snapshot, best);
	assert_int_equal(all->rank[f.ui.topic_terms.cursor].id, herring);
	fixture_command(&f, "home");
	assert_int_equal(f.ui.topic_terms.cursor, 0);
	fixture_command(&f, "select 3");
	fixture_command(&f, "right");
	assert_int_equal(f.ui.topic, 2);
	fixture_command(&f, "left 2");
	assert_int_equal(f.ui.topic, 0);
	fixture_command(&f, "leave");
	assert_false(f.ui.topic_open);
	fixture_close(&f);
}

static void test_topics_refuse(void **state)
{
	(void)state;
	struct fixture f;
	struct em_err err = {0};
	const char *line;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "view topics");
	canvas_free(fixture_screen(&f, 80, 24, GLYPHS_UTF8));
	char select[] = "select", nine[] = "9", find[] = "find", word[] = "xyzzy";
	char *bad[] = {select, nine}, *lost[] = {find, word};
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, bad, &line, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "1 to 3"));
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, lost, &line, &err), EM_USAGE);
	assert_non_null(strstr(err.msg, "xyzzy"));
	fixture_command(&f, "view documents");
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, lost, &line, &err), EM_USAGE);
	fixture_command(&f, "view reader");
	assert_int_equal(ui_command(&f.ui, &f.pic, 2, lost, &line, &err), EM_USAGE);
	fixture_close(&f);
}

static void test_topic_clicks(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view topics");
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	int x = -1, y = -1;
	for (int i = 0; i < c->w * c->h; i++) /* the head of the second card, " 2 " */
		if (canvas_at(c, i % c->w, i / c->w).code == '2' && (canvas_at(c, i % c->w, i / c->w).style.attr & ATTR_REVERSE)) {
			x = i % c->w;
			y = i / c->w;
			break;
		}
	canvas_free(c);
	assert_true(x >= 0);
	char words[64];
	snprintf(words, sizeof words, "click %d %d", x, y);
	fixture_command(&f, words);
	assert_int_equal(f.ui.topic, 1);
	assert_false(f.ui.topic_open);
	fixture_command(&f, words);
	assert_true(f.ui.topic_open);
	fixture_close(&f);
}

/* ---- documents ---- */

static double column(struct fixture *f, enum ui_sort sort, size_t n)
{
	const struct em_obs *o = &f->snapshot.obs[n];
	switch (sort) {
	case SORT_TOKENS: return f->corpus->length[n];
	case SORT_TOPIC: return share_of(&f->snapshot, f->snapshot.q, n, f->ui.sort_topic);
	case SORT_ELBO: return o->elbo;
	case SORT_EVIDENCE: return o->log_evidence;
	case SORT_KL: return o->log_evidence - o->elbo;
	case SORT_CHANGE: return o->elbo - f->snapshot.obs_before[n].elbo;
	case SORT_SWEEPS: return o->sweeps;
	default: return (double)n;
	}
}

static void test_order(void **state)
{
	static const char *const names[SORTS] = {"number", "name", "tokens", "topic 2", "elbo", "evidence", "kl", "change", "sweeps"};
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 2);
	fixture_command(&f, "view documents");
	for (int sort = 0; sort < SORTS; sort++)
		for (int turn = 0; turn < 2; turn++) {
			char words[64];
			snprintf(words, sizeof words, turn ? "sort reverse" : "sort %s", names[sort]);
			fixture_command(&f, words);
			assert_int_equal(f.ui.sort, sort);
			const size_t *order = order_of(&f.ui, &f.pic);
			bool seen[32] = {false};
			for (size_t i = 0; i < f.corpus->docs; i++) {
				assert_false(seen[order[i]]);
				seen[order[i]] = true;
				if (i == 0)
					continue;
				double a = column(&f, (enum ui_sort)sort, order[i - 1]), b = column(&f, (enum ui_sort)sort, order[i]);
				int by = (a > b) - (a < b);
				if (sort == SORT_TOPIC && f.corpus->length[order[i]] == 0) { /* nothing is known of an empty one */
					assert_int_equal(i, f.corpus->docs - 1);
					continue;
				}
				if (sort == SORT_NAME)
					by = text_compare(f.corpus->name[order[i - 1]], f.corpus->name[order[i]]);
				assert_true(f.ui.sort_up ? by <= 0 : by >= 0);
				if (by == 0) /* by number among equals */
					assert_true(order[i - 1] < order[i]);
			}
			assert_int_equal(f.ui.document, order[0]);
		}
	fixture_close(&f);
}

/* Unknown values stand last, whichever way. */
static void test_order_unknown(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, "evidence_budget", "1e-6", NULL);
	fixture_step(&f, EM_ITERATION, 1);
	size_t known = 0, n = f.corpus->docs;
	for (size_t i = 0; i < n; i++)
		known += isnan(f.snapshot.obs[i].log_evidence) ? 0 : 1;
	assert_true(known > 0 && known < n);
	for (int up = 0; up < 2; up++) {
		f.ui.sort = SORT_KL; /* as it may be left from other data */
		f.ui.sort_up = up;
		const size_t *order = order_of(&f.ui, &f.pic);
		for (size_t i = 0; i < n; i++)
			assert_true(isnan(f.snapshot.obs[order[i]].log_evidence) == (i >= known));
	}
	fixture_command(&f, "view documents");
	struct canvas *c = fixture_screen(&f, 100, 30, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "unknown")); /* the sum is not that of the known ones */
	canvas_free(c);
	fixture_close(&f);
}

/* At 80 columns not all fit, but the one that gives the order does, with its arrow. */
static void test_sorted_column_stays(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view documents");
	static const char *const sorts[][2] = {{"sort sweeps", "sweeps▼"}, {"sort tokens", "tokens▼"}, {"sort change", "change▼"},
	                                       {"sort evidence", "log p▼"}, {"sort kl", "KL▼"}};
	for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
		fixture_command(&f, sorts[i][0]);
		struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
		assert_true(fixture_shows(c, sorts[i][1]));
		canvas_free(c);
	}
	fixture_close(&f);
}

/* The sum row is the ledger's, and the ledger's is the sum of the rows; after every size of step. */
static void test_documents_sum(void **state)
{
	static const enum em_size sizes[] = {EM_PHASE, EM_PHASE, EM_UNIT, EM_UNIT, EM_SWEEP, EM_PHASE, EM_UNIT, EM_ITERATION};
	(void)state;
	struct fixture f;
	fixture_open(&f, "alpha_update", "vector", NULL);
	fixture_command(&f, "view documents");
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		fixture_step(&f, sizes[i], 1);
		const struct em_entry *now = &f.snapshot.ledger[f.snapshot.position];
		double elbo = 0, kl = 0, change = 0;
		for (size_t n = 0; n < f.corpus->docs; n++) {
			elbo += f.snapshot.obs[n].elbo;
			kl += f.snapshot.obs[n].kl;
			change += order_change(&f.snapshot, n);
		}
		assert_true(fabs(elbo - now->elbo) < 1e-9 * fabs(elbo));
		assert_true(fabs(kl - now->kl) < 1e-8 * fabs(elbo));
		assert_true(fabs(change - now->gain) < 1e-8 * fabs(elbo));
		struct canvas *c = fixture_screen(&f, 120, 36, GLYPHS_UTF8);
		assert_true(fixture_shows(c, number_fixed(now->elbo, pane_places(&f.snapshot)).s));
		assert_true(fixture_shows(c, number_fixed(now->kl, 2).s));
		assert_true(fixture_shows(c, "sum of 15"));
		canvas_free(c);
	}
	fixture_close(&f);
}

static void test_documents_follow(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view documents");
	fixture_command(&f, "sort change");
	fixture_command(&f, "down 4");
	size_t document = f.ui.document;
	for (int i = 0; i < 4; i++) {
		fixture_step(&f, EM_PHASE, 1);
		canvas_free(fixture_screen(&f, 80, 24, GLYPHS_UTF8));
		assert_int_equal(f.ui.document, document);
		assert_int_equal(order_of(&f.ui, &f.pic)[f.ui.documents.cursor], document);
	}
	fixture_close(&f);
}

static void test_documents_flags(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, "e_sweeps", "1", NULL);
	fixture_step(&f, EM_PHASE, 1);
	fixture_command(&f, "view documents");
	struct canvas *c = fixture_screen(&f, 120, 36, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "empty: counts zero"));
	assert_true(fixture_shows(c, "1!"));
	assert_true(fixture_shows(c, "at the limit"));
	assert_false(fixture_shows(c, "\x1b"));
	canvas_free(c);
	fixture_command(&f, "select 10");
	c = fixture_screen(&f, 120, 36, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "no token is left"));
	canvas_free(c);
	fixture_command(&f, "enter");
	assert_ptr_equal(f.ui.view, &view_reader);
	c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	assert_true(fixture_shows(c, "no token is left of it"));
	canvas_free(c);
	fixture_command(&f, "leave");
	assert_ptr_equal(f.ui.view, &view_documents);
	fixture_close(&f);
}

static void test_documents_find(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_command(&f, "view documents");
	fixture_command(&f, "find PRICES"); /* in a name */
	assert_int_equal(f.ui.document, 2);
	fixture_command(&f, "find розы");
	assert_int_equal(f.ui.document, 11);
	fixture_command(&f, "find peelings"); /* in a text only */
	assert_int_equal(f.ui.document, 7);
	fixture_command(&f, "find garden");
	assert_int_equal(f.ui.document, 8);
	fixture_command(&f, "home");
	assert_int_equal(f.ui.document, 0);
	fixture_close(&f);
}

static void test_documents_click(void **state)
{
	(void)state;
	struct fixture f;
	char words[64];
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 1);
	fixture_command(&f, "view documents");
	struct canvas *c = fixture_screen(&f, 80, 24, GLYPHS_UTF8);
	int head = f.ui.area.y;
	canvas_free(c);
	snprintf(words, sizeof words, "click %d %d", f.ui.area.x + 8, head); /* name */
	fixture_command(&f, words);
	assert_int_equal(f.ui.sort, SORT_NAME);
	assert_true(f.ui.sort_up);
	fixture_command(&f, words);
	assert_false(f.ui.sort_up);
	snprintf(words, sizeof words, "click %d %d", f.ui.area.x + 8, head + 3); /* the third row */
	fixture_command(&f, words);
	assert_int_equal(f.ui.document, order_of(&f.ui, &f.pic)[2]);
	assert_ptr_equal(f.ui.view, &view_documents);
	fixture_command(&f, words);
	assert_ptr_equal(f.ui.view, &view_reader);
	fixture_close(&f);
}

/* ---- everywhere, at any size ---- */

/* Draws into every rect up to 90x30 and looks at what lies around it. */
static void sweep(struct fixture *f, const struct view *v, enum glyphs glyphs, bool mono)
{
	struct canvas *c = canvas_new(96, 34, glyphs);
	assert_non_null(c);
	c->mono = f->ui.mono = mono;
	f->ui.glyphs = glyphs;
	for (int h = 1; h <= 30; h += fit_brief() ? 3 : 1)
		for (int w = 1; w <= 90; w += fit_brief() ? 8 : w < 45 ? 1 : 3) {
			struct rect r = {3, 2, w, h};
			canvas_fill(c, canvas_rect(c), style_of(COLOR_BAD), '~');
			v->draw(&f->ui, &f->pic, c, r);
			for (int y = 0; y < c->h; y++)
				for (int x = 0; x < c->w; x++) {
					struct cell cell = canvas_at(c, x, y);
					if (!rect_has(r, x, y) && (cell.code != '~' || cell.style.fg != COLOR_BAD))
						fail_msg("%s at %dx%d writes to %d,%d", v->name, w, h, x - r.x, y - r.y);
				}
		}
	canvas_free(c);
}

static void test_all_sizes(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 2);
	for (int i = 0; i < 3; i++) {
		enum glyphs glyphs = i == 1 ? GLYPHS_ASCII : GLYPHS_UTF8;
		bool mono = i == 2;
		for (int open = 0; open < 2; open++) {
			f.ui.topic_open = f.ui.why = open;
			sweep(&f, &view_topics, glyphs, mono);
			sweep(&f, &view_reader, glyphs, mono);
		}
		sweep(&f, &view_documents, glyphs, mono);
	}
	f.ui.document = 9; /* the empty one */
	sweep(&f, &view_reader, GLYPHS_UTF8, false);
	fixture_close(&f);
}

static void golden(struct fixture *f, const char *name, bool styles)
{
	static const struct {
		int w, h;
	} sizes[] = {{80, 24}, {100, 30}, {200, 60}, {40, 10}};
	for (size_t i = 0; i < 4; i++)
		for (int ascii = 0; ascii < 2; ascii++) {
			char file[96];
			struct canvas *c = fixture_screen(f, sizes[i].w, sizes[i].h, ascii ? GLYPHS_ASCII : GLYPHS_UTF8);
			snprintf(file, sizeof file, "b_%s-%dx%d-%s", name, sizes[i].w, sizes[i].h, ascii ? "ascii" : "utf8");
			golden_check(c, file, styles && i == 0 && !ascii);
			canvas_free(c);
		}
	f->ui.mono = true;
	struct canvas *c = fixture_screen(f, 80, 24, GLYPHS_UTF8);
	char file[96];
	snprintf(file, sizeof file, "b_%s-80x24-mono", name);
	golden_check(c, file, false);
	canvas_free(c);
	f->ui.mono = false;
}

static void test_goldens(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open(&f, NULL, NULL);
	fixture_step(&f, EM_ITERATION, 2);
	fixture_command(&f, "view topics");
	golden(&f, "topics", true);
	fixture_command(&f, "enter");
	golden(&f, "topic", true);
	fixture_command(&f, "leave");
	fixture_command(&f, "view documents");
	golden(&f, "documents", true);
	fixture_command(&f, "sort topic 2");
	golden(&f, "documents-sorted", false);
	fixture_command(&f, "select 1");
	fixture_command(&f, "enter");
	golden(&f, "reader", true);
	fixture_command(&f, "arithmetic");
	fixture_command(&f, "right 3");
	golden(&f, "reader-why", true);
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list_moves), cmocka_unit_test(test_list_of_nothing),
		cmocka_unit_test(test_list_find), cmocka_unit_test(test_list_holds),
		cmocka_unit_test(test_percent), cmocka_unit_test(test_ranks),
		cmocka_unit_test(test_topics_view), cmocka_unit_test(test_topics_refuse),
		cmocka_unit_test(test_topic_clicks), cmocka_unit_test(test_order),
		cmocka_unit_test(test_order_unknown), cmocka_unit_test(test_sorted_column_stays),
		cmocka_unit_test(test_documents_sum),
		cmocka_unit_test(test_documents_follow), cmocka_unit_test(test_documents_flags),
		cmocka_unit_test(test_documents_find), cmocka_unit_test(test_documents_click),
		cmocka_unit_test(test_all_sizes), cmocka_unit_test(test_goldens),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
