/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "view/ui.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/text.h"
#include "plot/svg.h"
#include "view/data_parts.h"
#include "view/order.h"
#include "view/page.h"
#include "view/ranks.h"

static const struct view *const tabs[] = {&view_bound, &view_trace, &view_terms, &view_topics, &view_documents,
                                          &view_reader, &view_landscape, &view_data, &view_jensen, &view_lab};
enum { TABS = sizeof tabs / sizeof tabs[0] };

static const char *const theme_choices[] = {"dark", "light", NULL};
static const char *const color_choices[] = {"auto", "always", "never", NULL};
static const char *const glyph_choices[] = {"auto", "utf8", "ascii", NULL};

static const struct em_setting rows[] = {
	{"theme", EM_CHOICE, "dark", 0, 0, theme_choices, EM_EFFECT_NOW, "colours for a dark or a light background"},
	{"color", EM_CHOICE, "auto", 0, 0, color_choices, EM_EFFECT_NOW, "colour where the terminal has it, always, or never"},
	{"glyphs", EM_CHOICE, "auto", 0, 0, glyph_choices, EM_EFFECT_NOW,
	 "braille and block characters as the locale allows, always, or plain ASCII"},
	{"mouse", EM_SWITCH, "on", 0, 0, NULL, EM_EFFECT_NOW, "wheel and click; off leaves the mouse to the terminal"},
	{"grid", EM_INTEGER, "0", 0, 1000, NULL, EM_EFFECT_NOW, "terms or columns a row when they form a picture; 0: they form none"},
	{"refine", EM_SWITCH, "on", 0, 0, NULL, EM_EFFECT_NOW, "estimates of log p that were asked for are refined while nothing else is to do"},
	{"config", EM_SWITCH, "on", 0, 0, NULL, EM_EFFECT_NOW,
	 "-s config=off: the commands and keys in ~/.config/elbow/init are not read at the start"},
	{"size", EM_TEXT, "80x24", 0, 0, NULL, EM_EFFECT_NOW, "columns x rows of a screenshot made without a screen"},
};

const struct em_setting_table ui_settings = {"screen", rows, sizeof rows / sizeof rows[0]};

bool ui_size(const char *text, int *w, int *h)
{
	int n = 0, a = 0, b = 0;
	if (strlen(text) > 9 || sscanf(text, "%d%*1[xX]%d%n", &a, &b, &n) != 2 || text[n] || a < 1 || b < 1 || a > 1000 ||
	    b > 1000)
		return false;
	*w = a;
	*h = b;
	return true;
}

void ui_init(struct ui *ui)
{
	*ui = (struct ui){.view = &view_bound, .trace_cursor = SIZE_MAX, .sort_up = true, .mouse = true, .lab_sweep = SIZE_MAX};
	ui_jensen_init(&ui->jensen);
}

void ui_close(struct ui *ui)
{
	order_free(ui->order);
	ranks_free(ui->ranks);
	page_free(ui->page);
	data_cache_free(ui->data.cache);
	ui->order = NULL;
	ui->ranks = NULL;
	ui->page = NULL;
	ui->data.cache = NULL;
}

void ui_apply(struct ui *ui, const struct em_settings *s, bool utf8)
{
	const char *glyphs = em_settings_text(s, "glyphs"), *color = em_settings_text(s, "color");
	ui->light = strcmp(em_settings_text(s, "theme"), "light") == 0;
	ui->mouse = em_settings_number(s, "mouse") != 0;
	ui->grid = (size_t)em_settings_number(s, "grid");
	ui->glyphs = strcmp(glyphs, "ascii") == 0 || (strcmp(glyphs, "auto") == 0 && !utf8) ? GLYPHS_ASCII : GLYPHS_UTF8;
	if (strcmp(color, "auto") != 0)
		ui->mono = strcmp(color, "never") == 0;
}

const struct view *ui_view_at(size_t i)
{
	return i < TABS ? tabs[i] : NULL;
}

const struct view *ui_view_named(const char *name)
{
	for (size_t i = 0; i < TABS; i++)
		if (strcasecmp(name, tabs[i]->name) == 0 || (name[0] == tabs[i]->key && !name[1]) ||
		    (tabs[i]->alias && strcasecmp(name, tabs[i]->alias) == 0))
			return tabs[i];
	if (strcasecmp(name, view_help.name) == 0)
		return &view_help;
	const struct view *found = NULL; /* a beginning that fits one name only */
	for (size_t i = 0; i < TABS && name[0]; i++)
		if (strncasecmp(name, tabs[i]->name, strlen(name)) == 0 ||
		    (tabs[i]->alias && strncasecmp(name, tabs[i]->alias, strlen(name)) == 0)) {
			if (found)
				return NULL;
			found = tabs[i];
		}
	return found;
}

static size_t tab_of(const struct view *v)
{
	size_t i = 0;
	while (i < TABS && tabs[i] != v)
		i++;
	return i;
}

static void show(struct ui *ui, const struct view *v)
{
	if (v == ui->view)
		return;
	bool aside = v == &view_help || (v == &view_reader && ui->view == &view_documents);
	if (v == &view_help && ui->view == &view_reader) /* help returns to the reader, and then there is no further way */
		aside = true;
	ui->back = aside ? ui->view : NULL;
	ui->view = v;
}

static enum em_status show_named(struct ui *ui, const char *name, struct em_err *err)
{
	size_t at = tab_of(ui->view == &view_help && ui->back ? ui->back : ui->view);
	const struct view *v;
	bool next = strcmp(name, "next") == 0;
	if (next || strcmp(name, "previous") == 0)
		do { /* those without a tab of their own are left out */
			at = next ? at + 1 : at >= TABS ? 0 : at + TABS - 1;
			v = tabs[at % TABS];
			at %= TABS;
		} while (v->aside);
	else
		v = ui_view_named(name);
	if (v) {
		show(ui, v);
		return EM_OK;
	}
	struct buf b = {0};
	for (size_t i = 0; i < TABS; i++)
		buf_printf(&b, "%s%s", i ? ", " : "", tabs[i]->name);
	enum em_status st = em_fail(err, EM_USAGE, "no view \"%s\"; there are %s", name, b.failed ? "others" : b.s);
	buf_free(&b);
	return st;
}

static void leave(struct ui *ui)
{
	if (ui->view == &view_topics && ui->topic_open) {
		ui->topic_open = false;
		return;
	}
	const struct view *to = ui->back ? ui->back : ui->view == &view_help ? &view_bound : ui->view;
	ui->back = NULL;
	ui->view = to;
}

/* A click on the tabs; false when it was elsewhere. */
static bool click_tab(struct ui *ui, int argc, char *const argv[])
{
	if (argc < 3 || atoi(argv[2]) != 1)
		return false;
	int x = atoi(argv[1]);
	for (size_t i = 0; i < TABS; i++)
		if (x < ui->tab_end[i]) {
			show(ui, tabs[i]);
			return true;
		}
	if (ui->tab_end[TABS] > 0 && x >= ui->tab_end[TABS])
		show(ui, &view_help);
	return true;
}

/* Movement where there is nothing to move in is no error, it just does nothing. */
static bool is_movement(const char *name)
{
	static const char *const names[] = {"up", "down", "left", "right", "page-up", "page-down", "home", "end", "enter",
	                                    "click", "leave", "wheel-up", "wheel-down"};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

static enum em_status to_view(struct ui *ui, const struct picture *pic, int argc, char *const argv[],
                              struct em_err *err)
{
	struct view_call call = {.name = argv[0], .argc = argc - 1, .argv = argv + 1};
	struct em_err local = {0};
	bool usable = pic->run || ui->view == &view_help;
	if (usable && ui->view->command && ui->view->command(ui, pic, &call, &local)) {
		if (local.code != EM_OK && err)
			*err = local;
		return local.code;
	}
	if (!pic->run)
		return em_fail(err, EM_USAGE, "nothing is open yet; open FILE reads data");
	if (is_movement(argv[0]))
		return EM_OK;
	return em_fail(err, EM_USAGE, "%s does nothing in the view %s; ? lists what does", argv[0], ui->view->title);
}

bool ui_wants(struct ui *ui, const struct picture *pic, struct job *out)
{
	return ui->view->wants && ui->view->wants(ui, pic, out);
}

bool ui_refines(struct ui *ui, const struct picture *pic, struct job *out)
{
	enum { FIRST = 4000, MOST = 64000 };
	const struct em_snapshot *s = pic->run;
	size_t guessed = 0, missing = 0, fewest = MOST;
	if (!ui->refine || !s || s->problem->model->exact || s->problem->model->global || em_settings_number(pic->settings, "refine") == 0)
		return false;
	const struct em_entry *e = s->ledger + s->position;
	for (size_t n = 0; n < s->problem->layout.observations; n++) {
		const struct em_guess *g = &s->obs[n].guess;
		if (!isnan(s->obs[n].log_evidence))
			continue;
		missing += isnan(g->log_p) ? 1 : 0;
		guessed += isnan(g->log_p) ? 0 : 1;
		if (!isnan(g->log_p) && g->samples < fewest)
			fewest = g->samples;
	}
	if (missing + guessed == 0 || (!missing && (2 * e->log_evidence_se <= 0.05 || fewest >= MOST)))
		return false;
	size_t draws = missing ? FIRST : 2 * fewest > FIRST ? 2 * fewest : FIRST;
	const size_t ask[3] = {e->step, draws, guessed};
	if (memcmp(ask, ui->refined, sizeof ask) == 0) /* it came to nothing */
		return false;
	memcpy(ui->refined, ask, sizeof ask);
	*out = (struct job){.kind = JOB_EVIDENCE, .ask = {.samples = draws, .change = true,
	                                                  .enough = 0.025 / sqrt((double)(missing + guessed))}};
	return true;
}

/* The numbers of the documents that are on the screen, as a command takes them; those in a row as the data have them as one range. */
static enum em_status numbers_of_visible(struct ui *ui, const struct picture *pic, struct buf *b, struct em_err *err)
{
	size_t n = pic->run->problem->layout.observations;
	const struct ui_list *l = &ui->documents;
	if (ui->view != &view_documents) {
		buf_printf(b, " %zu", (ui->document < n ? ui->document : n - 1) + 1);
		return EM_OK;
	}
	const size_t *order = order_of(ui, pic);
	size_t ranges = 0; /* of a very tall screen the upper part: a command has room for so many */
	for (size_t i = l->top, to; order && i < n && i < l->top + l->page && ranges < EM_RANGES && b->len < sizeof ui->line - 80; i = to, ranges++) {
		for (to = i + 1; to < n && to < l->top + l->page && order[to] == order[to - 1] + 1;)
			to++;
		buf_printf(b, "%s%zu", i > l->top ? "," : " ", order[i] + 1);
		if (to > i + 1)
			buf_printf(b, "-%zu", order[to - 1] + 1);
	}
	return order ? EM_OK : em_no_memory(err);
}

/* `evidence ... visible ...`: the same with their numbers. */
static enum em_status visible(struct ui *ui, const struct picture *pic, bool bang, int argc, char *const argv[], struct em_err *err)
{
	struct buf b = {0};
	enum em_status st = pic->run ? EM_OK : em_fail(err, EM_USAGE, "nothing is open; open data first");
	buf_puts(&b, bang ? "evidence!" : "evidence");
	for (int i = 0; i < argc && !st; i++)
		if (strcmp(argv[i], "visible") == 0)
			st = numbers_of_visible(ui, pic, &b, err);
		else
			buf_printf(&b, " %s", argv[i]);
	if (!st && (b.failed || b.len >= sizeof ui->line))
		st = em_no_memory(err);
	if (!st)
		buf_copy(&b, ui->line, sizeof ui->line);
	buf_free(&b);
	return st;
}

enum em_status ui_command(struct ui *ui, const struct picture *pic, int argc, char *const argv[], const char **line,
                          struct em_err *err)
{
	ui->line[0] = '\0';
	*line = NULL;
	if (argc < 1)
		return EM_OK;
	enum em_status st = EM_OK;
	if (strcmp(argv[0], "view") == 0)
		st = argc > 1 ? show_named(ui, argv[1], err) : em_fail(err, EM_USAGE, "view needs a name or number");
	else if (strcmp(argv[0], "leave") == 0)
		leave(ui);
	else if (strcmp(argv[0], "visible") == 0 || strcmp(argv[0], "visible!") == 0)
		st = visible(ui, pic, argv[0][7] == '!', argc - 1, argv + 1, err);
	else if (strcmp(argv[0], "lab") == 0) {
		struct view_call select = {"select", argc - 1, argv + 1};
		struct em_err own = {0};
		show(ui, &view_lab);
		ui->labbed = SIZE_MAX;
		if (argc > 1 && pic->run)
			view_lab.command(ui, pic, &select, &own);
		st = own.code;
		if (st)
			*err = own;
	} else if (strcmp(argv[0], "study") == 0) {
		snprintf(ui->line, sizeof ui->line, "study %zu", ui->document + 1);
	} else if (strcmp(argv[0], "jensen") == 0) {
		show(ui, &view_jensen);
		st = ui_jensen_set(&ui->jensen, argc - 1, argv + 1, err);
	} else if (strcmp(argv[0], "landscape") == 0) {
		show(ui, &view_landscape);
		st = ui_landscape_set(ui, pic, argc - 1, argv + 1, err);
	} else if (strcmp(argv[0], "help") == 0 && ui->view != &view_help)
		show(ui, &view_help);
	else if (strcmp(argv[0], "help") == 0)
		leave(ui);
	else if (strcmp(argv[0], "click") != 0 || !click_tab(ui, argc, argv))
		st = to_view(ui, pic, argc, argv, err);
	if (ui->line[0])
		*line = ui->line;
	return st;
}

static bool ends_with(const char *s, const char *tail)
{
	size_t n = strlen(s), m = strlen(tail);
	return n > m && strcasecmp(s + n - m, tail) == 0;
}

enum em_status ui_screenshot(const struct ui *ui, const struct canvas *c, const char *path, bool replace,
                             struct em_err *err)
{
	struct buf b = {0};
	enum theme theme = ui->mono ? THEME_MONO : ui->light ? THEME_LIGHT : THEME_DARK;
	char title[64];
	snprintf(title, sizeof title, "elbow: %s", ui->view->title);
	if (ends_with(path, ".svg"))
		canvas_svg(c, &b, theme, title, ui->view->about);
	else if (ends_with(path, ".txt"))
		canvas_text(c, &b);
	else
		return em_fail(err, EM_USAGE, "screenshot %s: the name ends in .txt or .svg", path);
	enum em_status st = b.failed ? em_no_memory(err) : file_write_whole(path, replace, b.s ? b.s : "", b.len, err);
	buf_free(&b);
	return st;
}
