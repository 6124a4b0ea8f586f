/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "elbow/corpus.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/csv.h"
#include "data/embedded.h"
#include "data/part.h"

static const char *const numbers[] = {"drop", "keep", NULL};

static const struct em_setting rows[] = {
	{"text", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_REOPEN, "column of a .csv or .tsv that holds the text, by name or number"},
	{"title", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_REOPEN, "column that names the documents"},
	{"id", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_REOPEN, "column that names documents without a title"},
	{"vocab", EM_TEXT, "", 0, 0, NULL, EM_EFFECT_REOPEN, "file with the terms of an LDA-C file, one a line"},
	{"min_length", EM_INTEGER, "2", 1, 100, NULL, EM_EFFECT_REOPEN, "drop words with fewer letters and digits"},
	{"numbers", EM_CHOICE, "drop", 0, 0, numbers, EM_EFFECT_REOPEN, "what to do with words without a letter"},
	{"stop", EM_TEXT, "english", 0, 0, NULL, EM_EFFECT_REOPEN, "words to drop: english, none, or a file with words"},
	{"min_df", EM_INTEGER, "1", 1, 1e9, NULL, EM_EFFECT_REOPEN, "drop words in fewer documents than this"},
	{"max_df", EM_REAL, "1", 0, 1, NULL, EM_EFFECT_REOPEN, "drop words in a larger share of the documents"},
};

const struct em_setting_table em_corpus_settings = {"corpus", rows, sizeof rows / sizeof rows[0]};

static bool ends(const char *path, const char *ending)
{
	size_t n = strlen(path), m = strlen(ending);
	return n > m && strcasecmp(path + n - m, ending) == 0;
}

/* The start of the component that ends at n. */
static size_t component(const char *path, size_t n)
{
	while (n > 0 && path[n - 1] != '/')
		n--;
	return n;
}

/* "." or "..", or nothing. */
static bool is_dots(const char *path, size_t from, size_t to)
{
	return to == from || (path[from] == '.' && (to - from == 1 || (to - from == 2 && path[from + 1] == '.')));
}

/* The last component of a path, for folders with the one before; owned. */
static char *short_name(const char *path, bool folder)
{
	size_t end = strlen(path);
	while (end > 1 && path[end - 1] == '/')
		end--;
	size_t from = component(path, end);
	char *real = is_dots(path, from, end) ? realpath(path, NULL) : NULL;
	if (real) {
		path = real;
		end = strlen(path);
		from = component(path, end);
	}
	if (folder && from > 1) {
		size_t above = component(path, from - 1);
		if (!is_dots(path, above, from - 1))
			from = above;
	}
	char *name = strndup(path + from, end - from);
	free(real);
	return name;
}

static enum em_status read_ldac(struct em_corpus_part *part, const char *path, struct em_err *err)
{
	struct file_bytes f;
	enum em_status status = file_map(path, &f, err);
	if (!status)
		status = ldac_read(&part->source, &f, path, part->settings, &part->counts, &part->vocabulary, err);
	if (!status)
		status = source_finish(&part->source, path, err);
	if (!status && part->counts.tokens == 0)
		return em_fail(err, EM_INPUT, "%s: %zu documents without a single term", path, part->counts.docs);
	part->seen = part->removed[EM_KEPT] = part->counts.tokens;
	return status;
}

static enum em_status read_csv(struct em_corpus_part *part, const char *path, struct em_err *err)
{
	struct file_bytes f;
	enum em_status status = file_map(path, &f, err);
	return status ? status : csv_read(&part->source, &f, path, ends(path, ".tsv") ? '\t' : ',', part->settings, err);
}

static enum em_status unknown_kind(const char *path, struct em_err *err)
{
	if (ends(path, ".jsonl") || ends(path, ".json") || ends(path, ".ndjson"))
		return em_fail(err, EM_INPUT, "%s: JSON is not read yet; give a .csv with a column named text", path);
	if (ends(path, ".txt"))
		return em_fail(err, EM_INPUT, "%s: one text file; give its folder, or - for standard input with one document "
		               "a line", path);
	return em_fail(err, EM_INPUT, "%s: of no kind that is read here; give a folder of .txt, a .csv, .tsv, .ldac or .dat, "
	               "or - for standard input", path);
}

/* Reads texts into the source; *counted when the file held counts already (LDA-C). */
static enum em_status read_source(struct em_corpus_part *part, const char *path, bool *counted, struct em_err *err)
{
	struct stat st;
	*counted = false;
	if (!path) {
		struct file_bytes f = {.bytes = embedded_gazette, .size = embedded_gazette_size()};
		return csv_read(&part->source, &f, "gazette", ',', part->settings, err);
	}
	if (strcmp(path, "-") == 0)
		return lines_read(&part->source, STDIN_FILENO, "standard input", err);
	if (stat(path, &st))
		return em_fail(err, EM_INPUT, "%s: %s", path, strerror(errno));
	if (S_ISDIR(st.st_mode))
		return folder_read(&part->source, path, err);
	if (ends(path, ".csv") || ends(path, ".tsv"))
		return read_csv(part, path, err);
	*counted = ends(path, ".ldac") || ends(path, ".dat");
	return *counted ? read_ldac(part, path, err) : unknown_kind(path, err);
}

static enum em_status name_part(struct em_corpus_part *part, const char *path, struct em_err *err)
{
	struct stat st;
	if (!path)
		part->name = strdup("gazette");
	else if (strcmp(path, "-") == 0)
		part->name = strdup("standard input");
	else
		part->name = short_name(path, stat(path, &st) == 0 && S_ISDIR(st.st_mode));
	return part->name ? EM_OK : em_no_memory(err);
}

/* Shows the finished part through the public struct. */
static void publish(struct em_corpus *c, const struct em_corpus_part *part, bool has_text)
{
	c->docs = part->counts.docs;
	c->terms = part->counts.terms;
	c->pairs = part->counts.pairs;
	c->tokens = part->counts.tokens;
	c->row = part->counts.row;
	c->term = part->counts.term;
	c->count = part->counts.count;
	c->length = part->counts.length;
	c->vocabulary = part->vocabulary;
	c->name = part->source.name;
	c->text = part->source.text;
	c->has_text = has_text;
}

/* A corpus with its private half, both empty. NULL: out of memory. */
static struct em_corpus *begin(const struct em_settings *s)
{
	struct em_corpus *c = calloc(1, sizeof *c);
	struct em_corpus_part *part = calloc(1, sizeof *part);
	if (!c || !part) {
		free(c);
		free(part);
		return NULL;
	}
	c->part = part;
	part->settings = em_settings_retain(s);
	return c;
}

/* From the source to the corpus: words, counts, duplicates. Hands c over, or frees it when status says it failed. */
static enum em_status end(struct em_corpus *c, enum em_status status, bool counted, const char *label,
                          struct em_corpus **out, struct em_err *err)
{
	struct em_corpus_part *part = c->part;
	if (!status && !counted)
		status = source_finish(&part->source, label, err);
	if (!status && !counted)
		status = build_counts(part, label, err);
	if (!status)
		status = build_duplicates(part, !counted, err);
	if (status) {
		em_corpus_free(c);
		return status;
	}
	publish(c, part, !counted);
	*out = c;
	return EM_OK;
}

enum em_status em_corpus_open(const char *path, const struct em_settings *s, struct em_corpus **out,
                              struct em_err *err)
{
	*out = NULL;
	bool counted = false;
	struct em_corpus *c = begin(s);
	if (!c)
		return em_no_memory(err);
	const char *label = path ? strcmp(path, "-") ? path : "standard input" : "gazette";
	enum em_status status = name_part(c->part, path, err);
	if (!status)
		status = read_source(c->part, path, &counted, err);
	return end(c, status, counted, label, out, err);
}

enum em_status em_corpus_from(const char *name, const char *csv, size_t size, const struct em_settings *s,
                              struct em_corpus **out, struct em_err *err)
{
	*out = NULL;
	struct em_corpus *c = begin(s);
	if (!c)
		return em_no_memory(err);
	c->part->name = strdup(name);
	char *copy = malloc(size + 1);
	if (!c->part->name || !copy) {
		free(copy);
		em_corpus_free(c);
		return em_no_memory(err);
	}
	memcpy(copy, csv, size);
	struct file_bytes f = {.bytes = copy, .size = size, .memory = copy};
	return end(c, csv_read(&c->part->source, &f, name, ',', s, err), false, name, out, err);
}

void em_corpus_free(struct em_corpus *c)
{
	if (!c)
		return;
	struct em_corpus_part *part = c->part;
	free(part->name);
	em_settings_release(part->settings);
	source_free(&part->source);
	words_free(&part->words);
	counts_free(&part->counts);
	free(part->vocabulary);
	free(part->duplicates);
	free(part);
	free(c);
}

const char *em_corpus_name(const struct em_corpus *c)
{
	return c->part->name;
}

/* Room for one more token. */
static struct em_token *more_tokens(struct em_token *tokens, size_t count, size_t *room)
{
	if (count < *room)
		return tokens;
	*room = *room ? *room * 2 : 128;
	return realloc(tokens, *room * sizeof *tokens);
}

enum em_status em_corpus_tokens(const struct em_corpus *c, size_t d, struct em_token **out, size_t *count,
                                struct em_err *err)
{
	const struct words *w = &c->part->words;
	struct word_scan scan = {.words = w, .text = c->text[d]};
	struct em_token *tokens = malloc(sizeof *tokens);
	size_t n = 0, room = 1;
	bool failed = !tokens;
	for (size_t at, length; !failed && c->has_text && word_scan_next(&scan, &at, &length);) {
		uint32_t i = words_find(w, scan.text.bytes + at, length);
		if (i == TABLE_NONE)
			continue;
		struct em_token *more = more_tokens(tokens, n, &room);
		if (!more) {
			failed = true;
			break;
		}
		tokens = more;
		tokens[n++] = (struct em_token){at, length, w->word[i].rule, w->word[i].term};
	}
	failed |= scan.failed;
	word_scan_free(&scan);
	if (failed) {
		free(tokens);
		return em_no_memory(err);
	}
	*out = tokens;
	*count = n;
	return EM_OK;
}
