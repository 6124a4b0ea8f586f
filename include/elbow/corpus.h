/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A corpus: documents as counts of terms, immutable once read, with the texts they came from. */
#ifndef ELBOW_CORPUS_H
#define ELBOW_CORPUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "elbow/settings.h"
#include "elbow/status.h"

/* UTF-8 bytes, not terminated, borrowed. bytes is NULL where there is no text (LDA-C). */
struct em_text {
	const char *bytes;
	size_t length;
};

/* Why a token of the text did not become a term. */
enum em_rule {
	EM_KEPT,
	EM_RULE_SHORT,    /* fewer letters than min_length */
	EM_RULE_NUMBER,   /* digits, with numbers=drop */
	EM_RULE_STOP,     /* on the stop list */
	EM_RULE_RARE,     /* in fewer documents than min_df */
	EM_RULE_COMMON,   /* in a larger share of the documents than max_df */
	EM_RULES
};

struct em_corpus {
	size_t docs, terms, pairs;   /* pairs: distinct (document, term) pairs */
	uint64_t tokens;             /* the sum of count[] */
	const size_t *row;           /* [docs+1]: pairs of document d are row[d] .. row[d+1]-1 */
	const uint32_t *term;        /* [pairs] < terms; ascending in a document (LDA-C: as the file orders them) */
	const uint32_t *count;       /* [pairs] >= 1 */
	const uint32_t *length;      /* [docs] tokens; 0 for an empty document, which keeps its row */
	const char *const *vocabulary; /* [terms] NUL-terminated, NFC; printable only after text_safe() */
	const char *const *name;     /* [docs] title, file name or "document 7" */
	const struct em_text *text;  /* [docs] */
	bool has_text;
	struct em_corpus_part *part; /* private: settings, mapped files, the report's counts */
};

/* One token of a document's text, in order. */
struct em_token {
	size_t at, length;   /* bytes in the text */
	enum em_rule rule;
	uint32_t term;       /* for EM_KEPT */
};

/* The settings of this module: text, title, id, vocab, min_length, numbers, stop, min_df, max_df. */
extern const struct em_setting_table em_corpus_settings;

/* Opens a folder of .txt, a .csv or .tsv, LDA-C .ldac/.dat, "-" for standard input (one document a line),
 * or, for a path of NULL, the built-in corpus named gazette. Errors are "FILE:LINE: ...". Owned: release. */
enum em_status em_corpus_open(const char *path, const struct em_settings *s, struct em_corpus **out,
                              struct em_err *err);
/* The same of a .csv in memory (copied), whose first row names the columns; `name` stands in messages. Owned likewise. */
enum em_status em_corpus_from(const char *name, const char *csv, size_t size, const struct em_settings *s,
                              struct em_corpus **out, struct em_err *err);
void em_corpus_free(struct em_corpus *c);

/* The tokens of document d's text, found again by the same rules. Owned by the caller (free). */
enum em_status em_corpus_tokens(const struct em_corpus *c, size_t d, struct em_token **out, size_t *count,
                                struct em_err *err);

/* The corpus report as lines of plain text: documents, tokens, terms, what each rule removed with examples,
 * empty and duplicate documents, bad bytes by file and line. Owned by the caller (free). NULL: out of memory. */
char *em_corpus_report(const struct em_corpus *c);

/* "gazette", "reuters.ldac", "inaugural/txt": the last parts of where it came from. */
const char *em_corpus_name(const struct em_corpus *c);

#endif
