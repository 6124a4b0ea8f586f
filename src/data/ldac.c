/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "data/ldac.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <uninorm.h>

#include "base/text.h"

/* Without a vocabulary every id up to the largest gets a name; beyond this it is rather a slip. */
#define UNNAMED_TERMS 10000000u

struct parse {
	const char *path;
	size_t line, terms; /* terms: of the vocabulary, 0 when there is none */
	const char *vocab;  /* its path */
	struct counts *out;
	size_t *seen;       /* [terms] the last line that held the term */
	size_t seen_room;
	struct em_err *err;
};

/* A whole number without sign at *at; false when there is none. Saturates. */
static bool digits(struct em_text line, size_t *at, uint64_t *out)
{
	size_t from = *at;
	*out = 0;
	while (*at < line.length && line.bytes[*at] >= '0' && line.bytes[*at] <= '9') {
		uint64_t digit = (uint64_t)(line.bytes[*at] - '0');
		*out = *out > (UINT64_MAX - digit) / 10 ? UINT64_MAX : *out * 10 + digit;
		++*at;
	}
	return *at > from;
}

static void skip_blanks(struct em_text line, size_t *at)
{
	while (*at < line.length && (line.bytes[*at] == ' ' || line.bytes[*at] == '\t'))
		++*at;
}

/* The word at `from`, safe and short, for a message. */
static enum em_status bad_word(const struct parse *p, struct em_text line, size_t from, const char *what)
{
	struct buf safe = {0}, clipped = {0};
	size_t to = from;
	while (to < line.length && line.bytes[to] != ' ' && line.bytes[to] != '\t' && to - from < 100)
		to++;
	text_safe(&safe, line.bytes + from, to - from);
	text_clip(&clipped, safe.s ? safe.s : "", 30, false);
	enum em_status status = em_fail(p->err, EM_INPUT, "%s:%zu: \"%s\" %s", p->path, p->line,
	                                clipped.s ? clipped.s : "", what);
	buf_free(&safe);
	buf_free(&clipped);
	return status;
}

/* Notes that the term is on this line; reports one that was there already. */
static enum em_status mark(struct parse *p, uint32_t term)
{
	if (term >= p->seen_room) {
		size_t room = p->seen_room ? p->seen_room : 1024;
		while (room <= term)
			room *= 2;
		size_t *seen = realloc(p->seen, room * sizeof *seen);
		if (!seen)
			return em_no_memory(p->err);
		memset(seen + p->seen_room, 0, (room - p->seen_room) * sizeof *seen);
		p->seen = seen;
		p->seen_room = room;
	}
	if (p->seen[term] == p->line)
		return em_fail(p->err, EM_INPUT, "%s:%zu: term %u is there twice; add its counts up", p->path, p->line, term);
	p->seen[term] = p->line;
	return EM_OK;
}

static enum em_status parse_pair(struct parse *p, struct em_text line, size_t *at)
{
	size_t from = *at;
	uint64_t term, count;
	if (!digits(line, at, &term) || *at >= line.length || line.bytes[(*at)++] != ':')
		return bad_word(p, line, from, "is not a pair; give term:count, like 17:2");
	if (!digits(line, at, &count) || (*at < line.length && line.bytes[*at] != ' ' && line.bytes[*at] != '\t'))
		return bad_word(p, line, from, "is not a pair; a count is a whole number from 1");
	if (count == 0)
		return bad_word(p, line, from, "counts nothing; leave the pair out");
	if (count > UINT32_MAX)
		return bad_word(p, line, from, "counts more than 4294967295; split the document");
	if (p->terms && term >= p->terms)
		return em_fail(p->err, EM_INPUT, "%s:%zu: term %llu, but %s has %zu term%s, numbered from 0", p->path,
		               p->line, (unsigned long long)term, p->vocab, p->terms, p->terms == 1 ? "" : "s");
	if (term >= UNNAMED_TERMS && !p->terms)
		return em_fail(p->err, EM_INPUT, "%s:%zu: term %llu without a vocabulary; give one with --set vocab=FILE",
		               p->path, p->line, (unsigned long long)term);
	enum em_status status = mark(p, (uint32_t)term);
	if (!status && p->out->length[p->out->docs - 1] > UINT32_MAX - count)
		return em_fail(p->err, EM_INPUT, "%s:%zu: more than %u tokens in a document; split it", p->path, p->line,
		               UINT32_MAX);
	return status ? status : counts_pair(p->out, (uint32_t)term, (uint32_t)count, p->err);
}

static enum em_status parse_line(struct parse *p, struct em_text line)
{
	size_t at = 0;
	uint64_t said, found = 0;
	skip_blanks(line, &at);
	if (at == line.length)
		return em_fail(p->err, EM_INPUT, "%s:%zu: an empty line; a document without terms is written 0", p->path, p->line);
	size_t from = at;
	if (!digits(line, &at, &said) || (at < line.length && line.bytes[at] != ' ' && line.bytes[at] != '\t'))
		return bad_word(p, line, from, "is not a number of pairs; a line is N term:count term:count ...");
	enum em_status status = counts_document(p->out, p->err);
	for (skip_blanks(line, &at); !status && at < line.length; skip_blanks(line, &at), found++)
		status = parse_pair(p, line, &at);
	if (!status && found != said)
		return em_fail(p->err, EM_INPUT, "%s:%zu: the line says %llu and holds %llu pair%s; make them agree", p->path,
		               p->line, (unsigned long long)said, (unsigned long long)found, found == 1 ? "" : "s");
	return status;
}

/* "DIR/name" for the file beside path; owned. */
static char *beside(const char *path, const char *name)
{
	const char *slash = strrchr(path, '/');
	struct buf b = {0};
	buf_add(&b, path, slash ? (size_t)(slash + 1 - path) : 0);
	buf_puts(&b, name);
	return buf_take(&b);
}

/* The lines of a file, NUL-terminated in the arena, NFC. Blank lines stay as "". */
static enum em_status read_names(struct source *s, const char *path, const char ***out, size_t *count,
                                 struct em_err *err)
{
	struct file_bytes f;
	struct em_text all, line;
	size_t n = 0, room = 0;
	const char **names = NULL;
	enum em_status status = file_map(path, &f, err);
	if (!status)
		status = source_take(s, &f, path, &all, err);
	for (size_t at = 0; !status && source_line(all, &at, &line); n++) {
		if (n == room) {
			room = room ? room * 2 : 1024;
			const char **more = realloc(names, room * sizeof *more);
			if (!more) {
				status = em_no_memory(err);
				break;
			}
			names = more;
		}
		size_t length;
		uint8_t *nfc = u8_normalize(UNINORM_NFC, (const uint8_t *)line.bytes, line.length, NULL, &length);
		names[n] = nfc ? arena_copy(&s->arena, (const char *)nfc, length) : NULL;
		free(nfc);
		if (!names[n])
			status = em_no_memory(err);
	}
	if (status) {
		free(names);
		return status;
	}
	*out = names;
	*count = n;
	return EM_OK;
}

/* The vocabulary the setting names, or vocab.txt beside the file, or none (*count 0). */
static enum em_status read_vocabulary(struct source *s, const char *path, const struct em_settings *settings,
                                      char **vocab, const char ***names, size_t *count, struct em_err *err)
{
	struct stat st;
	const char *asked = em_settings_text(settings, "vocab");
	*vocab = *asked ? strdup(asked) : beside(path, "vocab.txt");
	if (!*vocab)
		return em_no_memory(err);
	if (!*asked && stat(*vocab, &st))
		return EM_OK;
	enum em_status status = read_names(s, *vocab, names, count, err);
	if (!status && *count == 0)
		return em_fail(err, EM_INPUT, "%s: empty; give one term a line", *vocab);
	if (!status && *count >= UINT32_MAX)
		return em_fail(err, EM_INPUT, "%s: more than %u terms", *vocab, UINT32_MAX - 1);
	return status;
}

/* Names for terms that have none. */
static enum em_status name_terms(struct source *s, const char ***names, size_t named, size_t terms, struct em_err *err)
{
	if (named < terms || !*names) {
		const char **more = realloc(*names, (terms ? terms : 1) * sizeof *more);
		if (!more)
			return em_no_memory(err);
		*names = more;
	}
	for (size_t i = 0; i < terms; i++) {
		char made[40];
		if (i < named && (*names)[i][0])
			continue;
		int n = snprintf(made, sizeof made, "term %zu", i);
		if (!((*names)[i] = arena_copy(&s->arena, made, (size_t)n)))
			return em_no_memory(err);
	}
	return EM_OK;
}

/* How many bytes "N " takes at the start of the title if N is i; 0 when it is not. */
static size_t own_number(const char *title, size_t i)
{
	char number[32];
	int n = snprintf(number, sizeof number, "%zu ", i);
	return strncmp(title, number, (size_t)n) == 0 ? (size_t)n : 0;
}

/* Names the documents from titles.txt beside the file, if its lines are as many. */
static enum em_status read_titles(struct source *s, const char *path, struct em_err *err)
{
	struct stat st;
	const char **titles = NULL;
	size_t count = 0, numbered = 0;
	char *file = beside(path, "titles.txt");
	if (!file)
		return em_no_memory(err);
	enum em_status status = EM_OK;
	if (stat(file, &st) == 0)
		status = read_names(s, file, &titles, &count, err);
	if (!status && count && count != s->docs)
		buf_printf(&s->notes, "titles    not used: titles.txt has %zu line%s for %zu document%s\n", count,
		           count == 1 ? "" : "s", s->docs, s->docs == 1 ? "" : "s");
	if (!status && count == s->docs) {
		for (size_t d = 0; d < count; d++)
			numbered += own_number(titles[d], d) > 0;
		for (size_t d = 0; d < count; d++) {
			const char *name = titles[d] + (numbered == count ? own_number(titles[d], d) : 0);
			s->name[d] = *name ? name : NULL;
		}
	}
	free(titles);
	free(file);
	return status;
}

static enum em_status parse_all(struct parse *p, struct source *s, struct em_text all)
{
	struct em_text line;
	enum em_status status = EM_OK;
	for (size_t at = 0; !status && source_line(all, &at, &line);) {
		p->line++;
		status = parse_line(p, line);
		if (!status)
			status = source_add(s, NULL, 0, (struct em_text){0}, p->err);
	}
	return status;
}

enum em_status ldac_read(struct source *s, struct file_bytes *f, const char *path, const struct em_settings *settings,
                         struct counts *out, const char ***vocabulary, struct em_err *err)
{
	struct parse p = {.path = path, .out = out, .err = err};
	struct em_text all;
	char *vocab = NULL;
	size_t named = 0;
	enum em_status status = source_take(s, f, path, &all, err);
	if (!status)
		status = read_vocabulary(s, path, settings, &vocab, vocabulary, &named, err);
	p.vocab = vocab;
	p.terms = named;
	if (!status)
		status = parse_all(&p, s, all);
	if (!status && named > out->terms)
		out->terms = named; /* a term that never occurs keeps its number */
	if (!status)
		status = name_terms(s, vocabulary, named, out->terms, err);
	if (!status)
		status = read_titles(s, path, err);
	if (!status && !named)
		buf_puts(&s->notes, "names     terms have numbers only; a vocabulary comes with --set vocab=FILE\n");
	free(p.seen);
	free(vocab);
	return status;
}
