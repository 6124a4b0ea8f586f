/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The models there are: one line each. */
#include <string.h>

#include "model/lda.h"
#include "model/models.h"

#define MODELS(X) \
	X(lda) \
	X(coins) \
	X(unigrams) \
	X(plsa) \
	X(hmm) \
	X(linkage) \
	X(factor) \
	X(gmm) \
	X(poisson) \
	X(bernoulli)

#define RECORD(name) &em_model_##name,
#define NAME(name) #name,

static const struct em_model *const models[] = {MODELS(RECORD)};
const char *const em_model_names[] = {MODELS(NAME) NULL};

const struct em_model *em_model_at(size_t i)
{
	return i < sizeof models / sizeof models[0] ? models[i] : NULL;
}

const struct em_model *em_model_named(const char *name)
{
	for (size_t i = 0; em_model_at(i); i++)
		if (strcmp(models[i]->name, name) == 0)
			return models[i];
	return NULL;
}

const struct em_model *em_model_under(const struct em_model *m, const struct em_settings *s)
{
	return m->variant ? m->variant(s) : m;
}
