/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The records of the models that are one file each. */
#ifndef ELBOW_MODEL_MODELS_H
#define ELBOW_MODEL_MODELS_H

#include "elbow/model.h"

extern const struct em_model em_model_coins;
extern const struct em_model em_model_unigrams;
extern const struct em_model em_model_plsa;
extern const struct em_model em_model_hmm;
extern const struct em_model em_model_linkage;
extern const struct em_model em_model_factor;
extern const struct em_model em_model_gmm;
extern const struct em_model em_model_poisson;
extern const struct em_model em_model_bernoulli;

#endif
