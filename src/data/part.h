/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The private half of a corpus: where it came from and what happened on the way. */
#ifndef ELBOW_DATA_PART_H
#define ELBOW_DATA_PART_H

#include "data/ldac.h"
#include "data/source.h"
#include "data/words.h"
#include "elbow/corpus.h"

/* Document d holds the same as document `like`, an earlier one. */
struct duplicate {
	uint32_t d, like;
};

struct em_corpus_part {
	char *name;
	struct em_settings *settings;
	struct source source;
	struct words words;             /* empty for LDA-C */
	struct counts counts;
	const char **vocabulary;
	struct duplicate *duplicates;   /* [duplicate_count], by d */
	size_t duplicate_count;
	uint64_t seen;                  /* tokens before any rule */
	uint64_t removed[EM_RULES];     /* tokens that a rule took; removed[EM_KEPT] is what was left */
	size_t distinct[EM_RULES];      /* and the words they were */
};

/* Counts the words of the source's texts into part->counts, applies min_df and max_df, numbers the terms. */
enum em_status build_counts(struct em_corpus_part *part, const char *path, struct em_err *err);
/* Fills duplicates from the texts, or from the counts where there are none. */
enum em_status build_duplicates(struct em_corpus_part *part, bool has_text, struct em_err *err);

/* "stop words", "min_df=20": a rule as the person would change it. Borrowed from out. */
const char *rule_name(const struct em_corpus_part *part, enum em_rule rule, char *out, size_t size);

#endif
