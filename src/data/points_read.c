/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables of numbers, read. The first line names the columns; names are kept as they may be shown. */
#include <ctype.h>
#include <locale.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "data/csv.h"
#include "data/points.h"

#define ABSENT SIZE_MAX
enum { SHOWN = 30, LISTED = 150, SUGGESTED = 80 }; /* columns of text in messages */
enum cell { NUMBER, EMPTY, WORD, NOT_FINITE, TOO_LARGE };

/* The table while it is read. */
struct reader {
	const char *path;
	const char *asked;      /* the setting columns */
	struct em_err *err;
	locale_t c;             /* where numbers have a point */
	struct arena names;
	const char **name;      /* [columns] of the file */
	size_t columns, name_room;
	bool begun;             /* the header is complete */
	size_t numbers, words;  /* cells of the header that are numbers, that are not */
	size_t *chosen;         /* [width] positions */
	size_t *slot;           /* [columns]: where among the chosen, ABSENT */
	size_t width;
	double *x;              /* [rows][width] */
	size_t rows, room;      /* room in doubles */
	bool *wrong;            /* [columns]: cells of this row that are no numbers */
	enum cell fault;        /* of the first wrong cell of this row */
	size_t fault_at;
	char fault_text[128];   /* safe, cut */
};

/* ---- numbers ---- */

static struct em_text trimmed(struct em_text t)
{
	while (t.length && (t.bytes[0] == ' ' || t.bytes[0] == '\t')) {
		t.bytes++;
		t.length--;
	}
	while (t.length && (t.bytes[t.length - 1] == ' ' || t.bytes[t.length - 1] == '\t'))
		t.length--;
	return t;
}

static size_t digits(const char *s)
{
	size_t n = 0;
	while (s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* Bytes of the decimal number that s begins with, 0 where it does not; s ends in NUL. */
static size_t number_length(const char *s)
{
	size_t at = s[0] == '+' || s[0] == '-', whole = digits(s + at), part = 0;
	at += whole;
	if (s[at] == '.') {
		part = digits(s + at + 1);
		at += 1 + part;
	}
	if (whole + part == 0)
		return 0;
	if (s[at] == 'e' || s[at] == 'E') {
		size_t sign = s[at + 1] == '+' || s[at + 1] == '-', power = digits(s + at + 1 + sign);
		at += power ? 1 + sign + power : 0;
	}
	return at;
}

static bool not_finite(struct em_text t)
{
	static const char *const names[] = {"nan", "inf", "infinity"};
	size_t sign = t.length && (t.bytes[0] == '+' || t.bytes[0] == '-');
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (t.length - sign == strlen(names[i]) && strncasecmp(t.bytes + sign, names[i], t.length - sign) == 0)
			return true;
	return false;
}

/* t is trimmed, with a blank or NUL behind it. */
static enum cell parse(const struct reader *r, struct em_text t, double *out)
{
	if (t.length == 0)
		return EMPTY;
	if (number_length(t.bytes) != t.length)
		return not_finite(t) ? NOT_FINITE : WORD;
	*out = strtod_l(t.bytes, NULL, r->c); /* ends where we found the end */
	return isfinite(*out) ? NUMBER : TOO_LARGE;
}

/* ---- the header ---- */

/* A name, safe already, cut for a message. */
struct label {
	char s[160];
};

static struct label label(const char *text)
{
	struct label out;
	size_t n = strlen(text), fit = text_fit(text, n, SHOWN);
	bool whole = fit == n && fit < sizeof out.s;
	if (fit > sizeof out.s - 4) /* many marks on few characters */
		for (fit = sizeof out.s - 4; ((unsigned char)text[fit] & 0xc0) == 0x80;)
			fit--;
	snprintf(out.s, sizeof out.s, "%.*s%s", (int)fit, text, whole ? "" : "…");
	return out;
}

static enum em_status add_name(struct reader *r, struct em_text cell)
{
	double ignored;
	enum cell kind = parse(r, cell, &ignored);
	r->numbers += kind != EMPTY && kind != WORD;
	r->words += kind == WORD;
	if (r->columns == r->name_room) {
		size_t room = r->name_room ? r->name_room * 2 : 16;
		const char **more = realloc(r->name, room * sizeof *more);
		if (!more)
			return em_no_memory(r->err);
		r->name = more;
		r->name_room = room;
	}
	struct buf safe = {0};
	text_safe(&safe, cell.bytes, cell.length);
	const char *name = safe.failed ? NULL : arena_copy(&r->names, safe.s ? safe.s : "", safe.len);
	buf_free(&safe);
	if (!name)
		return em_no_memory(r->err);
	r->name[r->columns++] = name;
	return EM_OK;
}

/* The names of the columns between separators, but those left out; false when they do not fit the width as a whole, or
 * cannot be told apart by commas. */
static bool join(const struct reader *r, const char *separator, const bool *leave, size_t width, struct buf *out)
{
	bool fits = true, any = false;
	for (size_t j = 0; j < r->columns && fits; j++) {
		if (leave && (leave[j] || !*r->name[j]))
			continue;
		buf_printf(out, "%s%s", any ? separator : "", *r->name[j] ? r->name[j] : "\"\"");
		any = true;
		fits = text_width(out->s ? out->s : "") <= width && (!leave || !strchr(r->name[j], ','));
	}
	return fits && any;
}

/* "sepal,petal" to type behind columns=, without those left out; owned. */
static char *suggestion(const struct reader *r, const bool *leave)
{
	struct buf b = {0};
	if (!join(r, ",", leave, SUGGESTED, &b)) {
		buf_free(&b);
		buf_puts(&b, "NAME,NAME");
	}
	return buf_take(&b);
}

static enum em_status no_column(const struct reader *r, struct em_text name, size_t line)
{
	struct buf all = {0}, have = {0}, wanted = {0};
	join(r, ", ", NULL, LISTED, &all);
	text_clip(&have, all.s ? all.s : "", LISTED, false);
	text_safe(&wanted, name.bytes, text_fit(name.bytes, name.length, SHOWN));
	bool failed = all.failed || have.failed || wanted.failed;
	enum em_status st = failed ? em_no_memory(r->err)
	                           : em_fail(r->err, EM_INPUT, "%s:%zu: no column \"%s\", only %s; name some of these with --set "
	                                     "columns=NAME,NAME", r->path, line, wanted.s ? wanted.s : "", have.s ? have.s : "");
	buf_free(&all);
	buf_free(&have);
	buf_free(&wanted);
	return st;
}

static bool is_named(const char *name, struct em_text t, bool exactly)
{
	return strlen(name) == t.length && (exactly ? memcmp(name, t.bytes, t.length) : strncasecmp(name, t.bytes, t.length)) == 0;
}

/* Which column is meant: by its name, its name in other case, its number from 1. */
static size_t find(const struct reader *r, struct em_text t)
{
	size_t found = ABSENT, times = 0, number = 0;
	for (size_t j = 0; j < r->columns; j++)
		if (is_named(r->name[j], t, true))
			return j;
	for (size_t j = 0; j < r->columns; j++)
		if (is_named(r->name[j], t, false) && (times == 0 || strcmp(r->name[j], r->name[found]) != 0)) {
			found = j;
			times++;
		}
	for (size_t i = 0; times == 0 && i < t.length; i++) {
		if (!isdigit((unsigned char)t.bytes[i]) || number > r->columns)
			return ABSENT;
		number = number * 10 + (size_t)(t.bytes[i] - '0');
	}
	if (times == 0 && number >= 1 && number <= r->columns)
		return number - 1;
	return times == 1 ? found : ABSENT;
}

static enum em_status alike(const struct reader *r, size_t a, size_t b, size_t line)
{
	return em_fail(r->err, EM_INPUT, "%s:%zu: columns %zu and %zu are both named \"%s\"; rename one, or take columns by number "
	               "with --set columns=%zu", r->path, line, a + 1, b + 1, label(r->name[a]).s, a + 1);
}

static enum em_status choose(struct reader *r, size_t j)
{
	if (r->slot[j] != ABSENT)
		return em_fail(r->err, EM_USAGE, "columns: \"%s\" is there twice; name each column once", label(r->name[j]).s);
	r->slot[j] = r->width;
	r->chosen[r->width++] = j;
	return EM_OK;
}

/* One name of the setting; of two columns that have it neither is meant. */
static enum em_status choose_named(struct reader *r, struct em_text t, size_t line)
{
	if (t.length == 0)
		return em_fail(r->err, EM_USAGE, "columns: a name is missing beside a comma; give names as a,b");
	size_t j = find(r, t);
	if (j == ABSENT)
		return no_column(r, t, line);
	for (size_t i = j + 1; i < r->columns && is_named(r->name[j], t, false); i++)
		if (strcmp(r->name[i], r->name[j]) == 0)
			return alike(r, j, i, line);
	return choose(r, j);
}

/* Reads the setting: names between commas, or one name with commas in it. */
static enum em_status choose_asked(struct reader *r, size_t line)
{
	struct em_text all = trimmed((struct em_text){r->asked, strlen(r->asked)});
	if (find(r, all) != ABSENT)
		return choose_named(r, all, line);
	enum em_status st = EM_OK;
	for (const char *at = all.bytes, *end = all.bytes + all.length; !st && at <= end;) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		st = choose_named(r, trimmed((struct em_text){at, (size_t)((comma ? comma : end) - at)}), line);
		at = comma ? comma + 1 : end + 1;
	}
	return st;
}

static enum em_status unnamed(const struct reader *r, size_t j, size_t line)
{
	bool *leave = calloc(r->columns, sizeof *leave);
	char *names = leave ? suggestion(r, leave) : NULL;
	enum em_status st = !names ? em_no_memory(r->err)
	                           : em_fail(r->err, EM_INPUT, "%s:%zu: column %zu has no name; give it one, or take others with --set "
	                                     "columns=%s", r->path, line, j + 1, names);
	free(leave);
	free(names);
	return st;
}

/* All chosen columns have a name, each another. */
static enum em_status check_names(struct reader *r, size_t line)
{
	struct table seen = {0};
	enum em_status st = EM_OK;
	for (size_t i = 0; !st && i < r->width; i++) {
		size_t j = r->chosen[i];
		if (!*r->name[j] && !*r->asked) {
			st = unnamed(r, j, line);
			continue;
		}
		if (!*r->name[j]) {
			struct buf made = {0};
			buf_printf(&made, "column %zu", j + 1);
			r->name[j] = made.failed ? NULL : arena_copy(&r->names, made.s, made.len);
			buf_free(&made);
		}
		uint32_t at = r->name[j] ? table_add(&seen, r->name[j], strlen(r->name[j])) : TABLE_NONE;
		if (at == TABLE_NONE)
			st = em_no_memory(r->err);
		else if (at < i)
			st = alike(r, r->chosen[at] < j ? r->chosen[at] : j, r->chosen[at] < j ? j : r->chosen[at], line);
	}
	table_free(&seen);
	return st;
}

static enum em_status finish_header(struct reader *r, size_t line)
{
	if (r->numbers && !r->words)
		return em_fail(r->err, EM_INPUT, "%s:%zu: the first line has numbers where the names of the columns belong; put a line with "
		               "%zu name%s above it", r->path, line, r->columns, r->columns == 1 ? "" : "s");
	r->chosen = calloc(r->columns, sizeof *r->chosen);
	r->slot = calloc(r->columns, sizeof *r->slot);
	r->wrong = calloc(r->columns, sizeof *r->wrong);
	if (!r->chosen || !r->slot || !r->wrong)
		return em_no_memory(r->err);
	for (size_t j = 0; j < r->columns; j++)
		r->slot[j] = ABSENT;
	enum em_status st = EM_OK;
	bool all = trimmed((struct em_text){r->asked, strlen(r->asked)}).length == 0;
	if (all)
		r->asked = "";
	else
		st = choose_asked(r, line);
	for (size_t j = 0; all && !st && j < r->columns; j++)
		st = choose(r, j);
	r->begun = true;
	return st ? st : check_names(r, line);
}

/* ---- rows ---- */

static enum em_status make_room(struct reader *r)
{
	if (r->room - r->rows * r->width >= r->width)
		return EM_OK;
	size_t room = r->room ? r->room * 2 : r->width + 4096;
	double *more = room < SIZE_MAX / 4 / sizeof *more ? realloc(r->x, room * sizeof *more) : NULL;
	if (!more)
		return em_no_memory(r->err);
	r->x = more;
	r->room = room;
	return EM_OK;
}

static enum em_status take_cell(void *to, size_t at, struct em_text cell)
{
	struct reader *r = to;
	cell = trimmed(cell);
	if (!r->begun)
		return add_name(r, cell);
	if (at == 0) {
		enum em_status st = make_room(r);
		if (st)
			return st;
	}
	if (at >= r->columns || r->slot[at] == ABSENT)
		return EM_OK;
	enum cell kind = parse(r, cell, &r->x[r->rows * r->width + r->slot[at]]);
	r->wrong[at] = kind != NUMBER;
	if (kind == NUMBER || r->fault != NUMBER)
		return EM_OK;
	r->fault = kind;
	r->fault_at = at;
	struct buf safe = {0}, cut = {0};
	text_safe(&safe, cell.bytes, cell.length < 200 ? cell.length : 200);
	text_clip(&cut, safe.s ? safe.s : "", SHOWN, false);
	bool failed = safe.failed || cut.failed;
	if (!failed)
		buf_copy(&cut, r->fault_text, sizeof r->fault_text);
	buf_free(&safe);
	buf_free(&cut);
	return failed ? em_no_memory(r->err) : EM_OK;
}

/* What tables write where a number is missing. */
static bool missing(const char *what)
{
	static const char *const marks[] = {"NA", "N/A", "NULL", "none", "missing", "?", "-", ".", "*"};
	for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
		if (strcasecmp(what, marks[i]) == 0)
			return true;
	return false;
}

/* The first row below the names is the like of them: where it has numbers they are numbers, so names they are not. */
static bool headless(const struct reader *r)
{
	size_t alike = 0;
	double ignored;
	for (size_t j = 0; j < r->columns; j++) {
		bool number = parse(r, (struct em_text){r->name[j], strlen(r->name[j])}, &ignored) == NUMBER;
		if (number == r->wrong[j])
			return false;
		alike += number;
	}
	return r->rows == 0 && alike > 0;
}

/* All columns were taken; those without a word in this row may be what is meant. */
static enum em_status say_others(const struct reader *r, size_t line)
{
	char *names = suggestion(r, r->wrong);
	if (!names)
		return em_no_memory(r->err);
	enum em_status st = em_fail(r->err, EM_INPUT, "%s:%zu: column \"%s\": \"%s\" is not a number; %s: --set columns=%s", r->path, line,
	                            label(r->name[r->fault_at]).s, r->fault_text,
	                            r->rows ? "give one, or leave the column out" : "take the columns of numbers", names);
	free(names);
	return st;
}

/* A cell that is no number, and what would be right. */
static enum em_status say_word(const struct reader *r, size_t line)
{
	const char *what = r->fault_text;
	struct label name = label(r->name[r->fault_at]);
	const char *right = "every cell is a number such as -1.5 or 2e3";
	if (missing(what))
		right = "every row has one there: remove this row";
	else if (strspn(what, "+-0123456789.,' ") == strlen(what) && strpbrk(what, "0123456789") && strpbrk(what, ",'"))
		right = "numbers have a decimal point and nothing between the thousands";
	else if (r->columns == 1 && strchr(what, ' '))
		right = "cells are separated by commas, semicolons or tabs";
	else if (!*r->asked && headless(r))
		right = "the first line looks like numbers too: the names of the columns belong there";
	else if (!*r->asked && r->columns > 1)
		return say_others(r, line);
	return em_fail(r->err, EM_INPUT, "%s:%zu: column \"%s\": \"%s\" is not a number; %s", r->path, line, name.s, what, right);
}

static enum em_status say_fault(const struct reader *r, size_t line)
{
	struct label name = label(r->name[r->fault_at]);
	switch (r->fault) {
	case EMPTY:
		return em_fail(r->err, EM_INPUT, "%s:%zu: column \"%s\": the cell is empty; every row has a number there", r->path, line, name.s);
	case NOT_FINITE:
		return em_fail(r->err, EM_INPUT, "%s:%zu: column \"%s\": \"%s\" is not a finite number; give one, or remove the row", r->path,
		               line, name.s, r->fault_text);
	case TOO_LARGE:
		return em_fail(r->err, EM_INPUT, "%s:%zu: column \"%s\": \"%s\" is too large; numbers go to 1.7e308", r->path, line, name.s,
		               r->fault_text);
	default:
		return say_word(r, line);
	}
}

static enum em_status take_row(void *to, size_t cells, size_t line)
{
	struct reader *r = to;
	if (!r->begun)
		return finish_header(r, line);
	if (cells != r->columns)
		return em_fail(r->err, EM_INPUT, "%s:%zu: %zu cell%s where the first line names %zu column%s; give a cell for every "
		               "column, and quote one that holds the separator", r->path, line, cells, cells == 1 ? "" : "s", r->columns,
		               r->columns == 1 ? "" : "s");
	if (r->fault != NUMBER)
		return say_fault(r, line);
	r->rows++;
	return EM_OK;
}

/* ---- files ---- */

static const char *separators(const char *path)
{
	size_t n = strlen(path);
	if (n > 4 && strcasecmp(path + n - 4, ".tsv") == 0)
		return "\t";
	return n > 4 && strcasecmp(path + n - 4, ".csv") == 0 ? ",;\t" : "\t,;";
}

static enum em_status finish(struct reader *r, struct em_points **out)
{
	if (!r->begun)
		return em_fail(r->err, EM_INPUT, "%s: empty; the first line must name the columns, numbers follow below", r->path);
	if (r->rows == 0)
		return em_fail(r->err, EM_INPUT, "%s: no rows below the names of the columns; give at least one row of numbers", r->path);
	const char **name = calloc(r->width, sizeof *name);
	if (!name)
		return em_no_memory(r->err);
	for (size_t i = 0; i < r->width; i++)
		name[i] = r->name[r->chosen[i]];
	double *exact = realloc(r->x, r->rows * r->width * sizeof *exact);
	enum em_status st = points_take(r->rows, r->width, name, exact ? exact : r->x, out, r->err);
	r->x = NULL;
	free(name);
	return st;
}

enum em_status em_points_open(const char *path, const struct em_settings *s, struct em_points **out, struct em_err *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct reader r = {.path = standard ? "standard input" : path, .asked = em_settings_text(s, "columns"), .err = err};
	struct csv_sink sink = {take_cell, take_row, &r};
	struct source source = {0};
	struct file_bytes f;
	struct em_text all;
	*out = NULL;
	enum em_status st = standard ? file_read_fd(STDIN_FILENO, r.path, &f, err) : file_map(path, &f, err);
	if (!st)
		st = source_take(&source, &f, r.path, &all, err);
	if (!st && !(r.c = newlocale(LC_ALL_MASK, "C", (locale_t)0)))
		st = em_no_memory(err);
	if (!st)
		st = csv_walk(all, r.path, csv_delimiter(all, separators(path)), &sink, err);
	if (!st)
		st = finish(&r, out);
	if (r.c)
		freelocale(r.c);
	source_free(&source);
	arena_free(&r.names);
	free(r.name);
	free(r.chosen);
	free(r.slot);
	free(r.wrong);
	free(r.x);
	return st;
}
