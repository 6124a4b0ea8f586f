/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/csv.h"

#include <csv.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"

void csv_field(struct buf *out, const char *text)
{
	size_t n = strlen(text);
	bool plain = strcspn(text, ",\"\r\n") == n;
	/* Blanks at the ends would be lost on reading. */
	if (plain && n && (text[0] == ' ' || text[0] == '\t' || text[n - 1] == ' ' || text[n - 1] == '\t'))
		plain = false;
	if (plain) {
		buf_add(out, text, n);
		return;
	}
	char *quoted = n < SIZE_MAX / 4 ? malloc(2 * n + 2) : NULL;
	if (!quoted) {
		out->failed = true;
		return;
	}
	buf_add(out, quoted, csv_write(quoted, 2 * n + 2, text, n));
	free(quoted);
}

/* ---- any table, cell by cell ---- */

/* libcsv calls back for each field and each row. */
struct walk {
	const struct csv_sink *sink;
	const char *path;
	struct em_err *err;
	enum em_status status;
	size_t at;                     /* cells seen of this row */
	size_t line, row_line, quote_line;
};

static void on_field(void *bytes, size_t n, void *data)
{
	struct walk *w = data;
	if (w->status)
		return;
	if (w->at == 0)
		w->row_line = w->quote_line ? w->quote_line : w->line;
	w->status = w->sink->cell(w->sink->to, w->at++, (struct em_text){bytes, n});
	w->quote_line = 0;
}

static void on_row(int end, void *data)
{
	struct walk *w = data;
	(void)end;
	if (!w->status)
		w->status = w->sink->row(w->sink->to, w->at, w->row_line);
	w->at = 0;
}

static enum em_status refuse(struct walk *w, struct csv_parser *p)
{
	if (csv_error(p) == CSV_ENOMEM || csv_error(p) == CSV_ETOOBIG)
		return em_no_memory(w->err);
	return em_fail(w->err, EM_INPUT, "%s:%zu: a quote inside a field; write it twice and put the field in quotes",
	               w->path, w->line);
}

/* Feeds the parser line by line, so that we know where we are. */
static enum em_status feed(struct walk *w, struct csv_parser *p, struct em_text all)
{
	struct em_text line;
	for (size_t at = 0, from = 0; !w->status && source_line(all, &at, &line); from = at) {
		w->line++;
		size_t cells = w->at;
		if (csv_parse(p, all.bytes + from, at - from, on_field, on_row, w) != at - from)
			return refuse(w, p);
		/* A quote is open at the end of the line: it was opened here unless no field has ended since. */
		if (p->quoted && (w->quote_line == 0 || w->at != cells))
			w->quote_line = w->line;
	}
	bool ended = all.length == 0 || all.bytes[all.length - 1] == '\n' || all.bytes[all.length - 1] == '\r';
	if (!w->status && !ended && csv_parse(p, "\n", 1, on_field, on_row, w) != 1)
		return refuse(w, p);
	if (!w->status && p->quoted)
		return em_fail(w->err, EM_INPUT, "%s:%zu: a quote is opened here and never closed; close it", w->path,
		               w->quote_line);
	return w->status;
}

enum em_status csv_walk(struct em_text all, const char *path, char delimiter, const struct csv_sink *sink,
                        struct em_err *err)
{
	struct walk w = {.sink = sink, .path = path, .err = err};
	struct csv_parser p;
	/* In tables separated by tabs quotes are often just quotes. */
	if (csv_init(&p, (unsigned char)(CSV_APPEND_NULL | (delimiter == '\t' ? 0 : CSV_STRICT))))
		return em_no_memory(err);
	csv_set_delim(&p, (unsigned char)delimiter);
	enum em_status status = feed(&w, &p, all);
	csv_free(&p);
	return status;
}

char csv_delimiter(struct em_text all, const char *candidates)
{
	struct em_text line = {0};
	size_t at = 0, best = strlen(candidates);
	while (source_line(all, &at, &line) && line.length == 0)
		;
	bool quoted = false;
	for (size_t i = 0; i < line.length; i++) {
		const char *c = strchr(candidates, line.bytes[i]);
		quoted ^= line.bytes[i] == '"';
		if (!quoted && c && (size_t)(c - candidates) < best)
			best = (size_t)(c - candidates);
	}
	return candidates[best] ? candidates[best] : candidates[0];
}

/* ---- documents ---- */

enum { TEXT, TITLE, ID, WANTED };
static const char *const wanted[WANTED] = {"text", "title", "id"};
#define ABSENT SIZE_MAX

/* The table while it is read. */
struct reader {
	struct source *source;
	const char *path;
	const struct em_settings *settings;
	struct em_err *err;
	struct table header;      /* the names, numbered with '\n' + position where they repeat */
	size_t columns;           /* 0 until the header is complete */
	size_t column[WANTED];    /* ABSENT or a position */
	struct em_text field[WANTED];
};

static enum em_status add_name(struct reader *r, size_t at, const char *bytes, size_t n)
{
	struct buf b = {0};
	while (n && (bytes[0] == ' ' || bytes[0] == '\t')) {
		bytes++;
		n--;
	}
	buf_add(&b, bytes, n);
	while (b.len && (b.s[b.len - 1] == ' ' || b.s[b.len - 1] == '\t'))
		b.s[--b.len] = '\0';
	if (!b.failed && table_find(&r->header, b.s, b.len) != TABLE_NONE)
		buf_printf(&b, "\n%zu", at); /* a second column of that name: findable by its number only */
	bool added = !b.failed && table_add(&r->header, b.s, b.len) != TABLE_NONE;
	buf_free(&b);
	return added ? EM_OK : em_no_memory(r->err);
}

static enum em_status take_cell(void *to, size_t at, struct em_text cell)
{
	struct reader *r = to;
	if (r->columns == 0)
		return add_name(r, at, cell.bytes, cell.length);
	for (size_t i = 0; i < WANTED; i++) {
		if (r->column[i] != at)
			continue;
		const char *copy = arena_copy(&r->source->arena, cell.bytes, cell.length);
		if (!copy)
			return em_no_memory(r->err);
		r->field[i] = (struct em_text){copy, cell.length};
	}
	return EM_OK;
}

/* The column a setting asks for: by name, else by number from 1. */
static size_t find_column(const struct reader *r, const char *name)
{
	for (uint32_t i = 0; i < r->header.count; i++)
		if (strcasecmp(r->header.key[i].bytes, name) == 0)
			return i;
	char *end;
	unsigned long n = strtoul(name, &end, 10);
	if (*name >= '0' && *name <= '9' && !*end && n >= 1 && n <= r->header.count)
		return n - 1;
	return ABSENT;
}

/* "title, author, date", safe and not too long. */
static char *list_columns(const struct reader *r, size_t width)
{
	struct buf all = {0}, clipped = {0};
	for (uint32_t i = 0; i < r->header.count; i++) {
		const char *name = r->header.key[i].bytes;
		buf_puts(&all, i ? ", " : "");
		text_safe(&all, name, strcspn(name, "\n"));
	}
	text_clip(&clipped, all.s ? all.s : "", width, false);
	clipped.failed |= all.failed;
	buf_free(&all);
	return buf_take(&clipped);
}

static enum em_status no_column(const struct reader *r, size_t line, size_t i, const char *name)
{
	char *have = list_columns(r, 150);
	if (!have)
		return em_no_memory(r->err);
	enum em_status status = em_fail(r->err, EM_INPUT, "%s:%zu: no column \"%.40s\", only %s; name one with --set %s=COLUMN",
	                                r->path, line, name, have, wanted[i]);
	free(have);
	return status;
}

static enum em_status finish_header(struct reader *r, size_t cells, size_t line)
{
	for (size_t i = 0; i < WANTED; i++) {
		const char *asked = em_settings_text(r->settings, wanted[i]);
		const char *name = *asked ? asked : wanted[i];
		r->column[i] = find_column(r, name);
		if (r->column[i] == ABSENT && (i == TEXT || *asked))
			return no_column(r, line, i, name);
	}
	char *have = list_columns(r, 50);
	if (!have)
		return em_no_memory(r->err);
	struct buf *notes = &r->source->notes;
	buf_printf(notes, "columns   %s\n", have);
	free(have);
	buf_printf(notes, "          text from column %zu", r->column[TEXT] + 1);
	size_t name = r->column[TITLE] != ABSENT ? r->column[TITLE] : r->column[ID];
	if (name != ABSENT)
		buf_printf(notes, ", names from column %zu", name + 1);
	buf_putc(notes, '\n');
	r->columns = cells;
	return EM_OK;
}

static enum em_status take_row(void *to, size_t cells, size_t line)
{
	struct reader *r = to;
	if (r->columns == 0)
		return finish_header(r, cells, line);
	if (cells != r->columns)
		return em_fail(r->err, EM_INPUT, "%s:%zu: %zu field%s where the header has %zu; quote a field that holds "
		               "the separator", r->path, line, cells, cells == 1 ? "" : "s", r->columns);
	struct em_text name = r->column[TITLE] != ABSENT ? r->field[TITLE] : (struct em_text){0};
	if (name.length == 0 && r->column[ID] != ABSENT)
		name = r->field[ID];
	return source_add(r->source, name.length ? name.bytes : NULL, name.length, r->field[TEXT], r->err);
}

enum em_status csv_read(struct source *s, struct file_bytes *f, const char *path, char delimiter,
                        const struct em_settings *settings, struct em_err *err)
{
	struct reader r = {.source = s, .path = path, .settings = settings, .err = err,
	                   .column = {ABSENT, ABSENT, ABSENT}};
	struct csv_sink sink = {take_cell, take_row, &r};
	struct em_text all;
	enum em_status status = source_take(s, f, path, &all, err);
	/* Spreadsheets of countries with a decimal comma write semicolons, and some write tabs into a .csv. */
	if (!status)
		status = csv_walk(all, path, csv_delimiter(all, delimiter == '\t' ? "\t" : ",;\t"), &sink, err);
	table_free(&r.header);
	if (!status && r.columns == 0)
		return em_fail(err, EM_INPUT, "%s: empty; the first row must name the columns", path);
	return status;
}
