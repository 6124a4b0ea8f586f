/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/settings.h"

#include <ctype.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"

struct value {
	double number; /* EM_CHOICE: the index; EM_SWITCH: 0 or 1 */
	char *text;    /* EM_TEXT: owned, never NULL */
};

struct em_settings {
	atomic_size_t holders;
	size_t tables, count;
	const struct em_setting_table **table; /* [tables] */
	const struct em_setting **row;         /* [count] */
	struct value *value;                   /* [count] */
};

/* A number as one would type it: short if that reads back the same. */
static const char *show_number(double x, char *out, size_t size)
{
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, size, "%.*g", digits, x);
		if (strtod(out, NULL) == x)
			break;
	}
	return out;
}

/* The part of text between blanks around it. */
static const char *trim(const char *text, size_t *n)
{
	while (*text && isspace((unsigned char)*text))
		text++;
	*n = strlen(text);
	while (*n && isspace((unsigned char)text[*n - 1]))
		--*n;
	return text;
}

/* What the person typed, made safe and short for a message. */
static const char *quote(const char *text, size_t n, char *out, size_t size)
{
	struct buf safe = {0}, clipped = {0};
	text_safe(&safe, text, n);
	text_clip(&clipped, safe.s ? safe.s : "", 40, false);
	snprintf(out, size, "%s", clipped.s ? clipped.s : "");
	buf_free(&safe);
	buf_free(&clipped);
	return out;
}

static enum em_status refuse_number(const struct em_setting *row, const char *text, size_t n, const char *what,
                                    struct em_err *err)
{
	char shown[200], low[40], high[40];
	return em_fail(err, EM_USAGE, "%s: \"%s\" %s; give one from %s to %s", row->name, quote(text, n, shown, sizeof shown),
	               what, show_number(row->min, low, sizeof low), show_number(row->max, high, sizeof high));
}

static enum em_status parse_number(const struct em_setting *row, const char *text, size_t n, double *out,
                                   struct em_err *err)
{
	char word[64], *end = word;
	const char *kind = row->type == EM_INTEGER ? "is not a whole number" : "is not a number";
	if (n == 0 || n >= sizeof word || strcspn(text, "xXpP") < n)
		return refuse_number(row, text, n, kind, err);
	memcpy(word, text, n);
	word[n] = '\0';
	double x = strtod(word, &end);
	if (end != word + n || isnan(x))
		return refuse_number(row, text, n, kind, err);
	if (isfinite(x) && row->type == EM_INTEGER && x != floor(x))
		return refuse_number(row, text, n, kind, err);
	if (!isfinite(x) || x < row->min || x > row->max)
		return refuse_number(row, text, n, "is out of range", err);
	*out = x == 0 ? 0 : x; /* no negative zero */
	return EM_OK;
}

static bool same_word(const char *text, size_t n, const char *word)
{
	return strlen(word) == n && strncasecmp(text, word, n) == 0;
}

static enum em_status parse_choice(const struct em_setting *row, const char *text, size_t n, double *out,
                                   struct em_err *err)
{
	struct buf list = {0};
	char shown[200];
	for (size_t i = 0; row->choices[i]; i++) {
		if (same_word(text, n, row->choices[i])) {
			*out = (double)i;
			buf_free(&list);
			return EM_OK;
		}
		const char *join = i == 0 ? "" : row->choices[i + 1] ? ", " : " or ";
		buf_printf(&list, "%s%s", join, row->choices[i]);
	}
	em_fail(err, EM_USAGE, "%s: \"%s\" is not a choice; give %s", row->name, quote(text, n, shown, sizeof shown),
	        list.s ? list.s : "another");
	buf_free(&list);
	return EM_USAGE;
}

static enum em_status parse_switch(const struct em_setting *row, const char *text, size_t n, double *out,
                                   struct em_err *err)
{
	static const char *const yes[] = {"on", "yes", "true", "1"}, *const no[] = {"off", "no", "false", "0"};
	char shown[200];
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++)
		if (same_word(text, n, yes[i]) || same_word(text, n, no[i])) {
			*out = same_word(text, n, yes[i]);
			return EM_OK;
		}
	return em_fail(err, EM_USAGE, "%s: \"%s\" is neither on nor off; give on or off", row->name,
	               quote(text, n, shown, sizeof shown));
}

/* Fills *out, whose text is then owned by the caller. */
static enum em_status parse(const struct em_setting *row, const char *text, struct value *out, struct em_err *err)
{
	size_t n;
	const char *word = trim(text, &n);
	*out = (struct value){0};
	switch (row->type) {
	case EM_INTEGER:
	case EM_REAL:
		return parse_number(row, word, n, &out->number, err);
	case EM_CHOICE:
		return parse_choice(row, word, n, &out->number, err);
	case EM_SWITCH:
		return parse_switch(row, word, n, &out->number, err);
	case EM_TEXT:
		break;
	}
	out->text = strdup(text);
	return out->text ? EM_OK : em_no_memory(err);
}

/* Room for the rows of the tables, all values empty. */
static struct em_settings *empty(const struct em_setting_table *const tables[], size_t count)
{
	struct em_settings *s = calloc(1, sizeof *s);
	if (!s)
		return NULL;
	atomic_init(&s->holders, 1);
	for (size_t t = 0; t < count; t++)
		s->count += tables[t]->count;
	s->tables = count;
	s->table = calloc(count + 1, sizeof *s->table);
	s->row = calloc(s->count + 1, sizeof *s->row);
	s->value = calloc(s->count + 1, sizeof *s->value);
	if (!s->table || !s->row || !s->value) {
		em_settings_release(s);
		return NULL;
	}
	size_t at = 0;
	for (size_t t = 0; t < count; t++) {
		s->table[t] = tables[t];
		for (size_t i = 0; i < tables[t]->count; i++)
			s->row[at++] = &tables[t]->rows[i];
	}
	return s;
}

/* The position of a name, count when there is none. */
static size_t find(const struct em_settings *s, const char *name)
{
	size_t i = 0;
	while (i < s->count && strcmp(s->row[i]->name, name) != 0)
		i++;
	return i;
}

/* The position of a name that the caller knows to exist. */
static size_t must_find(const struct em_settings *s, const char *name)
{
	size_t i = find(s, name);
	if (i == s->count)
		abort();
	return i;
}

static bool copy_value(struct value *to, const struct value *from)
{
	char *text = from->text ? strdup(from->text) : NULL;
	if (from->text && !text)
		return false;
	free(to->text);
	*to = (struct value){.number = from->number, .text = text};
	return true;
}

struct em_settings *em_settings_new(const struct em_setting_table *const tables[], size_t count)
{
	struct em_settings *s = empty(tables, count);
	for (size_t i = 0; s && i < s->count; i++) {
		enum em_status status = parse(s->row[i], s->row[i]->fallback, &s->value[i], NULL);
		if (status == EM_USAGE)
			abort(); /* a default outside its own range: a fault in the table */
		if (status) {
			em_settings_release(s);
			return NULL;
		}
	}
	return s;
}

struct em_settings *em_settings_retain(const struct em_settings *s)
{
	struct em_settings *held = (struct em_settings *)s; /* the values never change, only who holds them */
	if (held)
		atomic_fetch_add_explicit(&held->holders, 1, memory_order_relaxed);
	return held;
}

void em_settings_release(const struct em_settings *s)
{
	struct em_settings *held = (struct em_settings *)s;
	if (!held || atomic_fetch_sub_explicit(&held->holders, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; held->value && i < held->count; i++)
		free(held->value[i].text);
	free(held->value);
	free(held->row);
	free(held->table);
	free(held);
}

static enum em_status unknown(const struct em_settings *s, const char *name, struct em_err *err)
{
	const char *near = NULL;
	size_t best = SIZE_MAX;
	for (size_t i = 0; i < s->count; i++) {
		size_t d = text_distance(name, s->row[i]->name);
		if (d < best && text_near(name, s->row[i]->name)) {
			best = d;
			near = s->row[i]->name;
		}
	}
	char shown[200];
	return em_fail(err, EM_USAGE, "no setting named \"%s\"; %s%s%sshow settings lists them%s",
	               quote(name, strlen(name), shown, sizeof shown), near ? "did you mean " : "", near ? near : "",
	               near ? "? (" : "", near ? ")" : "");
}

enum em_status em_settings_with(const struct em_settings *s, const char *name, const char *text,
                                struct em_settings **out, struct em_err *err)
{
	*out = NULL;
	size_t at = find(s, name);
	if (at == s->count)
		return unknown(s, name, err);
	struct value value;
	enum em_status status = parse(s->row[at], text, &value, err);
	if (status)
		return status;
	struct em_settings *made = em_settings_rebase(s, s->table, s->tables);
	if (!made) {
		free(value.text);
		return em_no_memory(err);
	}
	free(made->value[at].text);
	made->value[at] = value;
	*out = made;
	return EM_OK;
}

enum em_status em_settings_put(struct em_settings **s, const char *name, const char *text, struct em_err *err)
{
	struct em_settings *next = NULL;
	enum em_status st = em_settings_with(*s, name, text, &next, err);
	if (st)
		return st;
	em_settings_release(*s);
	*s = next;
	return EM_OK;
}

struct em_settings *em_settings_rebase(const struct em_settings *s,
                                       const struct em_setting_table *const tables[], size_t count)
{
	struct em_settings *made = em_settings_new(tables, count);
	for (size_t i = 0; made && i < made->count; i++) {
		size_t at = find(s, made->row[i]->name);
		if (at == s->count || s->row[at] != made->row[i])
			continue;
		if (!copy_value(&made->value[i], &s->value[at])) {
			em_settings_release(made);
			return NULL;
		}
	}
	return made;
}

const struct em_setting *em_settings_row(const struct em_settings *s, const char *name)
{
	size_t i = find(s, name);
	return i < s->count ? s->row[i] : NULL;
}

const struct em_setting *em_settings_at(const struct em_settings *s, size_t i)
{
	return i < s->count ? s->row[i] : NULL;
}

const char *em_settings_group(const struct em_settings *s, size_t i)
{
	for (size_t t = 0; t < s->tables; t++) {
		if (i < s->table[t]->count)
			return s->table[t]->title;
		i -= s->table[t]->count;
	}
	return "";
}

double em_settings_number(const struct em_settings *s, const char *name)
{
	size_t i = must_find(s, name);
	if (s->row[i]->type == EM_TEXT)
		abort();
	return s->value[i].number;
}

const char *em_settings_text(const struct em_settings *s, const char *name)
{
	size_t i = must_find(s, name);
	if (s->row[i]->type == EM_CHOICE)
		return s->row[i]->choices[(size_t)s->value[i].number];
	if (s->row[i]->type != EM_TEXT)
		abort();
	return s->value[i].text;
}

const char *em_settings_show(const struct em_settings *s, const char *name, char *out, size_t size)
{
	size_t i = must_find(s, name);
	const struct value *v = &s->value[i];
	char number[40];
	const char *text = "";
	switch (s->row[i]->type) {
	case EM_INTEGER:
	case EM_REAL:
		text = show_number(v->number, number, sizeof number);
		break;
	case EM_CHOICE:
		text = s->row[i]->choices[(size_t)v->number];
		break;
	case EM_SWITCH:
		text = v->number != 0 ? "on" : "off";
		break;
	case EM_TEXT:
		text = v->text;
		break;
	}
	size_t n = strlen(text);
	if (size == 0)
		return out;
	if (n >= size) {
		n = size - 1;
		while (n > 0 && ((unsigned char)text[n] & 0xc0) == 0x80) /* not inside a character */
			n--;
	}
	memcpy(out, text, n);
	out[n] = '\0';
	return out;
}

bool em_settings_same(const struct em_settings *a, const struct em_settings *b)
{
	if (a == b)
		return true;
	if (a->count != b->count)
		return false;
	for (size_t i = 0; i < a->count; i++) {
		if (a->row[i] != b->row[i] || a->value[i].number != b->value[i].number)
			return false;
		if (a->row[i]->type == EM_TEXT && strcmp(a->value[i].text, b->value[i].text) != 0)
			return false;
	}
	return true;
}
