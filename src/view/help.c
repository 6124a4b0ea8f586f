/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Help made from the tables of commands, keys and settings: first what holds in the view one comes from. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "view/pane.h"
#include "view/ui.h"

/* The text is lines; the first letter of each says what it is, tabs separate the columns of a row. */
enum { HEADING = 'h', ROW = 'r', TEXT = 't' };

struct sheet {
	struct buf text;
	const struct canvas *canvas; /* widths are measured on it */
	int width, first;            /* columns of the view and of a row's first column */
	const char *context;         /* the view one comes from: its keys hide general ones */
};

static void heading(struct sheet *p, const char *text)
{
	if (p->text.len)
		buf_puts(&p->text, "t\n");
	buf_printf(&p->text, "%c%s\n", HEADING, text);
}

/* Cuts a paragraph into lines; the widths are those of UTF-8, help text is nearly all ASCII. */
static void paragraph(struct sheet *p, const char *text)
{
	char line[PANE_LINE];
	for (const char *at = text; pane_next_line(p->canvas, text, &at, p->width, line);)
		buf_printf(&p->text, "%c%s\n", TEXT, line);
}

/* A row of two columns; the second is wrapped, and begins below when the first is too long. */
static void row(struct sheet *p, const char *left, const char *right)
{
	char line[PANE_LINE];
	const char *at = right;
	int room = p->width - p->first - 2; /* rows are set in by two */
	bool below = canvas_width(p->canvas, left) > p->first - 1;
	if (below || !right[0])
		buf_printf(&p->text, "%c%s\t\n", ROW, left);
	for (bool first = true; pane_next_line(p->canvas, right, &at, room > 10 ? room : 10, line); first = false)
		buf_printf(&p->text, "%c%s\t%s\n", ROW, first && !below ? left : "", line);
}

/* What a key does: the hint where the line has arguments, else the summary of its command. */
static const char *meaning(const struct cmd_key *k)
{
	size_t word = strcspn(k->line, " ");
	bool hint = k->hint && k->hint[0];
	for (size_t i = 0; cmd_at(i); i++) {
		const struct cmd *c = cmd_at(i);
		if (strlen(c->name) != word || strncmp(c->name, k->line, word) != 0)
			continue;
		if (k->line[word] && hint)
			return k->hint;
		bool repeats = strncmp(c->summary, c->name, word) == 0 && c->summary[word] == ':'; /* "left: the word before" */
		return repeats ? c->summary + word + 2 : strcmp(c->summary, c->name) == 0 ? "" : c->summary;
	}
	return hint ? k->hint : "";
}

static bool same_line(const struct sheet *p, const struct cmd_key *a, const struct cmd_key *b)
{
	return strcmp(a->context, b->context) == 0 && strcmp(a->line, b->line) == 0 &&
	       cmd_key_find(p->context, a->key) == a;
}

/* The keys of one context; those that run the same line stand together. */
static void keys_of(struct sheet *p, const char *context)
{
	for (size_t i = 0; cmd_key_at(i); i++) {
		const struct cmd_key *k = cmd_key_at(i);
		if (strcmp(k->context, context) != 0 || cmd_key_find(p->context, k->key) != k)
			continue;
		bool again = false;
		for (size_t j = 0; j < i && !again; j++)
			again = same_line(p, cmd_key_at(j), k);
		if (again)
			continue;
		char keys[160], left[256];
		int n = snprintf(keys, sizeof keys, "%s", k->key);
		for (size_t j = i + 1; cmd_key_at(j) && n < 64; j++)
			if (same_line(p, cmd_key_at(j), k))
				n += snprintf(keys + n, sizeof keys - (size_t)n, " %.20s", cmd_key_at(j)->key);
		bool prompt = strcmp(k->line, ":") == 0 || strcmp(k->line, "/") == 0;
		snprintf(left, sizeof left, "%-*s %s", p->first > 20 ? 11 : 6, keys, prompt ? "" : k->line);
		row(p, left, meaning(k));
	}
}

static bool has_keys(const char *context)
{
	for (size_t i = 0; cmd_key_at(i); i++)
		if (strcmp(cmd_key_at(i)->context, context) == 0)
			return true;
	return false;
}

static void commands(struct sheet *p)
{
	for (int g = 0; g < CMD_GROUPS; g++) {
		char title[96];
		snprintf(title, sizeof title, "Commands: %s", cmd_group_title((enum cmd_group)g));
		bool any = false;
		for (size_t i = 0; cmd_at(i); i++) {
			const struct cmd *k = cmd_at(i);
			char left[160];
			if (k->group != (enum cmd_group)g)
				continue;
			if (!any)
				heading(p, title);
			any = true;
			snprintf(left, sizeof left, "%s%s%s", k->name, k->synopsis && k->synopsis[0] ? " " : "",
			         k->synopsis ? k->synopsis : "");
			row(p, left, k->summary);
		}
	}
}

static void settings(struct sheet *p, const struct em_settings *s)
{
	const char *group = NULL;
	for (size_t i = 0; s && em_settings_at(s, i); i++) {
		const struct em_setting *set = em_settings_at(s, i);
		char left[160], value[96], title[96];
		if (!group || strcmp(group, em_settings_group(s, i)) != 0) {
			group = em_settings_group(s, i);
			snprintf(title, sizeof title, "Settings: %s", group);
			heading(p, title);
		}
		em_settings_show(s, set->name, value, sizeof value);
		snprintf(left, sizeof left, "%s = %.40s", set->name, value[0] ? value : "\"\"");
		row(p, left, set->help);
	}
}

static void build(struct sheet *p, const struct ui *ui, const struct picture *pic)
{
	const struct view *from = ui->back ? ui->back : &view_bound;
	p->context = from->name;
	char title[96];
	snprintf(title, sizeof title, "The view %s", from->title);
	heading(p, title);
	paragraph(p, from->about);
	if (has_keys(from->name)) {
		snprintf(title, sizeof title, "Keys in %s", from->title);
		heading(p, title);
		keys_of(p, from->name);
	}
	if (pic->bound)
		heading(p, "Keys of yours");
	for (size_t i = 0; i < pic->bound; i++) {
		struct buf line = {0};
		text_safe(&line, pic->binds[i].line, strlen(pic->binds[i].line));
		row(p, pic->binds[i].key, line.s ? line.s : "");
		buf_free(&line);
	}
	heading(p, "Keys everywhere");
	keys_of(p, "");
	commands(p);
	settings(p, pic->settings);
	heading(p, "What one sees");
	for (size_t i = 0; ui_view_at(i); i++) {
		char left[48];
		snprintf(left, sizeof left, "%c %s", ui_view_at(i)->key, ui_view_at(i)->title);
		row(p, left, ui_view_at(i)->about);
	}
	heading(p, "What the words mean");
	row(p, "nats", "the unit of every logarithm here: natural logarithms");
	row(p, "exact", "computed in closed form, up to rounding");
	row(p, "unknown", "not computed, because it would take too long; nothing is put in its place");
	row(p, "step", "one entry of the ledger: an E, an M, or a part of one (a small e or m)");
	row(p, "Shift + mouse", "selects text in most terminals, past elbow");
}

static size_t count(const struct buf *b)
{
	size_t n = 0;
	for (size_t i = 0; i < b->len; i++)
		n += b->s[i] == '\n';
	return n;
}

/* Copies line i without its end; false past the last. */
static bool line_at(const struct buf *b, size_t i, char out[PANE_LINE])
{
	const char *s = b->s;
	for (; s && *s && i > 0; i--)
		s = strchr(s, '\n') + 1;
	if (!s || !*s)
		return false;
	snprintf(out, PANE_LINE, "%.*s", (int)strcspn(s, "\n"), s);
	return true;
}

static void draw_line(const struct sheet *p, struct canvas *c, struct rect r, char line[PANE_LINE], const char *find)
{
	bool hit = find[0] && strcasestr(line + 1, find);
	if (line[0] == HEADING) {
		int n = canvas_put_clipped(c, r.x, r.y, r.w, style_with(COLOR_TITLE, ATTR_BOLD), line + 1);
		canvas_hline(c, r.x + n + 1, r.y, r.w - n - 1, style_of(COLOR_DIM));
	} else if (line[0] == ROW) {
		char *tab = strchr(line, '\t');
		if (tab)
			*tab = '\0';
		canvas_put_clipped(c, r.x + 2, r.y, r.w - 2, style_of(COLOR_ACCENT), line + 1);
		if (tab)
			canvas_put_clipped(c, r.x + 2 + p->first, r.y, r.w - 2 - p->first, style_of(COLOR_DEFAULT), tab + 1);
	} else {
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_DEFAULT), line + 1);
	}
	if (hit)
		canvas_background(c, (struct rect){r.x, r.y, r.w, 1}, COLOR_SELECTION);
}

static struct sheet sheet_of(const struct ui *ui, const struct picture *pic, const struct canvas *c, int w)
{
	struct sheet p = {.canvas = c, .width = w - 2, .first = w >= 100 ? 36 : w >= 70 ? 28 : w * 2 / 5};
	build(&p, ui, pic);
	return p;
}

static void draw(struct ui *ui, const struct picture *pic, struct canvas *c, struct rect r)
{
	struct sheet p = sheet_of(ui, pic, c, r.w);
	size_t n = count(&p.text), rows = r.h > 0 ? (size_t)r.h : 0;
	struct ui_list *l = &ui->help;
	l->page = rows ? rows : 1;
	if (l->top + rows > n)
		l->top = n > rows ? n - rows : 0;
	char line[PANE_LINE];
	for (size_t i = 0; i < rows && line_at(&p.text, l->top + i, line); i++)
		draw_line(&p, c, (struct rect){r.x, r.y + (int)i, r.w - 2, 1}, line, ui->find);
	if (p.text.failed)
		canvas_put_clipped(c, r.x, r.y, r.w, style_of(COLOR_BAD), "out of memory");
	canvas_scrollbar(c, (struct rect){r.x + r.w - 1, r.y, 1, r.h}, style_of(COLOR_DIM), l->top, rows, n);
	buf_free(&p.text);
}

/* The next line with the text after (before) the top one, round and round. */
static void find(struct ui *ui, const struct picture *pic, bool back, struct em_err *err)
{
	struct canvas measure = {.glyphs = ui->glyphs};
	struct sheet p = sheet_of(ui, pic, &measure, ui->area.w);
	size_t n = count(&p.text);
	char line[PANE_LINE];
	for (size_t k = 1; k <= n; k++) {
		size_t i = (ui->help.top + (back ? n - k : k)) % n;
		if (!line_at(&p.text, i, line) || !strcasestr(line + 1, ui->find))
			continue;
		ui->help.top = i;
		buf_free(&p.text);
		return;
	}
	buf_free(&p.text);
	em_fail(err, EM_USAGE, "\"%s\" is not in the help", ui->find);
}

static bool command(struct ui *ui, const struct picture *pic, const struct view_call *call, struct em_err *err)
{
	struct ui_list *l = &ui->help;
	const char *name = call->name;
	size_t n = pane_count(call), page = l->page > 1 ? l->page - 1 : 1;
	if (strcmp(name, "up") == 0)
		l->top = l->top > n ? l->top - n : 0;
	else if (strcmp(name, "down") == 0)
		l->top += n; /* drawing keeps it in range */
	else if (strcmp(name, "page-up") == 0)
		l->top = l->top > page ? l->top - page : 0;
	else if (strcmp(name, "page-down") == 0)
		l->top += page;
	else if (strcmp(name, "home") == 0)
		l->top = 0;
	else if (strcmp(name, "end") == 0)
		l->top = 100000;
	else if (strcmp(name, "find") == 0) {
		snprintf(ui->find, sizeof ui->find, "%s", call->argc ? call->argv[0] : "");
		if (ui->find[0])
			find(ui, pic, false, err);
	} else if (strcmp(name, "find-next") == 0 || strcmp(name, "find-previous") == 0) {
		if (ui->find[0])
			find(ui, pic, strcmp(name, "find-previous") == 0, err);
	} else
		return false;
	return true;
}

const struct view view_help = {
	.name = "help",
	.title = "Help",
	.key = '?',
	.about = "Everything that can be typed, from the same tables that carry it out.",
	.draw = draw,
	.command = command,
};
