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

enum { TEXT, TITLE, ID, WANTED };
static const char *const wanted[WANTED] = {"text", "title", "id"};
#define ABSENT SIZE_MAX

/* The table while it is read. libcsv calls back for each field and each row. */
struct reader {
	struct source *source;
	const char *path;
	const struct em_settings *settings;
	struct em_err *err;
	enum em_status status;
	struct table header;      /* the names, numbered with '\n' + position where they repeat */
	size_t columns;           /* 0 until the header is complete */
	size_t column[WANTED];    /* ABSENT or a position */
	size_t at;                /* fields seen of this row */
	struct em_text field[WANTED];
	size_t line, row_line, quote_line;
};

static enum em_status add_name(struct reader *r, const char *bytes, size_t n)
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
		buf_printf(&b, "\n%zu", r->at); /* a second column of that name: findable by its number only */
	bool added = !b.failed && table_add(&r->header, b.s, b.len) != TABLE_NONE;
	buf_free(&b);
	return added ? EM_OK : em_no_memory(r->err);
}

static void on_field(void *bytes, size_t n, void *data)
{
	struct reader *r = data;
	if (r->status)
		return;
	if (r->at == 0)
		r->row_line = r->quote_line ? r->quote_line : r->line;
	if (r->columns == 0)
		r->status = add_name(r, bytes, n);
	for (size_t i = 0; !r->status && r->columns && i < WANTED; i++) {
		if (r->column[i] != r->at)
			continue;
		const char *copy = arena_copy(&r->source->arena, bytes, n);
		if (!copy)
			r->status = em_no_memory(r->err);
		r->field[i] = (struct em_text){copy, n};
	}
	r->at++;
	r->quote_line = 0;
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

static enum em_status no_column(const struct reader *r, size_t i, const char *name)
{
	char *have = list_columns(r, 150);
	if (!have)
		return em_no_memory(r->err);
	enum em_status status = em_fail(r->err, EM_INPUT, "%s:%zu: no column \"%.40s\", only %s; name one with --set %s=COLUMN",
	                                r->path, r->row_line, name, have, wanted[i]);
	free(have);
	return status;
}

static enum em_status finish_header(struct reader *r)
{
	for (size_t i = 0; i < WANTED; i++) {
		const char *asked = em_settings_text(r->settings, wanted[i]);
		const char *name = *asked ? asked : wanted[i];
		r->column[i] = find_column(r, name);
		if (r->column[i] == ABSENT && (i == TEXT || *asked))
			return no_column(r, i, name);
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
	r->columns = r->at;
	return EM_OK;
}

static enum em_status finish_row(struct reader *r)
{
	if (r->at != r->columns)
		return em_fail(r->err, EM_INPUT, "%s:%zu: %zu field%s where the header has %zu; quote a field that holds "
		               "the separator", r->path, r->row_line, r->at, r->at == 1 ? "" : "s", r->columns);
	struct em_text name = r->column[TITLE] != ABSENT ? r->field[TITLE] : (struct em_text){0};
	if (name.length == 0 && r->column[ID] != ABSENT)
		name = r->field[ID];
	return source_add(r->source, name.length ? name.bytes : NULL, name.length, r->field[TEXT], r->err);
}

static void on_row(int end, void *data)
{
	struct reader *r = data;
	(void)end;
	if (!r->status)
		r->status = r->columns == 0 ? finish_header(r) : finish_row(r);
	r->at = 0;
}

static enum em_status refuse(struct reader *r, struct csv_parser *p)
{
	if (csv_error(p) == CSV_ENOMEM || csv_error(p) == CSV_ETOOBIG)
		return em_no_memory(r->err);
	return em_fail(r->err, EM_INPUT, "%s:%zu: a quote inside a field; write it twice and put the field in quotes",
	               r->path, r->line);
}

/* Feeds the parser line by line, so that we know where we are. */
static enum em_status feed(struct reader *r, struct csv_parser *p, struct em_text all)
{
	struct em_text line;
	for (size_t at = 0, from = 0; !r->status && source_line(all, &at, &line); from = at) {
		r->line++;
		size_t fields = r->at;
		if (csv_parse(p, all.bytes + from, at - from, on_field, on_row, r) != at - from)
			return refuse(r, p);
		/* A quote is open at the end of the line: it was opened here unless no field has ended since. */
		if (p->quoted && (r->quote_line == 0 || r->at != fields))
			r->quote_line = r->line;
	}
	bool ended = all.length == 0 || all.bytes[all.length - 1] == '\n' || all.bytes[all.length - 1] == '\r';
	if (!r->status && !ended && csv_parse(p, "\n", 1, on_field, on_row, r) != 1)
		return refuse(r, p);
	if (!r->status && p->quoted)
		return em_fail(r->err, EM_INPUT, "%s:%zu: a quote is opened here and never closed; close it", r->path,
		               r->quote_line);
	return r->status;
}

/* Spreadsheets of countries with a decimal comma write semicolons, and some write tabs into a .csv: where the first row
 * holds no comma, what it does hold separates. */
static char find_delimiter(struct em_text all, char delimiter)
{
	struct em_text line = {0};
	size_t at = 0;
	if (delimiter != ',' || !source_line(all, &at, &line) || line.length == 0 || memchr(line.bytes, ',', line.length))
		return delimiter;
	if (memchr(line.bytes, ';', line.length))
		return ';';
	return memchr(line.bytes, '\t', line.length) ? '\t' : ',';
}

enum em_status csv_read(struct source *s, struct file_bytes *f, const char *path, char delimiter,
                        const struct em_settings *settings, struct em_err *err)
{
	struct reader r = {.source = s, .path = path, .settings = settings, .err = err,
	                   .column = {ABSENT, ABSENT, ABSENT}};
	struct csv_parser p;
	struct em_text all;
	enum em_status status = source_take(s, f, path, &all, err);
	if (status)
		return status;
	delimiter = find_delimiter(all, delimiter);
	/* In tables separated by tabs quotes are often just quotes. */
	if (csv_init(&p, delimiter == '\t' ? 0 : CSV_STRICT))
		return em_no_memory(err);
	csv_set_delim(&p, (unsigned char)delimiter);
	status = feed(&r, &p, all);
	csv_free(&p);
	table_free(&r.header);
	if (!status && r.columns == 0)
		return em_fail(err, EM_INPUT, "%s: empty; the first row must name the columns", path);
	return status;
}
