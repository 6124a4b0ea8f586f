/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "term/overlay.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

void overlay_set(struct overlay *o, const char *text)
{
	o->text.len = 0;
	o->top = 0;
	buf_puts(&o->text, text);
}

void overlay_hide(struct overlay *o)
{
	o->text.len = 0;
	o->top = 0;
}

void overlay_free(struct overlay *o)
{
	buf_free(&o->text);
}

/* The column where the rest of a long line goes on: below the last column of a table, else below its beginning. */
static size_t hang(const char *s, size_t n, size_t indent, size_t width)
{
	size_t best = indent;
	for (size_t i = indent + 2; i < n && i < width * 2 / 3; i++)
		if (s[i] != ' ' && s[i - 1] == ' ' && s[i - 2] == ' ')
			best = i;
	size_t column = text_width_of(s, best);
	return column < width * 2 / 3 ? column : 0;
}

/* Puts the lines from top on into r (none when r is empty); returns how many there are. */
static size_t put_lines(const struct overlay *o, struct canvas *c, struct rect r, size_t width)
{
	size_t row = 0;
	for (const char *s = o->text.s; *s;) {
		size_t n = strcspn(s, "\n"), indent = strspn(s, " "), at = 0, first = row;
		struct text_line line;
		indent = indent < n && indent < width / 2 ? indent : 0;
		size_t column = indent, rest = hang(s, n, indent, width);
		while (text_wrap(s + indent, n - indent, width - column, &at, &line)) {
			if (row >= o->top && row - o->top < (size_t)(r.h > 0 ? r.h : 0))
				canvas_put_clipped_n(c, r.x + (int)column, r.y + (int)(row - o->top), (int)(width - column),
				                     style_of(COLOR_DEFAULT), s + indent + line.start, line.end - line.start);
			row++;
			column = rest;
		}
		row += row == first; /* an empty line is one too */
		s += n + (s[n] == '\n');
	}
	return row;
}

void overlay_draw(struct overlay *o, struct canvas *c)
{
	if (!overlay_shown(o) || c->w < 8 || c->h < 4)
		return;
	int width = c->w - 2;
	o->lines = put_lines(o, c, (struct rect){0}, (size_t)width);
	int most = c->h - 3, h = o->lines < (size_t)most ? (int)o->lines : most;
	o->page = (size_t)h;
	if (o->top + o->page > o->lines)
		o->top = o->lines - o->page;
	struct rect all = {0, c->h - h - 2, c->w, h + 2};
	canvas_fill(c, all, style_of(COLOR_DEFAULT), ' ');
	canvas_fill(c, (struct rect){0, all.y, c->w, 1}, style_of(COLOR_DIM), c->glyphs == GLYPHS_ASCII ? '-' : 0x2500);
	put_lines(o, c, (struct rect){1, all.y + 1, width, h}, (size_t)width);
	canvas_scrollbar(c, (struct rect){c->w - 1, all.y + 1, 1, h}, style_of(COLOR_DIM), o->top, o->page, o->lines);
	struct style bar = style_on(COLOR_DEFAULT, COLOR_BAR);
	canvas_fill(c, (struct rect){0, c->h - 1, c->w, 1}, bar, ' ');
	char hint[96];
	if (o->lines > o->page)
		snprintf(hint, sizeof hint, "lines %zu to %zu of %zu: Up, Down, Space scroll; any other key closes", o->top + 1,
		         o->top + o->page, o->lines);
	else
		snprintf(hint, sizeof hint, "any key closes");
	canvas_put_clipped(c, 1, c->h - 1, c->w - 2, bar, hint);
}

bool overlay_key(struct overlay *o, const char *key)
{
	static const struct {
		const char *key;
		int lines, pages;
	} moves[] = {{"Up", -1, 0},    {"k", -1, 0},       {"Down", 1, 0},   {"j", 1, 0},     {"PgUp", 0, -1},
	             {"C-u", 0, -1},   {"PgDn", 0, 1},     {"C-d", 0, 1},    {"Space", 0, 1}, {"WheelUp", -3, 0},
	             {"WheelDown", 3, 0}, {"Home", 0, -9999}, {"g", 0, -9999}, {"End", 0, 9999}, {"G", 0, 9999}};
	for (size_t i = 0; i < sizeof moves / sizeof moves[0] && o->lines > o->page; i++) {
		if (strcmp(moves[i].key, key) != 0)
			continue;
		long to = (long)o->top + moves[i].lines + moves[i].pages * (long)o->page;
		long last = (long)(o->lines - o->page);
		o->top = (size_t)(to < 0 ? 0 : to > last ? last : to);
		return true;
	}
	overlay_hide(o);
	return false;
}
