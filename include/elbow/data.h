/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a model is fitted to: one kind of observations, immutable. */
#ifndef ELBOW_DATA_H
#define ELBOW_DATA_H

#include <stddef.h>

struct em_corpus;

enum em_data_kind { EM_DATA_CORPUS /* counts of terms; points and sequences join here */ };

struct em_data {
	enum em_data_kind kind;
	const char *name;               /* borrowed */
	size_t observations;
	const struct em_corpus *corpus; /* EM_DATA_CORPUS; borrowed */
};

#endif
