/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the KL of mean field is made of: a theta that is too sure of itself, and topics of words that know nothing of it. */
#ifndef ELBOW_SPLIT_H
#define ELBOW_SPLIT_H

#include "elbow/document.h"

/* With L1 = E_q(theta)[log p(w|theta) + log p(theta) - log q(theta)], q(theta) = Dir(gamma), nats:
 *     KL(q || p(theta,z|w)) = KL(q(theta) || p(theta|w))  +  E_q(theta) KL(q(z) || p(z|theta,w))
 *                           = [log p(w) - L1]             +  [L1 - ELBO]. */
struct em_split {
	double level;      /* L1 */
	double level_se;   /* its standard error; about 1e-12 by quadrature; 0 where it is exact: no words, one topic */
	double theta;      /* log p - L1: NAN where log p is unknown */
	double price;      /* L1 - ELBO: the price of independence */
};

/* L1 of two or three topics by quadrature (level_se is then what half of the nodes differ by); of more by `draws` of Dir(gamma) and a control
 * variate, Sum (gamma - alpha) log theta, whose mean is known. log_p: NAN if unknown; elbo: the
 * document's, under the same alpha and beta whatever topics its q(z) was made with. The same bits for the same seed and index.
 * EM_MEMORY, EM_CANCELLED. */
enum em_status em_split_kl(const struct em_document *d, const double *gamma, double log_p, double elbo, uint64_t seed, uint64_t index,
                           size_t draws, const struct em_stop *stop, struct em_split *out, struct em_err *err);

#endif
