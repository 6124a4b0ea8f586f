/* SPDX-License-Identifier: GPL-3.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/number.h"
#include "base/text.h"
#include "data/part.h"

#define WIDTH 78
#define INDENT 10
#define EXAMPLES 8

static const char *plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* The words a rule took, those with most tokens first; at most EXAMPLES of them. */
static size_t examples(const struct em_corpus_part *part, enum em_rule rule, uint32_t out[EXAMPLES])
{
	const struct words *w = &part->words;
	size_t n = 0;
	for (uint32_t i = 0; i < w->words.count; i++) {
		if (w->word[i].rule != rule)
			continue;
		size_t at = n < EXAMPLES ? n++ : EXAMPLES;
		if (at == EXAMPLES) {
			if (w->word[i].tokens <= w->word[out[EXAMPLES - 1]].tokens)
				continue;
			at--;
		}
		for (; at > 0 && w->word[out[at - 1]].tokens < w->word[i].tokens; at--)
			out[at] = out[at - 1];
		out[at] = i;
	}
	return n;
}

/* Ends a line with "(the, and, of, ...)", as many as fit. */
static void add_examples(struct buf *b, const struct em_corpus_part *part, enum em_rule rule, size_t used)
{
	uint32_t word[EXAMPLES];
	size_t n = examples(part, rule, word), shown = 0;
	struct buf list = {0};
	for (; shown < n; shown++) {
		struct buf one = {0};
		const struct table_key *k = &part->words.words.key[word[shown]];
		text_safe(&one, k->bytes, k->length);
		if (one.failed || used + 2 + text_width(list.s ? list.s : "") + 2 + text_width(one.s) + 6 > WIDTH) {
			b->failed |= one.failed;
			buf_free(&one);
			break;
		}
		buf_printf(&list, "%s%s", shown ? ", " : "", one.s);
		buf_free(&one);
	}
	if (shown)
		buf_printf(b, "  (%s%s)", list.s, shown < part->distinct[rule] ? ", ..." : "");
	b->failed |= list.failed;
	buf_free(&list);
}

static void add_rules(struct buf *b, const struct em_corpus_part *part)
{
	bool first = true;
	for (int rule = EM_KEPT + 1; rule < EM_RULES; rule++) {
		char name[60];
		struct buf line = {0};
		if (!part->removed[rule])
			continue;
		rule_name(part, (enum em_rule)rule, name, sizeof name);
		buf_printf(&line, "%-*s%9s  %-14s", INDENT, first ? "removed" : "", number_count(part->removed[rule]).s, name);
		add_examples(&line, part, (enum em_rule)rule, line.len);
		while (line.len && line.s[line.len - 1] == ' ')
			line.s[--line.len] = '\0';
		buf_printf(b, "%s\n", line.s ? line.s : "");
		b->failed |= line.failed;
		buf_free(&line);
		first = false;
	}
}

/* The number and the name, or only the name where that is "document 7" or "line 7". */
static void add_document(struct buf *b, const struct em_corpus *c, size_t d, size_t width)
{
	struct buf name = {0};
	char number[32];
	size_t n = (size_t)snprintf(number, sizeof number, " %zu", d + 1), length = strlen(c->name[d]);
	if (length < n || strcmp(c->name[d] + length - n, number) != 0)
		buf_printf(b, "%s ", number + 1);
	text_clip(&name, c->name[d], width, false);
	buf_puts(b, name.s ? name.s : "");
	b->failed |= name.failed;
	buf_free(&name);
}

static void add_empty(struct buf *b, const struct em_corpus *c)
{
	size_t n = 0;
	for (size_t d = 0; d < c->docs; d++)
		n += c->length[d] == 0;
	if (n == 0)
		return;
	buf_printf(b, "%-*s%s document%s without a token left; kept, counting zero\n", INDENT, "empty", number_count(n).s,
	           plural(n));
	size_t shown = 0;
	for (size_t d = 0; d < c->docs && shown < 5; d++) {
		if (c->length[d])
			continue;
		buf_printf(b, "%*s", INDENT, "");
		add_document(b, c, d, WIDTH - INDENT - 12);
		buf_putc(b, '\n');
		shown++;
	}
	if (shown < n)
		buf_printf(b, "%*sand %s more\n", INDENT, "", number_count(n - shown).s);
}

static void add_duplicates(struct buf *b, const struct em_corpus *c)
{
	const struct em_corpus_part *part = c->part;
	size_t n = part->duplicate_count;
	if (n == 0)
		return;
	buf_printf(b, "%-*s%s document%s with the same %s as an earlier one\n", INDENT, "repeated", number_count(n).s,
	           plural(n), c->has_text ? "text" : "counts");
	for (size_t i = 0; i < n && i < 5; i++) {
		buf_printf(b, "%*s", INDENT, "");
		add_document(b, c, part->duplicates[i].d, 20);
		buf_puts(b, " = ");
		add_document(b, c, part->duplicates[i].like, 20);
		buf_putc(b, '\n');
	}
	if (n > 5)
		buf_printf(b, "%*sand %s more\n", INDENT, "", number_count(n - 5).s);
}

/* The end of a path says more than its beginning. */
static void add_path(struct buf *b, const char *path, size_t width)
{
	size_t n = strlen(path), from = 0;
	struct text_char c;
	if (text_width(path) > width) {
		buf_puts(b, "…");
		for (size_t cut = text_width(path) - width + 1, gone = 0; gone < cut && from < n; gone += (size_t)c.width)
			from += text_next(path + from, n - from, &c);
	}
	text_safe(b, path + from, n - from);
}

static void add_bad(struct buf *b, const struct source *s)
{
	if (s->bad_bytes == 0)
		return;
	buf_printf(b, "%-*s%s byte%s not UTF-8, shown as U+FFFD\n", INDENT, "bad bytes", number_count(s->bad_bytes).s,
	           plural(s->bad_bytes));
	uint64_t listed = 0;
	for (size_t i = 0; i < s->bad_lines; i++) {
		struct buf file = {0};
		add_path(&file, s->bad[i].file, WIDTH - INDENT - 30);
		buf_printf(b, "%*s%s:%zu: %zu byte%s\n", INDENT, "", file.s ? file.s : "", s->bad[i].line, s->bad[i].count,
		           plural(s->bad[i].count));
		listed += s->bad[i].count;
		b->failed |= file.failed;
		buf_free(&file);
	}
	if (listed < s->bad_bytes)
		buf_printf(b, "%*sand more further on\n", INDENT, "");
}

static void add_lengths(struct buf *b, const struct em_corpus *c)
{
	uint32_t shortest = UINT32_MAX, longest = 0;
	for (size_t d = 0; d < c->docs; d++) {
		shortest = c->length[d] < shortest ? c->length[d] : shortest;
		longest = c->length[d] > longest ? c->length[d] : longest;
	}
	buf_printf(b, "%-*s%s to %s tokens a document, %s on average\n", INDENT, "lengths", number_count(shortest).s,
	           number_count(longest).s, number_fixed((double)c->tokens / (double)c->docs, 1).s);
	buf_printf(b, "%-*s%s of a document and a term in it\n", INDENT, "pairs", number_count(c->pairs).s);
	size_t unused = 0;
	bool *used = calloc(c->terms + 1, sizeof *used);
	if (!used) {
		b->failed = true;
		return;
	}
	for (size_t i = 0; i < c->pairs; i++)
		used[c->term[i]] = true;
	for (size_t t = 0; t < c->terms; t++)
		unused += !used[t];
	free(used);
	if (unused)
		buf_printf(b, "%-*s%s term%s of the vocabulary in no document\n", INDENT, "unused", number_count(unused).s,
		           plural(unused));
}

/* "gazette: 140 documents, 4680 tokens kept of 9884, 1547 terms", on two lines if need be. */
static void add_summary(struct buf *b, const struct em_corpus *c)
{
	const struct em_corpus_part *part = c->part;
	struct buf name = {0}, rest = {0};
	bool dropped = part->seen != c->tokens;
	text_clip(&name, part->name, 30, false);
	buf_printf(&rest, "%s document%s, %s token%s", number_count(c->docs).s, plural(c->docs), number_count(c->tokens).s,
	           plural(c->tokens));
	if (dropped)
		buf_printf(&rest, " kept of %s", number_count(part->seen).s);
	buf_printf(&rest, ", %s term%s", number_count(c->terms).s, plural(c->terms));
	b->failed |= name.failed | rest.failed;
	if (!b->failed && text_width(name.s) + 2 + text_width(rest.s) <= WIDTH)
		buf_printf(b, "%s: %s\n", name.s, rest.s);
	else if (!b->failed)
		buf_printf(b, "%s\n%*s%s\n", name.s, INDENT, "", rest.s);
	buf_free(&name);
	buf_free(&rest);
}

char *em_corpus_report(const struct em_corpus *c)
{
	struct buf b = {0};
	add_summary(&b, c);
	add_rules(&b, c->part);
	add_lengths(&b, c);
	if (c->part->source.notes.len)
		buf_puts(&b, c->part->source.notes.s);
	add_empty(&b, c);
	add_duplicates(&b, c);
	add_bad(&b, &c->part->source);
	return buf_take(&b);
}
